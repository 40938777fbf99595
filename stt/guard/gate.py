"""Refuse requests for host names that are not this server's, from pages of other sites, or to unavailable routes."""

from __future__ import annotations

import logging

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from stt.auth import cookies
from stt.compat import streamlit
from stt.compat.streamlit import SIGN_IN, SIGN_OUT, SIGNED_IN
from stt.guard import cross_origin, hosts
from stt.guard.security_headers import SAFETY
from stt.ops import logs
from stt.settings import settings

log = logging.getLogger("stt.web.endpoints")

# Routes that load balancers call. They are allowed for any host name, because they reveal no data.
PROBES = ("/healthz", streamlit.HEALTH)
FIGURES = ("/metrics", streamlit.METRICS)
SAFE = ("GET", "HEAD", "OPTIONS")
VIOLATION = 1008  # close code of a refused websocket: policy violation


class Gate:
    """ASGI middleware that refuses requests for a host name that is not this server's, or from pages of other sites.

    STT_HOSTS lists this server's host names. The response to a refused request is a text with the reason. A refused
    websocket is closed here, because Streamlit, which would also refuse it, would first ask an external service for the
    public address of this server, and block all sessions meanwhile.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._answer(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._connect(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        number = logs.new_request_id(headers.get("x-request-id"))
        logs.request_id.set(number)
        refusal = _refusal(scope, headers)
        if refusal is not None:
            refusal.headers.update(SAFETY | {"X-Request-Id": number, "Cache-Control": "no-store"})
        await (refusal or self.app)(scope, receive, send)

    async def _connect(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        host = _host(headers)
        if host is None or not hosts.is_known(host, _local(scope)) or _is_foreign(headers, host, scope):
            log.warning("refused a websocket of another site, or by another name")
            await receive()
            await send({"type": "websocket.close", "code": VIOLATION})
            return
        if origin is not None:
            scope = streamlit.as_same_origin(scope, origin)
        await self.app(scope, receive, send)


def _refusal(scope: Scope, headers: Headers) -> Response | None:
    path, method = scope["path"], scope["method"]
    if path in PROBES and method in SAFE:
        return None
    host = _host(headers)
    if host is None:
        return PlainTextResponse("The request does not say clearly which server it is for.", 400)
    if not hosts.is_known(host, _local(scope)):
        log.warning("refused a request for %s, which is not in STT_HOSTS", host.name)
        message = (
            f"This server does not go by the name {host.name}. Use the address that you were given for it, "
            "or ask whoever runs it to add the name to STT_HOSTS."
        )
        return PlainTextResponse(message, 421)
    if _is_foreign(headers, host, scope) and not cross_origin.may_call(scope, headers.get("origin")):
        log.warning("refused a cross-site %s", method)
        return PlainTextResponse("Cross-site request refused.", 403)
    return _closed(path, headers, host, scope)


def _closed(path: str, headers: Headers, host: hosts.Host, scope: Scope) -> Response | None:
    """Return an error response if the route at `path` is not available to this client or to anybody, or else None."""
    client = (scope.get("client") or ("",))[0]  # the client's address; it is empty if the server does not know it
    if f"{path}/".startswith(streamlit.FILES):
        return PlainTextResponse("Not found", 404)
    joined = {name: ", ".join(headers.getlist(name)) for name in headers}  # a client may forge the first of several
    if path in FIGURES and not settings().public_metrics and not hosts.is_local_request(host.name, client, joined):
        return PlainTextResponse("Only this machine itself may read this, unless STT_PUBLIC_METRICS is 1.", 403)
    if path in (SIGN_IN, SIGN_OUT, SIGNED_IN) and settings().access != "login":
        return PlainTextResponse("Nobody signs in on this server.", 404)
    if path == SIGN_OUT and not _comes_from_a_page(headers, host, scope):
        log.warning("refused a cross-site sign-out")
        return PlainTextResponse("To sign out, use the button on the page Account.", 403)
    return None


def _host(headers: Headers) -> hosts.Host | None:
    """Return the host in the request's `Host` header, or None if the header is invalid, missing or repeated."""
    named = headers.getlist("host")
    return hosts.parse(named[0]) if len(named) == 1 else None


def _local(scope: Scope) -> str | None:
    """Return the network address of this machine to which the client connected, or None if it is unknown."""
    return (scope.get("server") or (None,))[0]


def _is_foreign(headers: Headers, host: hosts.Host, scope: Scope) -> bool:
    """Return whether the headers `Sec-Fetch-Site` and `Origin` say that a page of another site sent this request.

    Only browsers send these headers. The result is False if a visitor opens a page of this app through a link on
    another site, or returns from the identity provider after a sign-in.
    """
    reads = scope["type"] == "http" and scope["method"] in SAFE
    site = headers.get("sec-fetch-site")
    if not reads and site not in (None, "same-origin", "none"):
        return True
    origins = headers.getlist("origin")
    if not origins or (reads and headers.get("sec-fetch-mode") == "navigate"):
        return False
    secure = cookies.is_https(headers, scope["scheme"])
    return len(origins) > 1 or not hosts.is_own_page(origins[0], host, secure=secure)


def _comes_from_a_page(headers: Headers, host: hosts.Host, scope: Scope) -> bool:
    """Return whether the browser reports that a person followed a link on this app's pages or typed the address."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    scheme, _, rest = headers.get("referer", "").partition("://")
    origin = f"{scheme}://{rest.partition('/')[0]}"
    return hosts.is_own_page(origin, host, secure=cookies.is_https(headers, scope["scheme"]))
