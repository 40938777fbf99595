"""Handle `/transcripts/{id}/readings`: return alternatives for a word, so that a wrong word can be replaced."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from stt.engines import second_reading
from stt.errors import BadOption, NotFound
from stt.guard.limiters import DECODINGS, RESULTS
from stt.library import versions
from stt.store import records, transcripts
from stt.web.transcripts import requests

MOST_SPANS = 50  # maximum number of spans in one request
SPAN = re.compile(r"([0-9]{1,7}(?:\.[0-9]{1,3})?)-([0-9]{1,7}(?:\.[0-9]{1,3})?)")


async def readings(request: Request) -> Response:
    """Handle `GET /transcripts/{id}/readings?spans=1.5-1.9,3.25-4`: return the texts of other versions in these spans.

    The spans are in seconds from the start of the recording. Other versions are other transcripts of the recording. The
    response is `{"readings"}`, with a list of texts for each span.
    """
    return await requests.answer(request, partial(_readings, request.query_params.get("spans", "")), RESULTS)


async def decoded(request: Request) -> Response:
    """Handle `POST /transcripts/{id}/readings?spans=1.5-1.9`: decode the audio of a word again.

    The beam is larger than in a transcription. The response has the same format as that of `GET`.
    """
    return await requests.answer(request, partial(_decoded, request.query_params.get("spans", "")), DECODINGS)


def _readings(text: str, generation_id: str, owner: str) -> dict[str, Any]:
    spans = _spans(text)
    return {"readings": versions.other_readings(records.load(generation_id, owner), spans)}


def _decoded(text: str, generation_id: str, owner: str) -> dict[str, Any]:
    spans = _spans(text)
    if len(spans) != 1:
        raise BadOption("One word is decoded at a time.")
    job = records.load(generation_id, owner)
    recording = versions.recording_of(job)
    if recording is None:
        raise NotFound("The recording is no longer kept.", guidance="Type the word.")
    return {"readings": [second_reading.of(job, recording, transcripts.transcript_of(job.id), *spans[0])]}


def _spans(text: str) -> list[tuple[float, float]]:
    """Parse the query parameter `spans` into pairs (start, end) in seconds. Raises BadOption if it is malformed."""
    found = [match.groups() for part in text.split(",")[: MOST_SPANS + 1] if (match := SPAN.fullmatch(part))]
    if not 0 < len(found) <= MOST_SPANS or len(found) != text.count(",") + 1:
        raise BadOption(f"`spans` must be 1 to {MOST_SPANS} spans of seconds, such as 1.5-1.9,3.25-4.")
    return [(float(start), float(end)) for start, end in found]
