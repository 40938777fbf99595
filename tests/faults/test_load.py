"""Test that many visitors at once get no errors while a transcription runs. `--all` runs 50 visitors for a minute.

`tests/bench/load.py` measures the response times. For this, the machine must have no other load.
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
    assert loaded.after.state == kinds.WORKING  # the transcription ran during the whole load
