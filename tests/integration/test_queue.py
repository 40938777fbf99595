"""Test the queue order and who may write to a job, without the job engine."""

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

BUSY_OWNER, NEW_OWNER = "visitor:crowd", "visitor:new"
ON_DEVICE, PROVIDER = "on-device", "provider"
SHORT, LONG = 11.0, 3600.0
_number = count(1)


def job(owner: str, engine: str = ON_DEVICE, state: str = kinds.QUEUED, duration: float = LONG, **values) -> Job:
    """Insert and return a job with the priority that `create` would give it."""
    facts: dict = dict.fromkeys(Job.__dataclass_fields__)
    facts |= {"id": f"job-{next(_number)}", "owner": owner, "title": "A", "model": "m", "engine": engine, "options": {}}
    facts |= {
        "state": state,
        "attempt": 1,
        "priority": queues.next_priority(owner, engine, duration),
        "created": 1.0,
        "queued": 1.0,
    }
    facts |= {"duration": duration}
    created = Job(**(facts | {"worked": 0.0, "seconds_done": 0.0} | values))
    records.insert(created)
    return created


def jobs_ahead(queued: Job) -> int:
    return queues.queue_position(queued, 10.0).before


@pytest.fixture
def backlog(data: Path) -> list[Job]:
    """Insert 20 jobs on this machine (2 done, 1 running) and 100 at the provider for one visitor. Return the 20."""
    jobs = [job(BUSY_OWNER) for _ in range(20)]
    for done in jobs[:2]:
        records.transition(done.id, (kinds.QUEUED,), kinds.DONE)
    records.transition(jobs[2].id, (kinds.QUEUED,), kinds.WORKING)
    for _ in range(100):
        job(BUSY_OWNER, PROVIDER, kinds.WORKING)
    return jobs


def test_new_owner_is_served_before_another_owners_backlog_then_alternates(backlog: list[Job]):
    waiting = [j.priority for j in backlog[3:]]
    first, second, third = (job(NEW_OWNER) for _ in range(3))
    assert first.priority < min(waiting)
    assert jobs_ahead(first) == 0
    # From the second job on, the two owners alternate.
    assert sorted([second.priority, third.priority, *waiting])[:4] == [4, 4, 5, 5]
    assert job(BUSY_OWNER).priority == max(waiting) + 1


def test_provider_backlog_does_not_delay_jobs_on_this_machine(backlog: list[Job]):
    assert job(NEW_OWNER, PROVIDER).priority == 100 and job(NEW_OWNER, ON_DEVICE).priority == 3


def test_short_recording_is_queued_among_short_ones(backlog: list[Job]):
    """Queue a voice message while lectures and other voice messages wait."""
    clips = [job(BUSY_OWNER, duration=SHORT) for _ in range(3)]
    assert [clip.priority for clip in clips] == [1, 2, 3] and [jobs_ahead(clip) for clip in clips] == [0, 1, 2]
    message = job(NEW_OWNER, duration=SHORT, queued=2.0)
    assert message.priority == 1 and jobs_ahead(message) == 1
    assert job(BUSY_OWNER).priority == backlog[-1].priority + 1 and jobs_ahead(backlog[-1]) == 16
    assert jobs_ahead(job(NEW_OWNER, duration=None)) == 0, "a link may be long"


def test_wait_is_estimated_from_running_jobs_and_jobs_ahead(data: Path):
    """Use two running jobs, both at the usual speed of ten times real time."""
    alone = job(NEW_OWNER)
    assert queues.queue_position(alone, 10.0) == queues.QueuePosition(0, 0, None), "no job is running, so it starts"
    records.transition(alone.id, (kinds.QUEUED,), kinds.CANCELLED)
    job(BUSY_OWNER, state=kinds.WORKING, duration=1000.0, seconds_done=900.0, worked=90.0)
    job(BUSY_OWNER, state=kinds.WORKING, duration=1000.0, seconds_done=500.0, worked=50.0)
    waits = [queues.queue_position(job(BUSY_OWNER, duration=300.0), 10.0) for _ in range(3)]
    # The running jobs have 100 s and 500 s of audio left and end in 10 s and 50 s. A job started at 10 s ends at 40 s.
    assert [wait.before for wait in waits] == [0, 1, 2] and {wait.working for wait in waits} == {2}
    assert [wait.seconds for wait in waits] == [pytest.approx(10), pytest.approx(40), pytest.approx(50)]
    job(BUSY_OWNER, duration=None)
    assert queues.queue_position(job(BUSY_OWNER), 10.0).seconds is None, "a link of unknown length is ahead"
    assert queues.queue_position(job(BUSY_OWNER, PROVIDER), 10.0) == queues.QueuePosition(0, 0, None), (
        "the provider takes all"
    )


@pytest.mark.parametrize(
    ("engine", "duration", "queue"),
    [
        (ON_DEVICE, 60.0, "on-device-short"), (ON_DEVICE, 60.1, "on-device"), (ON_DEVICE, None, "on-device"),
        (PROVIDER, 11.0, "provider"), (PROVIDER, None, "provider"),
    ],
)  # fmt: skip
def test_short_recordings_on_this_machine_have_a_separate_queue(engine: str, duration: float | None, queue: str):
    assert queues.queue_of(engine, duration) == queue


@pytest.mark.parametrize(("done", "worked", "left"), [(0, 0, 37.5), (300, 30, 30), (590, 59, 1), (600, 60, 0)])
def test_time_left_is_estimated_from_the_usual_speed_at_first(done: float, worked: float, left: float):
    """Use a job that runs at ten times real time. The usual speed is sixteen times real time."""
    facts = dict.fromkeys(Job.__dataclass_fields__) | {
        "duration": 600.0,
        "seconds_done": float(done),
        "worked": float(worked),
    }
    assert Job(**facts).seconds_left(16.0) == pytest.approx(left, rel=0.1)


def test_only_the_latest_lease_may_write_to_the_job(data: Path):
    current = job(NEW_OWNER, state=kinds.WORKING)
    assert records.acquire_lease(current, 100) and records.acquire_lease(current, 200)
    old, new = replace(current, claim=100), replace(current, claim=200)
    assert not records.acquire_lease(current, 100)
    assert not records.is_current(old) and records.is_current(new)
    right = Transcript((Segment(0.0, 5.0, "Right."),), duration=5.0)
    wrong = Transcript((Segment(0.0, 5.0, "Wrong."),), duration=5.0)
    transcripts.save_chunk(old, 1, 0.0, 5.0, wrong.to_dict()["segments"], {"worked": 1.0}, seconds_done=5.0)
    records.update_progress(old, stage="Wrong")
    assert transcripts.chunks_of(current.id) == [] and records.load(current.id, None).stage is None
    assert not records.finish(old, wrong) and not records.fail(old, SttError())
    for _ in range(2):  # saving the same chunk again changes nothing
        transcripts.save_chunk(new, 1, 0.0, 5.0, right.to_dict()["segments"], {"worked": 1.0}, seconds_done=5.0)
    assert records.load(current.id, None).worked == 1.0
    assert records.finish(new, right) and not records.finish(new, wrong)
    assert transcripts.transcript_of(current.id).text == "Right." and records.load(current.id, None).state == "done"


def test_superseded_attempt_can_no_longer_write(data: Path):
    current = job(NEW_OWNER, state=kinds.WORKING)
    records.transition(current.id, (kinds.WORKING,), kinds.CANCELLED)
    records.transition(current.id, (kinds.CANCELLED,), kinds.WORKING, attempt=2, claim=None)
    assert not records.is_current(current) and not records.finish(current, Transcript())
    assert records.finish(replace(current, attempt=2), Transcript())
