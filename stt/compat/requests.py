"""Internals of requests and urllib3: connections to chosen IP addresses only, and the analysis of failed requests."""

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
    """Return a session that connects only to the IP addresses that `addresses(host, port)` yields.

    `addresses` is called when connecting, so the session connects to exactly the address that was checked. The
    addresses are tried in order. `opened` receives each connection before TLS begins and before anything is sent, and
    may refuse the connection by raising an exception. Exceptions of `addresses` and `opened` are raised to the caller.
    Proxies and passwords from the environment are ignored, and redirects are not followed (see `redirect_of`).
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
    """A session that does not follow redirects and does not read the bodies of redirect responses.

    With `allow_redirects=False` alone, requests would not follow a redirect but still read its whole body.
    """

    def get_redirect_target(self, resp: requests.Response) -> None:
        return None


def redirect_of(session: requests.Session, answer: requests.Response) -> str:
    """Return the target of a redirect, decoded as UTF-8, or "" if `answer` is not a redirect."""
    return requests.Session.get_redirect_target(session, answer) or ""


def never_sent(error: BaseException | None) -> bool:
    """Return whether a request failed before it was sent, because no connection was made.

    The reason may be a refused connection, an unknown host, a connect timeout or an untrusted certificate.
    """
    reason = getattr(error.args[0], "reason", None) if error and error.args else None
    unmet = isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError | ProxyError)
    return unmet or untrusted(error)


def untrusted(error: BaseException | None) -> bool:
    """Return whether a request failed because the certificate of the server is not trusted."""
    return isinstance(error, requests.exceptions.SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(error)
