"""Configure the job engine's database connections: its pool is separate (see `stt.db.engine`)."""

from __future__ import annotations

import sqlite3
import time
from typing import Any

from stt.db.engine import OVERWRITE, PG_CONNECT_ARGS
from stt.settings import settings


def job_engine_arguments() -> dict[str, Any]:
    """Return the `connect` arguments of the job engine's own pool."""
    if settings().database_url:
        return PG_CONNECT_ARGS
    return {"factory": _JobsSqlite}


class _JobsSqlite(sqlite3.Connection):
    """A connection of the job engine that overwrites what it deletes.

    The SQLite of Debian 12 and Ubuntu 22.04 returns NULL for `unixepoch('subsec')`, with which dbos dates its rows from
    Python 3.12 on, so the function is replaced.
    """

    def __init__(self, *values: Any, **named: Any) -> None:
        super().__init__(*values, **named)
        self.execute(OVERWRITE)
        if sqlite3.sqlite_version_info < (3, 42):
            self.create_function("unixepoch", 1, lambda _subsec: round(time.time(), 3))
