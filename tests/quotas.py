"""Create jobs with given values, store them, and get the error of a quota that refuses one."""

from __future__ import annotations

import time

import pytest

from stt import kinds
from stt.errors import LimitReached, NotFound
from stt.store import quotas, recordings, records
from stt.store.records import Job

PRICED, UNPRICED = "#g1_whisper-base", "nova-3"
ANN, BEN = "visitor:ann", "visitor:ben"


def job(
    owner: str = ANN, minutes: float | None = 1.0, engine: str = kinds.ON_DEVICE, attempt: int = 1, **values
) -> Job:
    """Return a job that is not stored yet."""
    now = time.time()
    defaults = dict.fromkeys(Job.__dataclass_fields__) | {
        "id": recordings.new_id(),
        "owner": owner,
        "title": "Talk",
        "model": "local/whisper-base" if engine == kinds.ON_DEVICE else PRICED,
        "engine": engine,
        "options": {},
        "state": kinds.QUEUED,
        "attempt": attempt,
        "priority": 1,
        "created": now,
        "queued": now,
        "worked": 0.0,
        "seconds_done": 0.0,
        "duration": None if minutes is None else minutes * 60,
    }
    return Job(**defaults | values)


def store_job(new: Job, address: str | None = None) -> Job:
    """Store a job. Raises LimitReached if a quota of the host does not allow the job."""
    with quotas.reserve(new, address):
        records.insert(new)
    return new


def refusal(new: Job, address: str | None = None) -> LimitReached:
    """Check that a quota of the host refuses a job, and that the job is not stored. Return the error."""
    with pytest.raises(LimitReached) as error:
        store_job(new, address)
    with pytest.raises(NotFound):
        records.load(new.id, None)
    return error.value
