"""Test the speed of a model (measured in its last jobs, or estimated from that of `base`) and the time of last use."""

from __future__ import annotations

import time

import pytest

from stt.library import speed
from stt.models import known
from stt.store import records
from stt.transcript.model import Transcript
from tests import transcripts

pytestmark = pytest.mark.usefixtures("each_database")

SMALL = known.find("small")


def add_finished_job(model: str, seconds: float, worked: float) -> None:
    transcripts.store("visitor:ann", Transcript(transcripts.TALK.segments, seconds, "en"), model=model, worked=worked)


def test_speed_is_measured_by_jobs_and_until_then_estimated_from_the_size():
    base = known.find("base").id
    assert speed.usual(base) == speed.ASSUMED and not speed.is_measured(base)
    assert speed.usual(SMALL.id) == pytest.approx(speed.ASSUMED * SMALL.pace)
    assert records.last_used([base, SMALL.id]) == {}
    add_finished_job(base, 60.0, 3.0)
    assert speed.usual(base) == pytest.approx(20.0) and speed.is_measured(base)
    assert speed.usual(SMALL.id) == pytest.approx(20.0 * SMALL.pace) and not speed.is_measured(SMALL.id)
    add_finished_job(SMALL.id, 60.0, 15.0)
    assert speed.usual(SMALL.id) == pytest.approx(4.0) and speed.is_measured(SMALL.id)
    used = records.last_used([base, SMALL.id, "local/whisper-tiny"])
    assert used.keys() == {base, SMALL.id} and all(abs(at - time.time()) < 60 for at in used.values())


def test_provider_model_is_estimated_like_base():
    assert speed.usual("nova-3") == speed.usual(known.find("base").id)
