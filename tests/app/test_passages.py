"""Test over real HTTP the routes that transcribe a passage again: access, a killed server, accepting as one step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import requests

from stt.auth import visitors
from stt.background import attempts
from stt.background.passages import results
from stt.store.transcripts import transcript_of
from stt.transcript.model import Transcript
from tests import audio, transcripts
from tests.server import Server
from tests.transcripts import spoken_segment, store
from tests.waiting import until

WRONG = Transcript(
    (spoken_segment("And so, my mellow Asparagus", 0.3, "Ann"), spoken_segment("ask not", 5.2, "Ben")), 11.0, "en"
)
REQUEST = {"start": 0.0, "end": 5.0, "model": "local/whisper-base", "language": "en", "vocabulary": []}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("passages") / "data") as server, transcripts.sharing_data_with(server):
        yield server


@pytest.fixture
def visitor(server: Server) -> requests.Session:
    session = requests.Session()
    session.get(server.url, headers={"Accept": "text/html"})
    return session


def owner_of(session: requests.Session) -> str:
    owner = visitors.owner_of(visitors.visitor(session.cookies))
    assert owner is not None
    return owner


@pytest.fixture
def talk(visitor: requests.Session) -> str:
    return store(owner_of(visitor), WRONG, audio.JFK, duration=11.0)


@pytest.fixture
def address(server: Server, talk: str) -> str:
    return f"{server.url}/transcripts/{talk}/passage"


def finished_passage(visitor: requests.Session, address: str) -> dict:
    def found() -> dict | None:
        passage = visitor.get(address).json()["passage"]
        return passage if passage["state"] not in ("queued", "working") else None

    return until(found, 120)


def test_old_and_new_words_are_returned_and_accepted_as_one_step(visitor: requests.Session, address: str, talk: str):
    assert visitor.get(address).json() == {"passage": None}
    began = visitor.post(address, json=REQUEST)
    assert began.status_code == 200 and began.json()["passage"]["state"] == "queued"
    assert began.headers["Cache-Control"] == "private, no-store"
    passage = finished_passage(visitor, address)
    assert passage["state"] == "done" and passage["percent"] == 100
    assert "".join(run["text"] for run in passage["old"]).split() == "And so, my mellow Asparagus".split()
    new = "".join(run["text"] for run in passage["new"])
    assert "fellow Americans" in new and any(run["same"] for run in passage["new"])
    acceptance = {"attempt": passage["attempt"], "based_on": 0}
    assert visitor.post(f"{address}/take", json=acceptance).json() == {"revision": 1}
    assert visitor.get(address).json() == {"passage": None}
    assert visitor.post(f"{address}/take", json=acceptance).status_code == 404
    after = transcript_of(talk)
    assert [segment.speaker for segment in after.segments if "Americans" in segment.text] == ["Ann"]
    assert after.segments[-1].text == WRONG.segments[-1].text and after.segments[-1].words == WRONG.segments[-1].words
    edits = address.replace("passage", "edits")
    undone = visitor.post(edits, json={"key": "undo-1", "based_on": 1, "step": {"do": "undo"}}).json()
    assert (undone["undo"], undone["redo"]) == (0, 1)
    assert transcript_of(talk).text == WRONG.text


def test_passage_is_cancelled_or_discarded(visitor: requests.Session, address: str, talk: str):
    visitor.post(address, json=REQUEST)
    assert visitor.post(address, json=REQUEST).status_code == 409
    for _ in range(2):
        assert visitor.delete(address).status_code == 204
    assert visitor.get(address).json() == {"passage": None}
    visitor.post(address, json=REQUEST)
    finished_passage(visitor, address)
    assert visitor.delete(address).status_code == 204
    assert transcript_of(talk) == WRONG


def test_only_the_owner_accesses_a_passage_and_never_from_another_site(
    server: Server, visitor: requests.Session, address: str
):
    visitor.post(address, json=REQUEST)
    stranger = requests.Session()
    for _ in range(2):
        for answer in (
            stranger.get(address),
            stranger.post(address, json=REQUEST),
            stranger.post(f"{address}/take", json={"attempt": 1, "based_on": 0}),
            stranger.delete(address),
        ):
            assert answer.status_code == 404 and answer.json()["error"]["kind"] == "NotFound"
        stranger.get(server.url, headers={"Accept": "text/html"})  # so the stranger has a cookie in the second round
    cross = {"Sec-Fetch-Site": "cross-site"}
    assert visitor.post(address, json=REQUEST, headers=cross).status_code == 403
    assert visitor.delete(address, headers=cross).status_code == 403
    assert finished_passage(visitor, address)["state"] == "done"


@pytest.mark.parametrize(
    "wrong", [{"start": None}, {"end": "5"}, {"model": 3}, {"model": "nova-3"}, {"vocabulary": [1]}, {"end": 0.01},
              {"language": 7}],
)  # fmt: skip
def test_invalid_passage_is_refused(visitor: requests.Session, address: str, wrong: dict):
    answer = visitor.post(address, json={**REQUEST, **wrong})
    assert answer.status_code == 400 and answer.json()["error"]["kind"] == "BadOption"
    assert visitor.get(address).json() == {"passage": None}


def test_result_is_complete_after_the_server_was_killed(server: Server, visitor: requests.Session, tmp_path):
    sound = audio.write(tmp_path / "long.flac", np.tile(audio.samples(audio.JFK), 8))
    generation_id = store(owner_of(visitor), replace(WRONG, duration=88.0), sound)
    address = f"{server.url}/transcripts/{generation_id}/passage"
    visitor.post(address, json={**REQUEST, "end": 80.0})
    until(lambda: results.of(generation_id).state == attempts.WORKING and results.of(generation_id).percent > 0, 120)
    server.kill()
    assert results.of(generation_id).is_open
    server.start()
    passage = finished_passage(visitor, address)
    assert passage["state"] == "done" and sum(run["text"].count("Americans") for run in passage["new"]) > 4
