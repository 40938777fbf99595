"""Whose turn it is, and who may write to a job: asked of the database alone."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from stt import records, spoken
from stt.errors import SttError
from stt.records import Job
from stt.transcript import Segment, Transcript

CROWD, NEW = "visitor:crowd", "visitor:new"
HERE, THERE = "on-device", "provider"
_number = count(1)


def job(owner: str, engine: str = HERE, state: str = records.QUEUED, **values) -> Job:
    """A recorded job whose turn is as `create` would give it."""
    facts: dict = dict.fromkeys(Job.__dataclass_fields__)
    facts |= {"id": f"job-{next(_number)}", "owner": owner, "title": "A", "model": "m", "engine": engine, "options": {}}
    facts |= {"state": state, "attempt": 1, "turn": records.next_turn(owner, engine), "created": 1.0, "queued": 1.0}
    made = Job(**(facts | {"worked": 0.0, "seconds_done": 0.0} | values))
    records.insert(made)
    return made


@pytest.fixture
def crowd(data: Path) -> list[Job]:
    """Twenty jobs of one visitor, the third of them being worked on, and a hundred at the provider."""
    made = [job(CROWD) for _ in range(20)]
    for done in made[:2]:
        records.move(done.id, (records.QUEUED,), records.DONE)
    records.move(made[2].id, (records.QUEUED,), records.WORKING)
    for _ in range(100):
        job(CROWD, THERE, records.WORKING)
    return made


def test_a_newcomer_goes_before_all_that_wait_and_then_takes_turns(crowd: list[Job]):
    waiting = [j.turn for j in crowd[3:]]
    first, second, third = (job(NEW) for _ in range(3))
    assert first.turn < min(waiting)
    assert records.place_in_queue(first) == 0
    # From its second on, one of the newcomer's, then one of the crowd's.
    assert sorted([second.turn, third.turn, *waiting])[:4] == [4, 4, 5, 5]
    assert job(CROWD).turn == max(waiting) + 1


def test_who_waits_for_the_provider_does_not_put_back_who_asks_this_machine(crowd: list[Job]):
    assert job(NEW, THERE).turn == 100 and job(NEW, HERE).turn == 3


@pytest.mark.parametrize(("done", "worked", "left"), [(0, 0, 37.5), (300, 30, 30), (590, 59, 1), (600, 60, 0)])
def test_time_left_is_told_by_the_usual_speed_at_first(done: float, worked: float, left: float):
    """Ten times real time, where usual is sixteen times."""
    facts = dict.fromkeys(Job.__dataclass_fields__) | {"duration": 600.0, "seconds_done": float(done), "worked": float(worked)}
    assert Job(**facts).seconds_left(16.0) == pytest.approx(left, rel=0.1)


def test_only_who_took_the_job_last_may_write_to_it(data: Path):
    made = job(NEW, state=records.WORKING)
    assert records.claim(made, 100) and records.claim(made, 200)
    old, new = replace(made, claim=100), replace(made, claim=200)
    assert not records.claim(made, 100)
    assert not records.is_current(old) and records.is_current(new)
    said = Transcript((Segment(0.0, 5.0, "Right."),), duration=5.0)
    wrong = Transcript((Segment(0.0, 5.0, "Wrong."),), duration=5.0)
    spoken.keep_stretch(old, 1, 0.0, 5.0, wrong.to_dict()["segments"], {"worked": 1.0})
    records.report(old, stage="Wrong")
    assert spoken.stretches_of(made.id) == [] and records.load(made.id, None).stage is None
    assert not records.finish(old, wrong) and not records.fail(old, SttError())
    for _ in range(2):  # the second time changes nothing
        spoken.keep_stretch(new, 1, 0.0, 5.0, said.to_dict()["segments"], {"worked": 1.0})
    assert records.load(made.id, None).worked == 1.0
    assert records.finish(new, said) and not records.finish(new, wrong)
    assert spoken.transcript_of(made.id).text == "Right." and records.load(made.id, None).state == "done"


def test_an_attempt_that_was_started_anew_can_no_longer_write(data: Path):
    made = job(NEW, state=records.WORKING)
    records.move(made.id, (records.WORKING,), records.CANCELLED)
    records.move(made.id, (records.CANCELLED,), records.WORKING, attempt=2, claim=None)
    assert not records.is_current(made) and not records.finish(made, Transcript())
    assert records.finish(replace(made, attempt=2), Transcript())
