"""Check whether a request is for a host name of this server, and whether it comes from a page of this server.

A page of another site can reach a server on localhost or in a LAN by pointing its own host name at that server (DNS
rebinding). The browser then treats the page and the server as one origin, but still sends the page's host name in the
`Host` header. So requests for unknown host names are refused.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping
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
    """A host name in lower case or an IP address in canonical form, and the port if one was given."""

    name: str
    port: int | None = None

    def at(self, scheme: str) -> tuple[str, int]:
        return self.name, self.port or PORTS[scheme]


def parse(text: str) -> Host | None:
    """Return the parsed value of a `Host` header, or None if the value is invalid."""
    match = _HOST.fullmatch(text)
    if match is None:
        return None
    port = int(match["port"]) if match["port"] else None
    name = _plain(match["name"].strip("[]"))
    if not name or (port is not None and not 0 < port < 65536) or (match["name"][0] == "[" and _address(name) is None):
        return None
    return Host(name, port)


def bind(address: str | None) -> None:
    """Accept requests for `address`, the name or address that the server listens on."""
    host = parse(address) if address else None
    if host is not None:
        _bound.add(host.name)


def is_loopback(name: str) -> bool:
    """Return whether `name` means this machine itself. No other site can use `localhost` or a loopback address."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    address = _address(name)
    return address is not None and (address.is_loopback or address.is_unspecified)


def is_local_request(host: str, client: str, headers: Mapping[str, str]) -> bool:
    """Return whether this machine itself sent a request for `host`. `client` is the address of the connecting client.

    In `headers`, the names are in lower case, and the values of repeated headers are joined by commas.

    A proxy on this machine may pass on a request of another machine. The result is then False, because such a request
    has another host name, or a header with the address of the proxy's client.
    """
    forwarded = headers.get("x-forwarded-for")
    hops = [*(hop.strip() for hop in forwarded.split(","))] if forwarded is not None else []
    return headers.get("forwarded") is None and all(map(is_loopback, [host, *hops, client]))


def is_known(host: Host, local: str | None) -> bool:
    """Return whether `host` is a host of this server. `local` is the server's address that the client connected to."""
    if is_loopback(host.name):
        return True
    listed = settings().hosts
    if listed is None:
        return host.name in (_bound | own_names()) or (local is not None and host.name == _plain(local))
    return any(entry.matches(host) for entry in _entries(listed))


def is_own_page(origin: str, host: Host, *, secure: bool) -> bool:
    """Return whether the page at `origin` belongs to this server, which was requested as `host`.

    With `secure`, the request came by HTTPS, so a page that was loaded by HTTP does not belong to this server. A proxy
    may replace the `Host` header, so a page also belongs to this server if STT_HOSTS lists the page's host name (not
    only as `*` or `*.example.org`).
    """
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    page = parse(parts.netloc)
    if page is None or parts.scheme not in PORTS or (secure and parts.scheme == "http") or parts.path or parts.query:
        return False
    entries = _entries(settings().hosts or "")
    named = [entry.host for entry in entries if entry.host is not None and not entry.below]
    return any(page.at(parts.scheme) == other.at(parts.scheme) for other in (host, *named))


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry of STT_HOSTS. If `host` is None, the entry matches every host.

    Otherwise the entry matches `host` itself, or, if `below` is true, only the subdomains of `host`.
    """

    host: Host | None
    below: bool = False

    def matches(self, other: Host) -> bool:
        if self.host is None:
            return True
        same = other.name.endswith(f".{self.host.name}") if self.below else other.name == self.host.name
        return same and self.host.port in (None, other.port)


@lru_cache
def _entries(listed: str) -> tuple[_Entry, ...]:
    """Parse STT_HOSTS, a list of names, addresses, `*.example.org` or `*`. Complete URLs are accepted, too."""
    found = []
    for word in listed.replace(",", " ").split():
        text = urlsplit(word).netloc if "://" in word else word
        below = text.startswith("*.")
        # An IPv6 address may be listed without its brackets.
        host = parse(text.removeprefix("*.")) or parse(f"[{text}]")
        if text == "*":
            found.append(_Entry(None))
        elif host is not None:
            found.append(_Entry(host, below))
    return tuple(found)


@lru_cache
def own_names() -> frozenset[str]:
    """Return this machine's host name, and its name in a LAN, which ends in `.local`."""
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
