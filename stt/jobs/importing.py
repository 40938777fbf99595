"""Import a transcript that a user provides: record it as a job, as a version of a recording or without one."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from stt import kinds
from stt.aiml.options import take_track
from stt.audio import tracks
from stt.auth import recovery
from stt.auth.visitors import LOCAL
from stt.db.tables import transcripts
from stt.errors import BadOption, NotFound
from stt.jobs import idempotency, queues, service
from stt.store import recordings, records
from stt.store.recordings import Recording
from stt.store.records import Job
from stt.transcript import titles
from stt.transcript.languages import LANGUAGES
from stt.transcript.model import Transcript
from stt.webhooks import delivering, subscriptions
from stt.whisper.forced_alignment.plan import UNFIT

OPTIONS = ("language", "track")
BEYOND = 1.0  # seconds after the recording's end until which segments may begin: the declared length may be too short

log = logging.getLogger("stt.jobs.service")


def import_transcript(
    transcript: Transcript,
    recording: Recording | None,
    *,
    provenance: Mapping[str, Any],
    title: str = "",
    options: Mapping[str, Any] | None = None,
    owner: str = LOCAL,
    claim: idempotency.Claim | None = None,
    address: str | None = None,
    webhook: str | None = None,
) -> str:
    """Record a transcript that a user provides, as a version of `recording` if given; return its generation id.

    Without a recording, or if all segments have words with times, the job is done at once. Otherwise the job aligns the
    transcript with the recording. The text can be read during the alignment, and is kept even if the job fails.
    `provenance` says where the transcript comes from. `options` are `language` (a code; if missing, the language is
    detected) and `track`. For `claim`, `address` and `webhook`, see `service.create`. If an error is raised, nothing is
    recorded.

    Raises NotFound if somebody else owns the recording, BadOption for an invalid option, BadLink for an invalid webhook
    URL, StillCreating if another request has claimed the key of `claim`, and LimitReached if a quota is exhausted.
    """
    service.start()
    owner = recovery.current(owner)
    if recording is not None and recovery.current(recording.owner) != owner:
        raise NotFound("There is no such recording.")
    chosen = _options(dict(options or {}), recording)
    duration = recording.duration if recording else (transcript.duration or None)
    aligned = recording is not None and any(not segment.words for segment in transcript.segments)
    transcript = _beyond_marked(transcript, recording)
    notify_url = subscriptions.check(webhook) if webhook else None
    now = time.time()
    job = Job(
        id=claim.generation_id if claim else recordings.new_id(),
        owner=owner,
        recording_id=recording.id if recording else None,
        title=titles.tidy(title) or titles.of_name(recording.name if recording else "Transcript"),
        model=kinds.IMPORTED,
        engine=kinds.ALIGNMENT,
        options=chosen,
        state=kinds.QUEUED if aligned else kinds.DONE,
        priority=queues.next_priority(owner, kinds.ALIGNMENT, duration) if aligned else 0,
        created=now,
        queued=now,
        finished=None if aligned else now,
        duration=duration,
        seconds_done=0.0 if aligned else duration or 0.0,
        language=transcript.language or chosen.get("language"),
        words=transcript.word_count,
        confidence=transcript.confidence,
        provenance=dict(provenance),
        dated=recording.dated if recording else None,
        dated_by=recording.dated_by if recording else None,
    )

    def keep(connection: sa.Connection) -> None:
        row = {"id": job.id, "transcript": transcript.to_dict(), "text": transcript.text}
        connection.execute(transcripts.insert().values(row))
        service.record_also(job, claim, notify_url, connection)

    if aligned:
        return service.record_and_queue(job, recording, keep, claim=claim, address=address)
    records.insert(job, also=keep)
    log.info("imported %s", job.id)
    delivering.job_ended(job.id)
    return job.id


def _beyond_marked(transcript: Transcript, recording: Recording | None) -> Transcript:
    """Return the transcript with a list of the segments that begin after the recording's end, in its `extras`.

    A segment is listed if it begins more than BEYOND seconds after the end. Without such segments, nothing is added.
    """
    end = recording.duration if recording else None
    late = [each for each in transcript.segments if end is not None and transcript.timed and each.start > end + BEYOND]
    rows = [{"start": each.start, "end": each.end, "text": each.text.strip()} for each in late]
    return replace(transcript, extras={**transcript.extras, UNFIT: rows}) if rows else transcript


def _options(options: dict[str, Any], recording: Recording | None) -> dict[str, Any]:
    """Check the options and return those that are set. Raises BadOption for an unknown or invalid option."""
    if unknown := next((name for name in options if name not in OPTIONS), None):
        raise BadOption(f"An imported transcript takes no option {unknown[:40]!r}.")
    track = take_track(options)
    if track == tracks.ALL:
        raise BadOption("A transcript is aligned with one track.", guidance="Choose one track of the recording.")
    if track and recording is not None:
        tracks.check(tracks.of_rows(recording.tracks), track)
    language = str(options.get("language") or "")
    if language and language not in LANGUAGES:
        raise BadOption(f"There is no language “{language[:40]}”.", guidance="Use a code such as “en”.")
    return {name: value for name, value in (("language", language), ("track", track)) if value}
