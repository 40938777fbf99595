"""Test that the database is rewritten during writes, that no page keeps words of deleted records, and that rows lock."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from stt.db.engine import database
from stt.library import history
from stt.store import erasure, records, removals
from stt.transcript.model import Transcript
from tests.transcripts import finished, spoken_segment, store

ANN = "visitor:ann"
TIMES = 40  # number of rewrites; if transactions began without a lock, about 3 writes would be refused


@pytest.mark.usefixtures("data")
def test_no_write_is_refused_while_the_database_is_compacted(data: Path):
    finished()
    problems: list[Exception] = []
    over = threading.Event()

    def write() -> None:
        while not over.is_set():
            try:
                history.delete(store(ANN, Transcript((spoken_segment("ask not what your country"),), 2.0)), ANN)
            except Exception as error:  # noqa: BLE001
                problems.append(error)

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    try:
        for _ in range(TIMES):
            assert erasure.erase_pages(data / removals.RECORDS)
    finally:
        over.set()
        for writer in writers:
            writer.join()
    assert not problems


@pytest.mark.usefixtures("data")
def test_words_of_deleted_records_are_in_no_database_page(data: Path):
    kept_id = store(ANN, Transcript((spoken_segment("lighthouse keeper"),), 1.0))
    for number in range(60):  # with so many records, SQLite splits and joins database pages
        history.delete(
            store(
                ANN, Transcript((spoken_segment(f"zeppelin{number} quartz " * 40),), 60.0), title=f"zeppelin{number}"
            ),
            ANN,
        )
    assert erasure.erase_pages(data / removals.RECORDS)
    for path in (data / "stt.db", data / "stt.db-wal"):
        content = path.read_bytes() if path.exists() else b""
        assert b"eppelin" not in content and b"quartz" not in content, path.name
    assert [job.id for job in history.find(ANN, text="lighthouse")] == [kept_id]


@pytest.mark.usefixtures("data")
def test_record_that_is_locked_cannot_be_changed_by_others(data: Path):
    """Python begins a transaction only before a statement that writes, so reading a row would not lock it."""
    generation_id = finished().id
    with closing(sqlite3.connect(data / removals.RECORDS, timeout=0)) as other, database().begin() as connection:
        records.lock(connection, generation_id)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("DELETE FROM transcriptions")
    assert records.load(generation_id, None)
