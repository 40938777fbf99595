"""Handle `/record`: the requests of the Transcribe page's recorder."""

from __future__ import annotations

from tempfile import SpooledTemporaryFile
from typing import IO

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from stt.auth import visitors
from stt.errors import BadOption, NotFound, SttError, TooLarge, UploadBroken
from stt.files import names
from stt.files.paths import folder
from stt.guard.limiters import FINISHES, LIVE, LOOKUPS
from stt.recorder import live_recordings
from stt.store import recordings
from stt.web.endpoints import refusal

IN_MEMORY = 64 << 10  # maximum bytes of a piece kept in memory; a larger one is streamed to disk


async def start(request: Request) -> Response:
    """Handle `POST /record`: 201 and the id of a new recording, named by `X-File-Name` (percent-encoded).

    With `?shared=1` its left channel is the microphone, its right one the sound of a tab or the screen.
    """
    try:
        owner, visitor = await LOOKUPS.run(_asking, request)
        name, shared = names.of_header(request.headers.get("x-file-name", "")), "shared" in request.query_params
        made = await LIVE.run_for(visitor, live_recordings.start, owner, visitor, name, shared=shared)
    except SttError as error:
        return refusal(error)
    return JSONResponse({"id": made}, status_code=201)


async def piece(request: Request) -> Response:
    """Handle `POST /record/{id}?piece=N`, counted from 0: the body is the piece. 200 and the number of the `next` one.

    Sending a piece again changes nothing. 409 if a previous one is missing, 404 once the recording is finished. An
    empty piece means that the browser is still connected; `&paused=1` that it may send nothing for a long time.
    """
    try:
        following = await _take(request)
    except ClientDisconnect:
        return refusal(UploadBroken())
    except SttError as error:
        return refusal(error)
    return JSONResponse({"next": following})


async def finish(request: Request) -> Response:
    """Handle `POST /record/{id}/finish`, with `?piece=N` the last piece as the body. 201 and the recording.

    409 if finishing takes longer: send the request again.
    """
    try:
        owner, visitor = await LOOKUPS.run(_asking, request)
        if "piece" in request.query_params:
            await _take(request)
        made = await FINISHES.run_for(visitor, live_recordings.finish, request.path_params["id"], owner, visitor)
    except ClientDisconnect:
        return refusal(UploadBroken())
    except SttError as error:
        return refusal(error)
    return JSONResponse({"id": made.id, "name": made.name}, status_code=201)


async def _take(request: Request) -> int:
    """Read the request's piece, add it, and return the number of the next one. Raises SttError, ClientDisconnect."""
    owner, visitor = await LOOKUPS.run(_asking, request)
    number = request.query_params.get("piece", "")
    if not number.isdecimal() or len(number) > 9:
        raise BadOption("`piece` must be a number from 0.")
    with SpooledTemporaryFile(max_size=IN_MEMORY, dir=str(folder("live"))) as body:
        size = 0
        async for block in request.stream():
            size += len(block)
            if size > live_recordings.MOST_PIECE:
                raise TooLarge(f"A piece has at most {recordings.megabytes(live_recordings.MOST_PIECE)}.")
            await LIVE.run_for(visitor, _keep, body, block)
        return await LIVE.run_for(
            visitor,
            live_recordings.append,
            request.path_params["id"],
            owner,
            visitor,
            int(number),
            body,
            paused="paused" in request.query_params,
        )


def _keep(body: IO[bytes], block: bytes) -> None:
    with recordings.disk_errors():
        body.write(block)


def _asking(request: Request) -> tuple[str, str]:
    """Return the owner and the visitor of a request. Raises NotFound."""
    visitor = visitors.visitor(request.cookies)
    owner = visitors.owner_of(visitor)
    if owner is None:
        raise NotFound("Cookies are blocked for this site.", guidance="Allow cookies, then reload.")
    return owner, visitor or ""
