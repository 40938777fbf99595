"""Limit the duration of a whole transfer, and end a transfer that is cancelled."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Self

from stt.errors import Cancelled, SttError


class Deadline:
    """A context manager that ends a transfer after `seconds` or when `cancelled` returns True, even during a read.

    A socket's timeout restarts with each byte, so a server that sends slowly never triggers it. Therefore a thread
    checks the deadline and shuts the connections down. `check` then raises `too_slow` or Cancelled.
    """

    def __init__(self, seconds: float, too_slow: SttError, cancelled: Callable[[], bool] | None = None) -> None:
        self._end = time.monotonic() + seconds
        self._too_slow, self._cancelled = too_slow, cancelled or (lambda: False)
        self.reason: SttError | None = None
        self._done = threading.Event()
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._thread = threading.Thread(target=self._watch, name="link", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        for each in self._sockets:
            each.close()

    def add(self, connection: socket.socket) -> None:
        """Add a connection that is shut down when the transfer must end. Raises the errors of `check`.

        The deadline holds a duplicate of the socket, which stays valid when TLS wraps the original.
        """
        with self._lock:
            self._sockets.append(connection.dup())
        self.check()

    def check(self) -> None:
        """Raise the error `too_slow` if the time is over, or Cancelled if the transfer was cancelled."""
        if self.reason is None and self._cancelled():
            self.reason = Cancelled("The download was cancelled.")
        if self.reason is None and time.monotonic() > self._end:
            self.reason = self._too_slow
        if self.reason is not None:
            raise self.reason

    def _watch(self) -> None:
        while not self._done.wait(0.1):
            try:
                self.check()
            except Exception:  # noqa: BLE001
                with self._lock:
                    for each in self._sockets:
                        with suppress(OSError):  # the connection may be closed already
                            each.shutdown(socket.SHUT_RDWR)
