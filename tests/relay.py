"""Relay the connection between a browser and the server, and stall or cut it as bad networks do."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

from tests.server import free_port

BLOCK = 1 << 16  # bytes


class Relay:
    """Relay connections from a free local port to the server on `port`. A context manager."""

    def __init__(self, port: int) -> None:
        self.server = port
        self.port = free_port()
        self.flowing = threading.Event()
        self.flowing.set()
        self.after = 0  # maximum bytes that each connection relays to the server between `hold` and `release`
        self.broken = False
        self.answers_to_drop = 0  # number of next connections that are closed once the server responds
        self.open: set[socket.socket] = set()
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def hold(self, after: int = 300_000) -> None:
        """Let no connection relay more than `after` bytes to the server until `release` is called.

        Small messages still arrive, but a large file stalls.
        """
        self.after = after
        self.flowing.clear()

    def release(self) -> None:
        self.flowing.set()

    def cut(self) -> None:
        """Close all connections, and close new ones at once until `restore` is called."""
        with self.lock:
            self.broken = True
            self._shut_down()
        self.release()

    def restore(self) -> None:
        self.broken = False

    def _shut_down(self) -> None:
        for end in self.open:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self.listening.accept()
            except OSError:
                return  # `__exit__` has closed the listening socket
            threading.Thread(target=self._connect, args=(client,), daemon=True).start()

    def _connect(self, client: socket.socket) -> None:
        with client, socket.socket() as upstream:
            with self.lock:
                if self.broken:
                    return
                self.open |= {client, upstream}
                drop, self.answers_to_drop = self.answers_to_drop > 0, max(0, self.answers_to_drop - 1)
            try:
                upstream.connect(("127.0.0.1", self.server))
                back = threading.Thread(target=self._relay, args=(upstream, client), kwargs={"drop": drop}, daemon=True)
                back.start()
                self._relay(client, upstream, limited=True)
                back.join()
            except OSError:
                pass
            finally:
                with self.lock:
                    self.open -= {client, upstream}

    def _relay(
        self, source: socket.socket, target: socket.socket, *, limited: bool = False, drop: bool = False
    ) -> None:
        relayed = 0
        with suppress(OSError):
            while block := source.recv(BLOCK):
                if drop:
                    break
                relayed = relayed + len(block) if limited and not self.flowing.is_set() else 0
                if relayed > self.after:
                    self.flowing.wait()
                target.sendall(block)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Relay:
        self.listening = socket.create_server(("localhost", self.port))
        # The receive buffer is small, because the browser counts bytes in it as sent to the server.
        self.listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BLOCK)
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_error) -> None:
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        self.cut()
