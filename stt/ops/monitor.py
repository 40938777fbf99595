"""Serve `/healthz` and `/metrics` on a worker, a process that runs jobs and serves no pages."""

from __future__ import annotations

import json
import logging
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from stt.errors import SetupError
from stt.ops import health, metrics

TEXT = "text/plain; charset=utf-8"

log = logging.getLogger("stt.ops.monitor")


def serve(port: int, address: str = "") -> None:
    """Serve on `port` in a background thread, on all IP addresses of this machine or only on `address`.

    Raises SetupError if the port cannot be used.
    """
    try:
        server = ThreadingHTTPServer((address, port), _Handler)
    except OSError as error:
        raise SetupError(f"Port {port} cannot be used: {error.strerror}.", guidance="Choose another --port.") from error
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="monitor", daemon=True).start()


class _Handler(BaseHTTPRequestHandler):
    timeout = 30.0  # seconds of silence after which a connection is closed

    def do_GET(self) -> None:
        try:
            status, body, kind = self._answer(self.path.partition("?")[0])
        except Exception:
            log.exception("the monitor could not answer")
            status, body, kind = 500, b"Something went wrong; it is in the log.\n", TEXT
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _answer(self, path: str) -> tuple[int, bytes, str]:
        if path == "/healthz":
            status, found = health.answer()
            return status, json.dumps(found).encode(), "application/json"
        if path == "/metrics":
            return 200, metrics.page(), metrics.TYPE
        return 404, b"Not found.\n", TEXT

    def log_message(self, *_: object) -> None:
        """Do not log requests, because all of them are health checks or collections of metrics."""
