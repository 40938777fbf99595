"""What is still to be removed of what was deleted: noted in the transaction that deletes it, and done until it
succeeds.

A process may be killed, and the store of recordings or the job engine may be away, between a row and its file. So a
file that could not be removed is tried again (see `stt.store.erasure`), and a file without a row, from an upload that
was broken off at its end, is removed too.
"""

from __future__ import annotations

import logging
import threading
import time

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from stt.db.engine import database
from stt.db.tables import removals
from stt.errors import StorageUnavailable
from stt.store import audio_files

AUDIO = "audio"  # a file where recordings are kept, by the id of the recording
JOB = "job"  # what the job engine remembers of a job, by its generation id
PAGES = "pages"  # deleted text in the files of SQLite, by "file:any name"
RECORDS, WORKFLOWS = "stt.db", "jobs.db"  # these files

wanted = threading.Event()  # set when there is something to do in this process

log = logging.getLogger("stt.store.removals")


def note(connection: sa.Connection, kind: str, name: str, after: float = 0.0) -> None:
    """In this transaction, note that something is to be removed, `after` seconds from now."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    connection.execute(insert(removals).values(kind=kind, name=name, at=time.time() + after).on_conflict_do_nothing())


def note_pages(connection: sa.Connection, file: str, name: str) -> None:
    """In this transaction, note that a file of SQLite holds deleted text; other databases see to that themselves."""
    if connection.dialect.name == "sqlite":
        note(connection, PAGES, f"{file}:{name}")


def settle(connection: sa.Connection, kind: str, *names: str) -> None:
    """In this transaction, note that these are removed, or need not be."""
    for at in range(0, len(names), 500):
        block = names[at : at + 500]
        connection.execute(removals.delete().where(removals.c.kind == kind, removals.c.name.in_(block)))


def done(kind: str, *names: str) -> None:
    with database().begin() as connection:
        settle(connection, kind, *names)


def due(kind: str, begins: str = "") -> list[str]:
    """The names of what is to be removed by now and `begins` so, the oldest first."""
    query = (
        sa.select(removals.c.name)
        .where(
            removals.c.kind == kind, removals.c.at <= time.time(), removals.c.name.startswith(begins, autoescape=True)
        )
        .order_by(removals.c.at)
    )
    with database().connect() as connection:
        return list(connection.execute(query).scalars())


def remove_audio(recording_id: str) -> bool:
    """Remove a file whose row is gone, and its playback copies; whether that could be done. What could not is tried
    again.
    """
    return all([_remove(name) for name in (recording_id, *due(AUDIO, f"{recording_id}."))])


def _remove(name: str) -> bool:
    try:
        audio_files.delete(name)
    except (OSError, StorageUnavailable) as error:
        log.warning("could not remove a recording, trying again: %s", type(error).__name__)
        return False
    done(AUDIO, name)
    return True
