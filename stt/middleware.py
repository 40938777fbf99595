"""What happens around every request: the visitor's cookie, other sites refused, safety headers, files of others hidden."""

from __future__ import annotations

import logging
import time
from http.cookies import SimpleCookie
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stt import access, downloads, logs, startup
from stt.errors import DatabaseAway, SttError
from stt.limiters import IMPORTS, LOOKUPS

log = logging.getLogger("stt.web")

UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
MEDIA = "/media/"  # where Streamlit serves the files of its pages
SIGNED_IN, SIGNED_OUT = "/oauth2callback", "/auth/logout"  # routes of Streamlit's own
POLICY = "; ".join(
    (
        "default-src 'self'",
        # The hash is that of the one inline script of Streamlit's page; its components come as blobs.
        "script-src 'self' blob: 'wasm-unsafe-eval' 'sha256-THxz9J9+wf7rhwR2YkXJoSZ13UCmYyC+3lNDv2+8ugA='",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "frame-src 'none'",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)
SAFETY = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Visitors:
    """Gives every browser a signed cookie at its first page, refuses requests that another site sends, says in
    headers what a browser may do with an answer, and keeps the way to a page over the sign-in.

    Plain ASGI: websockets and streamed bodies pass through untouched.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        number = logs.new_request_id(request.headers.get("x-request-id"))
        logs.request_id.set(number)
        if request.method in UNSAFE and _from_another_site(request):
            log.warning("refused a cross-site %s", request.method)
            refusal = PlainTextResponse("Cross-site request refused.", status_code=403, headers=SAFETY)
            await refusal(scope, receive, send)
            return
        is_page = request.method == "GET" and (request.url.path in (SIGNED_IN, SIGNED_OUT) or _is_page(request))
        cookies: list[str] = []
        began, answering = time.monotonic(), False

        async def with_headers(message: Message) -> None:
            nonlocal answering
            if message["type"] == "http.response.start":
                answering = True
                headers = MutableHeaders(scope=message)
                for name, value in SAFETY.items():
                    headers.setdefault(name, value)
                headers["X-Request-Id"] = number
                if request.method in UNSAFE or message["status"] >= 500:
                    _log_answer(request, message["status"], began)
                if request.url.path == SIGNED_IN and headers.get("location") == "/":
                    headers["Location"] = access.wanted(request.cookies) or "/"
                for cookie in cookies:
                    headers.append("set-cookie", cookie)
            await send(message)

        try:
            cookies += await LOOKUPS.run(_cookies_for, request) if is_page else []
            await self.app(scope, receive, with_headers)
        except Exception as error:
            await IMPORTS.run(startup.load)
            from stt.database import AWAY

            if not isinstance(error, (*AWAY, SttError)):
                raise
            said = error if isinstance(error, SttError) else DatabaseAway()
            log.warning("%s: %s", said.title, type(error).__name__)
            if answering:
                raise
            refusal = JSONResponse(said.to_dict(), status_code=said.status)
            await refusal(scope, receive, with_headers)


class OwnFiles:
    """Hides the files that a page has made for one visitor, such as exports, from everybody else."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(MEDIA):
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        # Whole or not at all: a part of a file does not tell whose it is.
        whole = {**scope, "headers": [(name, value) for name, value in scope["headers"] if name != b"range"]}
        start: Message | None = None

        async def if_allowed(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            if start is not None:
                if not await run_in_threadpool(_may_have, request, message.get("body", b"")):
                    await PlainTextResponse("Not found", status_code=404)(scope, receive, send)
                    start = None
                    return
                await send(start)
            await send(message)

        await self.app(whole, receive, if_allowed)


MIDDLEWARE = [Middleware(Visitors), Middleware(OwnFiles)]


def _may_have(request: Request, content: bytes) -> bool:
    return downloads.may_have(content, access.owner_of(access.visitor(request.cookies)))


def _log_answer(request: Request, status: int, began: float) -> None:
    """Only where it begins: what follows, and the query, may name what is somebody's."""
    where = "/".join(request.url.path.split("/")[:3])[:100]
    log.info("%s %s answered %d in %d ms", request.method, where, status, (time.monotonic() - began) * 1000)


def _is_page(request: Request) -> bool:
    """Whether this is somebody opening a page, not one of the many files behind it."""
    return request.url.path == "/" or "text/html" in request.headers.get("accept", "")


def _is_https(request: Request) -> bool:
    return request.headers.get("x-forwarded-proto", request.url.scheme) == "https"


def _from_another_site(request: Request) -> bool:
    """Browsers say where a request comes from; programs send neither header."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != request.headers.get("host")


def _cookies_for(request: Request) -> list[str]:
    """The cookies to set with this page, as header values."""
    path, secure = request.url.path, _is_https(request)
    visitor = access.visitor(request.cookies)
    if path in (SIGNED_IN, SIGNED_OUT):
        # A new name at each sign-in and sign-out, so that nobody can plant one that they know.
        if visitor is not None and path == SIGNED_OUT:
            from stt import sign_ins  # brings the database, which other cookies do not need

            sign_ins.sign_out(visitor)
        return [_new_visitor(secure)]
    cookies = []
    if visitor is None:
        cookies.append(_new_visitor(secure))
    if access.must_sign_in(visitor) and (wish := access.wish(path, request.url.query)):
        cookies.append(_set_cookie(access.WANTED, wish, access.WANTED_AGE, secure=secure))
    return cookies


def _new_visitor(secure: bool) -> str:
    return _set_cookie(access.COOKIE, access.cookie_for(access.new_visitor()), access.COOKIE_AGE, secure=secure)


def _set_cookie(name: str, value: str, age: int, *, secure: bool) -> str:
    cookie = SimpleCookie()
    cookie[name] = value
    cookie[name].update({"path": "/", "httponly": True, "samesite": "Lax", "max-age": age, "secure": secure})
    return cookie[name].OutputString()
