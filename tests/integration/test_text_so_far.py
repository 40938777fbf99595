"""Test reading the text of an unfinished job while its worker writes: no chunk is missing, and none is there twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import pytest
import sqlalchemy as sa

from stt import kinds
from stt.db.engine import database
from stt.store import records, transcripts
from stt.store.records import Job
from stt.transcript.model import Segment, Transcript

pytestmark = pytest.mark.usefixtures("either_database")

FIRST, SECOND = Segment(0.0, 5.0, "Ask not what"), Segment(5.0, 9.0, "your country.")
WHOLE = Transcript((FIRST, SECOND), duration=9.0)


@pytest.fixture
def job(either_database: None) -> Job:
    """Return a job whose first chunk is finished, and whose second one is nearly finished."""
    facts: dict = dict.fromkeys(Job.__dataclass_fields__)
    facts |= {"id": "half", "owner": "visitor:ann", "title": "A", "model": "m", "engine": kinds.ON_DEVICE}
    facts |= {"options": {}, "state": kinds.WORKING, "attempt": 1, "priority": 1, "created": 1.0, "queued": 1.0}
    records.insert(Job(**facts | {"duration": 9.0, "worked": 0.0, "seconds_done": 0.0}))
    assert records.acquire_lease(Job(**facts), 1)
    working = replace(records.load("half", None), claim=1)
    transcripts.save_chunk(working, 1, 0.0, 5.0, transcripts.segment_rows([FIRST]), {"worked": 1.0}, seconds_done=5.0)
    records.update_progress(working, partial=transcripts.segment_rows([SECOND]))
    return working


def end_chunk(job: Job) -> None:
    rows = transcripts.segment_rows([SECOND])
    transcripts.save_chunk(job, 2, 5.0, 9.0, rows, {"worked": 2.0}, seconds_done=9.0)


def end_job(job: Job) -> None:
    end_chunk(job)
    assert records.finish(job, WHOLE)


@contextmanager
def meanwhile(number: int, act: Callable[[], object]) -> Iterator[None]:
    """Call `act` in another thread after statement `number` of this thread, and wait for it."""
    count = 0
    with ThreadPoolExecutor(1) as thread:

        def after(connection: sa.Connection, _cursor: object, statement: str, *_: object) -> None:
            nonlocal count
            count += statement.startswith("SELECT")
            if count == number and statement.startswith("SELECT"):
                count += 1  # the statements of `act` do not count
                thread.submit(act).result(60)

        sa.event.listen(database(), "after_cursor_execute", after)
        yield
        assert count >= number


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("end", [end_chunk, end_job])
@pytest.mark.parametrize("read", [transcripts.text_so_far, lambda id: transcripts.transcript_of(id).text])
def test_text_is_whole_while_a_chunk_ends(
    job: Job, read: Callable[[str], str], end: Callable[[Job], None], number: int
):
    with meanwhile(number, lambda: end(job)):
        assert read(job.id) == WHOLE.text
    assert records.load(job.id, None).state == (kinds.DONE if end is end_job else kinds.WORKING)
    assert read(job.id) == WHOLE.text
