"""Wait until a condition is true, instead of for a fixed time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from stt.jobs import service

Found = TypeVar("Found")
TICK = threading.Event()


def until(condition: Callable[[], Found], seconds: float = 60, every: float = 0.05) -> Found:
    """Call `condition` every `every` seconds until its result is true, and return the result.

    Fails if the result is still false after about `seconds`.
    """
    for _ in range(int(seconds / every)):
        if found := condition():
            return found
        TICK.wait(every)
    raise AssertionError(f"the condition was not true within {seconds} s")


def ended(generation_id: str, owner: str = "local", seconds: float = 120) -> service.Progress:
    """Wait until a job is neither queued nor running, and return its progress. Fails after about `seconds`."""
    return until(lambda: (p := service.get(generation_id, owner=owner)) and not p.job.pending and p, seconds)
