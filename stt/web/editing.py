"""Handle `/transcripts/{id}/edits` and `/readings`: what the player asks for while somebody edits a transcript."""

from __future__ import annotations

import json
import re
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from stt.auth import visitors
from stt.db import json_pieces
from stt.editing import requests, revisions
from stt.engines import second_reading
from stt.errors import BadOption, NotFound, SttError, TooLarge, UploadBroken
from stt.guard.limiters import DECODINGS, EDITS, LOOKUPS, RESULTS
from stt.library import versions, vocabulary
from stt.store import records, transcripts
from stt.web.endpoints import refusal

LONGEST_BODY = 4 << 20  # bytes: a text of the longest paragraph, with what it was before
MOST_SPANS = 50
SPAN = re.compile(r"([0-9]{1,7}(?:\.[0-9]{1,3})?)-([0-9]{1,7}(?:\.[0-9]{1,3})?)")
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


async def readings(request: Request) -> Response:
    """Handle `GET /transcripts/{id}/readings?spans=1.5-1.9,3.25-4`: what other versions of the recording say there.

    `{"readings"}`: a list of texts for each span, which are seconds of the recording.
    """
    try:
        owner = await LOOKUPS.run(_owner, request)
        spans = _spans(request.query_params.get("spans", ""))
        found = await RESULTS.run_for(owner, _readings, request.path_params["id"], owner, spans)
    except SttError as error:
        return JSONResponse({"error": error.to_dict()}, status_code=error.status)
    return _json({"readings": found})


async def decoded(request: Request) -> Response:
    """Handle `POST /transcripts/{id}/readings?spans=1.5-1.9`: decode the sound of a word again, with a larger beam.

    The answer is that of `readings`.
    """
    try:
        owner = await LOOKUPS.run(_owner, request)
        spans = _spans(request.query_params.get("spans", ""))
        if len(spans) != 1:
            raise BadOption("One word is decoded at a time.")
        found = await DECODINGS.run_for(owner, _decoded, request.path_params["id"], owner, *spans[0])
    except SttError as error:
        return JSONResponse({"error": error.to_dict()}, status_code=error.status)
    return _json({"readings": [found]})


def _decoded(generation_id: str, owner: str, start: float, end: float) -> list[str]:
    job = records.load(generation_id, owner)
    recording = versions.recording_of(job)
    if recording is None:
        raise NotFound("The recording is no longer kept.", guidance="Type the word.")
    return second_reading.of(job, recording, transcripts.transcript_of(job.id), start, end)


def _readings(generation_id: str, owner: str, spans: list[tuple[float, float]]) -> list[list[str]]:
    return versions.other_readings(records.load(generation_id, owner), spans)


def _spans(text: str) -> list[tuple[float, float]]:
    """Return the spans of a query. Raises BadOption."""
    found = [match.groups() for part in text.split(",")[: MOST_SPANS + 1] if (match := SPAN.fullmatch(part))]
    if not 0 < len(found) <= MOST_SPANS or len(found) != text.count(",") + 1:
        raise BadOption(f"`spans` must be 1 to {MOST_SPANS} spans of seconds, such as 1.5-1.9,3.25-4.")
    return [(float(start), float(end)) for start, end in found]


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
