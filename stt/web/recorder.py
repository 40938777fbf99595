"""Handle `/record`: the requests of the Transcribe page's recorder."""

from __future__ import annotations

from tempfile import SpooledTemporaryFile
from typing import IO

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from stt.auth import visitors
from stt.errors import BadOption, TooLarge
from stt.files import names
from stt.files.paths import folder
from stt.guard.limiters import FINISHES, LIVE, LOOKUPS
from stt.recorder import live_recordings
from stt.store import recordings
from stt.web.handling import answers_errors, owner_of

IN_MEMORY = 64 << 10  # maximum bytes of a piece kept in memory; a larger one is streamed to disk


@answers_errors
async def start(request: Request) -> Response:
    """Handle `POST /record`: 201 and the id of a new recording, named by `X-File-Name` (percent-encoded).

    With `?shared=1` its left channel is the microphone, its right one the sound of a tab or the screen.
    """
    owner, visitor = await LOOKUPS.run(_owner_and_visitor, request)
    name, shared = names.of_header(request.headers.get("x-file-name", "")), "shared" in request.query_params
    recording_id = await LIVE.run_for(visitor, live_recordings.start, owner, visitor, name, shared=shared)
    return JSONResponse({"id": recording_id}, status_code=201)


@answers_errors
async def piece(request: Request) -> Response:
    """Handle `POST /record/{id}?piece=N`, counted from 0: the body is the piece. 200 and the number of the `next` one.

    Sending a piece again changes nothing. 409 if a previous one is missing, 404 once the recording is finished. An
    empty piece means that the browser is still connected; `&paused=1` that it may send nothing for a long time.
    """
    return JSONResponse({"next": await _take(request)})


@answers_errors
async def finish(request: Request) -> Response:
    """Handle `POST /record/{id}/finish`, with `?piece=N` the last piece as the body. 201 and the recording.

    409 if finishing takes longer: send the request again.
    """
    owner, visitor = await LOOKUPS.run(_owner_and_visitor, request)
    if "piece" in request.query_params:
        await _take(request)
    recording = await FINISHES.run_for(visitor, live_recordings.finish, request.path_params["id"], owner, visitor)
    return JSONResponse({"id": recording.id, "name": recording.name}, status_code=201)


async def _take(request: Request) -> int:
    """Read the request's piece, add it, and return the number of the next one. Raises SttError, ClientDisconnect."""
    owner, visitor = await LOOKUPS.run(_owner_and_visitor, request)
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


def _owner_and_visitor(request: Request) -> tuple[str, str]:
    """Return the owner and the visitor of a request. Raises NotFound."""
    return owner_of(request), visitors.visitor(request.cookies) or ""
