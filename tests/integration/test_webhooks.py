"""Webhooks as a receiver sees them: signed, once for each end, tried again for a day, never to a private address."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from requests import Session
from standardwebhooks import Webhook
from werkzeug import Request, Response

import stt
from stt.compat.requests import session_to
from stt.errors import BadLink, BadOption, NotFound
from stt.jobs import service
from stt.library import history, retention
from stt.settings import settings
from stt.webhooks import deliveries, delivering, sending, subscriptions
from stt.webhooks.deliveries import DELIVERED, FAILED, WAITING, Delivery
from tests import audio
from tests.waiting import ended, until

pytestmark = pytest.mark.usefixtures("engine", "private")


@pytest.fixture
def private(engine: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let receivers of these tests be on this machine, and retry at once."""
    monkeypatch.setenv("STT_ALLOW_PRIVATE_URLS", "1")
    monkeypatch.setattr(delivering, "DELAYS", (0.1, 0.1, 0.1))
    settings.cache_clear()
    yield
    settings.cache_clear()


class Receiver:
    """A server that checks signatures and gives scripted answers, the last one for ever."""

    def __init__(self, server: HTTPServer, *answers: Response | int) -> None:
        self.url = server.url_for("/told?by=stt")
        self.answers = list(answers) or [200]
        self.got: list[tuple[str, dict]] = []
        self.secret = ""
        server.expect_request("/told").respond_with_handler(self._take)

    def _take(self, request: Request) -> Response:
        body = request.get_data()
        Webhook(self.secret).verify(body, dict(request.headers))
        self.got.append((request.headers["webhook-id"], json.loads(body)))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer if isinstance(answer, Response) else Response("thanks", answer)


@pytest.fixture
def receiver(httpserver: HTTPServer) -> Callable[..., Receiver]:
    def make(owner: str, *answers: Response | int) -> Receiver:
        made = Receiver(httpserver, *answers)
        made.secret = subscriptions.of(owner).secret
        return made

    return make


def only(owner: str, state: str) -> Delivery:
    """Return the owner's only delivery once it is in this state."""
    return until(lambda: (found := deliveries.of(owner)) and len(found) == 1 and found[0].state == state and found[0])


def test_the_end_of_each_job_is_told_once_to_the_owners_address_or_to_that_of_the_job(receiver):
    own = receiver("ann")
    subscriptions.save("ann", own.url)
    first = stt.create(audio.JFK, owner="ann")
    ended(first, "ann")
    until(lambda: own.got)
    second = stt.create(audio.JFK, owner="ann", webhook=own.url.replace("stt", "job"))
    ended(second, "ann")
    until(lambda: len(own.got) == 2)
    bad = stt.create(audio.JFK, owner="ann", options={"language": "en"})
    service.cancel(bad, owner="ann")
    until(lambda: len(own.got) == 3)
    delivering.reconcile()
    until(lambda: {each.state for each in deliveries.of("ann")} == {DELIVERED})
    told = [body for _, body in own.got]
    assert [each["type"] for each in told] == [
        "transcription.completed", "transcription.completed", "transcription.cancelled",
    ]  # fmt: skip
    assert [each["data"]["generation_id"] for each in told] == [first, second, bad]
    assert told[0]["data"]["duration"] == pytest.approx(11, abs=0.1) and "country" not in json.dumps(told)
    assert len({name for name, _ in own.got}) == 3
    urls = [each.url for each in reversed(deliveries.of("ann"))]
    assert urls == [own.url, own.url.replace("stt", "job"), own.url]


def test_each_attempt_of_a_job_is_told(receiver):
    own = receiver("bea")
    subscriptions.save("bea", own.url)
    generation_id = stt.create(audio.JFK, owner="bea")
    service.cancel(generation_id, owner="bea")
    until(lambda: own.got)
    service.retry(generation_id, owner="bea")
    ended(generation_id, "bea")
    until(lambda: len(own.got) == 2)
    assert [body["type"] for _, body in own.got] == ["transcription.cancelled", "transcription.completed"]


def test_a_link_that_cannot_be_read_is_told_as_failed(receiver, httpserver: HTTPServer):
    own = receiver("cleo")
    httpserver.expect_request("/talk.mp3").respond_with_data("gone", status=404)
    generation_id = stt.create(httpserver.url_for("/talk.mp3"), owner="cleo", webhook=own.url)
    ended(generation_id, "cleo")
    until(lambda: own.got)
    ((_, body),) = own.got
    assert body["type"] == "transcription.failed"
    assert body["data"]["error"]["name"] == "BadLink" and "404" in body["data"]["error"]["message"]


def test_it_is_told_again_with_the_same_id_until_it_is_received(receiver):
    own = receiver("dan", 500, Response("later", 503), 204)
    subscriptions.save("dan", own.url)
    delivering.send_test("dan")
    delivery = only("dan", DELIVERED)
    assert delivery.attempts == 3 and delivery.status == 204 and delivery.due is None
    assert {name for name, _ in own.got} == {delivery.id} and len(own.got) == 3


def test_after_a_day_it_is_given_up_and_can_be_sent_again(receiver):
    own = receiver("eve", 500, 500, 500, 500, 200)
    subscriptions.save("eve", own.url)
    delivering.send_test("eve")
    delivery = only("eve", FAILED)
    assert delivery.attempts == 4 and (delivery.status, delivery.answer) == (500, "thanks")
    delivering.redeliver(delivery.id, "eve")
    assert only("eve", DELIVERED).attempts == 5
    with pytest.raises(NotFound):
        delivering.redeliver(delivery.id, "ann")
    assert sum((5.0, 60.0, 300.0, 1800.0, 7200.0, 18000.0, 28800.0, 28800.0)) / 3600 == pytest.approx(24, abs=1)


def test_a_receiver_that_says_gone_is_not_asked_again(receiver):
    own = receiver("fay", 410)
    subscriptions.save("fay", own.url)
    delivering.send_test("fay")
    assert only("fay", FAILED).attempts == 1


def test_a_redirect_is_not_followed(receiver, httpserver: HTTPServer):
    elsewhere = Receiver(httpserver)
    httpserver.expect_request("/from").respond_with_data("", 307, headers={"Location": elsewhere.url})
    answer = sending.send(httpserver.url_for("/from"), "msg_1", "{}", subscriptions.of("gil").secret)
    assert answer.status == 307 and "redirects" in answer.text and not elsewhere.got


def test_a_private_address_is_refused_when_saved_and_when_sent(receiver, monkeypatch: pytest.MonkeyPatch):
    own = receiver("hal")
    monkeypatch.setenv("STT_ALLOW_PRIVATE_URLS", "0")
    settings.cache_clear()
    for url in ("http://127.0.0.1/x", "http://localhost:8501/x", "http://169.254.169.254/", "ftp://example.com/"):
        with pytest.raises(BadLink):
            subscriptions.save("hal", url)
        with pytest.raises(BadLink):
            stt.create(audio.JFK, owner="hal", webhook=url)
    assert history.find("hal") == []
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *_, **__: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 80))]
    )
    port = own.url.split(":")[2].split("/")[0]
    answer = sending.send(f"http://innocent.example:{port}/told", "msg_1", "{}", own.secret)
    assert answer.status is None and "private network" in answer.text and not own.got


@pytest.mark.parametrize("behaviour", ["silent", "endless"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_slow_receiver_holds_nobody_up(
    monkeypatch: pytest.MonkeyPatch, certificate: tuple[Path, Path], scheme: str, behaviour: str
):
    monkeypatch.setattr(sending, "LONGEST", 1.0)
    monkeypatch.setattr(sending.addresses, "of", lambda *_, **__: ["127.0.0.1"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)

    def trusting(*values: Any) -> Session:
        session = session_to(*values)
        session.verify = str(certificate[0])
        return session

    monkeypatch.setattr(sending, "session_to", trusting)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            connection.settimeout(5)  # a full send buffer of a closed connection may stay full for minutes
            with suppress(OSError), connection:
                if scheme == "https":
                    connection = context.wrap_socket(connection, server_side=True)
                with connection:
                    connection.recv(65536)
                    connection.sendall(b"HTTP/1.1 200 OK\r\nX-A: ")
                    while behaviour == "endless":  # a header that never ends
                        connection.sendall(b"a")
                    while connection.recv(65536):  # the rest of the request, until the connection is shut down
                        pass

        thread = threading.Thread(target=serve)
        thread.start()
        address = f"{scheme}://talks.example:{listening.getsockname()[1]}/"
        began = time.monotonic()
        answer = sending.send(address, "msg_1", "{}", subscriptions.of("ida").secret)
        took = time.monotonic() - began
        thread.join(30)
    assert answer.status is None and not thread.is_alive()
    assert took < sending.QUIET / 2


def test_a_receiver_that_is_down_is_said_so_and_tried_again(receiver):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/"
    subscriptions.save("joe", address)
    delivering.send_test("joe")
    delivery = only("joe", FAILED)
    assert delivery.status is None and delivery.answer == "It could not be reached." and delivery.attempts == 4


def test_the_last_fifty_are_kept_and_everything_is_deleted_with_its_owner(receiver):
    own = receiver("kim")
    subscriptions.save("kim", own.url)
    for _ in range(55):
        delivering.send_test("kim")
        until(lambda: all(each.state != WAITING for each in deliveries.of("kim")))
    assert len(deliveries.of("kim")) == 50
    retention.delete_everything("kim")
    assert deliveries.of("kim") == [] and subscriptions.url_of("kim") is None
    with pytest.raises(BadOption):
        delivering.send_test("kim")


def test_deliveries_of_a_job_go_with_it(receiver):
    own = receiver("lea")
    generation_id = stt.create(audio.JFK, owner="lea", webhook=own.url)
    ended(generation_id, "lea")
    only("lea", DELIVERED)
    history.delete(generation_id, "lea")
    assert deliveries.of("lea") == []


def test_what_a_killed_process_left_is_told_later(receiver, monkeypatch: pytest.MonkeyPatch):
    own = receiver("mia")
    subscriptions.save("mia", own.url)
    with monkeypatch.context() as patch:
        patch.setattr(delivering, "_enqueue", lambda *_: None)  # killed between two databases
        delivering.send_test("mia")
    monkeypatch.setattr(deliveries, "OVERDUE", -1.0)
    delivering.reconcile()
    only("mia", DELIVERED)


def test_a_new_secret_signs_what_is_sent_from_now_on(receiver):
    own = receiver("nia")
    subscriptions.save("nia", own.url)
    before, own.secret = own.secret, subscriptions.renew_secret("nia")
    assert before != own.secret and own.secret.startswith("whsec_")
    delivering.send_test("nia")
    only("nia", DELIVERED)
