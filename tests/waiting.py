"""Waiting for something to come about, instead of for some time to pass."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from stt.jobs import service

Found = TypeVar("Found")
TICK = threading.Event()


def until(condition: Callable[[], Found], seconds: float = 60, every: float = 0.05) -> Found:
    """What `condition` gives once it is true; fails where that takes longer."""
    for _ in range(int(seconds / every)):
        if found := condition():
            return found
        TICK.wait(every)
    raise AssertionError(f"it did not come about within {seconds} s")


def ended(generation_id: str, owner: str = "local", seconds: float = 120) -> service.Progress:
    """The job once it neither waits nor is worked on any more."""
    return until(lambda: (p := service.get(generation_id, owner=owner)) and not p.job.pending and p, seconds)
