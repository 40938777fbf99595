"""Test over real HTTP that a client cannot escape the limits of its network address by new cookies and new tokens."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from stt.auth import tokens
from tests import audio
from tests.app.rest import Api
from tests.app.test_assistants import Assistant
from tests.server import Server
from tests.transcripts import sharing_data_with

LINK = "https://example.org/talk.mp3"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server that takes the tests for a proxy, so that they can send from several addresses."""
    environment = {"STT_JOBS_PER_VISITOR": "1", "STT_VISITORS_PER_ADDRESS": "1"}
    environment |= {"STT_ALLOW_PRIVATE_URLS": "1", "STT_TRUSTED_PROXIES": "127.0.0.1, ::1"}
    with Server(tmp_path_factory.mktemp("addresses") / "data", **environment) as server:
        yield server


def api_of(server: Server, visitor: str, **headers: str) -> Api:
    """Return a client with a token of this visitor."""
    with sharing_data_with(server):
        api = Api(server, tokens.create("program", f"visitor:{visitor}"))
    api.session.headers.update(headers)
    return api


@pytest.fixture
def busy(server: Server, httpserver: HTTPServer) -> Iterator[None]:
    """Let a visitor at this machine's address have a job whose download lasts as long as the test."""
    ended = threading.Event()

    def wait(_request: Request) -> Response:
        ended.wait(60)
        return Response(status=404)

    httpserver.expect_request("/slow.mp3").respond_with_handler(wait)
    api = api_of(server, "busy")
    answer = api.link(httpserver.url_for("/slow.mp3"))
    assert answer.status_code == 201, answer.text
    yield
    assert api("DELETE", f"/stt/{answer.json()['generation_id']}").status_code == 204
    ended.set()


def by_assistant(server: Server, api: Api) -> str:
    assert api.token
    return str(Assistant(server, api.token).call("transcribe", url=LINK).content[0].text)


def by_openai(_server: Server, api: Api) -> str:
    files = {"file": ("talk.flac", audio.JFK.read_bytes())}
    return api("POST", "/audio/transcriptions", data={"model": "whisper-1"}, files=files).text


WAYS: dict[str, Callable[[Server, Api], str]] = {
    "a link": lambda _server, api: api.link(LINK).text,
    "a file": lambda _server, api: api.send(audio.JFK.read_bytes()).text,
    "a transcript": lambda _server, api: api.send(audio.JFK.read_bytes(), transcript="And so", language="en").text,
    "OpenAI's API": by_openai,
    "an assistant": by_assistant,
}


@pytest.mark.parametrize("way", WAYS)
def test_jobs_of_programs_count_for_their_network_address(server: Server, busy: None, way: str):
    answer = WAYS[way](server, api_of(server, "fresh"))
    assert "for each network address" in answer
    elsewhere = api_of(server, "elsewhere", **{"X-Forwarded-For": "203.0.113.7"}).send(audio.JFK.read_bytes())
    assert elsewhere.status_code == 201, elsewhere.text
    assert api_of(server, "elsewhere")("DELETE", f"/stt/{elsewhere.json()['generation_id']}").status_code == 204
