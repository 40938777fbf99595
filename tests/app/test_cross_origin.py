"""Test that pages of other sites may call only the REST routes, and only if the host allows them (STT_CORS_ORIGINS)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from tests.server import Server

ALLOWED_ORIGIN, OTHER_ORIGIN = "https://app.example.org", "https://other.example"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    origins = f"{ALLOWED_ORIGIN}/, https://b.example"
    with Server(tmp_path_factory.mktemp("cors") / "data", STT_CORS_ORIGINS=origins) as server:
        yield server


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("closed") / "data") as server:
        yield server


def request_from(server: Server, method: str, path: str, origin: str, **headers: str) -> requests.Response:
    sent = {"Origin": origin, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors", **headers}
    return requests.request(method, server.url + path, headers=sent, timeout=30)


def preflight(server: Server, path: str, origin: str) -> requests.Response:
    wanted = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    return request_from(server, "OPTIONS", path, origin, **wanted)


def test_allowed_origin_gets_responses_and_a_positive_preflight(server: Server):
    for answer in (
        preflight(server, "/v1/stt/create", ALLOWED_ORIGIN),
        request_from(server, "POST", "/v1/stt/create", ALLOWED_ORIGIN),
    ):
        assert answer.headers["Access-Control-Allow-Origin"] == ALLOWED_ORIGIN
        assert "Access-Control-Allow-Credentials" not in answer.headers
    assert preflight(server, "/v1/stt/create", ALLOWED_ORIGIN).status_code == 200
    # Requests from an allowed origin still need a token.
    assert request_from(server, "GET", "/v1/stt/x", ALLOWED_ORIGIN).status_code == 401


def test_openai_client_in_a_browser_may_send_and_read_its_headers(server: Server):
    names = ["authorization", "content-type", "x-stainless-lang", "x-stainless-retry-count", "openai-organization"]
    wanted = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": ", ".join(names)}
    answer = request_from(server, "OPTIONS", "/v1/audio/transcriptions", ALLOWED_ORIGIN, **wanted)
    assert answer.status_code == 200
    assert set(names) <= set(answer.headers["Access-Control-Allow-Headers"].lower().split(", "))
    answer = request_from(server, "POST", "/v1/audio/transcriptions", ALLOWED_ORIGIN)
    assert {"X-Generation-Id", "X-Ignored-Fields", "X-Should-Retry", "X-Request-Id"} <= set(
        answer.headers["Access-Control-Expose-Headers"].split(", ")
    )


@pytest.mark.parametrize("origin", [OTHER_ORIGIN, f"{ALLOWED_ORIGIN}.evil.example", "http://app.example.org", "null"])
def test_any_other_origin_is_refused(server: Server, origin: str):
    assert preflight(server, "/v1/stt/create", origin).status_code == 403
    answer = request_from(server, "POST", "/v1/stt/create", origin)
    assert answer.status_code == 403 and "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("path", ["/upload", "/record", "/export/transcripts.zip"])
def test_allowed_origin_may_call_no_other_route(server: Server, path: str):
    answer = request_from(server, "POST", path, ALLOWED_ORIGIN)
    assert answer.status_code == 403 and "Access-Control-Allow-Origin" not in answer.headers


def test_no_other_origin_may_call_by_default(closed: Server):
    assert request_from(closed, "POST", "/v1/stt/create", ALLOWED_ORIGIN).status_code == 403
    assert "Access-Control-Allow-Origin" not in preflight(closed, "/v1/stt/create", ALLOWED_ORIGIN).headers
