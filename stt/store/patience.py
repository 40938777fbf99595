"""Wait for the database and the store of recordings while they are away."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from stt.backoff import backoff, pause
from stt.db.engine import AWAY
from stt.errors import StorageAway

PATIENCE = 120.0  # seconds
PASSING = (*AWAY, StorageAway)  # what a job waits for


def patiently(function: Callable[..., Any], *args: Any, **values: Any) -> Any:
    """Call `function` until the database and the store of recordings answer, for PATIENCE at most."""
    ends = time.monotonic() + PATIENCE
    for wait in backoff():
        try:
            return function(*args, **values)
        except PASSING:
            if time.monotonic() + wait > ends:
                raise
            pause(wait)
