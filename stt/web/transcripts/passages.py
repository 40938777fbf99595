"""Handle `/transcripts/{id}/passage`: transcribe a passage of a recording again, for the owner only."""

from __future__ import annotations

from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from stt.auth import clients
from stt.background import attempts
from stt.background.passages import results
from stt.background.passages.results import Passage
from stt.editing import passages as editing
from stt.editing import revisions
from stt.editing.requests import PASSAGE, Step
from stt.editing.requests import Request as Edit
from stt.errors import NotFound
from stt.jobs import passages
from stt.library import corrections, vocabulary
from stt.store import records, transcripts
from stt.web.transcripts import requests

LONGEST_BODY = 512 << 10  # maximum size of a body, bytes; the body may contain a whole vocabulary


async def state(request: Request) -> Response:
    """Handle `GET /transcripts/{id}/passage`: return `{"passage"}`, the passage to transcribe again, or null.

    A passage has `attempt`, `state` (queued, working, done or failed), `start`, `end`, `model`, `percent`, `stage` and
    `error`. A passage whose `state` is done also has the texts before (`old`) and after (`new`), each as a list of runs
    of words `{"text", "same"}`, where `same` tells whether the words of the run are the same in both texts.
    """
    return await requests.answer(request, _state)


async def begin(request: Request) -> Response:
    """Handle `POST /transcripts/{id}/passage`: transcribe the passage from `start` to `end` again.

    The body is `{"start", "end", "model", "language", "vocabulary"}`. The response is 200 with `{"passage"}`, as in
    `state`, or 409 while another passage of this transcript is being transcribed.
    """
    return await requests.answer_body(request, partial(_begin, clients.address_of(request)), LONGEST_BODY)


async def take(request: Request) -> Response:
    """Handle `POST /transcripts/{id}/passage/take`: replace the passage's words in the transcript by the new words.

    The body is `{"attempt", "based_on"}`: the number of the passage, and the revision that the browser shows. The
    response is 200 with the new `revision`. The result of the passage is then deleted, so a repeated request
    gets 404 and changes nothing.
    """
    return await requests.answer_body(request, _take)


async def drop(request: Request) -> Response:
    """Handle `DELETE /transcripts/{id}/passage`: cancel the transcription of the passage, or discard its result.

    The response is 204, even if there is no passage.
    """
    return await requests.answer(request, passages.drop)


def _state(generation_id: str, owner: str) -> dict[str, Any]:
    records.load(generation_id, owner)
    passage = results.of(generation_id)
    return {"passage": None if passage is None else _described(passage)}


def _described(passage: Passage) -> dict[str, Any]:
    names = ("attempt", "state", "start", "end", "model", "percent", "stage", "error")
    described: dict[str, Any] = {name: getattr(passage, name) for name in names}
    if passage.state == attempts.DONE:
        segments = transcripts.transcript_of(passage.id).segments
        old, new = (editing.words_within(each, passage.start, passage.end) for each in (segments, passage.segments))
        described["old"], described["new"] = editing.sides(old, new)
    return described


def _begin(address: str | None, content: bytes, generation_id: str, owner: str) -> dict[str, Any]:
    fields = requests.fields(content)
    options = {name: fields.value(name, None) for name in passages.OPTIONS}
    options = {name: value for name, value in options.items() if value not in (None, "", [])}
    start, end = requests.seconds(fields, "start"), requests.seconds(fields, "end")
    passage = passages.begin(
        generation_id, start, end, model=fields.text("model"), options=options, owner=owner, address=address
    )
    return {"passage": _described(passage)}


def _take(content: bytes, generation_id: str, owner: str) -> dict[str, Any]:
    records.load(generation_id, owner)
    fields = requests.fields(content)
    attempt, based_on = fields.whole("attempt"), fields.whole("based_on")
    passage = results.of(generation_id)
    if passage is None or passage.attempt != attempt or passage.state != attempts.DONE:
        raise NotFound("There is no such passage any more.", guidance="Transcribe it again.")
    by_channel = any(segment.speaker for segment in passage.segments)
    original = corrections.machine(generation_id, owner).segments if by_channel else ()
    step = Step(PASSAGE, start=passage.start, end=passage.end, segments=passage.segments, original=original)
    outcome = revisions.edit(generation_id, owner, Edit(f"passage-{attempt}", based_on, step), vocabulary.note)
    results.drop(passage)
    return {"revision": outcome["revision"]}
