"""Test the routes of notes over real HTTP: only the owner has access, and files contain notes only on request."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from stt.auth import visitors
from stt.web.transcripts.requests import LONGEST_BODY
from tests import transcripts
from tests.server import Server
from tests.transcripts import TALK, store

NOTE = {"start": 0.36, "end": 1.02, "text": "<b>Why</b>", "colour": "green"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("notes") / "data") as server, transcripts.sharing_data_with(server):
        yield server


@pytest.fixture
def visitor(server: Server) -> requests.Session:
    session = requests.Session()
    session.get(server.url, headers={"Accept": "text/html"})
    return session


@pytest.fixture
def talk(visitor: requests.Session) -> str:
    owner = visitors.owner_of(visitors.visitor(visitor.cookies))
    assert owner is not None
    return store(owner, TALK, duration=11.0)


@pytest.fixture
def address(server: Server, talk: str) -> str:
    return f"{server.url}/transcripts/{talk}/notes"


def test_a_note_is_saved_listed_changed_and_deleted(visitor: requests.Session, address: str):
    answer = visitor.put(f"{address}/note-0001", json=NOTE)
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "private, no-store"
    assert answer.json() == {"id": "note-0001", **NOTE}
    moment = {"start": 0, "text": "First"}
    assert visitor.put(f"{address}/note-0002", json=moment).json() == {
        "id": "note-0002", "start": 0.0, "end": None, "text": "First", "colour": None,
    }  # fmt: skip
    assert [note["id"] for note in visitor.get(address).json()["notes"]] == ["note-0002", "note-0001"]
    for _ in range(2):
        assert visitor.delete(f"{address}/note-0002").status_code == 204
    assert [note["id"] for note in visitor.get(address).json()["notes"]] == ["note-0001"]


def test_only_the_owner_accesses_notes_and_never_from_another_site(
    server: Server, visitor: requests.Session, address: str
):
    visitor.put(f"{address}/note-0001", json=NOTE)
    stranger = requests.Session()
    for _ in range(2):
        for answer in (
            stranger.get(address),
            stranger.put(f"{address}/note-0002", json=NOTE),
            stranger.delete(f"{address}/note-0001"),
        ):
            assert answer.status_code == 404 and answer.json()["error"]["kind"] == "NotFound"
        stranger.get(server.url, headers={"Accept": "text/html"})  # so the stranger has a cookie in the second round
    cross = {"Sec-Fetch-Site": "cross-site"}
    assert visitor.put(f"{address}/note-0002", json=NOTE, headers=cross).status_code == 403
    assert visitor.delete(f"{address}/note-0001", headers=cross).status_code == 403
    assert [note["id"] for note in visitor.get(address).json()["notes"]] == ["note-0001"]


@pytest.mark.parametrize(
    "body",
    [b"", b"[", b"[]", b"{}", b'{"start": "1", "text": "x"}', b'{"start": 1, "text": 2}', b'{"start": 1e999, "text": "x"}',
     b'{"start": 1, "text": "x", "colour": 3, "end": 2}', b"[" * 60_000],
)  # fmt: skip
def test_invalid_note_is_refused(visitor: requests.Session, address: str, body: bytes):
    answer = visitor.put(f"{address}/note-0001", data=body)
    assert answer.status_code == 400 and answer.json()["error"]["kind"] == "BadOption"


def test_body_over_the_limit_is_refused(visitor: requests.Session, address: str):
    answer = visitor.put(f"{address}/note-0001", data=b" " * (LONGEST_BODY + 1))
    assert answer.status_code == 413


def test_exported_files_contain_notes_only_on_request(
    server: Server, visitor: requests.Session, talk: str, address: str
):
    visitor.put(f"{address}/note-0001", json=NOTE)
    plain, noted = (visitor.get(f"{server.url}/export/{talk}.txt{query}").text for query in ("", "?notes=1"))
    assert "Why" not in plain and noted.endswith("\nNotes\n[0:00:00] “morning everybody”: <b>Why</b>\n")
    assert "notes" not in visitor.get(f"{server.url}/export/{talk}.json").json()
    assert visitor.get(f"{server.url}/export/{talk}.json?notes=1").json()["notes"][0]["words"] == "morning everybody"
    assert visitor.get(f"{server.url}/export/{talk}.srt?notes=1").status_code == 422
    table = visitor.get(f"{server.url}/export/{talk}.notes?zone=UTC")
    assert "Talk notes.csv" in table.headers["Content-Disposition"]
    assert table.content.decode("utf-8-sig").splitlines()[1] == "0.360,1.020,<b>Why</b>,morning everybody,green"
    assert requests.get(f"{server.url}/export/{talk}.notes").status_code == 404
