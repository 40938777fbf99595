"""Imports that are made after the start of the server, so that the server starts sooner."""

from __future__ import annotations

import threading
from importlib import import_module

FIRST_PAGE = (
    "stt.ops.health",
    "stt.recorder.live_recordings",
    "stt.aiml.offered",
    "stt.store.recordings",
    "stt.store.records",
)
ROUTES = ("stt.web.endpoints", "stt.web.v1.rest")  # their import takes as long as that of FIRST_PAGE
_loading = threading.Lock()
_loaded: set[str] = set()  # the lock need not be waited for to find that these are there


def load(*names: str) -> None:
    """Import the modules `names`, or FIRST_PAGE if no names are given. Concurrent callers wait.

    A browser needs twice as long to load the scripts of the first page as this function needs to import FIRST_PAGE, so
    both happen at the same time. Only one thread imports: two threads could see partially imported modules.
    """
    missing = [name for name in names or FIRST_PAGE if name not in _loaded]
    if not missing:
        return
    with _loading:
        for name in missing:
            import_module(name)
            _loaded.add(name)
