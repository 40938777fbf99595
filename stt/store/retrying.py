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
MAX_RETRY_SECONDS = 120.0  # maximum time from the first call to the last retry, seconds
TRANSIENT_ERRORS = (*DB_UNAVAILABLE, StorageUnavailable)  # after one of these errors the call is repeated


def with_retries(function: Callable[Arguments, Result], *args: Arguments.args, **values: Arguments.kwargs) -> Result:
    """Call `function` and return its result; after a transient error, call it again.

    After MAX_RETRY_SECONDS, the last transient error is raised.
    """
    ends, waits = time.monotonic() + MAX_RETRY_SECONDS, backoff()
    while True:
        try:
            return function(*args, **values)
        except TRANSIENT_ERRORS:
            if time.monotonic() + (wait := next(waits)) > ends:
                raise
        pause(wait)
