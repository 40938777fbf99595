"""Erase deleted data, usually within a minute: audio files, DBOS workflows, and text in SQLite files.

Each process with a job engine has a thread that performs the removals listed by `stt.store.removals`. After a deletion
in this process the thread runs at once; deletions on other machines are found by polling.
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

CHECK_INTERVAL = 20.0  # maximum time between two checks for removals that are due, seconds
RETRY_INTERVAL = 1.0  # maximum time between two checks while a removal is unfinished, seconds
FILE_CHECK_INTERVAL = 3600.0  # interval at which abandoned files are deleted, seconds
FINISHED_STATUSES = ("SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")
BATCH = 200  # maximum number of jobs whose workflows one query lists
# Maximum size of a database that is compacted, bytes. Compacting blocks writers for 15 s per GB, so in a larger
# database, deleted rows are only overwritten.
MAX_COMPACT_BYTES = 1 << 30
COMPACT_COST_FACTOR = 5  # minimum pause after compacting, as a multiple of the time that compacting took
READER_TIMEOUT = 20.0  # maximum time to wait for other connections that still read the write-ahead log, seconds

log = logging.getLogger("stt.store.erasure")


class Eraser:
    """A thread that erases deleted data until `stop` is called."""

    def __init__(self) -> None:
        self._ended = False
        self._compact_next = 0.0  # earliest time of the next compaction, by the monotonic clock
        self._checked = -FILE_CHECK_INTERVAL
        removals.wakeup.set()  # check at once, because a killed process may have left removals
        self._thread = threading.Thread(target=self._run, name="eraser", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread, and wait for it to end. If the thread is running `erase`, `erase` is completed first."""
        self._ended = True
        removals.wakeup.set()
        self._thread.join()

    def _run(self) -> None:
        unfinished = False
        writing.tighten(settings().data_dir)
        while not self._ended:
            removals.wakeup.wait(RETRY_INTERVAL if unfinished else CHECK_INTERVAL)
            removals.wakeup.clear()
            unfinished = False
            try:
                unfinished = not self._ended and self.erase()
            except (*DB_UNAVAILABLE, SttError, OSError, sqlite3.Error) as error:  # retried at the next check
                log.warning("could not erase all deleted data: %s", type(error).__name__)
            except Exception:
                log.exception("could not erase all deleted data")

    def erase(self) -> bool:
        """Perform all removals that are due; return whether some of them are unfinished and must be retried soon."""
        if time.monotonic() - self._checked >= FILE_CHECK_INTERVAL:
            self._checked = time.monotonic()
            recordings.clean_incoming()
            writing.clean_parts(settings().data_dir)
        for recording_id in removals.due(removals.AUDIO):
            removals.remove_audio(recording_id)
        drop_deleted_copies()
        unfinished = delete_workflows()
        return self._erase_pages() or unfinished

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
                removals.mark_done(removals.PAGES, *of_file)
                truncate_wal(settings().data_dir / file)
        self._compact_next = time.monotonic() + COMPACT_COST_FACTOR * (time.monotonic() - began)
        return bool(removals.due(removals.PAGES))


def delete_workflows() -> bool:
    """Delete the workflows of deleted jobs and playback copies; return whether some are still running.

    A running workflow ends within seconds, because it checks whether its job or recording still exists.
    """
    deleted = removals.due(removals.JOB)
    unfinished = False
    for at in range(0, len(deleted), BATCH):
        block = deleted[at : at + BATCH]
        prefixes = [f"{generation_id}-" for generation_id in block]
        works = DBOS.list_workflows(workflow_id_prefix=prefixes, load_input=False, load_output=False)
        waiting = [work.workflow_id for work in works if work.status in ("ENQUEUED", "DELAYED")]
        if waiting:
            DBOS.cancel_workflows(waiting)
        ended = [work.workflow_id for work in works if work.status in FINISHED_STATUSES] + waiting
        if ended:
            DBOS.delete_workflows(ended)
        working = {work.workflow_id.rpartition("-")[0] for work in works if work.workflow_id not in ended}
        with database().begin() as connection:
            removed = [generation_id for generation_id in block if generation_id not in working]
            removals.mark_removed(connection, removals.JOB, *removed)
            if ended:
                removals.note_pages(connection, removals.WORKFLOWS, ended[0])
        unfinished = unfinished or bool(working)
    return unfinished


def drop_deleted_copies() -> None:
    """Delete the cached copies of deleted recordings, including recordings that another machine has deleted."""
    names = audio_files.cached_names()
    for at in range(0, len(names), 500):
        block = names[at : at + 500]
        with database().connect() as connection:
            existing = recordings.existing(connection, {name.partition(".")[0] for name in block})
        audio_files.drop_cached(name for name in block if name.partition(".")[0] not in existing)


def erase_pages(path: Path) -> bool:
    """Erase deleted rows from an SQLite database and its write-ahead log; return whether the log was emptied.

    SQLite overwrites rows when it deletes them, but leaves copies of content that it has moved between pages. VACUUM
    therefore rewrites the file, unless the file is larger than MAX_COMPACT_BYTES or the disk has too little space.
    """
    if not path.exists():
        return True
    with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as connection:
        connection.execute(OVERWRITE)
        fulltext_index.purge(connection)
        size = path.stat().st_size
        if size <= MAX_COMPACT_BYTES and shutil.disk_usage(path.parent).free > 2 * size:
            connection.execute("VACUUM")
    return truncate_wal(path)


def truncate_wal(path: Path) -> bool:
    """Copy SQLite's write-ahead log into the database and empty the log; return whether the log was emptied.

    The log cannot be emptied while another connection reads from it; after READER_TIMEOUT, False is returned.
    """
    until = time.monotonic() + READER_TIMEOUT
    with closing(sqlite3.connect(path, timeout=0.5, isolation_level=None)) as connection:
        while True:
            busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if not busy:
                return True
            if time.monotonic() > until:
                return False
            time.sleep(0.2)
