"""Send the stand-in provider's responses, complete or with a fault."""

from __future__ import annotations

import json
import socket
import struct
import time
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler
from typing import Any

# Faults before the request is handled: only the faulty response is sent, and a create creates no job.
BEFORE = (
    "401",
    "403",
    "404",
    "429",
    "500",
    "501",
    "502",
    "503",
    "504",
    "reset-before",
    "redirect",
    "html",
    "error-inside",
)
# Faults after the request is handled: a create has created its job, but the response is lost, damaged or late.
AFTER = ("reset-after", "slow-headers", "slow-body", "truncated", "html-after", "garbage")


class FaultyHandler(BaseHTTPRequestHandler):
    """Represent a request handler that sends complete and faulty responses.

    `send` closes the exit stack `in_progress` before a response is complete, so that a create does not count as in
    progress any more when the client sends its next request.
    """

    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        self.in_progress = ExitStack()

    def log_message(self, *_: object) -> None:
        pass

    def send(self, status: int, body: Any, headers: dict[str, str] | None = None, pause: float | None = 0) -> None:
        """Send a response with a pause of `pause` seconds in the middle of its body.

        If `pause` is None, only the first half of the body is sent.
        """
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        half = len(raw) // 2
        self.wfile.write(raw[:half])
        if pause is None:
            self.close_connection = True
            return
        time.sleep(pause)
        self.in_progress.close()
        self.wfile.write(raw[half:])

    def fail(self, fault: dict[str, Any]) -> None:
        """Send the response for a fault whose "kind" is in BEFORE."""
        kind = fault["kind"]
        if kind == "reset-before":
            self.reset()
        elif kind == "redirect":
            self.send(fault.get("status", 302), None, {"Location": fault.get("to", "http://localhost:9/elsewhere")})
        elif kind == "html":
            self.send(200, b"<!doctype html><title>Just a moment</title>", {"Content-Type": "text/html"})
        elif kind == "error-inside":
            self.send(200, fault.get("body", {"error": {"name": "Oops", "message": "Something failed inside"}}))
        else:
            wait = fault.get("retry_after")
            message = fault.get("message", f"Refused with {kind}")
            body = {"message": message, "path": self.path, "requestId": "req-7", "statusCode": int(kind)}
            self.send(int(kind), body, {} if wait is None else {"Retry-After": str(wait)})

    def respond(self, fault: dict[str, Any], status: int, body: Any, headers: dict[str, str]) -> None:
        """Send the given response, damaged or delayed if `fault` has a "kind", which is one of AFTER."""
        kind, seconds = fault.get("kind"), fault.get("seconds", 1.0)
        if kind == "reset-after":
            self.reset()
        elif kind == "html-after":
            self.send(200, b"<html><h1>Bad gateway</h1></html>", {"Content-Type": "text/html"})
        elif kind == "garbage":
            self.send(200, [1, 2, "no object"])
        else:
            if kind == "slow-headers" and "until" in fault:
                fault["until"].wait(60)
            elif kind == "slow-headers":
                time.sleep(seconds)
            self.send(status, body, headers, {"truncated": None, "slow-body": seconds}.get(kind, 0))

    def reset(self) -> None:
        """End the connection with a TCP reset instead of a normal close."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.rfile.close()
        self.connection.close()
