"""Whether this process is ready to serve."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import sqlalchemy as sa

from stt.database import database
from stt.errors import SetupError

engine = threading.Event()  # set while the job engine of this process runs


def checks() -> Iterator[tuple[str, bool]]:
    """What readiness needs, and whether it is there: the database and the job engine."""
    yield "database", _database_answers()
    yield "job engine", engine.is_set()


def _database_answers() -> bool:
    try:
        with database().connect() as connection:
            connection.execute(sa.select(1))
    except (sa.exc.SQLAlchemyError, SetupError):
        return False
    return True
