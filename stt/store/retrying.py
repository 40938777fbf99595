"""Retry a call while the database or the store of recordings is unavailable."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from stt.backoff import backoff, pause
from stt.db.engine import DB_UNAVAILABLE
from stt.errors import StorageUnavailable

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
MAX_RETRY_SECONDS = 120.0  # maximum time for which a call is retried, seconds
TRANSIENT_ERRORS = (*DB_UNAVAILABLE, StorageUnavailable)  # after one of these errors the call is repeated


def with_retries(function: Callable[Arguments, Result], *args: Arguments.args, **values: Arguments.kwargs) -> Result:
    """Call `function`, retrying transient errors for at most MAX_RETRY_SECONDS."""
    ends, waits = time.monotonic() + MAX_RETRY_SECONDS, backoff()
    while True:
        try:
            return function(*args, **values)
        except TRANSIENT_ERRORS:
            if time.monotonic() + (wait := next(waits)) > ends:
                raise
        pause(wait)
