"""List the pending removals of deleted data. Each is noted in the deleting transaction and retried until it succeeds.

A process may be killed, or the store or the job engine unavailable, between deleting a row and its file.
`stt.store.erasure` therefore retries removals, and also removes a file without a row, left by an upload that failed at
its end.
"""

from __future__ import annotations

import logging
import threading
import time

import sqlalchemy as sa

from stt.db import queries
from stt.db.engine import database
from stt.db.tables import removals
from stt.errors import StorageUnavailable
from stt.store import audio_files

AUDIO = "audio"  # an audio file, by its recording's id
JOB = "job"  # a job's workflows, by its generation id
PAGES = "pages"  # deleted text in SQLite files, by "file:any name"
RECORDS, WORKFLOWS = "stt.db", "jobs.db"  # the SQLite files

wakeup = threading.Event()  # set when this process has something to remove

log = logging.getLogger("stt.store.removals")


def note(connection: sa.Connection, kind: str, name: str, after: float = 0.0) -> None:
    """Note in this transaction a removal that is due `after` seconds from now."""
    queries.insert_missing(connection, removals, {"kind": kind, "name": name, "at": time.time() + after})


def note_pages(connection: sa.Connection, file: str, name: str) -> None:
    """Note in this transaction that an SQLite file holds deleted text; other databases handle that themselves."""
    if connection.dialect.name == "sqlite":
        note(connection, PAGES, f"{file}:{name}")


def mark_removed(connection: sa.Connection, kind: str, *names: str) -> None:
    """Delete the notes of these removals in this transaction: they are done, or no longer needed."""
    for at in range(0, len(names), 500):
        block = names[at : at + 500]
        connection.execute(removals.delete().where(removals.c.kind == kind, removals.c.name.in_(block)))


def mark_done(kind: str, *names: str) -> None:
    with database().begin() as connection:
        mark_removed(connection, kind, *names)


def due(kind: str, begins: str = "") -> list[str]:
    """Return the names that are due for removal and start with `begins`, oldest first."""
    query = (
        sa.select(removals.c.name)
        .where(
            removals.c.kind == kind, removals.c.at <= time.time(), removals.c.name.startswith(begins, autoescape=True)
        )
        .order_by(removals.c.at)
    )
    return queries.values(query)


def remove_audio(recording_id: str) -> bool:
    """Delete a file whose row is gone, and its playback copies; return whether all succeeded. Failures are retried."""
    return all([_remove(name) for name in (recording_id, *due(AUDIO, f"{recording_id}."))])


def _remove(name: str) -> bool:
    try:
        audio_files.delete(name)
    except (OSError, StorageUnavailable) as error:
        log.warning("could not delete a recording, retrying later: %s", type(error).__name__)
        return False
    mark_done(AUDIO, name)
    return True
