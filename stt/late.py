"""Import modules late that the first page does not need."""

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
ROUTES = ("stt.web.endpoints", "stt.web.v1.rest")  # these import requests and more, which takes as long again
_loading = threading.Lock()


def load(*names: str) -> None:
    """Import these modules, or those of the first page, once; concurrent callers wait.

    For the first page this takes half as long as a browser needs to load its scripts, so it runs meanwhile. One thread
    imports: two would meet partially imported modules.
    """
    with _loading:
        for name in names or FIRST_PAGE:
            import_module(name)
