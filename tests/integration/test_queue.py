"""Whose turn it is, and who may write to a job: asked of the database alone."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from stt import kinds
from stt.errors import SttError
from stt.jobs import queues
from stt.store import records, transcripts
from stt.store.records import Job
from stt.transcript.model import Segment, Transcript

CROWD, NEW = "visitor:crowd", "visitor:new"
HERE, THERE = "on-device", "provider"
SHORT, LONG = 11.0, 3600.0
_number = count(1)


def job(owner: str, engine: str = HERE, state: str = kinds.QUEUED, duration: float = LONG, **values) -> Job:
    """Return a recorded job with the turn that `create` would give it."""
    facts: dict = dict.fromkeys(Job.__dataclass_fields__)
    facts |= {"id": f"job-{next(_number)}", "owner": owner, "title": "A", "model": "m", "engine": engine, "options": {}}
    facts |= {
        "state": state,
        "attempt": 1,
        "turn": queues.next_priority(owner, engine, duration),
        "created": 1.0,
        "queued": 1.0,
    }
    facts |= {"duration": duration}
    made = Job(**(facts | {"worked": 0.0, "seconds_done": 0.0} | values))
    records.insert(made)
    return made


def place(made: Job) -> int:
    return queues.queue_position(made, 10.0).before


@pytest.fixture
def crowd(data: Path) -> list[Job]:
    """Twenty jobs of one visitor, the third of them being worked on, and a hundred at the provider."""
    made = [job(CROWD) for _ in range(20)]
    for done in made[:2]:
        records.transition(done.id, (kinds.QUEUED,), kinds.DONE)
    records.transition(made[2].id, (kinds.QUEUED,), kinds.WORKING)
    for _ in range(100):
        job(CROWD, THERE, kinds.WORKING)
    return made


def test_a_newcomer_goes_before_all_that_wait_and_then_takes_turns(crowd: list[Job]):
    waiting = [j.turn for j in crowd[3:]]
    first, second, third = (job(NEW) for _ in range(3))
    assert first.turn < min(waiting)
    assert place(first) == 0
    # From its second on, one of the newcomer's, then one of the crowd's.
    assert sorted([second.turn, third.turn, *waiting])[:4] == [4, 4, 5, 5]
    assert job(CROWD).turn == max(waiting) + 1


def test_who_waits_for_the_provider_does_not_put_back_who_asks_this_machine(crowd: list[Job]):
    assert job(NEW, THERE).turn == 100 and job(NEW, HERE).turn == 3


def test_a_short_recording_has_a_turn_among_short_ones(crowd: list[Job]):
    """A voice message beside lectures, and among the visitor's own voice messages."""
    clips = [job(CROWD, duration=SHORT) for _ in range(3)]
    assert [clip.turn for clip in clips] == [1, 2, 3] and [place(clip) for clip in clips] == [0, 1, 2]
    mine = job(NEW, duration=SHORT, queued=2.0)
    assert mine.turn == 1 and place(mine) == 1
    assert job(CROWD).turn == crowd[-1].turn + 1 and place(crowd[-1]) == 16
    assert place(job(NEW, duration=None)) == 0, "a link may be long"


def test_how_long_until_it_starts_is_told_by_what_is_in_work_and_ahead(data: Path):
    """Two in work, both at ten times real time, which is usual."""
    alone = job(NEW)
    assert queues.queue_position(alone, 10.0) == queues.QueuePosition(0, 0, None), "nothing is in work: it starts"
    records.transition(alone.id, (kinds.QUEUED,), kinds.CANCELLED)
    job(CROWD, state=kinds.WORKING, duration=1000.0, seconds_done=900.0, worked=90.0)
    job(CROWD, state=kinds.WORKING, duration=1000.0, seconds_done=500.0, worked=50.0)
    waits = [queues.queue_position(job(CROWD, duration=300.0), 10.0) for _ in range(3)]
    # At ten seconds of audio a second each: the first ends in 10 s, what follows it in 40, the second in 50.
    assert [wait.before for wait in waits] == [0, 1, 2] and {wait.working for wait in waits} == {2}
    assert [wait.seconds for wait in waits] == [pytest.approx(10), pytest.approx(40), pytest.approx(50)]
    job(CROWD, duration=None)
    assert queues.queue_position(job(CROWD), 10.0).seconds is None, "a link of unknown length is ahead"
    assert queues.queue_position(job(CROWD, THERE), 10.0) == queues.QueuePosition(0, 0, None), "the provider takes all"


@pytest.mark.parametrize(
    ("engine", "duration", "queue"),
    [
        (HERE, 60.0, "on-device-short"), (HERE, 60.1, "on-device"), (HERE, None, "on-device"),
        (THERE, 11.0, "provider"), (THERE, None, "provider"),
    ],
)  # fmt: skip
def test_short_recordings_on_this_machine_have_a_queue_of_their_own(engine: str, duration: float | None, queue: str):
    assert queues.queue_of(engine, duration) == queue


@pytest.mark.parametrize(("done", "worked", "left"), [(0, 0, 37.5), (300, 30, 30), (590, 59, 1), (600, 60, 0)])
def test_time_left_is_told_by_the_usual_speed_at_first(done: float, worked: float, left: float):
    """Ten times real time, where usual is sixteen times."""
    facts = dict.fromkeys(Job.__dataclass_fields__) | {
        "duration": 600.0,
        "seconds_done": float(done),
        "worked": float(worked),
    }
    assert Job(**facts).seconds_left(16.0) == pytest.approx(left, rel=0.1)


def test_only_who_took_the_job_last_may_write_to_it(data: Path):
    made = job(NEW, state=kinds.WORKING)
    assert records.acquire_lease(made, 100) and records.acquire_lease(made, 200)
    old, new = replace(made, claim=100), replace(made, claim=200)
    assert not records.acquire_lease(made, 100)
    assert not records.is_current(old) and records.is_current(new)
    said = Transcript((Segment(0.0, 5.0, "Right."),), duration=5.0)
    wrong = Transcript((Segment(0.0, 5.0, "Wrong."),), duration=5.0)
    transcripts.save_chunk(old, 1, 0.0, 5.0, wrong.to_dict()["segments"], {"worked": 1.0}, seconds_done=5.0)
    records.update_progress(old, stage="Wrong")
    assert transcripts.chunks_of(made.id) == [] and records.load(made.id, None).stage is None
    assert not records.finish(old, wrong) and not records.fail(old, SttError())
    for _ in range(2):  # the second time changes nothing
        transcripts.save_chunk(new, 1, 0.0, 5.0, said.to_dict()["segments"], {"worked": 1.0}, seconds_done=5.0)
    assert records.load(made.id, None).worked == 1.0
    assert records.finish(new, said) and not records.finish(new, wrong)
    assert transcripts.transcript_of(made.id).text == "Right." and records.load(made.id, None).state == "done"


def test_an_attempt_that_was_started_anew_can_no_longer_write(data: Path):
    made = job(NEW, state=kinds.WORKING)
    records.transition(made.id, (kinds.WORKING,), kinds.CANCELLED)
    records.transition(made.id, (kinds.CANCELLED,), kinds.WORKING, attempt=2, claim=None)
    assert not records.is_current(made) and not records.finish(made, Transcript())
    assert records.finish(replace(made, attempt=2), Transcript())
