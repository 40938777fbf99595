"""Test the locks that workers share on PostgreSQL: slow work keeps its lock, and work without a lock does not wait."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import sqlalchemy as sa

from stt import kinds
from stt.db import locks, undo
from stt.db.engine import DB_UNAVAILABLE, PG_CONNECT_ARGS, advisory_lock, database
from stt.db.tables import transcripts
from stt.library import corrections, history
from stt.store import quotas, recordings, records, submissions
from stt.store.records import Job
from stt.store.transcripts import save_chunk
from stt.transcript.model import Transcript
from tests.conftest import reset_caches
from tests.postgres import Postgres, server
from tests.quotas import ANN, job, store_job
from tests.transcripts import TALK, store
from tests.waiting import TICK, until

pytestmark = pytest.mark.alone


@pytest.fixture
def postgres(data, monkeypatch: pytest.MonkeyPatch) -> Iterator[Postgres]:
    with server() as started:
        monkeypatch.setenv("STT_DATABASE_URL", started.address)
        reset_caches()
        database()  # create the tables with the normal idle timeout: on a busy machine, 500 ms would be too short
        monkeypatch.setitem(PG_CONNECT_ARGS, "options", PG_CONNECT_ARGS["options"].replace("15s", "500ms"))
        reset_caches()
        yield started
        reset_caches()


def test_a_slow_create_keeps_its_lock(postgres: Postgres, monkeypatch: pytest.MonkeyPatch):
    """Hold the lock longer than the idle timeout, after which PostgreSQL ends a transaction and releases its locks."""
    monkeypatch.setenv("STT_MINUTES_PER_DAY", "10")
    reset_caches()
    new_job = job()
    with quotas.reserve(new_job):
        TICK.wait(1.5)
        with advisory_lock(locks.QUOTA_LOCK, wait=False) as free:
            assert not free
        records.insert(new_job)
    with advisory_lock(locks.QUOTA_LOCK, wait=False) as free:
        assert free
    assert quotas.used(new_job.owner).mine == 60


def test_create_without_limits_does_not_wait_for_another_create(postgres: Postgres):
    with advisory_lock(locks.QUOTA_LOCK):
        thread = threading.Thread(target=store_job, args=(job(),), daemon=True)
        thread.start()
        thread.join(20)
        assert not thread.is_alive()


def test_threads_wait_for_an_unresponsive_database_together_not_in_turn(data, monkeypatch: pytest.MonkeyPatch):
    failed = []

    def connect() -> None:
        try:
            database()
        except DB_UNAVAILABLE as error:
            failed.append(error)

    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("STT_DATABASE_URL", f"postgresql://ann@127.0.0.1:{silent.getsockname()[1]}/stt")
        monkeypatch.setitem(PG_CONNECT_ARGS, "connect_timeout", 3)
        reset_caches()
        threads = [threading.Thread(target=connect) for _ in range(6)]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(failed) == 6 and time.monotonic() - began < 9, "six in turn take 18 s"
    reset_caches()


def test_undo_during_a_database_outage_completes_after_it(postgres: Postgres):
    new_job = store_job(job(id=recordings.new_id()))
    with postgres.away():
        undo.until_done(lambda: records.delete_unqueued(new_job, None))
    until(lambda: not records.jobs_of(new_job.owner))


def finish() -> tuple[Job, Callable[[], object]]:
    """Return a job that is working, and a function that finishes it."""
    working = store_job(job(state=kinds.WORKING))
    submissions.save_raw(working.id, {})
    save_chunk(working, 1, 0.0, 60.0, [], {"worked": 1.0}, seconds_done=60.0)
    return working, lambda: records.finish(working, TALK)


def correct() -> tuple[Job, Callable[[], object]]:
    """Return a finished job whose transcript was corrected once, and a function that corrects it again."""
    id = store(ANN, TALK)

    def without_last(transcript: Transcript) -> Transcript:
        return replace(transcript, segments=transcript.segments[:-1])

    corrections.change(id, ANN, 0, lambda transcript: replace(transcript, language="fr"))
    return records.load(id, ANN), lambda: corrections.change(id, ANN, 1, without_last)


@pytest.mark.parametrize("prepare", [finish, correct])
def test_job_can_be_deleted_while_it_changes(
    postgres: Postgres, prepare: Callable[[], tuple[Job, Callable[[], object]]]
):
    """Let a change stop in the middle, at a locked row, until the deletion also waits for a lock."""
    changing, change = prepare()
    waiting = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    with ThreadPoolExecutor(2) as threads:
        with database().begin() as holder:
            row = sa.select(transcripts.c.id).where(transcripts.c.id == changing.id)
            assert holder.execute(row.with_for_update()).scalar()
            changed = threads.submit(change)
            until(lambda: holder.execute(waiting).scalar() == 1)
            deleted = threads.submit(history.delete, changing.id, ANN)
            until(lambda: holder.execute(waiting).scalar() == 2)
        assert changed.result(60) and deleted.result(60) is None
    assert not records.jobs_of(ANN)


def test_job_can_be_deleted_while_its_response_is_stored(postgres: Postgres):
    failed = store_job(job(state=kinds.FAILED))
    submissions.save_raw(failed.id, {"first": True})
    waiting = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    with ThreadPoolExecutor(2) as threads:
        with database().begin() as holder:
            records.lock(holder, failed.id)
            deleted = threads.submit(history.delete, failed.id, ANN)
            until(lambda: holder.execute(waiting).scalar() == 1)
            stored = threads.submit(submissions.save_raw, failed.id, {"second": True})
            until(lambda: holder.execute(waiting).scalar() == 2)
        assert deleted.result(60) is None and stored.result(60) is None
    assert not submissions.has_raw(failed.id)
