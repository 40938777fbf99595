"""List and run the instruction sets that CTranslate2 can be limited to. Each rounds differently, which can change text."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_FLAGS = {"GENERIC": "sse2", "AVX": "avx", "AVX2": "avx2", "AVX512": "avx512f"}  # as CTranslate2 and Linux name them


def available() -> list[str]:
    """Return the names that this machine supports, simplest first; none if it does not report them."""
    info = Path("/proc/cpuinfo")
    flags = set(info.read_text().split()) if info.exists() else set()
    return [name for name, flag in _FLAGS.items() if flag in flags]


def run(name: str, *command: str) -> str:
    """Run Python with `command` under an instruction set and return the output. CTranslate2 fixes the set on load."""
    environment = {**os.environ, "CT2_FORCE_CPU_ISA": name}
    done = subprocess.run([sys.executable, *command], env=environment, text=True, stdout=subprocess.PIPE, check=False)
    assert done.returncode == 0, f"python {' '.join(command)} under {name} ended with {done.returncode}"
    return done.stdout
