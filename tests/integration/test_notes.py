"""Test notes on transcripts in both databases: times, bounds, ownership, and deletion with the transcript."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import sqlalchemy as sa

from stt.db import queries
from stt.db.tables import notes
from stt.editing import revisions
from stt.editing.requests import Request, Step
from stt.errors import BadOption, LimitReached, NotFound
from stt.library import history, retention, takeout, vocabulary
from stt.notes import book
from stt.transcript.notes import Note
from tests.integration.test_limits import ANN, BEN
from tests.transcripts import TALK, store

pytestmark = pytest.mark.usefixtures("either_database")

MOMENT = Note("moment-1", 3.25, None, "Check this")
HIGHLIGHT = Note("highlight-1", 0.36, 1.02, "", "green")


@pytest.fixture
def talk() -> str:
    return store(ANN, TALK, duration=11.0)


def test_notes_are_listed_by_time_changed_and_deleted(talk: str):
    for note in (MOMENT, HIGHLIGHT):
        assert book.put(talk, ANN, note) == note
    assert book.of(talk, ANN) == [HIGHLIGHT, MOMENT] and book.count(talk) == 2
    changed = book.put(talk, ANN, replace(HIGHLIGHT, text=" Why?\r\n\x00 Ask.  ", colour="pink"))
    assert (changed.text, changed.colour) == ("Why?\n Ask.", "pink")
    assert book.put(talk, ANN, changed) == changed, "sending it again changes nothing"
    assert book.of(talk, ANN) == [changed, MOMENT]
    book.delete(talk, ANN, MOMENT.id)
    book.delete(talk, ANN, MOMENT.id)
    assert book.of(talk, ANN) == [changed]


def test_an_edited_text_keeps_its_notes(talk: str):
    book.put(talk, ANN, HIGHLIGHT)
    step = Step("text", 1, "Thank you.", "Thank you all very much.")
    revisions.edit(talk, ANN, Request("k1", 0, step), vocabulary.note)
    assert book.of(talk, ANN) == [HIGHLIGHT]


@pytest.mark.parametrize(
    ("note", "error"),
    [
        (replace(MOMENT, text=" \n"), "needs a text"),
        (replace(MOMENT, text="a" * (book.LONGEST_TEXT + 1)), "at most 5,000 characters"),
        (replace(MOMENT, start=-0.1), "outside the recording"),
        (replace(MOMENT, start=13.0), "outside the recording"),
        (replace(MOMENT, start=float("nan")), "outside the recording"),
        (replace(HIGHLIGHT, end=0.36), "must end after it starts"),
        (replace(HIGHLIGHT, colour="url(x)"), "no such colour"),
        (replace(MOMENT, id="../../x"), "8 to 40"),
    ],
)
def test_invalid_note_is_refused(talk: str, note: Note, error: str):
    with pytest.raises(BadOption, match=error):
        book.put(talk, ANN, note)
    assert book.of(talk, ANN) == []


def test_a_highlight_without_a_colour_has_the_first_one(talk: str):
    assert book.put(talk, ANN, replace(HIGHLIGHT, colour=None)).colour == "yellow"


def test_note_limit_holds_for_concurrent_requests(talk: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(book, "MOST", 3)
    barrier = threading.Barrier(4)

    def add(number: int) -> bool:
        barrier.wait()
        try:
            book.put(talk, ANN, replace(MOMENT, id=f"together-{number}"))
        except LimitReached:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(add, range(4))) == [False, True, True, True]
    stored = book.of(talk, ANN)
    assert len(stored) == 3
    assert book.put(talk, ANN, replace(stored[0], text="changed")).text == "changed"


def test_nobody_else_reads_or_changes_notes(talk: str):
    book.put(talk, ANN, MOMENT)
    for act in (
        lambda: book.of(talk, BEN),
        lambda: book.put(talk, BEN, HIGHLIGHT),
        lambda: book.delete(talk, BEN, MOMENT.id),
    ):
        with pytest.raises(NotFound):
            act()
    assert book.of(talk, ANN) == [MOMENT]


def test_the_same_id_on_another_transcript_is_another_note(talk: str):
    other = store(BEN, TALK, duration=11.0)
    book.put(talk, ANN, MOMENT)
    book.put(other, BEN, replace(MOMENT, text="mine"))
    assert book.of(talk, ANN) == [MOMENT] and book.of(other, BEN)[0].text == "mine"


@pytest.mark.parametrize("everything", [False, True])
def test_notes_are_deleted_with_the_transcript(talk: str, everything: bool):
    book.put(talk, ANN, MOMENT)
    if everything:
        retention.delete_everything(ANN)
    else:
        history.delete(talk, ANN)
    assert queries.value(sa.select(sa.func.count()).select_from(notes)) == 0
    with pytest.raises(NotFound):
        book.put(talk, ANN, MOMENT)


def test_notes_are_in_the_export(talk: str):
    book.put(talk, ANN, HIGHLIGHT)
    archive = zipfile.ZipFile(io.BytesIO(b"".join(takeout.everything(ANN))))
    exported = json.loads(archive.read("transcripts/0001 Talk.json"))["notes"]
    assert exported == [{"start": 0.36, "end": 1.02, "text": "", "colour": "green", "words": "morning everybody"}]
