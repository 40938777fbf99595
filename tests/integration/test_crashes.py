"""When a recording is at fault for processes that went down, and when somebody kills them anyway."""

from __future__ import annotations

import pytest

from stt.cluster import crashes
from stt.db.engine import database
from stt.db.tables import crashes as marks
from stt.errors import UnsafeRecording
from tests.transcripts import finished

pytestmark = pytest.mark.usefixtures("data")


def went_down(generation_id: str, *processes: str) -> None:
    """These processes went down while they read the first chunk of this job."""
    rows = [{"id": generation_id, "process": name, "boot": None, "part": 1} for name in processes]
    with database().begin() as connection:
        connection.execute(marks.insert().values(rows))


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
def test_three_crashes_are_a_fault_unless_as_many_happen_without_it(with_it: int, without_it: int, unsafe: bool):
    mine, other = finished().id, finished().id
    went_down(mine, *(f"process {number}" for number in range(with_it)))
    if without_it:
        went_down(other, *(f"elsewhere {number}" for number in range(without_it)))
    assert is_unsafe(mine) is unsafe


def test_who_went_down_together_speaks_for_nobody():
    mine, neighbour = finished().id, finished().id
    went_down(mine, "one", "two", "three")
    went_down(neighbour, "one")
    assert is_unsafe(mine) and not is_unsafe(neighbour)
