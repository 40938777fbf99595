"""Test what a host can rely on: access to every route, response headers, the content of the log, and shutdown."""

from __future__ import annotations

import io
import json
import os
import re
import socket
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
import requests
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from stt import kinds, lifecycle
from stt.auth import tokens, visitors
from stt.ops.logs import JsonLines, new_request_id
from stt.store import records, transcripts
from tests import audio
from tests.conftest import reset_caches
from tests.server import ROOT, Server
from tests.waiting import until

PAGE = {"Accept": "text/html"}

# Every route with its status for an unknown client, another visitor, and the owner. A new route needs a row.
# The requests are sent in this order, because the last one deletes the transcript.
ROUTES = {
    "POST /upload": (404, 400, 400),  # 400: allowed, but the upload is empty
    "POST /record": (404, 201, 201),
    "POST /record/{id}": (404, 400, 400),  # 400: allowed, but no piece number; see test_record_routes.py
    "POST /record/{id}/finish": (404, 404, 404),
    "POST /transcripts/{id}/edits": (404, 400, 400),  # 400: allowed, but no step is given; see test_editing.py
    "GET /transcripts/{id}/edits": (404, 400, 400),
    "GET /transcripts/{id}/notes": (404, 404, 200),
    "PUT /transcripts/{id}/notes/{note_id}": (404, 400, 400),  # 400: allowed, but no note is given; see test_notes.py
    "DELETE /transcripts/{id}/notes/{note_id}": (404, 404, 204),
    "POST /transcripts/{id}/readings": (404, 400, 400),
    "GET /transcripts/{id}/readings": (404, 400, 400),  # 400: allowed, but no time is given; see test_readings.py
    "GET /transcripts/{id}/passage": (404, 404, 200),
    "POST /transcripts/{id}/passage": (404, 400, 400),  # 400: allowed, but no passage is given; see test_passages.py
    "DELETE /transcripts/{id}/passage": (404, 404, 204),
    "POST /transcripts/{id}/passage/take": (404, 404, 400),  # 400: allowed, but no result is named
    "GET /favicon.png": (200, 200, 200),
    "GET /audio/{id}": (404, 404, 200),
    "GET /audio/{id}/waveform": (404, 404, 200),
    "GET /audio/{id}/state": (404, 404, 200),
    "GET /export/{id}.{format}": (404, 404, 200),
    "POST /export/transcripts.zip": (404, 422, 422),  # 422: allowed, but no transcript is named; see test_exports.py
    "GET /my-data.zip": (404, 200, 200),  # 200: each visitor gets only their own data
    "GET /healthz": (200, 200, 200),
    "GET /metrics": (200, 200, 200),  # it has only counts, and only clients on this machine may read it
    "POST /v1/stt/create": (401, 400, 400),  # 400: allowed, but the body names nothing to transcribe
    "GET /v1/stt/{generation_id}": (401, 404, 200),
    "GET /v1/models": (200, 200, 200),
    "GET /v1/models/{model:path}": (404, 404, 404),  # 404: no model has this name
    "POST /v1/audio/transcriptions": (401, 400, 400),
    "POST /v1/audio/translations": (401, 400, 400),
    "GET /v1/webhooks": (401, 200, 200),  # each owner gets only their own webhooks
    "POST /v1/webhooks": (401, 400, 400),  # 400: allowed, but no URL is given
    "POST /v1/webhooks/deliveries/{delivery_id}": (401, 404, 404),  # 404: no delivery has this id; see test_webhooks.py
    "GET /mcp": (401, 405, 405),  # 405: the server sends no message without a request
    "POST /mcp": (401, 200, 200),  # test_assistants.py tests what each token may do
    "DELETE /mcp": (401, 405, 405),
    "GET /v1/openapi.json": (200, 200, 200),
    "GET /v1/{rest:path}": (404, 404, 404),
    "DELETE /v1/stt/{generation_id}": (401, 404, 204),
}

PING = {
    "json": {"jsonrpc": "2.0", "id": 1, "method": "ping"},
    "headers": {"Accept": "application/json, text/event-stream"},
}

# Streamlit's routes, which do not check owners, with their status for a request without a cookie.
# A route that a new version of Streamlit adds needs a row and a review.
STREAMLIT_ROUTES = {
    "GET /_stcore/health": 200,
    "GET /_stcore/metrics": 200,  # it has sizes of caches, and only clients on this machine may read it
    "GET /_stcore/host-config": 200,
    "GET /media/{file_id:path}": 404,  # closed: even files that a page offers are not served here
    "PUT /_stcore/upload_file/{session_id}/{file_id}": 404,  # closed: see test_streamlit_uploads.py
    "DELETE /_stcore/upload_file/{session_id}/{file_id}": 404,
    "GET /component/{path:path}": 404,
    "GET /_stcore/bidi-components/{path:path}": 404,
    "WEBSOCKET /_stcore/stream": None,  # the pages: see tests/browser/test_two_visitors.py
    "GET /auth/login": 404,  # nobody signs in where STT_ACCESS is not `login`
    "GET /auth/logout": 404,  # nobody signs in where STT_ACCESS is not `login`
    "GET /oauth2callback": 404,
    "POST /_stcore/agent/interact": 403,  # agents are switched off
    "GET /_stcore/agent/openapi.json": 200,  # the document says that agents are switched off
    "POST /_stcore/agent/mcp": 400,
    "MOUNT ": None,  # Streamlit's scripts and styles, and its page for every other URL
}


@dataclass
class Person:
    """Represent an owner with an HTTP session that sends both a visitor's cookie and an API token."""

    session: requests.Session
    owner: str

    @classmethod
    def at(cls, server: Server, name: str) -> Person:
        session = requests.Session()
        session.get(server.url, headers=PAGE)
        owner = visitors.owner_of(visitors.visitor(session.cookies))
        session.headers["Authorization"] = f"Bearer {tokens.create(name, owner)}"
        return cls(session, owner)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run the app, and let this process use its data folder."""
    folder = tmp_path_factory.mktemp("security") / "data"
    with pytest.MonkeyPatch.context() as patch, Server(folder) as server:
        patch.setenv("STT_DATA_DIR", str(folder))
        reset_caches()
        yield server
        reset_caches()


@pytest.fixture(scope="module")
def owner(server: Server) -> Person:
    return Person.at(server, "owner")


@pytest.fixture(scope="module")
def generation_id(server: Server, owner: Person) -> str:
    return create(server, owner, audio.JFK.read_bytes(), "speech.flac")


def create(server: Server, person: Person, sound: bytes, name: str) -> str:
    answer = person.session.post(
        f"{server.url}/v1/stt/create", files={"audio": (name, sound)}, data={"model": "#g1_whisper-base"}
    )
    assert answer.status_code == 201, answer.text
    return answer.json()["generation_id"]


LISTED = """
import streamlit_app
from starlette.endpoints import HTTPEndpoint
from stt.web.routes import Later
for route in streamlit_app.app._build_starlette_app().routes:
    kind, endpoint = type(route).__name__, getattr(route, "endpoint", None)
    if isinstance(endpoint, Later) and route.methods is None:
        endpoint = endpoint.resolve()
    if kind != "Route":
        methods = [kind.removesuffix("Route").upper()]
    elif isinstance(endpoint, type) and issubclass(endpoint, HTTPEndpoint):
        methods = [m.upper() for m in ("get", "post", "put", "patch", "delete") if hasattr(endpoint, m)] or ["GET"]
    else:
        methods = route.methods - {"HEAD", "OPTIONS"}
    if "/_stcore/agent/" in getattr(route, "path", ""):  # take every method, to refuse it in words
        methods = ["GET" if route.path.endswith("json") else "POST"]
    for method in methods:
        print(method, getattr(route, "path", ""))
"""


def test_every_route_has_a_row_in_a_table(tmp_path):
    """Compare the tables with the routes of the whole application, including those of Streamlit."""
    environment = {**os.environ, "STT_DATA_DIR": str(tmp_path)}
    listed = subprocess.run(
        [sys.executable, "-c", LISTED], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert set(listed.stdout.splitlines()) == set(ROUTES) | set(STREAMLIT_ROUTES), (
        "say in a table who may see the new route"
    )


def test_streamlit_routes_give_no_data(server: Server, generation_id: str):
    session = requests.Session()
    for row, expected in STREAMLIT_ROUTES.items():
        if expected is not None:
            method, path = row.split()
            address = server.url + re.sub(r"\{[^}]+\}", generation_id, path)
            assert session.request(method, address, allow_redirects=False).status_code == expected, row


def test_each_route_gives_each_visitor_the_expected_status(server: Server, owner: Person, generation_id: str):
    nobody, other = requests.Session(), Person.at(server, "other").session
    for row, expected in ROUTES.items():
        method, path = row.split()
        address = server.url + re.sub(r"\{\w+:path\}", "nothing", re.sub(r"\{\w*id\}", generation_id, path)).replace(
            "{format}", "txt"
        )
        body = {"json": {}} if "create" in path else PING if row == "POST /mcp" else {}
        answers = tuple(final_status(who, method, address, **body) for who in (nobody, other, owner.session))
        assert answers == expected, row
    assert owner.session.get(f"{server.url}/audio/{generation_id}").status_code == 404


def final_status(who: requests.Session, method: str, address: str, **body) -> int:
    """Repeat a request while its status is 202 (at most 20 times), and return the last status.

    There is no pause between the requests, because the server waits before it responds with 202.
    """
    for _ in range(20):
        if (status := who.request(method, address, **body).status_code) != 202:
            break
    return status


def test_my_data_archive_contains_only_data_of_the_visitor(server: Server):
    ann, ben = Person.at(server, "ann"), Person.at(server, "ben")
    create(server, ann, audio.AUSTEN[1].read_bytes(), "only for ann.wav")
    found = {person.owner: person.session.get(f"{server.url}/my-data.zip") for person in (ann, ben)}
    names = {owner: zipfile.ZipFile(io.BytesIO(answer.content)).namelist() for owner, answer in found.items()}
    assert "recordings/0001 only for ann.wav" in names[ann.owner] and names[ben.owner] == ["index.json"]
    assert found[ann.owner].headers["Cache-Control"] == "private, no-store"


def test_response_headers_forbid_content_from_other_sites(server: Server):
    for path in ("/", "/history", "/healthz", "/_stcore/health", "/audio/nothing", "/v1/models", "/favicon.png"):
        headers = requests.get(server.url + path, headers=PAGE).headers
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert headers["Referrer-Policy"] == "same-origin", path
        assert headers["X-Frame-Options"] == "SAMEORIGIN", path
        assert "microphone=(self)" in headers["Permissions-Policy"], path
        policy = headers["Content-Security-Policy"]
        assert "frame-ancestors 'self'" in policy and "object-src 'none'" in policy, path
        assert (
            "https:" not in policy
            and "*" not in policy
            and "unsafe-eval'" not in policy.replace("wasm-unsafe-eval'", "")
        )


def test_an_upload_cannot_be_opened_as_a_page(server: Server):
    """Upload a recording that ends with an HTML page, under several names. It is served only as audio, in a sandbox."""
    person = Person.at(server, "polyglot")
    page = b"<html><script>document.title = 'taken over'</script></html>"
    for name in ("page.html", "picture.svg", "sound.wav"):
        generation_id = create(server, person, audio.AUSTEN[0].read_bytes() + page, name)
        answer = person.session.get(f"{server.url}/audio/{generation_id}")
        assert answer.status_code == 200 and answer.headers["Content-Type"].startswith("audio/")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
        person.session.delete(f"{server.url}/v1/stt/{generation_id}")


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
def test_cross_site_request_is_refused(server: Server, owner: Person, headers: dict):
    for method, path in (("POST", "/upload"), ("POST", "/v1/stt/create"), ("DELETE", "/v1/stt/anything")):
        assert owner.session.request(method, server.url + path, headers=headers).status_code == 403


def test_a_websocket_from_another_site_is_refused(server: Server):
    stream = f"ws://localhost:{server.port}/_stcore/stream"
    with connect(stream, origin=server.url):
        pass
    for origin in ("https://evil.example", f"http://localhost.evil.example:{server.port}", "null"):
        with pytest.raises((WebSocketException, OSError)), connect(stream, origin=origin) as socket_:
            socket_.recv(timeout=5)


# What Streamlit prints on standard output at its start, in the same file as the log from standard error.
GREETING = r"\s*You can now view your Streamlit app in your browser\.\s*(\s+\w*\s?URL: http\S+)*\s*"


def test_log_is_json_with_request_ids_and_without_user_content(server: Server, owner: Person):
    answer = owner.session.post(
        f"{server.url}/upload", headers={"Sec-Fetch-Site": "cross-site", "X-Request-Id": "proxy-4711"}
    )
    assert answer.status_code == 403
    secret = "the-name-of-a-patient"
    generation_id = create(server, owner, audio.JFK.read_bytes(), f"{secret}.flac")
    until(lambda: not records.load(generation_id, None).pending, 300)
    owner.session.get(f"{server.url}/v1/stt/{generation_id}")
    text = server.log.read_text()
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    assert re.fullmatch(GREETING, "\n".join(line for line in text.splitlines() if not line.startswith("{"))), text
    refused = next(line for line in lines if line.get("request_id") == "proxy-4711")
    assert refused["level"] == "warning" and refused["time"].endswith("Z") and refused["message"]
    assert secret not in text and "your country" not in text
    assert owner.session.headers["Authorization"].split()[1] not in text


def test_logged_exception_has_its_location_but_not_its_message():
    import logging

    try:
        raise ValueError("what somebody said")
    except ValueError as error:
        record = logging.LogRecord(
            "stt.x", logging.ERROR, "", 1, "failed %s\nand more", ("a" * 27,), (ValueError, error, error.__traceback__)
        )
    line = JsonLines().format(record)
    found = json.loads(line)
    assert found["error"] == "ValueError" and found["generation_id"] == "a" * 27 and "test_security" in found["at"][-1]
    assert "what somebody said" not in line and "\n" not in line


def test_session_id_of_a_tab_is_not_in_the_log():
    import logging

    session_id = "1b671a64-40d5-491e-99b0-da01ff1f3341"
    record = logging.LogRecord(
        "streamlit", logging.WARNING, "", 1, "Session with id %s is already connected!", (session_id,), None
    )
    line = JsonLines().format(record)
    assert session_id not in line and "is already connected" in line


def test_request_id_of_a_proxy_is_kept_only_if_valid():
    assert new_request_id("0123456789abcdef") == "0123456789abcdef"
    for bad in (None, "", "short", 'x"} {"forged": "line', "a" * 65):
        assert re.fullmatch(r"[0-9a-f]{16}", new_request_id(bad))


def test_sigterm_during_a_chunk_loses_nothing_and_logs_no_traceback(server: Server, owner: Person, tmp_path):
    """Stop the server during a job and an upload that has stalled. The server does not wait for the upload.

    This is the last test of the file, because it restarts the app.
    """
    # Two idle cores need 10 s or more for this sound, so the job is not done when the server ends, after 7 s.
    sound = audio.write(tmp_path / "long.flac", np.tile(audio.samples(audio.JFK), 14)).read_bytes()
    generation_id = create(server, owner, sound, "long.flac")
    until(lambda: records.load(generation_id, None).seconds_done > 0, 300)
    head = f"POST /upload HTTP/1.1\r\nHost: localhost:{server.port}\r\nContent-Length: 1000000\r\nCookie: stt_visitor={owner.session.cookies['stt_visitor']}\r\n\r\n"
    before = len(server.log.read_text())
    with socket.create_connection(("localhost", server.port)) as hanging:
        hanging.sendall(head.encode() + b"x" * 1000)
        assert lifecycle.LONGEST + lifecycle.TIMEOUT < 10 and server.stop(60) == 0
    assert "Traceback" not in server.log.read_text()[before:]
    stopped = records.load(generation_id, None)
    assert stopped.pending
    server.start()
    until(lambda: not records.load(generation_id, None).pending, 300)
    assert records.load(generation_id, None).state == kinds.DONE
    assert transcripts.transcript_of(generation_id).text.lower().count("your country") >= 21
