"""Choose the device for Whisper: a GPU that CTranslate2 detects, or the CPU.

If the GPU fails, for example because it has too little memory or NVIDIA's libraries are missing, fewer windows are
decoded at once. If the GPU fails again, the CPU is used. Decoding on a GPU was not tested.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from functools import cache

from stt.settings import settings

# Number of cores that this process may use: fewer than the machine has if the process is pinned to some cores.
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
THREADS = min(4, CORES)
GPU_WINDOWS = (4, 1)  # windows decoded at once on a GPU: at first, and after a failure

log = logging.getLogger("stt.whisper.loading.device")


@dataclass(frozen=True, slots=True)
class Plan:
    """A way to run a model. `windows` is the number of windows decoded at once on a GPU, and 0 for the CPU."""

    device: str
    compute_type: str
    windows: int = 0

    def __str__(self) -> str:
        return "the processor" if self.device == "cpu" else f"the graphics card, {self.windows} at once"


CPU = Plan("cpu", "int8")


def plans() -> tuple[Plan, ...]:
    """Return the ways to run a model, best first. The CPU is always the last."""
    chosen = settings().device
    if chosen == "cpu" or not (cards() or chosen == "cuda"):
        return (CPU,)
    return (*(Plan("cuda", "float16", windows) for windows in GPU_WINDOWS), CPU)


@cache
def cards() -> int:
    """Return the number of GPUs that CTranslate2 detects."""
    import ctranslate2

    try:
        count: int = ctranslate2.get_cuda_device_count()
    except RuntimeError as error:  # raised by CTranslate2 if the driver is incompatible
        log.warning("no graphics card: %s", error)
        return 0
    return count
