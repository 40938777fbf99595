"""Locks of the fleet on PostgreSQL: none is lost while something slow is done, and nobody waits who need not."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from stt.db import locks, undo
from stt.db.engine import DB_UNAVAILABLE, PG_CONNECT_ARGS, advisory_lock, database
from stt.store import quotas, recordings, records
from tests.conftest import forget
from tests.integration.test_limits import job, make
from tests.postgres import Postgres, server
from tests.waiting import TICK, until

pytestmark = pytest.mark.alone


@pytest.fixture
def postgres(data, monkeypatch: pytest.MonkeyPatch) -> Iterator[Postgres]:
    with server() as started:
        monkeypatch.setenv("STT_DATABASE_URL", started.address)
        forget()
        database()  # makes the tables, which takes longer on a busy machine than what follows may be idle
        monkeypatch.setitem(PG_CONNECT_ARGS, "options", PG_CONNECT_ARGS["options"].replace("15s", "500ms"))
        forget()
        yield started
        forget()


def test_a_slow_create_keeps_its_lock(postgres: Postgres, monkeypatch: pytest.MonkeyPatch):
    """A transaction that is idle for so long is ended by PostgreSQL, and its lock with it."""
    monkeypatch.setenv("STT_MINUTES_PER_DAY", "10")
    forget()
    made = job()
    with quotas.reserve(made):
        TICK.wait(1.5)
        with advisory_lock(locks.QUOTA_LOCK, wait=False) as free:
            assert not free
        records.insert(made)
    with advisory_lock(locks.QUOTA_LOCK, wait=False) as free:
        assert free
    assert quotas.used(made.owner).mine == 60


def test_without_limits_nobody_waits_for_the_creates_of_others(postgres: Postgres):
    with advisory_lock(locks.QUOTA_LOCK):
        thread = threading.Thread(target=make, args=(job(),), daemon=True)
        thread.start()
        thread.join(20)
        assert not thread.is_alive()


def test_a_database_that_does_not_answer_is_waited_for_once_and_not_by_one_after_the_other(
    data, monkeypatch: pytest.MonkeyPatch
):
    failed = []

    def ask() -> None:
        try:
            database()
        except DB_UNAVAILABLE as error:
            failed.append(error)

    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("STT_DATABASE_URL", f"postgresql://ann@127.0.0.1:{silent.getsockname()[1]}/stt")
        monkeypatch.setitem(PG_CONNECT_ARGS, "connect_timeout", 3)
        forget()
        threads = [threading.Thread(target=ask) for _ in range(6)]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(failed) == 6 and time.monotonic() - began < 9, "six in turn take 18 s"
    forget()


def test_what_cannot_be_undone_while_the_database_is_away_is_undone_when_it_is_back(postgres: Postgres):
    made = make(job(id=recordings.new_id()))
    with postgres.away():
        undo.until_done(lambda: records.delete_unqueued(made, None))
    until(lambda: not records.jobs_of(made.owner))
