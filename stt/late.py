"""Import modules late: what the first page does not need."""

from __future__ import annotations

import threading
from importlib import import_module

FIRST_PAGE = (
    "stt.ops.health",
    "stt.library.live_recordings",
    "stt.aiml.offered",
    "stt.store.recordings",
    "stt.store.records",
)
ROUTES = ("stt.web.endpoints", "stt.web.rest")  # bring requests and more, as long again
_loading = threading.Lock()


def load(*names: str) -> None:
    """Import these modules, or what the first page needs, once, by whoever comes first; the others wait.

    For the first page that takes half as long as a browser needs to load its scripts, so it is done meanwhile. One
    thread does it: two that import what imports each other meet it half done.
    """
    with _loading:
        for name in names or FIRST_PAGE:
            import_module(name)
