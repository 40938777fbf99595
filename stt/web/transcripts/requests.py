"""Read requests of the transcript player, and send JSON responses and errors to it."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from stt.db import json_pieces
from stt.editing.requests import Fields
from stt.editing.revisions import EditConflict
from stt.errors import BadOption, SttError, TooLarge, UploadBroken
from stt.guard.limiters import EDITS, LOOKUPS, OPEN_BODIES, Threads
from stt.web.handling import body_of, owner_of

LONGEST_BODY = 64 << 10  # maximum size of a body, bytes
HEADERS = {"Cache-Control": "private, no-store"}
Answer = dict[str, Any] | None


async def answer(request: Request, act: Callable[[str, str], Answer], limiter: Threads = EDITS) -> Response:
    """Call `act(generation_id, owner)` in a thread, and return the result as JSON, or status 204 if it is None.

    `generation_id` is the id in the path. If `act` raises an SttError, the error is the response.
    """
    try:
        return await _answer(request, await LOOKUPS.run(owner_of, request), act, limiter)
    except SttError as error:
        return _refused(error)


async def answer_body(
    request: Request, act: Callable[[bytes, str, str], Answer], longest: int = LONGEST_BODY
) -> Response:
    """Read the request's body, then respond like `answer` with the result of `act(body, generation_id, owner)`.

    The body may have at most `longest` bytes. It is read only for a known owner, who has a limit of open requests.
    """
    most = f"{longest >> 20} MB" if longest >> 20 else f"{longest >> 10} kB"
    too_large = TooLarge(f"This takes at most {most}.", guidance="Shorten it.")
    try:
        owner = await LOOKUPS.run(owner_of, request)
        with OPEN_BODIES.place(owner, request):
            content = await body_of(request, longest, too_large)
            return await _answer(request, owner, partial(act, content), EDITS)
    except ClientDisconnect:
        return _refused(UploadBroken())
    except SttError as error:
        return _refused(error)


async def _answer(request: Request, owner: str, act: Callable[[str, str], Answer], limiter: Threads) -> Response:
    found = await limiter.run_for(owner, act, request.path_params["id"], owner)
    return Response(status_code=204, headers=HEADERS) if found is None else _json(found)


def _refused(error: SttError) -> Response:
    """Return the response for an error. The response for an EditConflict includes the paragraph's current text."""
    more = error.answer if isinstance(error, EditConflict) else {}
    return _json({"error": error.to_dict(), **more}, error.status)


def _json(found: dict[str, Any], status: int = 200) -> Response:
    content = json_pieces.dumps(found, allow_nan=False)
    return Response(content, status_code=status, headers=HEADERS, media_type="application/json")


def fields(content: bytes) -> Fields:
    """Return the fields of a JSON body. Raises BadOption if the body is not a JSON object."""
    return Fields(loaded(content), "The body")


def loaded(content: bytes) -> Any:
    """Return the value of a JSON body. Raises BadOption if the body is not valid JSON."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BadOption("The body is not valid JSON.") from error


def seconds(body: Fields, name: str) -> float:
    """Return the field `name`, a number of seconds. Raises BadOption if the field is missing or invalid."""
    found = body.seconds(name)
    if found is None:
        raise BadOption(f"`{name}` is missing.")
    return found
