"""Test `/mcp` with the official client over HTTP, with a read-write and a read-only token."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx2
import pytest
import requests
from mcp.client.session import ClientSession
from mcp.client.streamable_http import streamable_http_client
from pytest_httpserver import HTTPServer
from starlette.applications import Starlette

from stt.auth import tokens
from stt.guard import bodies as guard
from stt.transcript.model import Segment, Transcript
from stt.web.routes import ROUTES
from tests import audio
from tests.app.rest import Api, assert_refused, python
from tests.server import Server
from tests.transcripts import sharing_data_with, store


class Assistant:
    """Call MCP tools with a token. Each call opens a new session."""

    def __init__(self, server: Server, token: str) -> None:
        self.url, self.token = f"{server.url}/mcp", token

    def run(self, action: Any) -> Any:
        async def in_session() -> Any:
            async with (
                httpx2.AsyncClient(timeout=60, headers={"Authorization": f"Bearer {self.token}"}) as http,
                streamable_http_client(self.url, http_client=http) as (read, write),
                ClientSession(read, write) as session,
            ):
                await session.initialize()
                return await action(session)

        return asyncio.run(in_session())

    def tools(self) -> list[str]:
        return [tool.name for tool in self.run(lambda session: session.list_tools()).tools]

    def call(self, name: str, **arguments: Any) -> Any:
        return self.run(lambda session: session.call_tool(name, arguments))


@pytest.fixture(scope="module")
def assistant(server: Server, api: Api) -> Assistant:
    assert api.token
    return Assistant(server, api.token)


@pytest.fixture(scope="module")
def reader(server: Server) -> Assistant:
    return Assistant(server, python(server, "-m", "stt", "token", "tests", "--read-only").splitlines()[-1])


@pytest.fixture(scope="module")
def talk(api: Api) -> str:
    generation_id: str = api.send(audio.JFK.read_bytes(), name="moon speech.flac").json()["generation_id"]
    assert api.ended(generation_id)["status"] == "completed"
    return generation_id


def test_assistant_lists_searches_and_reads_transcripts(assistant: Assistant, talk: str):
    assert assistant.tools() == ["list", "search", "read", "transcribe"]
    listed = assistant.call("list").structured_content
    assert listed["total"] >= 1 and talk in {each["id"] for each in listed["transcripts"]}
    found = assistant.call("search", query="your country")
    assert talk in {each["id"] for each in found.structured_content["transcripts"]}
    assert "moon speech" in found.content[0].text
    assert assistant.call("search", query="zeppelin").structured_content["transcripts"] == []
    read = assistant.call("read", id=talk)
    assert read.content[0].text.startswith("[0.") and "ask not what your country" in read.content[0].text
    assert read.structured_content["title"] == "moon speech" and read.structured_content["next_start"] is None
    assert "no more text" in assistant.call("read", id=talk, start=60.0).content[0].text


def test_long_text_without_times_is_read_in_several_calls(assistant: Assistant, server: Server):
    lines = [f"Line {number}. {'All these words have no times. ' * 20}".strip() for number in range(60)]
    with sharing_data_with(server):
        token = tokens.find(assistant.token)
        assert token is not None
        given = Transcript(tuple(Segment(0, 0, line, begins=True) for line in lines), timed=False)
        generation_id = store(token.owner, given)
    found: list[str] = []
    start: float | None = 0.0
    while start is not None:
        read = assistant.call("read", id=generation_id, start=start)
        following, text = read.structured_content["next_start"], read.content[0].text
        found += text.split("\n\n")
        assert len(text) <= 20_000 and (following is None or following > start)
        start = following
    assert found == lines


def test_paragraphs_without_length_are_read(assistant: Assistant, server: Server):
    length = "All these words fill the answer. " * 400
    texts = {(0.0, 0.0): "A title.", (0.0, 5.0): length, (5.0, 5.0): "A heading.", (5.0, 9.0): length}
    with sharing_data_with(server):
        token = tokens.find(assistant.token)
        assert token is not None
        given = Transcript(tuple(Segment(*span, text.strip(), begins=True) for span, text in texts.items()))
        generation_id = store(token.owner, given)
    found = ""
    start: float | None = 0.0
    while start is not None:
        read = assistant.call("read", id=generation_id, start=start)
        found += read.content[0].text
        following = read.structured_content["next_start"]
        assert following is None or following > start
        start = following
    assert all(text.strip() in found for text in texts.values())


def test_assistant_transcribes_a_link(assistant: Assistant, api: Api, httpserver: HTTPServer):
    httpserver.expect_request("/talk.flac").respond_with_data(audio.JFK.read_bytes(), content_type="audio/flac")
    created = assistant.call("transcribe", url=httpserver.url_for("/talk.flac"), language="en").structured_content
    assert api.ended(created["id"])["status"] == "completed"
    assert "your country" in assistant.call("read", id=created["id"]).content[0].text


def test_failed_tool_call_returns_an_error_with_a_message(
    assistant: Assistant, server: Server, other_api: Api, talk: str
):
    assert other_api.token
    for call, words in (
        (lambda: assistant.call("read", id="unknown"), "no such transcript"),
        (lambda: Assistant(server, other_api.token or "").call("read", id=talk), "no such transcript"),
        (lambda: assistant.call("search", query=""), "query"),
        (lambda: assistant.call("list", limit=1000), "limit"),
        (lambda: assistant.call("transcribe", url="ftp://example.com/a.mp3"), "http"),
        (lambda: assistant.call("transcribe", url="http://example.com/a.mp3", model="huge"), "huge"),
        (lambda: assistant.call("delete", id=talk), "no tool"),
    ):
        answer = call()
        assert answer.is_error and words in answer.content[0].text, answer


def test_read_only_token_changes_nothing_on_any_route(reader: Assistant, server: Server, talk: str):
    assert reader.tools() == ["list", "search", "read"]
    assert "your country" in reader.call("read", id=talk).content[0].text
    refused = reader.call("transcribe", url="http://example.com/a.mp3")
    assert refused.is_error and "only read" in refused.content[0].text
    api = Api(server, reader.token)
    assert api("GET", f"/stt/{talk}").status_code == 200
    assert_refused(api("DELETE", f"/stt/{talk}"), 403, "only read")
    assert_refused(api.send(audio.JFK.read_bytes()), 403)
    assert_refused(api("POST", "/webhooks", json={"url": None}), 403)
    openai = api("POST", "/audio/transcriptions", files={"file": audio.JFK.read_bytes()}, data={"model": "whisper-1"})
    assert openai.status_code == 403


def test_request_without_a_valid_token_gets_401(server: Server):
    for headers in ({}, {"Authorization": "Bearer stt_wrong"}):
        for method in ("GET", "POST", "DELETE"):
            answer = requests.request(method, f"{server.url}/mcp", headers=headers)
            assert answer.status_code == 401 and answer.headers["WWW-Authenticate"] == "Bearer"


def test_body_that_stops_arriving_is_refused_as_too_slow(data: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(guard, "IDLE", 0.05)
    sent: list[Any] = []

    async def request() -> None:
        async def send(message: Any) -> None:
            sent.append(message)

        headers = {
            "authorization": f"Bearer {tokens.create('slow', 'ann')}", "content-type": "application/json",
            "accept": "application/json", "content-length": "100",
        }  # fmt: skip
        scope = {
            "type": "http", "method": "POST", "path": "/mcp", "root_path": "", "query_string": b"", "state": {},
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }  # fmt: skip
        await guard.Steady(Starlette(routes=ROUTES))(scope, asyncio.Event().wait, send)

    asyncio.run(request())
    assert [message["status"] for message in sent if "status" in message] == [408]


def test_invalid_message_is_refused(server: Server, assistant: Assistant):
    headers = {"Authorization": f"Bearer {assistant.token}", "Accept": "application/json, text/event-stream"}
    for body, status in ((b"[" * 1000, 400), (b"x" * (2 << 20), 413)):
        answer = requests.post(f"{server.url}/mcp", data=body, headers={**headers, "Content-Type": "application/json"})
        assert answer.status_code == status
    assert '"level": "error"' not in server.log.read_text()
