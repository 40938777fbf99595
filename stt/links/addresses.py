"""Check whether IP addresses are public, and resolve the names of hosts with a timeout."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextlib import suppress
from typing import Any

from stt.errors import BadLink

LONGEST = 15.0  # timeout of a DNS look-up, seconds
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# Networks that are not globally reachable according to IANA's special-purpose registries. They are listed here because
# `ipaddress` judges some of them differently in some Python versions. The list also has reachable networks that belong
# to no site: relays (192.88.99.0/24, 2002::/16) and Azure's host agent (168.63.129.16).
_SPECIAL = [
    ipaddress.ip_network(net)
    for net in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24"),
        *("192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24"),
        *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32"),
        *("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"),
    )
]
_UNICAST = ipaddress.ip_network("2000::/3")  # the only range of IPv6 that has public addresses
_PRIVATE = "This link leads into a private network, which is not opened."


def public(address: str) -> bool:
    """Return whether an IP address is public. In an IPv4-mapped or NAT64 address, the IPv4 address is checked."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if ip.version == 6:
        if ip.ipv4_mapped or ip in _NAT64:
            return public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
        if ip not in _UNICAST:
            return False
    return ip.is_global and not any(ip in net for net in _SPECIAL)


def check_text(host: str) -> None:
    """Raise BadLink if `host` is "localhost", ends in ".localhost", or is a numeric address that is not public.

    No DNS look-up is made.
    """
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        raise BadLink(_PRIVATE)
    # With AI_NUMERICHOST, getaddrinfo makes no DNS look-up, and reads spellings such as 0x7f.1 as `connect` does.
    with suppress(OSError, UnicodeError):
        _check(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST))


def of(
    host: str, port: int, *, allow_private: bool = False, check_cancelled: Callable[[], None] = lambda: None
) -> list[str]:
    """Return the IP addresses of `host`, a name or a numeric address in any spelling (0x7f.1, 2130706433 …).

    `check_cancelled` is called several times a second during the look-up and may raise an exception to stop it. Raises
    BadLink if the name does not exist, if the look-up takes longer than LONGEST seconds, or if any address is not
    public and `allow_private` is False.
    """
    try:
        found = _lookup(host, port, check_cancelled)
    except (OSError, UnicodeError) as error:
        raise BadLink(f"There is no site called {host[:100]}.") from error
    if not found:
        raise BadLink(f"There is no site called {host[:100]}.")
    if not allow_private:
        _check(found)
    return [entry[4][0] for entry in found]


def _check(found: list[Any]) -> None:
    if not all(public(entry[4][0]) for entry in found):
        raise BadLink(_PRIVATE)


def _lookup(host: str, port: int, check_cancelled: Callable[[], None]) -> list[Any]:
    """Return the result of a DNS look-up.

    The look-up runs in a separate thread, because it cannot be interrupted. After LONGEST seconds, the thread is
    abandoned and BadLink is raised.
    """
    answer: Future[list[Any]] = Future()

    def look_up() -> None:
        try:
            answer.set_result(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except Exception as error:  # noqa: BLE001 - `answer.result()` raises it in the waiting thread
            answer.set_exception(error)

    threading.Thread(target=look_up, name="lookup", daemon=True).start()
    until = time.monotonic() + LONGEST
    while not wait([answer], 0.1).done:
        check_cancelled()
        if time.monotonic() > until:
            raise BadLink("The address of the site behind this link could not be looked up in time.")
    return answer.result()
