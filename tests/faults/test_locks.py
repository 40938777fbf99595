"""Test the locks that workers share on PostgreSQL: slow work keeps its lock, and work without a lock does not wait."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import numpy as np
import pytest
import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.testclient import TestClient

from stt import kinds
from stt.background import attempts
from stt.background.diarization import results
from stt.db import locks, queries, undo
from stt.db.engine import _COMMON, DB_UNAVAILABLE, PG_CONNECT_ARGS, advisory_lock, database
from stt.db.tables import diarizations, transcripts
from stt.guard.middleware import MIDDLEWARE
from stt.library import corrections, history, speakers
from stt.ops import health
from stt.speakers import Diarization, Speaker, Turn
from stt.store import audio_files, quotas, recordings, records, submissions
from stt.store.records import Job
from stt.store.retrying import with_retries
from stt.store.transcripts import save_chunk
from stt.transcript.model import Transcript
from stt.web.routes import ROUTES
from tests import audio
from tests.conftest import reset_caches
from tests.postgres import Postgres, server
from tests.quotas import ANN, job, store_job
from tests.transcripts import TALK, store
from tests.waiting import TICK, until

pytestmark = pytest.mark.alone
WAITING = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")


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


def test_exhausted_pool_counts_as_a_database_that_does_not_answer(data, monkeypatch: pytest.MonkeyPatch):
    """Let all connections be in use for longer than the pool waits, as while the database does not answer."""
    monkeypatch.setitem(_COMMON, "pool_timeout", 0.2)
    monkeypatch.setenv("STT_ACCESS", "shared")
    reset_caches()
    client = TestClient(Starlette(routes=ROUTES, middleware=MIDDLEWARE), base_url="http://localhost")
    assert health.database_answers() and client.get("/audio/some").status_code == 404
    with ThreadPoolExecutor(1) as thread, ExitStack() as in_use:
        with pytest.raises(sa.exc.TimeoutError):
            while True:
                in_use.enter_context(database().connect())
        waited = thread.submit(with_retries, queries.value, sa.select(sa.literal(7)))
        refused = client.get("/audio/some")
        assert refused.status_code == 503 and refused.json()["kind"] == "DatabaseUnavailable"
        assert "database" in client.get("/healthz").json()["missing"]
        in_use.close()
        assert waited.result(60) == 7


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

    def without_last(transcript: Transcript, _connection: sa.Connection) -> Transcript:
        return replace(transcript, segments=transcript.segments[:-1])

    corrections.change(id, ANN, 0, lambda transcript, _: replace(transcript, language="fr"))
    return records.load(id, ANN), lambda: corrections.change(id, ANN, 1, without_last)


@pytest.mark.parametrize("prepare", [finish, correct])
def test_job_can_be_deleted_while_it_changes(
    postgres: Postgres, prepare: Callable[[], tuple[Job, Callable[[], object]]]
):
    """Let a change stop in the middle, at a locked row, until the deletion also waits for a lock."""
    changing, change = prepare()
    with ThreadPoolExecutor(2) as threads:
        with database().begin() as holder:
            row = sa.select(transcripts.c.id).where(transcripts.c.id == changing.id)
            assert holder.execute(row.with_for_update()).scalar()
            changed = threads.submit(change)
            until(lambda: holder.execute(WAITING).scalar() == 1)
            deleted = threads.submit(history.delete, changing.id, ANN)
            until(lambda: holder.execute(WAITING).scalar() == 2)
        assert changed.result(60) and deleted.result(60) is None
    assert not records.jobs_of(ANN)


def test_job_can_be_deleted_while_its_response_is_stored(postgres: Postgres):
    failed = store_job(job(state=kinds.FAILED))
    submissions.save_raw(failed.id, {"first": True})
    with ThreadPoolExecutor(2) as threads:
        with database().begin() as holder:
            records.lock(holder, failed.id)
            deleted = threads.submit(history.delete, failed.id, ANN)
            until(lambda: holder.execute(WAITING).scalar() == 1)
            stored = threads.submit(submissions.save_raw, failed.id, {"second": True})
            until(lambda: holder.execute(WAITING).scalar() == 2)
        assert deleted.result(60) is None and stored.result(60) is None
    assert not submissions.has_raw(failed.id)


def test_last_two_versions_deleted_at_once_leave_no_recording(postgres: Postgres):
    """Delete the second version just before the first deletion is committed."""
    recording = recordings.take_in(audio.JFK, ANN)
    first, second = (store_job(job(recording_id=recording.id, state=kinds.DONE)).id for _ in range(2))
    with ThreadPoolExecutor(1) as thread:

        def delete_second(connection: sa.Connection) -> None:
            deleted = thread.submit(history.delete, second, ANN)
            until(lambda: deleted.done() or connection.execute(WAITING).scalar())

        sa.event.listen(database(), "commit", delete_second, once=True)
        history.delete(first, ANN)
    assert not records.jobs_of(ANN) and not recordings.all_of(ANN) and not audio_files.exists(recording.id)


def searched(generation_id: str, count: int) -> bool:
    """Finish a search that finds `count` speakers in a transcript."""
    attempt = results.next_attempt(generation_id, count)
    attempts.begin(attempt, 1)
    turns = tuple(Turn(at, at + 1.0, int(at) % count) for at in np.arange(11.0))
    voices = tuple(Speaker(np.ones(4, np.float32), 5.0, (0.0, 1.0)) for _ in range(count))
    return results.finish(attempt, Diarization(turns, voices, tuple(turn.speaker for turn in turns)))


def refuse(id: str, _revision: int) -> None:
    speakers.refuse(id, ANN, "Speaker 2", "voice")


def move(id: str, revision: int) -> None:
    speakers.move(id, ANN, "Speaker 2", True, revision)


def undo_move(id: str, revision: int) -> None:
    speakers.undo(id, ANN, revision)


@contextmanager
def before_saving(act: Callable[[], object]) -> Iterator[None]:
    """Call `act` in another thread just before the first change of a diarization, until it is done or waits."""
    with ThreadPoolExecutor(1) as thread:
        begun: list[Future[object]] = []

        def begin(connection: sa.Connection, _cursor: object, statement: str, *_: object) -> None:
            if statement.startswith("UPDATE diarizations") and not begun:
                begun.append(thread.submit(act))
                until(lambda: begun[0].done() or connection.execute(WAITING).scalar())

        sa.event.listen(database(), "before_cursor_execute", begin)
        yield
        begun[0].result(60)


@pytest.mark.parametrize("change", [refuse, move, undo_move])
def test_search_that_ends_during_a_change_of_speakers_keeps_its_result(
    postgres: Postgres, change: Callable[[str, int], None]
):
    id = store(ANN, TALK)
    assert searched(id, 2)
    revision = corrections.state(id, ANN).version
    if change is undo_move:
        move(id, revision)
    with before_saving(lambda: searched(id, 3)):
        change(id, revision)
    row = queries.one(sa.select(diarizations.c.names, diarizations.c.result).where(diarizations.c.id == id))
    assert row.names == ["Speaker 1", "Speaker 2", "Speaker 3"]
    assert len(Diarization.from_dict(row.result).speakers) == 3


def test_voice_that_is_refused_during_a_rename_stays_refused(postgres: Postgres):
    id = store(ANN, TALK)
    assert searched(id, 2)
    with before_saving(lambda: refuse(id, 0)):
        speakers.rename(id, ANN, "Speaker 1", "Cy", corrections.state(id, ANN).version)
    row = queries.one(sa.select(diarizations.c.names, diarizations.c.refused).where(diarizations.c.id == id))
    assert row.names == ["Cy", "Speaker 2"] and row.refused == [["Speaker 2", "voice"]]
