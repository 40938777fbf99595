"""Start and stop the transcription of a passage of a finished transcript."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from sqlalchemy.exc import IntegrityError

from stt import kinds
from stt.aiml import offered
from stt.aiml.catalog import Model
from stt.aiml.options import take_vocabulary
from stt.background.passages import decoding, results
from stt.background.passages.results import Passage
from stt.db import undo
from stt.errors import BadOption, NotFound
from stt.jobs import service
from stt.models import known, shelf
from stt.store import quotas, recordings, records
from stt.store.records import Job
from stt.vocabulary import terms

LONGEST = 600.0  # maximum length of a passage, seconds
SHORTEST = 0.1  # minimum length of a passage, seconds
OPTIONS = ("language", terms.OPTION)


def models(job: Job) -> list[Model]:
    """Return the models that can transcribe a passage of a job: the offered models whose files are on this machine.

    If the job translates, only models that translate are returned, because its passages are translated, too.
    """
    local = [model for model in offered.known().models if model.local and offered.offered(model)]
    present = [model for model in local if shelf.is_available(known.find(model.id))]
    return [model for model in present if known.find(model.id).translates or not job.options.get("translate")]


def begin(
    generation_id: str,
    start: float,
    end: float,
    *,
    model: str,
    options: Mapping[str, Any] | None = None,
    owner: str,
    address: str | None = None,
) -> Passage:
    """Queue the passage from `start` to `end` (seconds) to be transcribed again; return the passage.

    `options` are `language` and `vocabulary` (lines of terms). The transcript does not change. Raises NotFound if
    `owner` has no such transcript with a recording, BadOption if the transcript is not finished, its recording was
    deleted, or the length of the passage, the model or an option is invalid, LimitReached if a quota is exhausted, and
    Conflict while another passage of this transcript is being transcribed.
    """
    service.start()
    job = records.load(generation_id, owner)
    if job.state != kinds.DONE:
        raise BadOption("This transcript is not finished.", guidance="Wait until it is finished.")
    recording = recordings.find(job.recording_id, owner)
    if not recording.kept:
        raise BadOption("The recording of this transcript is no longer kept.")
    start, end = round(max(0.0, start), 3), round(min(end, job.duration or end), 3)
    if end - start < SHORTEST:
        raise BadOption("The passage is too short.", guidance="Select some words.")
    # All channels are in memory at once, so the maximum is lower if there are more than two.
    channels = quotas.times_decoded(replace(job, options=decoding.options_of(job)), recording)
    if end - start > (longest := LONGEST * 2 / max(2, channels)):
        raise BadOption(f"A passage takes at most {round(longest / 60, 1):g} min.", guidance="Select a shorter one.")
    chosen, cleaned = _options(job, model, dict(options or {}))
    counted, passage = _counted(job, end - start), None
    try:
        with quotas.reserve(counted, address):
            passage = _recorded(generation_id, start, end, chosen.id, cleaned)
        decoding.enqueue(passage)
    except BaseException:
        if passage is not None:
            undo.until_done(partial(_undo_begin, passage, counted))
        raise
    return passage


def drop(generation_id: str, owner: str) -> None:
    """Cancel the transcription of a passage of the transcript, or discard its result. Without a passage, do nothing.

    Raises NotFound if `owner` has no such transcript.
    """
    records.load(generation_id, owner)
    if passage := results.of(generation_id):
        results.drop(passage)


def _options(job: Job, model: str, options: dict[str, Any]) -> tuple[Model, dict[str, Any]]:
    """Check the model and the options, and return both.

    Raises BadOption if the model is not one of `models(job)`, or an option is unknown or invalid.
    """
    if unknown := next((name for name in options if name not in OPTIONS), None):
        raise BadOption(f"A passage takes no option {unknown[:40]!r}.")
    translates = bool(job.options.get("translate"))
    if not any(model in (each.id, *each.aliases) for each in models(job)):
        why = "does not translate, or is not on this machine" if translates else "is not on this machine"
        raise BadOption(f"This model {why}.", guidance="Choose one of the listed models.")
    chosen, _ = offered.choose(model, None)
    vocabulary = take_vocabulary(options)
    cleaned = offered.options_for(chosen, model, options)
    return chosen, cleaned | ({terms.OPTION: vocabulary} if vocabulary else {})


def _recorded(generation_id: str, start: float, end: float, model: str, options: dict[str, Any]) -> Passage:
    """Record a new passage and return it. Raises NotFound if there is no such transcript; Conflict as `begin`."""
    try:
        return results.next_attempt(generation_id, start, end, model, options)
    except IntegrityError as error:
        raise NotFound("There is no such transcript.") from error


def _undo_begin(passage: Passage, counted: Job) -> None:
    """Delete a passage that could not be queued, and its quota usage."""
    results.drop(passage)
    quotas.drop_reservation(counted)


def _counted(job: Job, seconds: float) -> Job:
    """Return a job that stands for the passage in the quotas: `seconds` of audio, decoded on this machine."""
    name = f"passage-{secrets.token_hex(12)}"
    options = decoding.options_of(job)
    return replace(job, id=name, attempt=1, duration=seconds, engine=kinds.ON_DEVICE, options=options, own_key=None)
