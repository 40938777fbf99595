"""Wait until a condition is true, instead of for a fixed time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from stt.jobs import service

Found = TypeVar("Found")
TICK = threading.Event()


def until(condition: Callable[[], Found], seconds: float = 60, every: float = 0.05) -> Found:
    """Return the result of `condition` once it is true, checked each `every` seconds. Fails after about `seconds`."""
    for _ in range(int(seconds / every)):
        if found := condition():
            return found
        TICK.wait(every)
    raise AssertionError(f"the condition was not true within {seconds} s")


def ended(generation_id: str, owner: str = "local", seconds: float = 120) -> service.Progress:
    """Return the progress of a job once it is neither queued nor running. Fails after about `seconds`."""
    return until(lambda: (p := service.get(generation_id, owner=owner)) and not p.job.pending and p, seconds)
