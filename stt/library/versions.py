"""Find the versions of a recording, and the recording or link from which a version was transcribed."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from stt import kinds
from stt.db import queries
from stt.db.tables import transcriptions
from stt.errors import NotFound, StorageUnavailable
from stt.store import recordings, records, transcripts
from stt.store.recordings import Link, Recording
from stt.store.records import Job
from stt.transcript import readings

MOST_READ = 4  # maximum number of versions that are read by `other_readings`
NEWEST = 500  # maximum number of transcripts that `finished` returns


def of(job: Job) -> list[Job]:
    """Return all transcriptions of the job's recording or link by its owner, newest first, including `job`."""
    t = transcriptions.c
    recording_ids, urls = {job.recording_id} - {None}, {job.url} - {None}
    ids = {job.id}
    # Search twice: the first search may find a job that downloaded the same link. Only the second search finds jobs
    # that share that job's recording, but not the link.
    for _ in range(2):
        same: sa.ColumnElement[bool] = sa.false()
        if recording_ids:
            same |= t.recording_id.in_(recording_ids)
        if urls:
            same |= t.url.in_(urls)
        rows = queries.rows(sa.select(t.id, t.recording_id, t.url).where(t.owner == job.owner, same))
        before = len(recording_ids) + len(urls)
        ids |= {row.id for row in rows}
        recording_ids |= {row.recording_id for row in rows} - {None}
        urls |= {row.url for row in rows} - {None}
        if len(recording_ids) + len(urls) == before:
            break
    return records.jobs_of(job.owner, ids=sorted(ids))


def other_readings(job: Job, spans: Sequence[tuple[float, float]]) -> list[list[str]]:
    """Return, for each span (start, end in seconds), the texts that other versions have there, without duplicates.

    The text of the newest version is first. Only the newest MOST_READ finished versions of the same track are read; of
    these, versions in another language are skipped. A translation is compared only with translations.
    """
    own = transcripts.transcript_of(job.id)
    found: list[list[str]] = [[] for _ in spans]
    others = [version for version in of(job) if version.id != job.id and version.state == kinds.DONE]
    same = [version for version in others if _sound(version) == _sound(job)]
    for version in same[:MOST_READ]:
        try:
            other = transcripts.transcript_of(version.id)
        except NotFound:  # the version was deleted meanwhile
            continue
        if other.language and own.language and other.language != own.language:
            continue
        for texts, text in zip(found, readings.at(other, spans), strict=True):
            if text and text not in texts:
                texts.append(text)
    return found


def _sound(job: Job) -> tuple[str, bool]:
    """Return the track that was transcribed, and whether the transcript is a translation."""
    return str(job.options.get("track") or ""), bool(job.options.get("translate"))


def finished(owner: str) -> list[list[Job]]:
    """Return the owner's newest finished transcripts, at most NEWEST, grouped by recording or link, newest first."""
    groups: dict[str, list[Job]] = {}
    for job in records.jobs_of(owner, states=(kinds.DONE,), limit=NEWEST):
        names = [name for name in (job.recording_id, job.url) if name]
        group = next((groups[name] for name in names if name in groups), [])
        group.append(job)
        for name in names:
            groups.setdefault(name, group)
    return list({id(group): group for group in groups.values()}.values())


def source_of(job: Job) -> Recording | Link:
    """Return the recording that can be transcribed again, or the link if the audio was deleted.

    Raises NotFound if the audio was deleted and there is no link, and StorageUnavailable if the remote store fails.
    """
    if recording := recording_of(job):
        return recording
    if job.url:
        return Link(job.url)
    raise NotFound("The recording of this transcript is no longer kept.")


def has_sound(job: Job) -> bool:
    return available_recording(job) is not None


def available_recording(job: Job) -> Recording | None:
    """Return the recording of a transcript, or None if the audio was deleted or its store does not answer."""
    try:
        return recording_of(job)
    except StorageUnavailable:
        return None


def recording_of(job: Job) -> Recording | None:
    """Return the recording of a transcript, or None if the audio was deleted.

    Raises StorageUnavailable if the remote store fails.
    """
    recording = recordings.find_or_none(job.recording_id, job.owner)
    return recording if recording and recording.kept else None
