"""Test the record that `stt watch` keeps of its jobs."""

from __future__ import annotations

from pathlib import Path

import pytest

from stt.cli.inputs import Version
from stt.cli.record import CannotRecord, Record


def test_id_that_could_not_be_recorded_is_known_from_the_id_before_it(tmp_path: Path):
    """Use the order of `Local.transcribe`: the id of a job is recorded just before the job is created."""
    version, log = Version(1, 2), tmp_path / "log"
    record = Record(log, tmp_path, "one")
    _, first = record.begin("talk.wav", version)
    record.created("talk.wav", version, first)  # but the job could not be created
    resume, second = record.begin("talk.wav", version)
    assert resume == first != second
    whole = log.rename(tmp_path / "away")
    log.mkdir()
    record.created("talk.wav", version, second)
    with pytest.raises(CannotRecord):
        record.begin("talk.wav", version)
    log.rmdir()
    whole.rename(log)
    ((_, jobs),) = Record(log, tmp_path, "other").begun_with_other_options()
    assert {first, second} <= jobs
