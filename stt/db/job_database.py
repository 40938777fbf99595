"""How the job engine connects to its database, with a pool that is not ours (see `stt.db.engine`)."""

from __future__ import annotations

import sqlite3
import time
from typing import Any

from stt.db.engine import OVERWRITE, PG_CONNECT_ARGS
from stt.settings import settings


def job_engine_arguments() -> dict[str, Any]:
    """What `connect` is given for the connections of the job engine, which has a pool of its own."""
    if settings().stt_database_url:
        return PG_CONNECT_ARGS
    return {"factory": _JobsSqlite}


class _JobsSqlite(sqlite3.Connection):
    """A connection of the job engine that overwrites what it deletes.

    SQLite as Debian 12 and Ubuntu 22.04 have it gives NULL for `unixepoch('subsec')`, with which dbos dates its rows
    from Python 3.12 on; so it gets another one.
    """

    def __init__(self, *values: Any, **named: Any) -> None:
        super().__init__(*values, **named)
        self.execute(OVERWRITE)
        if sqlite3.sqlite_version_info < (3, 42):
            self.create_function("unixepoch", 1, lambda _subsec: round(time.time(), 3))
