"""requests and urllib3: connect only to chosen addresses, and tell whether a failed request was ever sent."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ProxyError
from urllib3.util.connection import create_connection

Addresses = Callable[[str, int], Iterable[str]]


def session_to(addresses: Addresses, opened: Callable[[socket.socket], None]) -> requests.Session:
    """Return a session that connects to nothing but what `addresses(host, port)` yields, one after the other.

    `addresses` is called when connecting, so the session connects to the very address that was checked. Its exceptions
    pass through. `opened` gets each connection before anything is sent and before TLS begins, and may refuse it with an
    exception, which passes through, too. Proxies and passwords of the environment are ignored, and redirects are not
    followed: see `redirect_of`.
    """

    class Chosen(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            problem: Exception = NewConnectionError(self, "no address")
            for address in addresses(self._dns_host, self.port):
                try:
                    connection = create_connection((address, self.port), self.timeout, None, self.socket_options)
                except TimeoutError as error:
                    problem = ConnectTimeoutError(self, str(error))
                except OSError as error:
                    problem = NewConnectionError(self, str(error))
                else:
                    try:
                        opened(connection)
                    except BaseException:
                        connection.close()
                        raise
                    return connection
            raise problem

    class Secure(Chosen, HTTPSConnection):
        pass

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Chosen

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    class Adapter(HTTPAdapter):
        def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **options: Any) -> None:
            super().init_poolmanager(connections, maxsize, block, **options)
            self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}

    session = _OneAnswer()
    session.trust_env = False
    session.mount("http://", Adapter())
    session.mount("https://", Adapter())
    return session


class _OneAnswer(requests.Session):
    """Follow no redirects. With `allow_redirects=False` alone requests would read the whole body of one."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        return None


def redirect_of(session: requests.Session, answer: requests.Response) -> str:
    """Return the address that a redirect leads to, decoded as its server meant it; empty without one."""
    return requests.Session.get_redirect_target(session, answer) or ""


def never_sent(error: BaseException | None) -> bool:
    """Return whether no connection was made: refused, name not found, connect timeout, certificate refused."""
    reason = getattr(error.args[0], "reason", None) if error and error.args else None
    unmet = isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError | ProxyError)
    return unmet or untrusted(error)


def untrusted(error: BaseException | None) -> bool:
    """Return whether the certificate of the other end was refused."""
    return isinstance(error, requests.exceptions.SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(error)
