"""Relay the connection between a browser and the server, and stall or cut it as bad networks do."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

from tests.server import free_port

BLOCK = 1 << 16  # bytes


class Line:
    """Represent a relay from its own port to the server's `port`. A context manager."""

    def __init__(self, port: int) -> None:
        self.server = port
        self.port = free_port()
        self.flows = threading.Event()
        self.flows.set()
        self.after = 0  # bytes that each connection may still relay to the server while `hold` is in effect
        self.broken = False
        self.open: set[socket.socket] = set()
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def hold(self, after: int = 300_000) -> None:
        """Let no connection relay more than `after` bytes to the server until `release` is called.

        So small messages arrive, and a large file stalls.
        """
        self.after = after
        self.flows.clear()

    def release(self) -> None:
        self.flows.set()

    def cut(self) -> None:
        """Close all connections, and refuse new ones until `mend` is called."""
        with self.lock:
            self.broken = True
            self._hang_up()
        self.release()

    def mend(self) -> None:
        self.broken = False

    def _hang_up(self) -> None:
        for end in self.open:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _answer(self) -> None:
        while True:
            try:
                near, _ = self.listening.accept()
            except OSError:
                return  # the listening socket was closed
            threading.Thread(target=self._connect, args=(near,), daemon=True).start()

    def _connect(self, near: socket.socket) -> None:
        with near, socket.socket() as far:
            with self.lock:
                if self.broken:
                    return
                self.open |= {near, far}
            try:
                far.connect(("127.0.0.1", self.server))
                back = threading.Thread(target=self._pass_on, args=(far, near), daemon=True)
                back.start()
                self._pass_on(near, far, held=True)
                back.join()
            except OSError:
                pass
            finally:
                with self.lock:
                    self.open -= {near, far}

    def _pass_on(self, source: socket.socket, target: socket.socket, *, held: bool = False) -> None:
        taken = 0
        with suppress(OSError):
            while block := source.recv(BLOCK):
                taken = taken + len(block) if held and not self.flows.is_set() else 0
                if taken > self.after:
                    self.flows.wait()
                target.sendall(block)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Line:
        self.listening = socket.create_server(("localhost", self.port))
        # The buffers are small, so that the browser notices a stalled transfer.
        self.listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BLOCK)
        threading.Thread(target=self._answer, daemon=True).start()
        return self

    def __exit__(self, *_error) -> None:
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        self.cut()
