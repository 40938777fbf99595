"""Test that ids with characters that a database rejects are answered like unknown ids, on both databases."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest

from stt.auth import visitors
from stt.errors import NotFound
from stt.store import records
from stt.web.routes import ROUTES
from tests.conftest import read_settings_again
from tests.server import ROOT
from tests.transcripts import TALK, store

NUL = "%00"


@pytest.fixture(autouse=True)
def shared(either_database: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run each test on both databases, with one history for all visitors."""
    monkeypatch.setenv("STT_ACCESS", "shared")
    read_settings_again()


def test_routes_answer_404():
    note = {"start": 1.0, "text": "Hello."}
    client = TestClient(Starlette(routes=ROUTES), base_url="http://localhost")
    for path in (
        f"/audio/{NUL}",
        f"/audio/{NUL}/state",
        f"/audio/{NUL}/waveform",
        f"/audio/shared?share={NUL}",
        f"/export/{NUL}.txt",
        f"/transcripts/{NUL}/edits?since=0",
        f"/transcripts/{NUL}/notes",
        f"/transcripts/{NUL}/passage",
    ):
        assert client.get(path).status_code == 404, path
    assert client.post("/export/transcripts.zip", data={"ids": "a\0", "formats": "txt"}).status_code == 404
    assert client.post(f"/record/{NUL}/finish").status_code == 404
    assert client.put(f"/transcripts/{NUL}/notes/of-a-talk", json=note).status_code == 404
    assert client.delete(f"/transcripts/{NUL}/passage").status_code == 404
    assert client.delete(f"/transcripts/{store(visitors.SHARED, TALK)}/notes/{NUL}").status_code == 204


def test_half_a_surrogate_in_an_id_is_not_found():
    with pytest.raises(NotFound):
        records.load("\ud800", None)
    assert records.jobs_of(visitors.SHARED, ids=["\ud800"]) == []


@pytest.mark.parametrize(("name", "parameter"), [("transcript", "id"), ("compare", "ids")])
def test_pages_say_that_there_is_no_such_transcript(name: str, parameter: str):
    store(visitors.SHARED, TALK)
    page = AppTest.from_file(str(ROOT / "pages" / "frame.py"), default_timeout=60).run()
    page.switch_page(f"{name}.py")
    page.query_params[parameter] = "\0"
    page.run()
    assert not page.exception
    shown = [message.value for message in (*page.info, *page.warning)]
    assert any("no such transcript" in text or "were not found" in text for text in shown), shown
