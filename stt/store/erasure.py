"""What was deleted leaves every file within a minute: recordings, copies, the job engine's memory, SQLite's pages.

Each process with a job engine has a thread that does what `stt.store.removals` notes. A deletion here wakes it; those
of other machines it finds by looking.
"""

from __future__ import annotations

import logging
import shutil
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

from dbos import DBOS

from stt.db import fulltext_index
from stt.db.engine import DB_UNAVAILABLE, OVERWRITE, database
from stt.errors import SttError
from stt.files import writing
from stt.settings import settings
from stt.store import audio_files, recordings, removals

TICK = 20.0  # seconds between two looks
SOON = 1.0  # seconds until the next look while something is left
HOUR = 3600.0  # seconds between two looks for abandoned files
ENDED = ("SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")
BLOCK = 200  # jobs looked up at once
# Compacting a database keeps writers waiting, 15 s a GB on two busy cores. A larger one is only overwritten where rows
# were.
LARGEST = 1 << 30  # bytes
SHARE = 5  # it takes one second in so many at most
READERS = 20.0  # seconds to wait for those who still read what was there before

log = logging.getLogger("stt.store.erasure")


class Eraser:
    """The thread. `stop` ends it after what it is doing."""

    def __init__(self) -> None:
        self._ended = False
        self._compact_next = 0.0  # not before this moment of the monotonic clock
        self._looked = -HOUR
        removals.wanted.set()  # what a killed process left
        self._thread = threading.Thread(target=self._run, name="eraser", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._ended = True
        removals.wanted.set()
        self._thread.join()

    def _run(self) -> None:
        left = False
        writing.tighten(settings().data_dir)
        while not self._ended:
            removals.wanted.wait(SOON if left else TICK)
            removals.wanted.clear()
            try:
                left = not self._ended and self.erase()
            except (*DB_UNAVAILABLE, SttError, OSError, sqlite3.Error) as error:  # the next look finds it back
                log.warning("could not remove all that was deleted: %s", type(error).__name__)
                left = False
            except Exception:
                log.exception("could not remove all that was deleted")
                left = False

    def erase(self) -> bool:
        """Remove what is due; whether something is left that will soon be possible."""
        if time.monotonic() - self._looked >= HOUR:
            self._looked = time.monotonic()
            recordings.clean_incoming(recordings.STALE)
            writing.clean_parts(settings().data_dir)
        for recording_id in removals.due(removals.AUDIO):
            removals.remove_audio(recording_id)
        remove_copies()
        left = forget_jobs()
        return self._erase_pages() or left

    def _erase_pages(self) -> bool:
        names = removals.due(removals.PAGES)
        if not names:
            return False
        if time.monotonic() < self._compact_next:
            return True
        began = time.monotonic()
        for file in (removals.RECORDS, removals.WORKFLOWS):
            of_file = [name for name in names if name.startswith(f"{file}:")]
            if of_file and erase_pages(settings().data_dir / file):
                removals.done(removals.PAGES, *of_file)
                empty_log(settings().data_dir / file)
        self._compact_next = time.monotonic() + SHARE * (time.monotonic() - began)
        return bool(removals.due(removals.PAGES))


def forget_jobs() -> bool:
    """Delete what the job engine remembers of deleted jobs; whether some of them are still being worked on.

    Their workflows end by themselves within seconds, as they ask whether their job is still there.
    """
    deleted = removals.due(removals.JOB)
    left = False
    for at in range(0, len(deleted), BLOCK):
        block = deleted[at : at + BLOCK]
        prefixes = [f"{generation_id}-" for generation_id in block]
        works = DBOS.list_workflows(workflow_id_prefix=prefixes, load_input=False, load_output=False)
        waiting = [work.workflow_id for work in works if work.status in ("ENQUEUED", "DELAYED")]
        if waiting:
            DBOS.cancel_workflows(waiting)
        ended = [work.workflow_id for work in works if work.status in ENDED] + waiting
        if ended:
            DBOS.delete_workflows(ended)
        working = {work.workflow_id.rpartition("-")[0] for work in works if work.workflow_id not in ended}
        with database().begin() as connection:
            gone = [generation_id for generation_id in block if generation_id not in working]
            removals.settle(connection, removals.JOB, *gone)
            if ended:
                removals.note_pages(connection, removals.WORKFLOWS, ended[0])
        left = left or bool(working)
    return left


def remove_copies() -> None:
    """Remove copies of recordings from this machine that were deleted, here or elsewhere."""
    names = audio_files.cached_names()
    for at in range(0, len(names), 500):
        block = names[at : at + 500]
        with database().connect() as connection:
            known = recordings.known(connection, {name.partition(".")[0] for name in block})
        audio_files.drop_cached(name for name in block if name.partition(".")[0] not in known)


def erase_pages(path: Path) -> bool:
    """Leave nothing of deleted rows in a database of SQLite and in its log; whether that could be done.

    Deleted rows were overwritten when they were deleted. What SQLite had moved from page to page before was not, and
    lies between rows until the database is written anew.
    """
    if not path.exists():
        return True
    with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as connection:
        connection.execute(OVERWRITE)
        fulltext_index.purge(connection)
        size = path.stat().st_size
        if size <= LARGEST and shutil.disk_usage(path.parent).free > 2 * size:
            connection.execute("VACUUM")
    return empty_log(path)


def empty_log(path: Path) -> bool:
    """Move what is in SQLite's write-ahead log to the database, and make it empty; whether that could be done."""
    until = time.monotonic() + READERS
    with closing(sqlite3.connect(path, timeout=0.5, isolation_level=None)) as connection:
        while True:
            busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if not busy:
                return True
            if time.monotonic() > until:
                return False
            time.sleep(0.2)
