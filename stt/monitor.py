"""`/healthz` and `/metrics` of a worker, which serves nothing else."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from stt import health, metrics
from stt.errors import SetupError


def serve(port: int, address: str = "") -> None:
    """Answer on `port` in the background, on all addresses where none is given. Raises SetupError."""
    try:
        server = ThreadingHTTPServer((address, port), _Handler)
    except OSError as error:
        raise SetupError(f"Port {port} cannot be used: {error.strerror}.", guidance="Choose another --port.") from error
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="monitor", daemon=True).start()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/healthz":
            status, answer = health.answer()
            self._send(status, json.dumps(answer).encode(), "application/json")
        elif path == "/metrics":
            self._send(200, metrics.page(), metrics.TYPE)
        else:
            self._send(404, b"Not found.\n", "text/plain; charset=utf-8")

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Probes are no news."""
