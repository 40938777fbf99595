"""The REST routes of webhooks: an address, a secret, deliveries, and an address for a single job."""

from __future__ import annotations

import json
import threading

import pytest
from pytest_httpserver import HTTPServer
from standardwebhooks import Webhook
from werkzeug import Request, Response

from tests import audio
from tests.app.rest import Api, assert_refused
from tests.waiting import until


@pytest.fixture
def told(httpserver: HTTPServer) -> list[tuple[str, dict, dict]]:
    """Return what a receiver at /told gets: path with query, headers, body."""
    got = []

    def take(request: Request) -> Response:
        got.append((request.full_path, dict(request.headers), json.loads(request.get_data())))
        return Response("thanks")

    httpserver.expect_request("/told").respond_with_handler(take)
    return got


def test_a_program_is_told_at_its_owners_address_and_at_that_of_a_job(api: Api, httpserver: HTTPServer, told: list):
    url = httpserver.url_for("/told")
    saved = api("POST", "/webhooks", json={"url": url}).json()
    assert saved["url"] == url and saved["secret"].startswith("whsec_")
    first = api.send(audio.JFK.read_bytes()).json()["generation_id"]
    api.ended(first)
    until(lambda: len(told) == 1)
    second = api.send(audio.JFK.read_bytes(), webhook_url=url + "?job=2").json()["generation_id"]
    link = httpserver.url_for("/nothing.mp3")
    third = api.link(link, webhook_url=url + "?job=3").json()["generation_id"]
    for generation_id in (second, third):
        api.ended(generation_id)
    until(lambda: len(told) == 3)
    assert api("POST", "/webhooks", json={"url": None}).json()["url"] is None
    assert {path for path, _, _ in told} == {"/told?", "/told?job=2", "/told?job=3"}
    for _, headers, body in told:
        assert Webhook(saved["secret"]).verify(json.dumps(body), headers) == body
    states = {body["data"]["generation_id"]: body["type"] for _, _, body in told}
    assert states == {
        first: "transcription.completed", second: "transcription.completed", third: "transcription.failed",
    }  # fmt: skip
    until(lambda: all(each["state"] == "delivered" for each in api("GET", "/webhooks").json()["deliveries"]))
    deliveries = api("GET", "/webhooks").json()["deliveries"]
    assert {each["generation_id"] for each in deliveries} == {first, second, third}
    assert all(each["status"] == 200 and each["answer"] == "thanks" for each in deliveries)
    again = api("POST", f"/webhooks/deliveries/{deliveries[0]['id']}")
    assert again.status_code == 202
    until(lambda: len(told) == 4)
    assert told[3][2] == next(body for _, headers, body in told if headers["Webhook-Id"] == deliveries[0]["id"])


def test_an_address_that_is_none_is_refused(api: Api, somebody_else: Api):
    for body in ({}, {"url": 5}, [], {"url": "ftp://example.com/"}, {"url": "http://user@example.com/"}):
        assert_refused(api("POST", "/webhooks", json=body), 400)
    assert_refused(api.send(audio.JFK.read_bytes(), webhook_url="no address"), 400)
    assert_refused(api.link("http://example.com/a.mp3", webhook_url="no address"), 400, "webhook_url")
    assert_refused(api("POST", "/webhooks/deliveries/msg_unknown"), 404)
    assert somebody_else("GET", "/webhooks").json()["deliveries"] == []


def test_a_receiver_that_hangs_delays_no_other_job(api: Api, httpserver: HTTPServer, told: list):
    go_on = threading.Event()

    def hang(_request: Request) -> Response:
        go_on.wait(60)
        return Response("late")

    httpserver.expect_request("/hangs").respond_with_handler(hang)
    slow = api.send(audio.JFK.read_bytes(), webhook_url=httpserver.url_for("/hangs")).json()["generation_id"]
    api.ended(slow)
    quick = api.send(audio.JFK.read_bytes(), webhook_url=httpserver.url_for("/told")).json()["generation_id"]
    api.ended(quick)
    go_on.set()
    until(lambda: told)
