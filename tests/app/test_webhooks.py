"""Test the REST routes of webhooks: URL, secret and deliveries of an owner's webhook, and a URL for a single job."""

from __future__ import annotations

import json
import threading

import pytest
from pytest_httpserver import HTTPServer
from standardwebhooks import Webhook
from werkzeug import Request, Response

from tests import audio
from tests.app.rest import Api, assert_refused, python
from tests.server import Server
from tests.waiting import until


@pytest.fixture
def received(httpserver: HTTPServer) -> list[tuple[str, dict, dict]]:
    """Receive webhooks at the path /told. Return the list of requests so far, each (path with query, headers, body)."""
    got = []

    def receive(request: Request) -> Response:
        got.append((request.full_path, dict(request.headers), json.loads(request.get_data())))
        return Response("thanks")

    httpserver.expect_request("/told").respond_with_handler(receive)
    return got


def test_webhook_is_sent_to_the_owners_address_or_to_that_of_a_job(api: Api, httpserver: HTTPServer, received: list):
    url = httpserver.url_for("/told")
    saved = api("POST", "/webhooks", json={"url": url}).json()
    assert saved["url"] == url and saved["secret"].startswith("whsec_")
    first = api.send(audio.JFK.read_bytes()).json()["generation_id"]
    api.ended(first)
    until(lambda: len(received) == 1)
    second = api.send(audio.JFK.read_bytes(), webhook_url=url + "?job=2").json()["generation_id"]
    link = httpserver.url_for("/nothing.mp3")
    third = api.link(link, webhook_url=url + "?job=3").json()["generation_id"]
    for generation_id in (second, third):
        api.ended(generation_id)
    until(lambda: len(received) == 3)
    assert api("POST", "/webhooks", json={"url": None}).json()["url"] is None
    assert {path for path, _, _ in received} == {"/told?", "/told?job=2", "/told?job=3"}
    for _, headers, body in received:
        assert Webhook(saved["secret"]).verify(json.dumps(body), headers) == body
    states = {body["data"]["generation_id"]: body["type"] for _, _, body in received}
    assert states == {
        first: "transcription.completed", second: "transcription.completed", third: "transcription.failed",
    }  # fmt: skip
    until(lambda: all(each["state"] == "delivered" for each in api("GET", "/webhooks").json()["deliveries"]))
    deliveries = api("GET", "/webhooks").json()["deliveries"]
    assert {each["generation_id"] for each in deliveries} == {first, second, third}
    assert all(each["status"] == 200 and each["answer"] == "thanks" for each in deliveries)
    again = api("POST", f"/webhooks/deliveries/{deliveries[0]['id']}")
    assert again.status_code == 202
    until(lambda: len(received) == 4)
    assert received[3][2] == next(body for _, headers, body in received if headers["Webhook-Id"] == deliveries[0]["id"])


def test_read_only_token_does_not_get_the_secret(server: Server, api: Api):
    reader = Api(server, python(server, "-m", "stt", "token", "tests", "--read-only").splitlines()[-1])
    own, read = api("GET", "/webhooks").json(), reader("GET", "/webhooks").json()
    assert own["secret"].startswith("whsec_") and read == {**own, "secret": None}


def test_invalid_address_is_refused(api: Api, other_api: Api):
    for body in ({}, {"url": 5}, [], {"url": "ftp://example.com/"}, {"url": "http://user@example.com/"}):
        assert_refused(api("POST", "/webhooks", json=body), 400)
    assert_refused(api.send(audio.JFK.read_bytes(), webhook_url="no address"), 400)
    assert_refused(api.link("http://example.com/a.mp3", webhook_url="no address"), 400, "webhook_url")
    assert_refused(api("POST", "/webhooks/deliveries/msg_unknown"), 404)
    assert other_api("GET", "/webhooks").json()["deliveries"] == []


def test_hanging_receiver_delays_no_other_job(api: Api, httpserver: HTTPServer, received: list):
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
    until(lambda: received)
