"""`Idempotency-Key` on creates, over real HTTP: the same answer again, one job, also after a restart."""

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
from tests import audio, postgres
from tests.app.rest import Api, assert_refused, make_token, python
from tests.server import Server

COUNT = (
    "import sqlalchemy as sa\nfrom stt.db.engine import database; from stt.db.tables import transcriptions\n"
    "print(database().connect().execute(sa.select(sa.func.count()).select_from(transcriptions)).scalar())"
)
LINK = "http://127.0.0.1:9/talk.mp3"  # nobody fetches it, as this server takes no work


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


def test_the_same_request_again_has_the_same_answer_also_after_a_restart(api: Api, server: Server):
    key, before = str(uuid.uuid4()), jobs_in(server)
    first, again = send(api, key), send(api, key)
    assert first.status_code == again.status_code == 201 and first.json() == again.json()
    server.kill()
    server.start()
    assert send(api, key).json() == first.json()
    assert jobs_in(server) == before + 1
    assert len(list((server.data / "audio").iterdir())) == 1 and not list((server.data / "incoming").iterdir())


def test_another_body_is_refused_and_another_owner_has_keys_of_their_own(api: Api, server: Server):
    key = str(uuid.uuid4())
    made = send(api, key)
    assert_refused(send(api, key, audio.AUSTEN[0].read_bytes()), 409, "different body")
    assert_refused(send(api, key, language="de"), 409, "different body")
    assert_refused(link(api, key), 409, "different body")
    theirs = send(Api(server, make_token(server, "two")), key)
    assert theirs.status_code == 201 and theirs.json() != made.json()


def test_two_at_once_make_one_job(api: Api, server: Server):
    key, before, answers = str(uuid.uuid4()), jobs_in(server), []
    one = lambda: answers.append(link(Api(server, api.token), key))  # noqa: E731
    threads = [threading.Thread(target=one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    made = {answer.json()["generation_id"] for answer in answers if answer.status_code == 201}
    assert {answer.status_code for answer in answers} <= {201, 409} and len(made) == 1
    assert all("is not over" in a.json()["message"] for a in answers if a.status_code == 409)
    assert link(api, key).json()["generation_id"] in made
    assert jobs_in(server) == before + 1


def test_what_was_refused_can_be_sent_right_with_the_same_key(api: Api):
    key = str(uuid.uuid4())
    assert_refused(send(api, key, b"no sound"), 400)
    assert send(api, key).status_code == 201


@pytest.mark.parametrize("key", ["x" * 256, "two words", ""])
def test_a_key_is_bounded(api: Api, key: str):
    assert_refused(link(api, key), 400, "1 to 255")


def test_the_last_key_counts_for_a_day(data: Path):
    made = claimed("key", done=True)
    assert claimed("key").made and claimed("key").generation_id == made.generation_id
    with pytest.raises(KeyReused), idempotency.claim("ann", "key", b"other"):
        pass
    with database().begin() as connection:
        connection.execute(creates.update().values(at=creates.c.at - idempotency.KEY_LIFETIME - 1))
    assert not claimed("key").made


def test_a_claim_of_a_process_that_died_is_taken_over_and_one_of_this_is_not(data: Path):
    with idempotency.claim("ann", "key", b"body") as first:
        with pytest.raises(StillCreating), idempotency.claim("ann", "key", b"body"):
            pass
        with database().begin() as connection:
            connection.execute(creates.update().values(process="died"))
        with idempotency.claim("ann", "key", b"body") as second:
            assert second.generation_id != first.generation_id
            with database().begin() as connection, pytest.raises(StillCreating):
                first.note(connection)  # it was only slow


def claimed(key: str, done: bool = False) -> idempotency.Claim:
    with idempotency.claim("ann", key, b"body") as claim:
        if done:
            with database().begin() as connection:
                claim.note(connection)
        return claim
