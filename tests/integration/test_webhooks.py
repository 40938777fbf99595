"""Test webhooks at the receiver: signed, once per end of a job, retried for a day, never to a private address."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from requests import Session
from standardwebhooks import Webhook
from werkzeug import Request, Response

import stt
from stt.compat.requests import session_to
from stt.errors import BadLink, BadOption, LimitReached, NotFound
from stt.jobs import service
from stt.library import history, retention
from stt.webhooks import deliveries, delivering, sending, subscriptions
from stt.webhooks.deliveries import DELIVERED, FAILED, WAITING, Delivery
from tests import audio
from tests.conftest import read_settings_again
from tests.server import free_port
from tests.waiting import ended, until

pytestmark = pytest.mark.usefixtures("engine", "private")


@pytest.fixture
def private(engine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Allow receivers on this machine, and wait only 0.1 s before each of three retries."""
    monkeypatch.setenv("STT_ALLOW_PRIVATE_URLS", "1")
    monkeypatch.setattr(delivering, "DELAYS", (0.1, 0.1, 0.1))
    read_settings_again()


class Receiver:
    """Imitate a receiver that checks signatures and gives scripted answers. The last answer is repeated."""

    def __init__(self, server: HTTPServer, *answers: Response | int) -> None:
        self.url = server.url_for("/told?by=stt")
        self.answers = list(answers) or [200]
        self.received: list[tuple[str, dict]] = []
        self.secret = ""
        server.expect_request("/told").respond_with_handler(self._take)

    def _take(self, request: Request) -> Response:
        body = request.get_data()
        Webhook(self.secret).verify(body, dict(request.headers))
        self.received.append((request.headers["webhook-id"], json.loads(body)))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer if isinstance(answer, Response) else Response("thanks", answer)


@pytest.fixture
def receiver(httpserver: HTTPServer) -> Callable[..., Receiver]:
    def make(owner: str, *answers: Response | int) -> Receiver:
        created = Receiver(httpserver, *answers)
        created.secret = subscriptions.of(owner).secret
        return created

    return make


def only_delivery(owner: str, state: str) -> Delivery:
    """Return the owner's only delivery once it is in this state."""
    return until(lambda: (found := deliveries.of(owner)) and len(found) == 1 and found[0].state == state and found[0])


def test_end_of_each_job_is_sent_once_to_the_address_of_owner_or_job(receiver):
    endpoint = receiver("ann")
    subscriptions.save("ann", endpoint.url)
    first = stt.create(audio.JFK, owner="ann")
    ended(first, "ann")
    until(lambda: endpoint.received)
    second = stt.create(audio.JFK, owner="ann", webhook=endpoint.url.replace("stt", "job"))
    ended(second, "ann")
    until(lambda: len(endpoint.received) == 2)
    bad = stt.create(audio.JFK, owner="ann", options={"language": "en"})
    service.cancel(bad, owner="ann")
    until(lambda: len(endpoint.received) == 3)
    delivering.reconcile()
    until(lambda: {each.state for each in deliveries.of("ann")} == {DELIVERED})
    bodies = [body for _, body in endpoint.received]
    assert [each["type"] for each in bodies] == [
        "transcription.completed", "transcription.completed", "transcription.cancelled",
    ]  # fmt: skip
    assert [each["data"]["generation_id"] for each in bodies] == [first, second, bad]
    assert bodies[0]["data"]["duration"] == pytest.approx(11, abs=0.1) and "country" not in json.dumps(bodies)
    assert len({name for name, _ in endpoint.received}) == 3
    urls = [each.url for each in reversed(deliveries.of("ann"))]
    assert urls == [endpoint.url, endpoint.url.replace("stt", "job"), endpoint.url]


def test_each_attempt_of_a_job_is_delivered(receiver):
    endpoint = receiver("bea")
    subscriptions.save("bea", endpoint.url)
    generation_id = stt.create(audio.JFK, owner="bea")
    service.cancel(generation_id, owner="bea")
    until(lambda: endpoint.received)
    service.retry(generation_id, owner="bea")
    ended(generation_id, "bea")
    until(lambda: len(endpoint.received) == 2)
    assert [body["type"] for _, body in endpoint.received] == ["transcription.cancelled", "transcription.completed"]


def test_unreadable_link_is_delivered_as_failed(receiver, httpserver: HTTPServer):
    endpoint = receiver("cleo")
    httpserver.expect_request("/talk.mp3").respond_with_data("gone", status=404)
    generation_id = stt.create(httpserver.url_for("/talk.mp3"), owner="cleo", webhook=endpoint.url)
    ended(generation_id, "cleo")
    until(lambda: endpoint.received)
    ((_, body),) = endpoint.received
    assert body["type"] == "transcription.failed"
    assert body["data"]["error"]["name"] == "BadLink" and "404" in body["data"]["error"]["message"]


def test_delivery_is_retried_with_the_same_id_until_it_is_received(receiver):
    endpoint = receiver("dan", 500, Response("later", 503), 204)
    subscriptions.save("dan", endpoint.url)
    delivering.send_test("dan")
    delivery = only_delivery("dan", DELIVERED)
    assert delivery.attempts == 3 and delivery.status == 204 and delivery.due is None
    assert {name for name, _ in endpoint.received} == {delivery.id} and len(endpoint.received) == 3


def test_delivery_fails_after_a_day_and_can_be_sent_again(receiver):
    endpoint = receiver("eve", 500, 500, 500, 500, 200)
    subscriptions.save("eve", endpoint.url)
    delivering.send_test("eve")
    delivery = only_delivery("eve", FAILED)
    assert delivery.attempts == 4 and (delivery.status, delivery.answer) == (500, "thanks")
    delivering.redeliver(delivery.id, "eve")
    assert only_delivery("eve", DELIVERED).attempts == 5
    with pytest.raises(NotFound):
        delivering.redeliver(delivery.id, "ann")
    assert sum((5.0, 60.0, 300.0, 1800.0, 7200.0, 18000.0, 28800.0, 28800.0)) / 3600 == pytest.approx(24, abs=1)


def test_receiver_that_answers_gone_is_not_tried_again(receiver):
    endpoint = receiver("fay", 410)
    subscriptions.save("fay", endpoint.url)
    delivering.send_test("fay")
    assert only_delivery("fay", FAILED).attempts == 1


def test_a_redirect_is_not_followed(receiver, httpserver: HTTPServer):
    elsewhere = Receiver(httpserver)
    httpserver.expect_request("/from").respond_with_data("", 307, headers={"Location": elsewhere.url})
    answer = sending.send(httpserver.url_for("/from"), "msg_1", "{}", subscriptions.of("gil").secret)
    assert answer.status == 307 and "redirects" in answer.text and not elsewhere.received


def test_a_private_address_is_refused_when_saved_and_when_sent(receiver, monkeypatch: pytest.MonkeyPatch):
    endpoint = receiver("hal")
    monkeypatch.setenv("STT_ALLOW_PRIVATE_URLS", "0")
    read_settings_again()
    for url in ("http://127.0.0.1/x", "http://localhost:8501/x", "http://169.254.169.254/", "ftp://example.com/"):
        with pytest.raises(BadLink):
            subscriptions.save("hal", url)
        with pytest.raises(BadLink):
            stt.create(audio.JFK, owner="hal", webhook=url)
    assert history.find("hal") == []
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *_, **__: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 80))]
    )
    port = endpoint.url.split(":")[2].split("/")[0]
    answer = sending.send(f"http://innocent.example:{port}/told", "msg_1", "{}", endpoint.secret)
    assert answer.status is None and "private network" in answer.text and not endpoint.received


@pytest.mark.parametrize("behaviour", ["silent", "endless"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_slow_receiver_is_abandoned_after_a_timeout(
    monkeypatch: pytest.MonkeyPatch, certificate: tuple[Path, Path], scheme: str, behaviour: str
):
    monkeypatch.setattr(sending, "LONGEST", 1.0)
    monkeypatch.setattr(sending, "QUIET", 120.0)
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
            connection.settimeout(60)  # after the client disconnects, `sendall` could otherwise block for minutes
            with suppress(OSError), connection:
                if scheme == "https":
                    connection = context.wrap_socket(connection, server_side=True)
                with connection:
                    connection.recv(65536)
                    connection.sendall(b"HTTP/1.1 200 OK\r\nX-A: ")
                    while behaviour == "endless":  # send a header that never ends
                        connection.sendall(b"a")
                    while connection.recv(65536):  # read on until the client disconnects
                        pass

        thread = threading.Thread(target=serve)
        thread.start()
        address = f"{scheme}://talks.example:{listening.getsockname()[1]}/"
        began = time.monotonic()
        answer = sending.send(address, "msg_1", "{}", subscriptions.of("ida").secret)
        took = time.monotonic() - began
        thread.join(90)
    assert answer.status is None and not thread.is_alive()
    assert took < 30


def test_receiver_with_many_addresses_has_no_more_time_than_others(monkeypatch: pytest.MonkeyPatch):
    """Use an address that drops packets, as a firewall does: a listener whose queue of connections is full."""
    monkeypatch.setattr(sending, "LONGEST", 1.0)
    monkeypatch.setattr(sending, "CONNECT", 0.4)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listening, ExitStack() as waiting:
        port = listening.getsockname()[1]
        with suppress(TimeoutError):
            while True:
                waiting.enter_context(socket.create_connection(("127.0.0.1", port), 0.3))
        monkeypatch.setattr(sending.addresses, "of", lambda *_, **__: ["127.0.0.1"] * 300)
        began = time.monotonic()
        answer = sending.send(f"http://many.example:{port}/", "msg_1", "{}", subscriptions.of("ida").secret)
        took = time.monotonic() - began
    assert answer == sending.Answer(None, sending.LATE)
    assert took < 40


def test_unreachable_receiver_is_reported_and_retried(receiver):
    subscriptions.save("joe", f"http://127.0.0.1:{free_port()}/")
    delivering.send_test("joe")
    delivery = only_delivery("joe", FAILED)
    assert delivery.status is None and delivery.answer == "It could not be reached." and delivery.attempts == 4


def test_last_fifty_deliveries_are_kept_and_deleted_with_their_owner(receiver):
    endpoint = receiver("kim")
    subscriptions.save("kim", endpoint.url)
    for _ in range(55):
        delivering.send_test("kim")
        until(lambda: all(each.state != WAITING for each in deliveries.of("kim")))
    assert len(deliveries.of("kim")) == 50
    retention.delete_everything("kim")
    assert deliveries.of("kim") == [] and subscriptions.url_of("kim") is None
    with pytest.raises(BadOption):
        delivering.send_test("kim")


@pytest.fixture
def slow_receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, list[str], threading.Semaphore]]:
    """Run a receiver that answers requests to `/slow` only after the semaphore is released, once for each.

    Return its address, the list of the paths of all requests, and the semaphore. The app waits for the answers.
    """
    for name in ("QUIET", "LONGEST"):
        monkeypatch.setattr(sending, name, 600.0)
    received: list[str] = []
    answers = threading.Semaphore(0)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(self.path)
            if self.path == "/slow":
                answers.acquire()
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", received, answers
        answers.release(1000)
        until(lambda: not deliveries.waiting_with(deliveries.of("pia")[0].id))
        server.shutdown()
        thread.join(30)


def test_slow_receiver_does_not_delay_the_messages_of_others(slow_receiver):
    address, received, answers = slow_receiver
    subscriptions.save("pia", f"{address}/slow")
    subscriptions.save("quin", f"{address}/quick")
    for _ in range(delivering.AT_ONCE + 4):
        delivering.send_test("pia")
    until(lambda: len(received) == delivering.AT_ONCE)
    delivering.send_test("quin")
    answers.release()
    until(lambda: len(received) > delivering.AT_ONCE)
    assert received[delivering.AT_ONCE] == "/quick"


def test_number_of_waiting_tests_is_limited(slow_receiver):
    address, _, _ = slow_receiver
    subscriptions.save("pia", f"{address}/slow")
    for _ in range(deliveries.KEPT):
        delivering.send_test("pia")
    with pytest.raises(LimitReached):
        delivering.send_test("pia")


def test_deliveries_are_deleted_with_their_job(receiver):
    endpoint = receiver("lea")
    generation_id = stt.create(audio.JFK, owner="lea", webhook=endpoint.url)
    ended(generation_id, "lea")
    only_delivery("lea", DELIVERED)
    history.delete(generation_id, "lea")
    assert deliveries.of("lea") == []


def test_delivery_of_a_killed_process_is_sent_later(receiver, monkeypatch: pytest.MonkeyPatch):
    endpoint = receiver("mia")
    subscriptions.save("mia", endpoint.url)
    with monkeypatch.context() as patch:
        # The delivery is stored but not queued, as if the process was killed in between.
        patch.setattr(delivering, "_enqueue", lambda *_: None)
        delivering.send_test("mia")
    monkeypatch.setattr(deliveries, "OVERDUE", -1.0)
    delivering.reconcile()
    only_delivery("mia", DELIVERED)


def test_new_secret_signs_later_deliveries(receiver):
    endpoint = receiver("nia")
    subscriptions.save("nia", endpoint.url)
    before, endpoint.secret = endpoint.secret, subscriptions.renew_secret("nia")
    assert before != endpoint.secret and endpoint.secret.startswith("whsec_")
    delivering.send_test("nia")
    only_delivery("nia", DELIVERED)
