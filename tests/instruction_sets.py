"""The instruction sets that CTranslate2 can be held to on this machine: each rounds, and now and then decodes, differently."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_FLAGS = {"GENERIC": "sse2", "AVX": "avx", "AVX2": "avx2", "AVX512": "avx512f"}  # as CTranslate2 and Linux name them


def available() -> list[str]:
    """Return the names this machine has, simplest first; none where it does not tell."""
    info = Path("/proc/cpuinfo")
    flags = set(info.read_text().split()) if info.exists() else set()
    return [name for name, flag in _FLAGS.items() if flag in flags]


def run(name: str, *command: str) -> str:
    """Run Python with `command` under the instruction set, which is fixed when CTranslate2 loads; return what it prints."""
    environment = {**os.environ, "CT2_FORCE_CPU_ISA": name}
    done = subprocess.run([sys.executable, *command], env=environment, text=True, stdout=subprocess.PIPE, check=False)
    assert done.returncode == 0, f"python {' '.join(command)} under {name} ended with {done.returncode}"
    return done.stdout
