"""Test that a job whose program ends while it runs continues at the next start."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from tests import audio
from tests.server import ROOT

ENDS_DURING_A_JOB = """
import sys, time
from pathlib import Path
import stt

generation_id = stt.create(Path(sys.argv[1]))
while not stt.get(generation_id).text:
    time.sleep(0.05)
print(generation_id)
if sys.argv[2] == "interrupted":
    raise KeyboardInterrupt
"""
CONTINUES = """
import sys
from stt.jobs import service
from tests.waiting import ended

service.start()
progress = ended(sys.argv[1])
print(progress.state, progress.text.lower().count("ask not"))
"""


@pytest.mark.parametrize("end", ["ended", "interrupted"])
def test_job_of_a_program_that_ends_continues_at_the_next_start(tmp_path: Path, end: str):
    path = audio.write(tmp_path / "talk.flac", np.tile(audio.samples(audio.JFK), 5))
    run = partial(
        subprocess.run,
        cwd=ROOT,
        env={**os.environ, "STT_DATA_DIR": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        check=False,
    )
    first = run([sys.executable, "-c", ENDS_DURING_A_JOB, str(path), end])
    (generation_id,) = first.stdout.split()
    assert first.stderr.count("Traceback") == (end == "interrupted"), first.stderr
    second = run([sys.executable, "-c", CONTINUES, generation_id])
    assert second.stdout.split() == ["done", "5"], second.stderr
