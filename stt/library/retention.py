"""Delete data that is too old, and delete all data of an owner on request.

Uploads without a transcription are always deleted after a day. Other data is deleted only if the host sets a retention.
"""

from __future__ import annotations

import contextlib
import logging
import time
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from dbos import DBOS

from stt import kinds
from stt.auth import recovery, tokens
from stt.db import queries, tables
from stt.db.engine import DB_UNAVAILABLE, database
from stt.db.tables import transcriptions
from stt.errors import NotFound, SttError
from stt.library import history, vocabulary, voices
from stt.recorder import live_recordings
from stt.settings import settings
from stt.store import quotas, recordings, removals
from stt.webhooks import subscriptions

DAY = 24 * 3600  # seconds
UNUSED = DAY  # seconds after which an upload without a transcription is deleted
SCHEDULE = "retention"
HOURLY = "17 * * * *"
_t, _r = transcriptions.c, tables.recordings.c

log = logging.getLogger("stt.library.retention")


@DBOS.workflow(name="retention")
def retention(_scheduled: datetime, _context: Any) -> None:
    """Delete old data once an hour, on one of the machines."""
    DBOS.run_step({"name": "prune"}, prune)


def schedule() -> None:
    """Schedule the hourly deletion, and run it now. The job engine must be running."""
    DBOS.apply_schedules([{"schedule_name": SCHEDULE, "workflow_fn": retention, "schedule": HOURLY, "context": None}])
    DBOS.trigger_schedule(SCHEDULE)  # run it now, because a server that runs for a few minutes may miss the hourly run


def prune() -> tuple[int, int]:
    """Delete data older than the settings allow; return the numbers of deleted transcripts and recordings.

    A recording that is too old, but that a queued or running job uses, is deleted by the first run after the job ends.
    Old usage is deleted too (see `quotas.clean_usage`).
    """
    limits, now = settings(), time.time()
    transcripts = 0
    audio = _delete_audio(now - UNUSED, unused=True)
    if (days := limits.transcript_retention_days) is not None:
        transcripts = _delete_transcripts(now - days * DAY)
    if (days := limits.audio_retention_days) is not None:
        audio += _delete_audio(now - days * DAY, unused=False)
    if transcripts or audio:
        log.info("deleted %d transcripts and %d recordings by age", transcripts, audio)
    quotas.clean_usage()
    return transcripts, audio


def delete_everything(owner: str) -> None:
    """Delete all transcripts, audio, share links, tokens, voices, terms, webhooks and recovery codes of `owner`.

    Running jobs are stopped. If the database fails halfway, the error is raised, and a second call deletes the rest.
    """
    for token in tokens.all_of(owner):  # first, so that no program creates a job while the others are being deleted
        with contextlib.suppress(NotFound):
            tokens.revoke(token.id, owner)
    recovery.forget(owner)
    ids = queries.values(sa.select(_t.id).where(_t.owner == owner))
    kept = queries.values(sa.select(_r.id).where(_r.owner == owner))
    for generation_id in ids:
        with contextlib.suppress(NotFound):
            history.delete(generation_id, owner)
    for recording_id in kept:
        recordings.remove(recording_id, owner)
    live_recordings.discard_all(owner)
    voices.delete_all(owner)
    vocabulary.delete_all(owner)
    subscriptions.delete_all(owner)
    with database().begin() as connection:
        removals.note_pages(connection, removals.RECORDS, recordings.new_id())
    removals.wakeup.set()


def _delete_transcripts(before: float) -> int:
    old = sa.select(_t.id, _t.owner).where(
        _t.state.not_in(kinds.OPEN), sa.func.coalesce(_t.finished, _t.created) < before
    )
    return sum(_try_to_delete(history.delete, *row) for row in queries.rows(old))


def _delete_audio(before: float, *, unused: bool) -> int:
    """Delete the recordings that were stored before the time `before`; return how many were deleted.

    With `unused`, delete only recordings without a job; otherwise all except the recordings of open jobs.
    """
    using = sa.select(_t.recording_id).where(_t.recording_id.is_not(None))
    if not unused:
        using = using.where(_t.state.in_(kinds.OPEN))
    free = _r.id.not_in(using)
    old = sa.select(_r.id, _r.owner).where(_r.created < before, free)
    return sum(_try_to_delete(recordings.remove, *row, free) for row in queries.rows(old))


def _try_to_delete(delete: Any, name: str, owner: str, *only: Any) -> bool:
    """Delete one item; return whether it was deleted. After a failure, only log it: the next run tries again."""
    try:
        delete(name, owner, *only)
    except NotFound:
        return False
    except (OSError, SttError, *DB_UNAVAILABLE) as error:
        log.warning("could not delete %s: %s", name, type(error).__name__)
        return False
    return True
