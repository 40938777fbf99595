"""Test how much memory the process uses."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOADED = """
from pathlib import Path
from stt.whisper import decoding; from stt.whisper import memory; from stt.whisper import weights; from stt.whisper import transcribe as whisper
from stt.settings import settings

def held():  # kilobytes
    return int(Path("/proc/self/status").read_text().split("VmRSS:")[1].split()[0])

memory.tune()
before = held()
whisper.provenance()  # loads the model, or fails
print((held() - before) * 1024, (weights.find(settings()).folder / "model.bin").stat().st_size)
"""


def test_a_loaded_model_takes_little_more_than_its_file(tmp_path: Path):
    """Guard against a regression: on Intel processors, the library MKL once doubled the memory of a loaded model."""
    environment = {**os.environ, "STT_DATA_DIR": str(tmp_path)}
    output = subprocess.run(
        [sys.executable, "-c", LOADED], cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    grown, file = map(int, output.split())
    assert grown < 1.3 * file, f"{grown >> 20} MB"
