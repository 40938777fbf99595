"""Read requests of the player, and send responses in the form that it expects."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from stt.auth import visitors
from stt.db import json_pieces
from stt.editing.requests import Fields
from stt.editing.revisions import EditConflict
from stt.errors import BadOption, NotFound, SttError, TooLarge
from stt.guard.limiters import EDITS, LOOKUPS, Threads

LONGEST_BODY = 64 << 10  # maximum size of a body, bytes
HEADERS = {"Cache-Control": "private, no-store"}
Answer = dict[str, Any] | None


async def answer(request: Request, act: Callable[[str, str], Answer], limiter: Threads = EDITS) -> Response:
    """Call `act` with the id in the path and the owner; return its result as JSON, or 204 for None."""
    try:
        owner = await LOOKUPS.run(_owner, request)
        found = await limiter.run_for(owner, act, request.path_params["id"], owner)
    except SttError as error:
        return refused(error)
    if found is None:
        return Response(status_code=204, headers=HEADERS)
    return _json(found)


def refused(error: SttError) -> Response:
    """Return the error response. If a text was changed meanwhile, it includes the current text."""
    more = error.answer if isinstance(error, EditConflict) else {}
    return _json({"error": error.to_dict(), **more}, error.status)


def _json(found: dict[str, Any], status: int = 200) -> Response:
    content = json_pieces.dumps(found, allow_nan=False)
    return Response(content, status_code=status, headers=HEADERS, media_type="application/json")


async def body(request: Request, longest: int = LONGEST_BODY) -> bytes:
    """Return the body. Raises TooLarge, ClientDisconnect."""
    found = bytearray()
    async for block in request.stream():
        found += block
        if len(found) > longest:
            most = f"{longest >> 20} MB" if longest >> 20 else f"{longest >> 10} kB"
            raise TooLarge(f"This takes at most {most}.", guidance="Shorten it.")
    return bytes(found)


def fields(content: bytes) -> Fields:
    """Return the fields of a JSON body. Raises BadOption."""
    return Fields(loaded(content), "The body")


def loaded(content: bytes) -> Any:
    """Return the value of a JSON body. Raises BadOption."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BadOption("The body is not valid JSON.") from error


def seconds(given: Fields, name: str) -> float:
    """Return a required number of seconds. Raises BadOption."""
    found = given.seconds(name)
    if found is None:
        raise BadOption(f"`{name}` is missing.")
    return found


def _owner(request: Request) -> str:
    owner = visitors.owner_of(visitors.visitor(request.cookies))
    if owner is None:
        raise NotFound("Cookies are blocked for this site.", guidance="Allow cookies, then reload.")
    return owner
