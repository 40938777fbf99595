"""Keep the list of pending removals: data whose row is deleted, but whose content must still be erased.

The transaction that deletes a row also notes the removal of its content. Before the content is erased, the process may
be killed, or the store or the job engine may become unavailable. `stt.store.erasure` therefore retries a removal until
it succeeds. A removal is also noted before a file is stored, so that the file is erased if its row is never inserted.
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

# Kinds of removals. Each removal has a kind and a name.
AUDIO = "audio"  # an audio file; the name of the removal is the file name, which begins with the recording's id
JOB = "job"  # workflows of a job, or of a recording's playback copies; the name is the id of the job or recording
PAGES = "pages"  # deleted text in an SQLite file; the name is "file:id", with the file name and the id of a deleted row
RECORDS, WORKFLOWS = "stt.db", "jobs.db"  # names of the SQLite files in the data folder

wakeup = threading.Event()  # set after a deletion in this process, to wake the thread of `stt.store.erasure`

log = logging.getLogger("stt.store.removals")


def note(connection: sa.Connection, kind: str, name: str, after: float = 0.0) -> None:
    """In the transaction of `connection`, note a removal, due `after` seconds from now, unless it is noted already."""
    queries.insert_missing(connection, removals, {"kind": kind, "name": name, "at": time.time() + after})


def note_pages(connection: sa.Connection, file: str, name: str) -> None:
    """In the transaction of `connection`, note that the SQLite file `file` contains deleted text.

    On PostgreSQL, nothing is noted.
    """
    if connection.dialect.name == "sqlite":
        note(connection, PAGES, f"{file}:{name}")


def mark_removed(connection: sa.Connection, kind: str, *names: str) -> None:
    """In the transaction of `connection`, delete the notes of removals that are done or no longer needed."""
    for at in range(0, len(names), 500):
        block = names[at : at + 500]
        connection.execute(removals.delete().where(removals.c.kind == kind, removals.c.name.in_(block)))


def mark_done(kind: str, *names: str) -> None:
    with database().begin() as connection:
        mark_removed(connection, kind, *names)


def due(kind: str, begins: str = "") -> list[str]:
    """Return the names of the due removals of a kind, oldest first. Each name starts with `begins`."""
    query = (
        sa.select(removals.c.name)
        .where(
            removals.c.kind == kind, removals.c.at <= time.time(), removals.c.name.startswith(begins, autoescape=True)
        )
        .order_by(removals.c.at)
    )
    return queries.values(query)


def remove_audio(recording_id: str) -> bool:
    """Delete the file of a deleted recording, and its playback copies; return whether all were deleted.

    Failed removals are retried later.
    """
    return all([_remove(name) for name in (recording_id, *due(AUDIO, f"{recording_id}."))])


def _remove(name: str) -> bool:
    try:
        audio_files.delete(name)
    except (OSError, StorageUnavailable) as error:
        log.warning("could not delete a recording, retrying later: %s", type(error).__name__)
        return False
    mark_done(AUDIO, name)
    return True
