"""Report whether this process is ready to serve, and what is missing."""

from __future__ import annotations

import shutil
import threading
from typing import Any

import sqlalchemy as sa

from stt.db.engine import database
from stt.errors import SetupError
from stt.settings import settings

ROOM = 16 * 1024 * 1024  # minimum free bytes on the data folder's disk: the database and uploads need them

engine = threading.Event()  # set while the job engine of this process runs
requested = threading.Event()  # set at the first request for `/healthz`


def answer() -> tuple[int, dict[str, Any]]:
    """Return the HTTP status and the body of the response to `/healthz`.

    The status is 200 if this process is ready, else 503. The body lists what is missing.
    """
    requested.set()
    requirements = {"database": database_answers(), "job engine": engine.is_set(), "room on the disk": has_room()}
    missing = [name for name, met in requirements.items() if not met]
    return 503 if missing else 200, {"live": True, "ready": not missing, "missing": missing}


def has_room() -> bool:
    try:
        return shutil.disk_usage(settings().data_dir).free >= ROOM
    except OSError:
        return False


def database_answers() -> bool:
    try:
        with database().connect() as connection:
            # Not `sa.select(1)`: SQLAlchemy passes a bare number to its ORM, and that fails while another thread is
            # importing the ORM for dbos.
            connection.execute(sa.text("SELECT 1"))
    except (sa.exc.SQLAlchemyError, SetupError):
        return False
    return True
