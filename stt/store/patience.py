"""Wait for the database and the store of recordings while they are away."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from stt.backoff import backoff, pause
from stt.db.engine import DB_UNAVAILABLE
from stt.errors import StorageUnavailable

MAX_RETRY_SECONDS = 120.0  # seconds
TRANSIENT_ERRORS = (*DB_UNAVAILABLE, StorageUnavailable)  # what a job waits for


def with_retries(function: Callable[..., Any], *args: Any, **values: Any) -> Any:
    """Call `function` until the database and the store of recordings answer, for PATIENCE at most."""
    ends = time.monotonic() + MAX_RETRY_SECONDS
    for wait in backoff():
        try:
            return function(*args, **values)
        except TRANSIENT_ERRORS:
            if time.monotonic() + wait > ends:
                raise
            pause(wait)
