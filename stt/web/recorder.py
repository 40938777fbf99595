"""Handle `/record`: requests of the recorder on the page Transcribe, which sends a live recording in pieces."""

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

IN_MEMORY = 64 << 10  # maximum size in bytes of a piece that is kept in memory; a larger piece is written to disk


@answers_errors
async def start(request: Request) -> Response:
    """Handle `POST /record`: start a live recording, whose name is in `X-File-Name` (percent-encoded).

    With `?shared=1`, the left channel is the microphone, and the right channel is the sound of a shared tab or screen.
    The response is 201 with the recording's id.
    """
    owner, visitor = await LOOKUPS.run(_owner_and_visitor, request)
    name, shared = names.of_header(request.headers.get("x-file-name", "")), "shared" in request.query_params
    recording_id = await LIVE.run_for(visitor, live_recordings.start, owner, visitor, name, shared=shared)
    return JSONResponse({"id": recording_id}, status_code=201)


@answers_errors
async def piece(request: Request) -> Response:
    """Handle `POST /record/{id}?piece=N`: append piece number N, from 0, to a live recording. The body is the piece.

    The response is 200 with `next`, the number of the piece to send next. The status is 409 if a previous piece is
    missing, and 404 after the recording was finished. Sending a piece again changes nothing. An empty piece shows that
    the browser is still connected. `&paused=1` announces that it may send nothing for a long time.
    """
    return JSONResponse({"next": await _take(request)})


@answers_errors
async def finish(request: Request) -> Response:
    """Handle `POST /record/{id}/finish`: finish a live recording. With `?piece=N`, the body is the last piece.

    The response is 201 with the recording's id and name. The status is 409 if finishing takes too long for one request;
    the browser then sends the request again.
    """
    owner, visitor = await LOOKUPS.run(_owner_and_visitor, request)
    if "piece" in request.query_params:
        await _take(request)
    recording = await FINISHES.run_for(visitor, live_recordings.finish, request.path_params["id"], owner, visitor)
    return JSONResponse({"id": recording.id, "name": recording.name}, status_code=201)


async def _take(request: Request) -> int:
    """Append the piece in the request's body, and return the number of the next piece.

    Raises BadOption if the number of the piece is invalid, TooLarge if the piece is too large, NotFound if the cookies
    identify no owner, ClientDisconnect if the client closes the connection, DiskFull if the disk is full, and the
    errors of `live_recordings.append`.
    """
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
    """Return the owner and the visitor that the cookies identify. Raises NotFound if they identify no owner."""
    return owner_of(request), visitors.visitor(request.cookies) or ""
