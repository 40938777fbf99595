"""Test announcements on PostgreSQL: a process polls an idle queue at once after another process has queued work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from stt.cluster import announcements
from stt.compat import dbos_queues
from stt.db import queries
from stt.jobs import launching, service
from tests import audio
from tests.conftest import reset_caches
from tests.postgres import postgres
from tests.waiting import ended, until

FAR = 3600.0  # seconds; longer than any test


@pytest.fixture(scope="module", autouse=True)
def on_postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with postgres() as address, pytest.MonkeyPatch.context() as patch:
        patch.setenv("STT_DATABASE_URL", address)
        patch.setenv("STT_DATA_DIR", str(tmp_path_factory.mktemp("data")))
        reset_caches()
        yield
        reset_caches()


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Iterator[announcements.Listener]:
    for name, seconds in {"CHECK_INTERVAL": 0.2, "CHECK_TIMEOUT": 2.0, "RECONNECT_SECONDS": 0.1, "_WAIT": 0.1}.items():
        monkeypatch.setattr(announcements, name, seconds)
    listener = announcements.Listener()
    until(listener.is_receiving)
    yield listener
    listener.stop()


def backend() -> int:
    """Return the process id of the database's process that serves the listener, once those of earlier ones have ended."""
    query = sa.text("SELECT pid FROM pg_stat_activity WHERE query LIKE 'LISTEN %'")
    (process,) = until(lambda: len(found := queries.values(query)) == 1 and found)
    return process


def test_idle_process_takes_work_at_once_that_another_process_queues(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(dbos_queues, "IDLE_INTERVAL", FAR)
    monkeypatch.setattr(dbos_queues, "BUSY_SECONDS", 0.0)
    service.start()
    try:
        listener = launching._listener
        assert listener is not None
        until(listener.is_receiving)
        script = f"import stt; print(stt.create({str(audio.JFK)!r}))"
        environment = os.environ | {"STT_ROLE": "web", "PYTHONPATH": str(Path(__file__).parents[2])}
        other = subprocess.run(
            [sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=120, check=True
        )
        assert "country" in ended(other.stdout.split()[-1]).text
    finally:
        service.stop(timeout=10)
    assert launching._listener is None
    until(lambda: not listener.is_receiving())  # `stop` does not wait long for the thread


def test_announcement_wakes_the_thread_of_its_queue(listener: announcements.Listener):
    queue = "on-device"
    dbos_queues._enqueued(queue).clear()
    announcements.announce("provider")
    announcements.announce(queue)
    assert dbos_queues._enqueued(queue).wait(30)


@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGTERM], ids=["silent connection", "broken connection"])
def test_lost_connection_is_noticed_and_replaced(
    listener: announcements.Listener, number: signal.Signals, monkeypatch: pytest.MonkeyPatch
):
    noticed, listen = threading.Event(), listener._listen

    def listen_again() -> None:
        noticed.wait(60)
        listen()

    monkeypatch.setattr(listener, "_listen", listen_again)  # the listener calls it only once the connection is lost
    process = backend()
    os.kill(process, number)
    try:
        until(lambda: not listener.is_receiving())
        noticed.set()
        until(listener.is_receiving)
    finally:
        noticed.set()
        if number == signal.SIGSTOP:
            os.kill(process, signal.SIGCONT)
