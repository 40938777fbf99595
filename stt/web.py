"""The routes of our own beside the pages, and the middleware that knows the visitor."""

from __future__ import annotations

import logging
from http import HTTPStatus
from http.cookies import SimpleCookie
from urllib.parse import unquote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stt import access, api, health, logs, metrics, recordings, records, sharing
from stt.errors import (
    InputError,
    LimitReached,
    NotFound,
    SetupError,
    SttError,
    TooLarge,
    UploadBroken,
)

log = logging.getLogger("stt.web")

UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
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
# An upload opened as a page of its own is nothing but sound: no script, no form, no cookie of this site.
SANDBOX = "sandbox; default-src 'none'; media-src 'self'"
_STATUS = [(NotFound, 404), (TooLarge, 413), (LimitReached, 429), (InputError, 422), (SetupError, 507)]


async def upload(request: Request) -> Response:
    """`POST /upload`, the file as the raw body, its name in `X-File-Name` (percent-encoded): 201 and the recording.

    The body goes to disk as it comes; nothing is held in memory.
    """
    owner = await run_in_threadpool(_owner, request)
    if owner is None:
        return _refusal(NotFound("This browser has no cookie of this site.", guidance="Allow cookies, then reload."))
    length = request.headers.get("content-length", "")
    name = unquote(request.headers.get("x-file-name", ""))
    try:
        with recordings.Intake(name, owner, int(length) if length.isdecimal() else None) as intake:
            async for block in request.stream():
                await run_in_threadpool(intake.write, block)
            recording = await run_in_threadpool(intake.finish)
    except ClientDisconnect:
        return _refusal(UploadBroken())  # nobody reads it; the part is gone from the disk
    except SttError as error:
        return _refusal(error)
    return JSONResponse({"id": recording.id, "name": recording.name}, status_code=201)


def audio(request: Request) -> Response:
    """`GET /audio/{id}`: the recording of a transcription, for its owner, with byte ranges.

    `GET /audio/shared?share={token}`: that of a shared one, if the link lets hear it.
    """
    name, share = request.path_params["id"], request.query_params.get("share")
    try:
        if name == "shared" and share:
            recording = sharing.audio_of(share)
        else:
            owner = _owner(request)
            if owner is None:
                raise NotFound()
            job = records.load(name, owner)
            recording = recordings.find(job.recording_id or "", owner)
    except NotFound as error:
        return _refusal(error)
    if not recording.kept:
        return _refusal(NotFound("The recording is no longer kept."))
    headers = {
        # What is shared may be withdrawn: no browser should still have it then.
        "Cache-Control": "private, no-store" if share else "private, max-age=3600",
        "Content-Disposition": "inline",
        "Content-Security-Policy": SANDBOX,
    }
    return FileResponse(recording.path, media_type=recording.mime, headers=headers)


def healthz(_request: Request) -> Response:
    """`GET /healthz`: 200 once the database answers and the job engine runs; 503 until then, with what is missing."""
    missing = [name for name, ready in health.checks() if not ready]
    return JSONResponse({"live": True, "ready": not missing, "missing": missing}, status_code=503 if missing else 200)


def figures(_request: Request) -> Response:
    """`GET /metrics` for Prometheus."""
    return Response(metrics.page(), media_type="text/plain; version=0.0.4")


ROUTES = [
    Route("/upload", upload, methods=["POST"]),
    Route("/audio/{id}", audio),
    Route("/healthz", healthz),
    Route("/metrics", figures),
]
ROUTES += api.ROUTES


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
        cookies = await run_in_threadpool(_cookies_for, request) if is_page else []

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SAFETY.items():
                    headers.setdefault(name, value)
                headers["X-Request-Id"] = number
                if request.url.path == SIGNED_IN and headers.get("location") == "/":
                    headers["Location"] = access.wanted(request.cookies) or "/"
                for cookie in cookies:
                    headers.append("set-cookie", cookie)
            await send(message)

        await self.app(scope, receive, with_headers)


MIDDLEWARE = [Middleware(Visitors)]


def _owner(request: Request) -> str | None:
    return access.owner_of(access.visitor(request.cookies))


def _refusal(error: SttError) -> JSONResponse:
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), HTTPStatus.INTERNAL_SERVER_ERROR)
    return JSONResponse(error.to_dict(), status_code=status)


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
            access.sign_out(visitor)
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
