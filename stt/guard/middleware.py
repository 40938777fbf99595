"""Wrap every request that `gate` accepts: set the visitor cookie and security headers, and report database errors."""

from __future__ import annotations

import logging
import time
from http.cookies import SimpleCookie

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stt import late
from stt.auth import cookies, visitors
from stt.compat.streamlit import SIGN_OUT, SIGNED_IN
from stt.errors import DatabaseUnavailable, SttError
from stt.guard import base_path
from stt.guard.cross_origin import CrossOrigin
from stt.guard.gate import SAFE, Gate
from stt.guard.limiters import IMPORTS, LOOKUPS
from stt.guard.security_headers import SAFETY
from stt.ops import logs

log = logging.getLogger("stt.web.endpoints")


class Visitors:
    """ASGI middleware that gives each browser a signed cookie, and sets security headers on each response.

    After a sign-in, the browser is redirected to the page that was requested before the sign-in. The prefix `__Host-`
    is removed from the names of this app's cookies in a request. Bodies and the messages of websockets pass through
    unchanged.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        jar = cookies.sort(headers.getlist("cookie"), secure=cookies.is_https(headers, scope["scheme"]))
        others = [(name, value) for name, value in scope["headers"] if name != b"cookie"]
        scope = {**scope, "headers": [*others, (b"cookie", jar.header.encode("latin-1"))] if jar.header else others}
        if scope["type"] == "http":
            await self._answer(scope, receive, send, jar)
        else:
            await self.app(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, jar: cookies.Jar) -> None:
        request = Request(scope)
        ours: list[str] = []
        began, answering = time.monotonic(), False

        async def with_headers(message: Message) -> None:
            nonlocal answering
            if message["type"] == "http.response.start":
                answering = True
                headers = MutableHeaders(scope=message)
                for name, value in SAFETY.items():
                    headers.setdefault(name, value)
                headers["X-Request-Id"] = logs.request_id.get() or ""
                if request.method not in SAFE or message["status"] >= 500:
                    _log_answer(request, message["status"], began)
                if request.url.path == SIGNED_IN:
                    ours.extend(await LOOKUPS.run(_signed_in, headers.getlist("set-cookie"), jar))
                    if headers.get("location", "").rstrip("/") == base_path.at(""):
                        headers["Location"] = base_path.at(visitors.return_path(request.cookies) or "/")
                if request.url.path == SIGN_OUT:
                    headers["Clear-Site-Data"] = '"cache"'
                for cookie in ours:
                    headers.append("set-cookie", cookie)
                _guard_cookies(headers, secure=jar.secure)
            await send(message)

        try:
            if request.method == "GET" and (request.url.path == SIGN_OUT or _is_page(request)):
                ours += await LOOKUPS.run(_cookies_for, request, jar)
            await self.app(scope, receive, with_headers)
        except Exception as error:
            await IMPORTS.run(late.load)
            from stt.db.engine import DB_UNAVAILABLE

            if not isinstance(error, (*DB_UNAVAILABLE, SttError)):
                raise
            failure = error if isinstance(error, SttError) else DatabaseUnavailable()
            log.warning("%s: %s", failure.title, type(error).__name__)
            if answering:
                raise
            refusal = JSONResponse(failure.to_dict(), status_code=failure.status)
            await refusal(scope, receive, with_headers)


MIDDLEWARE = [Middleware(base_path.StripBasePath), Middleware(Gate), Middleware(CrossOrigin), Middleware(Visitors)]


def _log_answer(request: Request, status: int, began: float) -> None:
    """Log a response with only the first two segments of the path: the other segments and the query may be private."""
    where = "/".join(request.url.path.split("/")[:3])[:100]
    # A recorder sends a piece every second; at the level INFO, these responses would fill the log.
    level = logging.DEBUG if where.startswith("/record/") and status == 200 else logging.INFO
    log.log(level, "%s %s answered %d in %d ms", request.method, where, status, (time.monotonic() - began) * 1000)


def _is_page(request: Request) -> bool:
    """Return whether the request opens a page, rather than loading a script, style or image of a page."""
    return request.url.path == "/" or "text/html" in request.headers.get("accept", "")


def _cookies_for(request: Request, jar: cookies.Jar) -> list[str]:
    """Return the `Set-Cookie` values for the response to a page or a sign-out. For a sign-out, end the sign-in."""
    path = request.url.path
    if path == SIGNED_IN:
        return []  # `_signed_in` returns the cookie, as soon as the response to the sign-in callback is known
    visitor = visitors.visitor(request.cookies)
    if path == SIGN_OUT:
        if visitor is not None:
            from stt.auth import sign_ins  # imported here, because it imports the database code

            sign_ins.sign_out(visitor)
        return [_new_visitor(jar)]
    if not _is_page(request):
        return []
    made = [cookies.forget_old()] if jar.old else []
    if visitor is None:
        made.append(_new_visitor(jar))
    elif jar.old:
        made.append(cookies.visitor(visitors.cookie_for(visitor), secure=True))
    if visitors.must_sign_in(visitor) and (return_to := visitors.return_cookie(path, request.url.query)):
        made.append(cookies.return_to(return_to, secure=jar.secure))
    return made


def _signed_in(set_cookies: list[str], jar: cookies.Jar) -> list[str]:
    """Return the `Set-Cookie` value of a new visitor, bound to the sign-in cookie that is in `set_cookies`.

    `set_cookies` are the `Set-Cookie` headers of the response to the identity provider's callback. A signed-in user
    gets a new visitor name, because an attacker could have planted a cookie with the old name in the browser. The
    result is empty if the response sets no sign-in cookie, for example because another site linked to the callback.
    """
    from stt.auth import sign_ins

    received = SimpleCookie()
    for header in set_cookies:
        received.load(header)
    session = sign_ins.session_of({name: morsel.value for name, morsel in received.items() if morsel["max-age"] != "0"})
    if session is None:
        return []
    name = visitors.new_visitor()
    sign_ins.begin(name, session)
    return [cookies.visitor(visitors.cookie_for(name), secure=jar.secure)]


def _guard_cookies(headers: MutableHeaders, *, secure: bool) -> None:
    """Forbid caching of a response that sets a cookie. With `secure`, mark all cookies Secure, even Streamlit's."""
    found = headers.getlist("set-cookie")
    if not found:
        return
    headers["Cache-Control"] = "no-store"
    if secure:
        del headers["set-cookie"]
        for cookie in found:
            attributes = {piece.strip().lower() for piece in cookie.split(";")[1:]}
            headers.append("set-cookie", cookie if "secure" in attributes else f"{cookie}; Secure")


def _new_visitor(jar: cookies.Jar) -> str:
    return cookies.visitor(visitors.cookie_for(visitors.new_visitor()), secure=jar.secure)
