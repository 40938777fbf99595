"""Helpers for request handlers: find the owner by cookie, read a body of limited size, return errors as responses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from stt.auth import visitors
from stt.errors import NotFound, SttError, TooLarge, UploadBroken

Handler = Callable[[Request], Awaitable[Response]]


def answers_errors(handler: Handler) -> Handler:
    """Decorate a request handler so that an SttError that the handler raises is sent as the response."""

    @wraps(handler)
    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except ClientDisconnect:
            return refusal(UploadBroken())  # the client is gone, so nobody reads this response
        except SttError as error:
            return refusal(error)

    return answer


def refusal(error: SttError) -> JSONResponse:
    """Return an error as a JSON response with its status."""
    return JSONResponse(error.to_dict(), status_code=error.status)


def owner_of(request: Request) -> str:
    """Return the owner whose records the browser may see. Raises NotFound if the cookies identify no owner."""
    owner = visitors.owner_of(visitors.visitor(request.cookies))
    if owner is None:
        raise NotFound("Cookies are blocked for this site.", guidance="Allow cookies, then reload.")
    return owner


async def body_of(request: Request, longest: int, too_large: TooLarge) -> bytes:
    """Return the request's body.

    Raises `too_large` if the body has more than `longest` bytes, and ClientDisconnect if the client closes the
    connection.
    """
    body = bytearray()
    async for block in request.stream():
        body += block
        if len(body) > longest:
            raise too_large
    return bytes(body)


def client_has(request: Request, etag: str) -> bool:
    """Return whether the client already has the response with this ETag, according to the header `If-None-Match`."""
    return etag in {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
