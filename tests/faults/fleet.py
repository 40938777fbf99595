"""Run workers on one database, in which triggers count how often each job becomes done and each chunk is stored."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from stt.db.engine import database
from stt.jobs import service
from tests import postgres
from tests.conftest import reset_caches
from tests.server import ROOT
from tests.waiting import until

# Worker program with a shorter heartbeat interval and timeout, for tests that cannot wait for the real timeout.
QUICK = """
from stt.cluster import workers
workers.HEARTBEAT_INTERVAL, workers.HEARTBEAT_TIMEOUT = {beat}, {dead}
from stt.__main__ import main
main(["worker"])
"""


class Worker:
    """Run `python -m stt worker` on a data folder. `heartbeat_timeout` (seconds) replaces the default timeout."""

    def __init__(
        self,
        data: Path,
        heartbeat_timeout: float | None = None,
        *,
        pin: int | None = None,
        port: int | None = None,
        environment: dict[str, str] | None = None,
    ) -> None:
        self.data, self.log, self.pin = data, data.with_suffix(".log"), pin
        self.environment = {**os.environ, "STT_DATA_DIR": str(data), "STT_ROLE": "worker", **(environment or {})}
        self.command = [sys.executable, "-m", "stt", "worker", *(["--port", str(port)] if port else [])]
        if heartbeat_timeout is not None:
            self.command = [sys.executable, "-c", QUICK.format(beat=heartbeat_timeout / 6, dead=heartbeat_timeout)]

    def start(self, ready: bool = True) -> Worker:
        started_before = self.log_text().count('"ready"')
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command, cwd=ROOT, env=self.environment, stderr=log)
        if self.pin is not None:
            os.sched_setaffinity(self.process.pid, {self.pin})
        if ready:
            until(lambda: self.log_text().count('"ready"') > started_before or self.process.poll() is not None, 60)
            assert self.process.poll() is None, self.log_text()
        return self

    def log_text(self) -> str:
        return self.log.read_text() if self.log.exists() else ""

    def send(self, signal_number: int) -> None:
        self.process.send_signal(signal_number)

    def kill(self) -> None:
        """Kill the worker with SIGKILL, to which it cannot react, as in a power cut."""
        self.send(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """Send SIGTERM and return the exit code."""
        self.send(signal.SIGTERM)
        return self.process.wait(20)

    def __enter__(self) -> Worker:
        return self.start()

    def __exit__(self, error: type[BaseException] | None, *_rest: object) -> None:
        if self.process.poll() is None:
            self.kill()
        if error is not None:
            print(f"log of the worker on {self.data}:\n{self.log_text()[-10_000:]}")


@contextmanager
def queue_only_process(folder: Path, patch: pytest.MonkeyPatch, **environment: str) -> Iterator[postgres.Postgres]:
    """Let this process queue jobs on a new PostgreSQL server but run none.

    The settings are in environment variables, which workers started during the `with` block inherit.
    """
    with postgres.server() as server:
        shared = {"STT_DATABASE_URL": server.address, "STT_STORAGE": f"file://{folder}/audio"}
        for name, value in {**shared, "STT_DATA_DIR": str(folder / "front"), "STT_ROLE": "web", **environment}.items():
            patch.setenv(name, value)
        reset_caches()
        service.start()
        try:
            yield server
        finally:
            service.stop()
            reset_caches()


_TRIGGERS = {
    "sqlite": [
        "CREATE TRIGGER saw_done AFTER UPDATE OF state ON transcriptions WHEN new.state = 'done'"
        " BEGIN INSERT INTO witness VALUES (new.id, 0); END",
        "CREATE TRIGGER saw_stretch AFTER INSERT ON stretches"
        " BEGIN INSERT INTO witness VALUES (new.id, new.number); END",
    ],
    "postgresql": [
        "CREATE FUNCTION saw_done() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN INSERT INTO witness VALUES (new.id, 0); RETURN NULL; END $$",
        "CREATE FUNCTION saw_stretch() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN INSERT INTO witness VALUES (new.id, new.number); RETURN NULL; END $$",
        "CREATE TRIGGER saw_done AFTER UPDATE OF state ON transcriptions FOR EACH ROW"
        " WHEN (new.state = 'done') EXECUTE FUNCTION saw_done()",
        "CREATE TRIGGER saw_stretch AFTER INSERT ON stretches FOR EACH ROW EXECUTE FUNCTION saw_stretch()",
    ],
}


def install_triggers() -> None:
    """Install the triggers in the database of this process. The triggers count events from now on."""
    with database().begin() as connection:
        connection.execute(sa.text("CREATE TABLE witness (id text, number integer)"))
        for statement in _TRIGGERS[connection.dialect.name]:
            connection.exec_driver_sql(statement)


def event_counts() -> Counter[tuple[str, int]]:
    """Return how often (job id, 0) a job became done, and how often (job id, chunk number) a chunk was stored."""
    with database().connect() as connection:
        return Counter((row.id, row.number) for row in connection.execute(sa.text("SELECT id, number FROM witness")))
