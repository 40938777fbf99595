"""The routes of our own beside the pages, and the middleware that knows the visitor."""

from __future__ import annotations

import logging
from http import HTTPStatus
from http.cookies import SimpleCookie
from urllib.parse import unquote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stt import access, health, metrics, recordings, records
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
_STATUS = [(NotFound, 404), (TooLarge, 413), (LimitReached, 429), (InputError, 422), (SetupError, 507)]


async def upload(request: Request) -> Response:
    """`POST /upload`, the file as the raw body, its name in `X-File-Name` (percent-encoded): 201 and the recording.

    The body goes to disk as it comes; nothing is held in memory.
    """
    owner = _owner(request)
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
    """`GET /audio/{id}`: the recording of a transcription, for its owner, with byte ranges."""
    owner = _owner(request)
    try:
        if owner is None:
            raise NotFound()
        job = records.load(request.path_params["id"], owner)
        recording = recordings.find(job.recording_id or "", owner)
    except NotFound as error:
        return _refusal(error)
    if not recording.kept:
        return _refusal(NotFound("The recording is no longer kept."))
    headers = {"Cache-Control": "private, max-age=3600", "Content-Disposition": "inline"}
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


class Visitors:
    """Gives every browser a signed cookie at its first page, and refuses requests that another site sends.

    Plain ASGI: websockets and streamed bodies pass through untouched.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        if request.method in UNSAFE and _from_another_site(request):
            await PlainTextResponse("Cross-site request refused.", status_code=403)(scope, receive, send)
            return
        fresh = None
        if request.method == "GET" and access.visitor(request.cookies) is None and _is_page(request):
            fresh = _set_cookie(access.new_visitor(), secure=_is_https(request))

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                added = [(b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"same-origin")]
                if fresh:
                    added.append((b"set-cookie", fresh.encode("latin-1")))
                message["headers"] = [*message["headers"], *added]
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


def _set_cookie(visitor: str, *, secure: bool) -> str:
    cookie = SimpleCookie()
    cookie[access.COOKIE] = access.cookie_for(visitor)
    cookie[access.COOKIE].update(
        {"path": "/", "httponly": True, "samesite": "Lax", "max-age": access.COOKIE_AGE, "secure": secure}
    )
    return cookie[access.COOKIE].OutputString()
