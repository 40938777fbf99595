"""Test when crashes of processes are attributed to a recording, and when to something else that kills processes."""

from __future__ import annotations

import pytest

from stt.cluster import crashes
from stt.db.engine import database
from stt.db.tables import crashes as crash_table
from stt.errors import UnsafeRecording
from tests.transcripts import finished

pytestmark = pytest.mark.usefixtures("data")


def record_crashes(generation_id: str, *processes: str) -> None:
    """Record that these processes crashed while they read the first chunk of this job."""
    rows = [{"id": generation_id, "process": name, "boot": None, "part": 1} for name in processes]
    with database().begin() as connection:
        connection.execute(crash_table.insert().values(rows))


def is_unsafe(generation_id: str) -> bool:
    with crashes.Watch(generation_id, lambda: False) as watch:
        try:
            watch.enter(1)
        except UnsafeRecording:
            return True
    return False


@pytest.mark.parametrize(
    ("with_it", "without_it", "unsafe"),
    [
        (2, 0, False),
        (3, 0, True),
        (3, 1, False),
        (4, 1, True),
        (6, 2, False),
        (7, 2, True),
        (9, 20, False),
        (10, 20, True),
    ],
)
def test_three_crashes_make_a_recording_unsafe_unless_bystanders_crash_too(with_it: int, without_it: int, unsafe: bool):
    mine, other = finished().id, finished().id
    record_crashes(mine, *(f"process {number}" for number in range(with_it)))
    if without_it:
        record_crashes(other, *(f"elsewhere {number}" for number in range(without_it)))
    assert is_unsafe(mine) is unsafe


def test_process_that_read_both_recordings_is_a_bystander_of_neither():
    mine, neighbour = finished().id, finished().id
    record_crashes(mine, "one", "two", "three")
    record_crashes(neighbour, "one")
    assert is_unsafe(mine) and not is_unsafe(neighbour)
