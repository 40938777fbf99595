"""Configure the job engine's pool of database connections, which is separate from the pool in `stt.db.engine`."""

from __future__ import annotations

import sqlite3
from typing import Any

from stt.compat.dbos import date_rows
from stt.db.engine import OVERWRITE, PG_CONNECT_ARGS
from stt.settings import settings


def job_engine_arguments() -> dict[str, Any]:
    """Return the arguments that the job engine passes to `connect` of the database driver for each new connection."""
    if settings().database_url:
        return PG_CONNECT_ARGS
    return {"factory": _JobsSqlite}


class _JobsSqlite(sqlite3.Connection):
    """A connection of the job engine to SQLite, which overwrites deleted content with zeros."""

    def __init__(self, *values: Any, **named: Any) -> None:
        super().__init__(*values, **named)
        self.execute(OVERWRITE)
        date_rows(self)
