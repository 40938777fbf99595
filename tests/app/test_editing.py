"""Test the route that receives the player's editing steps, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from stt.auth import visitors
from stt.editing.texts import LONGEST_TEXT
from stt.guard.limiters import OPEN_BODIES
from stt.store import records
from stt.transcript.model import Segment, Transcript, Word
from stt.web.transcripts.edits import LONGEST_BODY
from tests.conftest import reset_caches
from tests.histories import add
from tests.server import Server
from tests.waiting import until

WORDS = (Word(" Good", 0.0, 1.0, 0.9), Word(" evening", 1.0, 2.0, 0.4), Word(" everybody.", 2.0, 3.0, 0.8))
SPOKEN = Transcript((Segment(0.0, 3.0, " Good evening everybody.", WORDS),), duration=4.0)
WAS = "Good evening everybody."


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run the app, and let this process use its data folder."""
    folder: Path = tmp_path_factory.mktemp("editing") / "data"
    with pytest.MonkeyPatch.context() as patch, Server(folder) as server:
        patch.setenv("STT_DATA_DIR", str(folder))
        reset_caches()
        yield server
        reset_caches()


@pytest.fixture
def visitor(server: Server) -> requests.Session:
    session = requests.Session()
    session.get(server.url, headers={"Accept": "text/html"})
    return session


@pytest.fixture
def address(server: Server, visitor: requests.Session) -> str:
    """Store a transcript of the visitor, and return the URL that receives editing steps on it."""
    owner = visitors.owner_of(visitors.visitor(visitor.cookies))
    assert owner is not None
    generation_id = add(owner)
    assert records.finish(records.load(generation_id, owner), SPOKEN)
    return f"{server.url}/transcripts/{generation_id}/edits"


def body(step: object, key: object = "k1", based_on: object = 0) -> dict:
    return {"key": key, "based_on": based_on, "step": step}


def test_paragraph_is_split_and_a_returning_page_receives_the_edit(visitor: requests.Session, address: str):
    step = {"do": "split", "paragraph": 0, "was": WAS, "text": "Good  evening all", "at": 6}
    answer = visitor.post(address, json=body(step))
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "private, no-store"
    upper = {"start": 0.0, "end": 1.0, "t": [" Good"], "s": [0.0], "e": [1.0], "c": [0.9]}
    lower = {"start": 1.0, "end": 3.0, "t": [" evening", " all"], "s": [1.0, 2.0], "e": [2.0, 3.0], "c": [0.4, None]}
    assert answer.json() == {
        "revision": 1, "undo": 1, "redo": 0, "caret": {"paragraph": 1, "at": 0},
        "splices": [{"at": 0, "removed": 1, "paragraphs": [upper, lower]}],
    }  # fmt: skip
    assert visitor.post(address, json=body(step)).json() == answer.json()
    later_edits = visitor.get(address, params={"since": 0}).json()
    assert later_edits["revision"] == 1 and later_edits["splices"] == answer.json()["splices"]
    undone = visitor.post(address, json=body({"do": "undo"}, "k2", 1)).json()
    assert (undone["revision"], undone["undo"], undone["redo"]) == (2, 0, 1)


def test_conflict_returns_the_current_text_of_the_paragraph(visitor: requests.Session, address: str):
    visitor.post(address, json=body({"do": "text", "paragraph": 0, "was": WAS, "text": "Mine"}))
    answer = visitor.post(address, json=body({"do": "text", "paragraph": 0, "was": WAS, "text": "Theirs"}, "k2"))
    assert answer.status_code == 409 and answer.json()["error"]["kind"] == "Conflict"
    assert (
        answer.json()["conflict"] == {"paragraph": 0, "text": "Mine", "near": None} and answer.json()["revision"] == 1
    )


def test_only_the_owner_edits_and_never_from_another_site(server: Server, visitor: requests.Session, address: str):
    step = body({"do": "delete", "paragraph": 0, "was": WAS})
    stranger = requests.Session()
    assert stranger.post(address, json=step).status_code == 404
    stranger.get(server.url, headers={"Accept": "text/html"})
    for answer in (stranger.post(address, json=step), stranger.get(address, params={"since": 0})):
        assert answer.status_code == 404 and answer.json()["error"]["kind"] == "NotFound"
    assert visitor.post(address, json=step, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert visitor.get(address, params={"since": 0}).json()["revision"] == 0


BAD = {
    "invalid JSON": b"{",
    "deep nesting": b"[" * 100_000,
    "a list": b"[]",
    "missing key": b'{"based_on": 0, "step": {"do": "undo"}}',
}


@pytest.mark.parametrize("name", BAD)
def test_invalid_body_is_refused(visitor: requests.Session, address: str, name: str):
    answer = visitor.post(address, data=BAD[name])
    assert answer.status_code == 400 and answer.json()["error"]["message"]


TEXT = {"do": "text", "paragraph": 0, "was": WAS, "text": "x"}


@pytest.mark.parametrize(
    "bad",
    [
        body({"do": "undo"}, ""),
        body({"do": "undo"}, "k" * 65),
        body({"do": "undo"}, 7),
        body({"do": "undo"}, based_on=-1),
        body({"do": "undo"}, based_on=2**40),
        body({"do": "undo"}, based_on=True),
        body({"do": "nothing"}),
        body({"do": ["text"]}),
        body("undo"),
        body({"do": "delete", "paragraph": "0", "was": WAS}),
        body({"do": "delete", "paragraph": 0}),
        body({"do": "merge", "paragraph": 0, "was": WAS, "text": WAS}),
        body({"do": "split", "paragraph": 0, "was": WAS, "text": WAS, "at": 1.5}),
        body({**TEXT, "text": None}),
        body({**TEXT, "typing": "t" * 65}),
    ],
)
def test_invalid_step_is_refused_with_a_message(visitor: requests.Session, address: str, bad: dict):
    answer = visitor.post(address, json=bad)
    assert answer.status_code == 400 and answer.json()["error"]["message"]
    assert visitor.get(address, params={"since": 0}).json()["revision"] == 0


def test_text_or_body_over_the_limit_is_refused(visitor: requests.Session, address: str):
    assert visitor.post(address, json=body({**TEXT, "text": "x" * (LONGEST_TEXT + 1)})).status_code == 413
    assert visitor.post(address, data=b" " * (LONGEST_BODY + 1)).status_code == 413
    assert visitor.post(address, json=body({**TEXT, "text": "x" * LONGEST_TEXT})).status_code == 200


def begin_upload(address: str, cookie: str = "") -> HTTPConnection:
    """Send the head of a request to `address`, and of its large body only one byte."""
    parts = urlsplit(address)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=20)
    connection.putrequest("POST", parts.path)
    connection.putheader("Content-Length", str(LONGEST_BODY))
    connection.putheader("Cookie", cookie)
    connection.endheaders(b"{")
    return connection


def test_body_is_read_only_for_a_known_owner_and_few_at_once(visitor: requests.Session, address: str):
    zip_address = f"{address.partition('/transcripts/')[0]}/export/transcripts.zip"
    for each in (address, zip_address):
        with closing(begin_upload(each)) as nobody:
            assert nobody.getresponse().status == 404, "refused before the body has arrived"
    cookie = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
    with ExitStack() as uploads:
        for _ in range(OPEN_BODIES.most["visitor"] - 1):
            uploads.enter_context(closing(begin_upload(address, cookie)))

        def refused_beside_another_upload() -> dict | None:
            uploads.enter_context(closing(begin_upload(address, cookie)))
            answer = visitor.post(address, json=body(TEXT))
            return answer.json() if answer.status_code == 429 else None

        refused = until(refused_beside_another_upload, 20)
        assert "at once are the limit for each visitor" in refused["error"]["message"]
    until(lambda: visitor.post(address, json=body(TEXT)).status_code == 200, 20)


@pytest.mark.parametrize("since", ["", "x", "-1", "²", "9" * 5000])
def test_request_for_later_edits_needs_a_valid_revision(visitor: requests.Session, address: str, since: str):
    assert visitor.get(address, params={"since": since}).status_code == 400


def test_characters_that_databases_reject_are_removed(visitor: requests.Session, address: str):
    answer = visitor.post(
        address,
        data=b'{"key": "a\\u0000\\ud800b", "based_on": 0, "step": {"do": "text", "paragraph": 0,'
        b' "was": "Good evening everybody.", "text": "Good\\u0000 \\ud800day"}}',
    )
    assert answer.status_code == 200 and answer.json()["splices"][0]["paragraphs"][0]["t"] == [" Good", " day"]


def test_speakers_times_and_replacements_are_steps_and_can_be_undone(visitor: requests.Session, address: str):
    marked = {"do": "speaker", "paragraph": 0, "was": WAS, "speaker": "Ada", "from": 6, "to": 9}
    assigned = visitor.post(address, json=body(marked)).json()
    assert [each.get("speaker") for each in assigned["splices"][0]["paragraphs"]] == [None, "Ada", None]
    later = {"do": "times", "paragraph": 1, "was": "evening", "start": 1.2}
    moved = visitor.post(address, json=body(later, "k2", 1)).json()
    assert moved["splices"][0]["paragraphs"][0]["start"] == 1.2
    outside = visitor.post(address, json=body(later | {"start": 9.0}, "k3", 2))
    assert outside.status_code == 400 and outside.json()["error"]["message"]
    everywhere = {"do": "replace", "find": "e", "with": "é"}
    replaced = visitor.post(address, json=body(everywhere, "k4", 2)).json()
    assert replaced["replaced"] == 4 and len(replaced["splices"]) == 2
    for key, revision in (("k5", 3), ("k6", 4), ("k7", 5)):
        answer = visitor.post(address, json=body({"do": "undo"}, key, revision)).json()
    assert answer["undo"] == 0 and "".join(answer["splices"][-1]["paragraphs"][0]["t"]).strip() == WAS
