"""Run the app as a real process that tests and benchmarks start, kill and restart."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections import deque
from pathlib import Path
from typing import ClassVar

import requests

from tests.nginx import PATH, Nginx
from tests.waiting import until

ROOT = Path(__file__).resolve().parents[1]
_reserved: deque[socket.socket] = deque()


def free_port() -> int:
    """Return a port on which nobody listens, and that no other process is given for the next 200 calls.

    This process keeps a socket bound to it, which does not listen. Only a socket that asks for this port, and that sets
    SO_REUSEADDR as servers do, can be bound to it, too.
    """
    probe = socket.socket()
    probe.bind(("127.0.0.1", 0))
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    _reserved.append(probe)
    if len(_reserved) > 200:
        _reserved.popleft().close()
    return probe.getsockname()[1]


class Server:
    """Represent a process of `streamlit run streamlit_app.py` with its own data folder. A context manager."""

    started: ClassVar[list[Server]] = []  # servers whose logs are added to the report of a failed test
    nginx: ClassVar[bool] = False  # whether `url` leads through nginx, with the app under the URL path PATH

    def __init__(self, data: Path, port: int | None = None, **environment: str) -> None:
        self.data, self.port, self.front_port = data, port or free_port(), free_port()
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith(("STT_", "AIML_"))}
        # Diarization is off, because otherwise its models would be downloaded into each data folder.
        self.environment |= {
            "STT_DATA_DIR": str(data), "PYTHONUNBUFFERED": "1", "STT_SPEAKERS": "off", **environment
        }  # fmt: skip
        self.front: Nginx | None = None
        self.before = None  # function to call in the child process just before the server program is executed
        self.log = data.parent / f"{data.name}.log"
        self.log_start = 0  # byte offset in the log at which the output of the current test begins

    @property
    def url(self) -> str:
        return f"http://localhost:{self.front_port}{PATH}" if Server.nginx else f"http://localhost:{self.port}"

    def start(self) -> Server:
        command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.port", str(self.port)]
        if Server.nginx:
            command += ["--server.baseUrlPath", PATH]
            self.front = self.front or Nginx(self.front_port, self.port)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdout=log, stderr=log, preexec_fn=self.before
            )
        if self not in Server.started:
            Server.started.append(self)
        try:
            self._wait_until_ready()
        except BaseException:
            self.kill()
            raise
        return self

    def _wait_until_ready(self) -> None:
        def ready() -> bool:
            assert self.process.poll() is None, f"the server ended: {self.log_text()}"
            try:
                return requests.get(f"http://localhost:{self.port}/healthz", timeout=30).status_code == 200
            except requests.ConnectionError:  # the server does not listen yet
                return False

        until(ready)

    def log_text(self, max_bytes: int = 20_000) -> str:
        """Return what the server has logged during the current test, at most the last `max_bytes` bytes."""
        return self._log_bytes()[-max_bytes:].decode(errors="replace")

    def skip_log(self) -> None:
        """Exclude from `log_text` what has been logged so far."""
        self.log_start += len(self._log_bytes())

    def _log_bytes(self) -> bytes:
        return self.log.read_bytes()[self.log_start :] if self.log.exists() else b""

    def kill(self) -> None:
        """Kill the server with SIGKILL, so that it cannot finish or store anything."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, seconds: float = 20) -> int:
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def __enter__(self) -> Server:
        return self.start()

    def __exit__(self, *_error) -> None:
        if self.process.poll() is None:
            self.kill()
        if self.front is not None:
            self.front.stop()
            self.front = None
