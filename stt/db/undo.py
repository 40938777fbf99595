"""Undo an unfinished change at once, or, if the database or the store of recordings is unavailable, later."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from stt.backoff import backoff, pause
from stt.db.engine import DB_UNAVAILABLE
from stt.errors import StorageUnavailable

log = logging.getLogger("stt.db.undo")
_lock = threading.Lock()
_waiting: list[Callable[[], object]] = []


def until_done(undo: Callable[[], object]) -> None:
    """Call `undo` now. If the database or the store is unavailable, retry in the background until `undo` succeeds.

    If this process ends before that, `undo` is not called again. `undo` must be safe to repeat.
    """
    try:
        undo()
    except (*DB_UNAVAILABLE, StorageUnavailable):
        with _lock:
            _waiting.append(undo)
            if len(_waiting) == 1:
                threading.Thread(target=_retry, name="undo", daemon=True).start()


def _retry() -> None:
    for wait in backoff():
        pause(min(wait, 5.0))
        while True:
            first = _waiting[0]  # only this thread removes entries
            try:
                first()
            except (*DB_UNAVAILABLE, StorageUnavailable):
                break
            except Exception:
                log.exception("undo failed")
            with _lock:
                _waiting.remove(first)
                if not _waiting:
                    return
