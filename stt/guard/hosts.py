"""The names this server answers to, and whether a request comes from one of its own pages.

A page of another site reaches a server on localhost or in a LAN by making its own name point there (DNS rebinding). The
browser then takes both for one origin, but still sends that name in `Host`. So only known names are answered.
"""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

from stt.settings import settings

PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(:(?P<port>[0-9]{1,5}))?")
_bound: set[str] = set()


@dataclass(frozen=True, slots=True)
class Host:
    """A name or an address, in small letters and its shortest form, and the port where one is given."""

    name: str
    port: int | None = None

    def at(self, scheme: str) -> tuple[str, int]:
        return self.name, self.port or PORTS[scheme]


def parse(text: str) -> Host | None:
    """The value of a `Host` header, or None if it is none."""
    match = _HOST.fullmatch(text)
    if match is None:
        return None
    port = int(match["port"]) if match["port"] else None
    name = _plain(match["name"].strip("[]"))
    if not name or (port is not None and not 0 < port < 65536) or (match["name"][0] == "[" and _address(name) is None):
        return None
    return Host(name, port)


def bind(address: str | None) -> None:
    """Answer to this name or address too, the one that the server was told to listen on."""
    host = parse(address) if address else None
    if host is not None:
        _bound.add(host.name)


def is_loopback(name: str) -> bool:
    """Whether this is the machine itself. No other site can make `localhost` or an address its own name."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    address = _address(name)
    return address is not None and (address.is_loopback or address.is_unspecified)


def is_known(host: Host, local: str | None) -> bool:
    """Whether this server answers to `host`, on a connection to its own address `local`."""
    if is_loopback(host.name):
        return True
    listed = settings().stt_hosts
    if listed is None:
        return host.name in (_bound | own_names()) or (local is not None and host.name == _plain(local))
    return any(entry.matches(host) for entry in _entries(listed))


def is_own_page(origin: str, host: Host, *, secure: bool) -> bool:
    """Whether the page at `origin` is one of this server's, which was asked for as `host`.

    `secure`: the request came by HTTPS, so a page that came by HTTP is another one. A proxy that sends on a `Host` of
    its own is fine if STT_HOSTS has the name that people see.
    """
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    page = parse(parts.netloc)
    if page is None or parts.scheme not in PORTS or (secure and parts.scheme == "http") or parts.path or parts.query:
        return False
    entries = _entries(settings().stt_hosts or "")
    named = [entry.host for entry in entries if entry.host is not None and not entry.below]
    return any(page.at(parts.scheme) == other.at(parts.scheme) for other in (host, *named))


@dataclass(frozen=True, slots=True)
class _Entry:
    """One of STT_HOSTS: `host` None is every name; `below` every name that ends like it."""

    host: Host | None
    below: bool = False

    def matches(self, other: Host) -> bool:
        if self.host is None:
            return True
        same = other.name.endswith(f".{self.host.name}") if self.below else other.name == self.host.name
        return same and self.host.port in (None, other.port)


@lru_cache
def _entries(listed: str) -> tuple[_Entry, ...]:
    """Names, addresses, `*.example.org`, `*`; also as somebody copies them from the address bar."""
    found = []
    for word in listed.replace(",", " ").split():
        text = urlsplit(word).netloc if "://" in word else word
        below = text.startswith("*.")
        # An IPv6 address has colons, with or without brackets.
        host = parse(text.removeprefix("*.")) or parse(f"[{text}]")
        if text == "*":
            found.append(_Entry(None))
        elif host is not None:
            found.append(_Entry(host, below))
    return tuple(found)


@lru_cache
def own_names() -> frozenset[str]:
    """What this machine is called, by itself and in a LAN."""
    name = _plain(socket.gethostname())
    return frozenset({name, f"{name.partition('.')[0]}.local"} if name else ())


def _plain(name: str) -> str:
    name = name.lower().removesuffix(".")
    address = _address(name)
    return name if address is None else str(address)


def _address(name: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(name)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
