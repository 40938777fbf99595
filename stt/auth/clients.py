"""Find a client's network address, even behind proxies, and hash it for the database."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING

from stt.auth.signing import signing_secret
from stt.settings import settings

if TYPE_CHECKING:
    from starlette.requests import Request


def address_of(request: Request) -> str | None:
    """Return the IP address of the client that sent `request`, or None if that address is not valid."""
    peer = request.client.host if request.client else "127.0.0.1"  # a socket file, which has no address
    return client_address(peer, request.headers.getlist("x-forwarded-for"))


def client_address(peer: str | None, forwarded: Sequence[str]) -> str | None:
    """Return the client's IP address, or None if that address is not valid.

    `peer` is the address of the connection, `forwarded` has the values of all X-Forwarded-For headers: some proxies add
    another header. Any client can send that header, so only those entries are used that proxies in STT_TRUSTED_PROXIES
    have added.
    """
    hops = [*filter(None, (hop.strip() for hop in ",".join(forwarded).split(","))), peer or ""]
    while len(hops) > 1 and _trusted(hops[-1]):
        hops.pop()
    found = _parsed(hops[-1])
    return str(found) if found else None


def address_hash(address: str) -> str:
    """Return a keyed hash of the network of an IP address (see `network_of`)."""
    network = network_of(address)
    return hmac.new(signing_secret().encode(), b"stt-address" + network.encode(), hashlib.sha256).hexdigest()


def network_of(address: str) -> str:
    """Return the /64 network of an IPv6 address, because one client controls all of it, or any other address as is."""
    found = _parsed(address)
    return str(ip_network(f"{found}/64", strict=False)) if isinstance(found, IPv6Address) else address


def _trusted(address: str) -> bool:
    found = _parsed(address)
    return found is not None and any(found in network for network in _networks(settings().trusted_proxies or ""))


@lru_cache
def _networks(listed: str) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(one, strict=False) for one in listed.replace(",", " ").split())


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(address.strip("[]").partition("%")[0])
    except ValueError:
        return None
    return (found.ipv4_mapped if isinstance(found, IPv6Address) else None) or found
