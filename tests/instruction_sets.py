"""List the instruction sets that CTranslate2 can be limited to, and run Python with one of them.

Each instruction set rounds differently, which can change the text of a transcript.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

# CTranslate2's name of an instruction set: its flag in /proc/cpuinfo.
_FLAGS = {"GENERIC": "sse2", "AVX": "avx", "AVX2": "avx2", "AVX512": "avx512f"}


def available() -> list[str]:
    """Return the instruction sets of this machine, oldest first, or an empty list if /proc/cpuinfo is missing."""
    info = Path("/proc/cpuinfo")
    flags = set(info.read_text().split()) if info.exists() else set()
    return [name for name, flag in _FLAGS.items() if flag in flags]


def run(name: str, *command: str) -> str:
    """Run Python with the arguments `command`, limited to the instruction set `name`, and return its standard output.

    A new process is needed, because CTranslate2 chooses the instruction set once, when the process loads it.
    """
    environment = {**os.environ, "CT2_FORCE_CPU_ISA": name}
    completed = subprocess.run(
        [sys.executable, *command], env=environment, text=True, stdout=subprocess.PIPE, check=False
    )
    assert completed.returncode == 0, f"python {' '.join(command)} under {name} ended with {completed.returncode}"
    return completed.stdout
