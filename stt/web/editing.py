"""Handle `/transcripts/{id}/edits`: what the player sends while somebody edits a transcript."""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from stt.auth import visitors
from stt.db import json_pieces
from stt.editing import requests, revisions
from stt.errors import BadOption, NotFound, SttError, TooLarge, UploadBroken
from stt.guard.limiters import EDITS, LOOKUPS
from stt.library import vocabulary
from stt.web.endpoints import refusal

LONGEST_BODY = 4 << 20  # bytes: a text of the longest paragraph, with what it was before
HEADERS = {"Cache-Control": "private, no-store"}


async def edit(request: Request) -> Response:
    """Handle `POST /transcripts/{id}/edits`: perform a step (`stt.editing.requests`), for the owner only.

    `{"key", "based_on", "step"}`. 200, and 409 if the paragraph was changed meanwhile, with `revision`, how many steps
    to `undo` and `redo`, and the `splices` since `based_on`.
    """
    try:
        owner = await LOOKUPS.run(_owner, request)
        answer = await EDITS.run_for(owner, _edit, request.path_params["id"], owner, await _body(request))
    except ClientDisconnect:
        return refusal(UploadBroken())
    except revisions.EditConflict as conflict:
        return _json({"error": conflict.to_dict()} | conflict.answer, conflict.status)
    except SttError as error:
        return JSONResponse({"error": error.to_dict()}, status_code=error.status)
    return _json(answer)


async def news(request: Request) -> Response:
    """Handle `GET /transcripts/{id}/edits?since=N`: what has changed since revision N, as `edit` answers it."""
    try:
        owner = await LOOKUPS.run(_owner, request)
        since = request.query_params.get("since", "")
        if not (since.isascii() and since.isdecimal() and len(since) < 10):
            raise BadOption("`since` must be a revision.")
        answer = await EDITS.run_for(owner, revisions.news, request.path_params["id"], owner, int(since))
    except SttError as error:
        return JSONResponse({"error": error.to_dict()}, status_code=error.status)
    return _json(answer)


def _edit(generation_id: str, owner: str, body: bytes) -> dict[str, Any]:
    try:
        given = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadOption("The body is not valid JSON.") from error
    return revisions.edit(generation_id, owner, requests.read(given), vocabulary.note)


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for block in request.stream():
        body += block
        if len(body) > LONGEST_BODY:
            raise TooLarge(f"A step has at most {LONGEST_BODY >> 20} MB.", guidance="Split the paragraph.")
    return bytes(body)


def _owner(request: Request) -> str:
    owner = visitors.owner_of(visitors.visitor(request.cookies))
    if owner is None:
        raise NotFound("Cookies are blocked for this site.", guidance="Allow cookies, then reload.")
    return owner


def _json(answer: dict[str, Any], status: int = 200) -> Response:
    content = json_pieces.dumps(answer, allow_nan=False)
    return Response(content, status_code=status, headers=HEADERS, media_type="application/json")
