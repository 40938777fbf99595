"""Import modules after the start of the server, so that the server starts sooner."""

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
# Not in FIRST_PAGE, because importing these modules takes as long as importing those of FIRST_PAGE.
ROUTES = ("stt.web.endpoints", "stt.web.v1.rest")
_loading = threading.Lock()
_loaded: set[str] = set()  # names of imported modules, which `load` can skip without waiting for the lock


def load(*names: str) -> None:
    """Import the modules `names`, or FIRST_PAGE if no names are given. Concurrent callers wait.

    FIRST_PAGE is imported while the browser loads the scripts of the first page, which takes twice as long as the
    import. Only one thread at a time imports, because two threads could see partially imported modules.
    """
    missing = [name for name in names or FIRST_PAGE if name not in _loaded]
    if not missing:
        return
    with _loading:
        for name in missing:
            import_module(name)
            _loaded.add(name)
