"""Call the REST routes of a server with a token, as a client program does."""

from __future__ import annotations

import subprocess
import sys

import requests

from tests.server import ROOT, Server
from tests.waiting import until

MODEL = "#g1_whisper-base"


class Api:
    """Send requests to the REST routes of a server, with a token if one is given."""

    def __init__(self, server: Server, token: str | None) -> None:
        self.server, self.token = server, token
        self.base = f"{server.url}/v1"
        self.session = requests.Session()
        if token:
            self.session.headers["Authorization"] = f"Bearer {token}"

    def __call__(self, method: str, path: str, **more) -> requests.Response:
        return self.session.request(method, self.base + path, timeout=60, **more)

    def send(
        self, body: bytes, part: str = "audio", name: str = "talk.flac", files: dict | None = None, **fields
    ) -> requests.Response:
        sent = {part: (name, body), **(files or {})}
        return self("POST", "/stt/create", data={"model": MODEL, **fields}, files=sent)

    def link(self, url: str, **fields) -> requests.Response:
        return self("POST", "/stt/create", json={"model": MODEL, "url": url, **fields})

    def ended(self, generation_id: str) -> dict:
        def found() -> dict | None:
            body = self("GET", f"/stt/{generation_id}").json()
            return None if body["status"] in ("waiting", "active") else body

        return until(found, 300, every=0.1)


def python(server: Server, *arguments: str) -> str:
    """Run Python with the server's environment, so that it uses the server's data, and return the standard output."""
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=server.environment, capture_output=True, text=True, check=True
    ).stdout.strip()


def make_token(server: Server, name: str) -> str:
    return python(server, "-m", "stt", "token", name).splitlines()[-1]


def assert_refused(answer: requests.Response, code: int, *words: str) -> None:
    assert answer.status_code == code, answer.text
    body = answer.json()
    assert body.keys() == {"message", "path", "requestId", "statusCode", "timestamp"}
    assert body["statusCode"] == code and body["path"].startswith("/v1/")
    assert body["requestId"] == answer.headers["X-Request-Id"]
    assert all(word in body["message"] for word in words), body["message"]
