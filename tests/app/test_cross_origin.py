"""Pages of other sites may call the REST routes where the host lets them (STT_CORS_ORIGINS), and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from tests.server import Server

FRIEND, STRANGER = "https://app.example.org", "https://other.example"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    origins = f"{FRIEND}/, https://b.example"
    with Server(tmp_path_factory.mktemp("cors") / "data", STT_CORS_ORIGINS=origins) as server:
        yield server


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("closed") / "data") as server:
        yield server


def asked(server: Server, method: str, path: str, origin: str, **headers: str) -> requests.Response:
    sent = {"Origin": origin, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors", **headers}
    return requests.request(method, server.url + path, headers=sent, timeout=30)


def before(server: Server, path: str, origin: str) -> requests.Response:
    wanted = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    return asked(server, "OPTIONS", path, origin, **wanted)


def test_a_page_that_may_call_gets_answers_and_is_told_so_beforehand(server: Server):
    for answer in (before(server, "/v1/stt/create", FRIEND), asked(server, "POST", "/v1/stt/create", FRIEND)):
        assert answer.headers["Access-Control-Allow-Origin"] == FRIEND
        assert "Access-Control-Allow-Credentials" not in answer.headers
    assert before(server, "/v1/stt/create", FRIEND).status_code == 200
    assert asked(server, "GET", "/v1/stt/x", FRIEND).status_code == 401  # a token is needed all the same


@pytest.mark.parametrize("origin", [STRANGER, f"{FRIEND}.evil.example", "http://app.example.org", "null"])
def test_any_other_page_may_not(server: Server, origin: str):
    assert before(server, "/v1/stt/create", origin).status_code == 403
    answer = asked(server, "POST", "/v1/stt/create", origin)
    assert answer.status_code == 403 and "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("path", ["/upload", "/record", "/export/transcripts.zip"])
def test_no_other_route_is_opened_by_it(server: Server, path: str):
    answer = asked(server, "POST", path, FRIEND)
    assert answer.status_code == 403 and "Access-Control-Allow-Origin" not in answer.headers


def test_by_default_no_other_site_may_call(closed: Server):
    assert asked(closed, "POST", "/v1/stt/create", FRIEND).status_code == 403
    assert "Access-Control-Allow-Origin" not in before(closed, "/v1/stt/create", FRIEND).headers
