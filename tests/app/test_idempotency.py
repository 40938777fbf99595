"""Test `Idempotency-Key` on creates over real HTTP: a repeated create gets the same response and makes no second job.

This also holds after a restart of the server.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from stt.db.engine import database
from stt.db.tables import creates
from stt.errors import KeyReused, StillCreating
from stt.jobs import idempotency
from stt.library import history
from tests import audio, postgres
from tests.app.rest import Api, assert_refused, make_token, python
from tests.server import Server
from tests.transcripts import TALK, store

COUNT = (
    "import sqlalchemy as sa\nfrom stt.db.engine import database; from stt.db.tables import transcriptions\n"
    "print(database().connect().execute(sa.select(sa.func.count()).select_from(transcriptions)).scalar())"
)
LINK = "http://127.0.0.1:9/talk.mp3"  # never downloaded, because this server runs no jobs


@pytest.fixture(params=["sqlite", "postgresql"], scope="module")
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("keys") / "data"
    if request.param == "sqlite":
        with Server(folder, STT_ROLE="web", STT_ALLOW_PRIVATE_URLS="1") as server:
            yield server
        return
    with postgres.postgres() as address:
        with Server(folder, STT_ROLE="web", STT_ALLOW_PRIVATE_URLS="1", STT_DATABASE_URL=address) as server:
            yield server


@pytest.fixture(scope="module")
def api(server: Server) -> Api:
    return Api(server, make_token(server, "one"))


def jobs_in(server: Server) -> int:
    return int(python(server, "-c", COUNT))


def send(api: Api, key: str, body: bytes = audio.JFK.read_bytes(), **fields) -> requests.Response:
    return api(
        "POST", "/stt/create", headers={"Idempotency-Key": key},
        data={"model": "#g1_whisper-base", **fields}, files={"audio": ("talk.flac", body)},
    )  # fmt: skip


def link(api: Api, key: str, url: str = LINK) -> requests.Response:
    return api("POST", "/stt/create", headers={"Idempotency-Key": key}, json={"model": "#g1_whisper-base", "url": url})


def test_repeated_request_gets_the_same_response_even_after_a_restart(api: Api, server: Server):
    key, before = str(uuid.uuid4()), jobs_in(server)
    first, again = send(api, key), send(api, key)
    assert first.status_code == again.status_code == 201 and first.json() == again.json()
    server.kill()
    server.start()
    assert send(api, key).json() == first.json()
    assert jobs_in(server) == before + 1
    assert len(list((server.data / "audio").iterdir())) == 1 and not list((server.data / "incoming").iterdir())


def test_another_body_is_refused_and_keys_are_separate_per_owner(api: Api, server: Server):
    key = str(uuid.uuid4())
    first = send(api, key)
    assert_refused(send(api, key, audio.AUSTEN[0].read_bytes()), 409, "different request body")
    assert_refused(send(api, key, language="de"), 409, "different request body")
    assert_refused(link(api, key), 409, "different request body")
    other = send(Api(server, make_token(server, "two")), key)
    assert other.status_code == 201 and other.json() != first.json()


def test_concurrent_requests_create_one_job(api: Api, server: Server):
    key, before, answers = str(uuid.uuid4()), jobs_in(server), []
    send_link = lambda: answers.append(link(Api(server, api.token), key))  # noqa: E731
    threads = [threading.Thread(target=send_link) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    created = {answer.json()["generation_id"] for answer in answers if answer.status_code == 201}
    assert {answer.status_code for answer in answers} <= {201, 409} and len(created) == 1
    assert all("still being processed" in a.json()["message"] for a in answers if a.status_code == 409)
    assert link(api, key).json()["generation_id"] in created
    assert jobs_in(server) == before + 1


def test_key_of_a_refused_request_can_be_used_again(api: Api):
    key = str(uuid.uuid4())
    assert_refused(send(api, key, b"no sound"), 400)
    assert send(api, key).status_code == 201


@pytest.mark.parametrize("key", ["x" * 256, "two words", ""])
def test_invalid_key_is_refused(api: Api, key: str):
    assert_refused(link(api, key), 400, "1 to 255")


def test_key_expires_after_a_day(data: Path):
    first = claim_key("key", done=True)
    assert claim_key("key").made and claim_key("key").generation_id == first.generation_id
    with pytest.raises(KeyReused), idempotency.claim("ann", "key", b"other"):
        pass
    with database().begin() as connection:
        connection.execute(creates.update().values(at=creates.c.at - idempotency.KEY_LIFETIME - 1))
    assert not claim_key("key").made


def test_claim_of_a_dead_process_is_replaced_but_not_one_of_this_process(data: Path):
    with idempotency.claim("ann", "key", b"body") as first:
        with pytest.raises(StillCreating), idempotency.claim("ann", "key", b"body"):
            pass
        with database().begin() as connection:
            connection.execute(creates.update().values(process="died"))
        with idempotency.claim("ann", "key", b"body") as second:
            assert second.generation_id != first.generation_id
            with database().begin() as connection, pytest.raises(StillCreating):
                first.note(connection)  # the process of the first claim was slow, not dead, and tries to continue


def make_call(*, owner: str = "ann", body: bytes = b"body", repeated: bool = False) -> idempotency.Claim:
    with idempotency.claim_call(owner, body, repeated=repeated) as claim:
        if not claim.made:
            store(owner, TALK, id=claim.generation_id)
            with database().begin() as connection:
                claim.note(connection)
        return claim


def test_repeated_call_without_a_key_is_recognised_for_an_hour(data: Path):
    first, second = make_call(), make_call()
    assert not second.made and second.generation_id != first.generation_id
    again = make_call(repeated=True)
    assert again.made and again.generation_id == second.generation_id
    assert not make_call(repeated=True, owner="bea").made and not make_call(repeated=True, body=b"other").made
    with database().begin() as connection:
        connection.execute(creates.update().values(at=creates.c.at - idempotency.CALL_LIFETIME - 1))
    assert not make_call(repeated=True).made


def test_repeated_call_gets_no_job_that_was_deleted_or_whose_outcome_was_returned(data: Path):
    first, second = make_call(), make_call()
    history.delete(second.generation_id, "ann")
    assert make_call(repeated=True).generation_id == first.generation_id
    idempotency.call_answered(first.generation_id)
    assert not make_call(repeated=True).made


def test_call_that_is_repeated_while_its_job_is_created_makes_no_second_job(data: Path):
    with idempotency.claim_call("ann", b"body", repeated=False):
        with pytest.raises(StillCreating), idempotency.claim_call("ann", b"body", repeated=True):
            pass
        assert not make_call().made  # another call is independent
    with pytest.raises(ValueError), idempotency.claim_call("ann", b"new", repeated=False):
        raise ValueError("the job could not be created")
    assert not make_call(body=b"new", repeated=True).made


def claim_key(key: str, done: bool = False) -> idempotency.Claim:
    with idempotency.claim("ann", key, b"body") as claim:
        if done:
            with database().begin() as connection:
                claim.note(connection)
        return claim
