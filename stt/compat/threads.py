"""Internals of threading: functions that run when the program ends, while its thread pools still work.

When the main thread has ended, Python lets no thread pool take new work, and waits until the pools have finished. The
functions of the module `atexit` run only after that.
"""

from __future__ import annotations

import atexit
import logging
import threading
from collections.abc import Callable

log = logging.getLogger("stt.compat.threads")


def before_exit(function: Callable[[], None]) -> None:
    """Call `function` when the main thread has ended, before thread pools refuse new work. Its errors are logged.

    Raises RuntimeError if the main thread has ended already.
    """

    def call() -> None:
        try:
            function()
        except Exception:  # raised any further, it would keep Python from waiting for its threads
            log.exception("the end of the program is not orderly")

    register: Callable[[Callable[[], None]], object] = getattr(threading, "_register_atexit", atexit.register)
    register(call)
