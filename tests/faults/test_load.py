"""Many visitors at once while a transcription runs: nobody gets an error. `--all` for a minute with 50 of them.

How long they wait is measured by `tests/bench/load.py`, on a machine that does nothing else.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from stt import kinds
from tests.bench import load

pytestmark = pytest.mark.alone

KINDS = {"page: HTML", "page: Transcribe", "page: Transcript", "page: History", "upload", "audio", "REST: get"}


def test_visitors_are_served_while_a_transcription_runs(tmp_path: Path, request: pytest.FixtureRequest):
    long = request.config.getoption("--all")
    visitors, seconds = (50, 60) if long else (12, 20)
    loaded = load.run(tmp_path, visitors, seconds, first_visit=long)
    assert not loaded.failures and loaded.failed == 0
    assert {row["Name"] for row in loaded.rows} >= KINDS
    assert loaded.after.state == kinds.WORKING  # it ran all the while
