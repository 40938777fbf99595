"""Test editing steps as revisions on both databases: save, undo, repeated requests and concurrent changes."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest
import sqlalchemy as sa

from stt.db.engine import database
from stt.db.tables import revisions as revision_table
from stt.db.tables import word_corrections
from stt.editing import history as steps
from stt.editing import requests, revisions
from stt.editing.revisions import EditConflict
from stt.errors import NotFound
from stt.library import corrections, history, vocabulary
from stt.store import records, transcripts
from stt.transcript import packing
from stt.transcript.model import Segment, Transcript, Word, paragraphs
from tests.histories import add

OWNER = "visitor:editor"
keys = (f"key-{number}" for number in count())


@pytest.fixture(autouse=True)
def transcript(either_database: None) -> Iterator[None]:
    add(OWNER, id="a")
    assert records.finish(records.load("a", OWNER), timed_transcript("one two three", "four five", "six"))
    yield


def timed_transcript(*texts: str, confidence: float | None = 0.9) -> Transcript:
    """Return a transcript in which each word lasts 1 s, and 5 s separate the paragraphs."""
    clock, segments = 0.0, []
    for text in texts:
        words = []
        for word in text.split():
            words.append(Word(f" {word}", clock, clock + 1, confidence, "Ann"))
            clock += 1
        segments.append(Segment(words[0].start, clock, f" {text}", tuple(words), "Ann"))
        clock += 5
    return Transcript(tuple(segments), duration=clock)


def send(based_on: int, key: str | None = None, **step: object) -> dict:
    """Apply a step as the browser requests it, made when the page showed revision `based_on`. Return the response."""
    request = requests.read({"key": key or next(keys), "based_on": based_on, "step": step})
    return revisions.edit("a", OWNER, request, vocabulary.note)


def texts() -> list[str]:
    return [p.text.strip() for p in paragraphs(transcripts.transcript_of("a").segments)]


def apply_splices(before: list[dict], splices: list[dict]) -> list[dict]:
    """Apply the splices of a response to the paragraphs of a page, as the browser does, and return the result."""
    for splice in splices:
        removed = len(before) if splice["removed"] is None else splice["removed"]
        before = [*before[: splice["at"]], *splice["paragraphs"], *before[splice["at"] + removed :]]
    return before


def page() -> list[dict]:
    return packing.packed(transcripts.transcript_of("a").segments)


def test_steps_change_the_stored_transcript_and_undo_reverts_them():
    states = [page()]
    steps = [
        {"do": "text", "paragraph": 1, "was": "four five", "text": "four and five"},
        {"do": "split", "paragraph": 0, "was": "one two three", "text": "one two three", "at": 7},
        {"do": "merge", "paragraph": 3, "was": "six", "text": "six seven"},
        {"do": "delete", "paragraph": 0, "was": "one two"},
    ]
    for number, step in enumerate(steps):
        answer = send(number, **step)
        assert (answer["revision"], answer["undo"], answer["redo"]) == (number + 1, number + 1, 0)
        assert apply_splices(states[-1], answer["splices"]) == page()
        states.append(page())
    assert texts() == ["three", "four and five six seven"]
    job = records.load("a", OWNER)
    assert (job.words, [found.id for found in history.find(OWNER, text="seven")]) == (6, ["a"])
    for number in range(4):
        answer = send(4 + number, do="undo")
        assert (answer["revision"], answer["undo"], answer["redo"]) == (5 + number, 3 - number, number + 1)
        assert page() == states[3 - number] == apply_splices(states[4 - number], answer["splices"])
    assert records.load("a", OWNER).words == 6 and texts() == ["one two three", "four five", "six"]
    for number in range(4):
        assert send(8 + number, do="redo")["redo"] == 3 - number
        assert page() == states[number + 1]
    assert corrections.state("a", OWNER).version == 12 and corrections.machine("a", OWNER) == timed_transcript(
        "one two three", "four five", "six"
    )


def test_a_request_that_is_sent_again_changes_nothing():
    step = {"do": "split", "paragraph": 0, "was": "one two three", "text": "one two three", "at": 3}
    first = send(0, "same", **step)
    send(1, do="text", paragraph=3, was="six", text="sixth")
    again = send(0, "same", **step)
    assert again["revision"] == 2 and again["caret"] == first["caret"] == {"paragraph": 1, "at": 0}
    assert texts() == ["one", "two three", "four five", "sixth"]


def test_typing_without_a_pause_is_one_step_and_one_correction():
    was = "six"
    for number, text in enumerate(["si", "sin", "single", "Single"]):
        send(number, do="text", paragraph=2, was=was, text=text, typing="t1")
        was = text
    assert send(4, do="text", paragraph=1, was="four five", text="for five", typing="t1")["undo"] == 2
    with database().connect() as connection:
        c = word_corrections.c
        assert connection.execute(sa.select(c.before, c.after, c.times)).all() == [("six", "Single", 1)]
    send(5, do="undo")
    answer = send(6, do="undo")
    assert texts() == ["one two three", "four five", "six"]
    assert [(splice["at"], splice["removed"]) for splice in answer["splices"]] == [(2, 1)]
    with database().connect() as connection:
        assert connection.execute(sa.select(word_corrections)).all() == []
    send(7, do="redo")
    assert texts()[2] == "Single"


def test_undo_and_redo_beyond_the_stored_revisions_leave_the_text_intact(monkeypatch: pytest.MonkeyPatch):
    """Undo both of two steps, with so little space that undoing the first step deletes the row of that step."""
    states = [texts()]
    send(0, do="split", paragraph=0, was="one two three", text="one two three", at=3)
    states.append(texts())
    send(1, do="text", paragraph=2, was="four five", text="Four, five")
    states.append(texts())
    with database().connect() as connection:
        first, second = connection.execute(sa.select(revision_table.c.size).order_by(revision_table.c.number)).scalars()
    monkeypatch.setattr(steps, "MOST_SIZE", first + 2 * second)
    send(2, do="undo")
    send(3, do="undo")
    assert texts() == states[0]
    for name in ("redo", "redo", "undo", "redo"):
        send(4, do=name)
        assert texts() in states


def test_step_is_applied_where_its_paragraph_has_moved():
    send(0, do="split", paragraph=0, was="one two three", text="one two three", at=3)
    send(1, do="delete", paragraph=0, was="one")
    send(2, do="split", paragraph=1, was="four five", text="four five", at=4)
    before = page()
    answer = send(0, do="text", paragraph=2, was="six", text="Six")
    assert texts() == ["two three", "four", "five", "Six"]
    assert answer["revision"] == 4 and len(answer["splices"]) == 4
    assert (
        apply_splices(packing.packed(timed_transcript("one two three", "four five", "six").segments), answer["splices"])
        == page()
    )
    assert page() != before


def test_only_a_change_of_the_same_paragraph_is_a_conflict():
    send(0, do="text", paragraph=1, was="four five", text="Mine.")
    before = page()
    with pytest.raises(EditConflict) as conflict:
        send(0, do="text", paragraph=1, was="four five", text="Theirs.")
    answer = conflict.value.answer
    assert answer["conflict"] == {"paragraph": 1, "text": "Mine.", "near": None} and answer["revision"] == 1
    assert [splice["at"] for splice in answer["splices"]] == [1] and page() == before
    # An edit whose text equals the present text is no conflict, and makes no new revision.
    assert send(0, do="text", paragraph=1, was="four five", text="Mine.")["revision"] == 1
    assert send(0, do="text", paragraph=2, was="six", text="Theirs.")["revision"] == 2


def test_steps_made_without_a_connection_find_their_paragraphs_after_changes_elsewhere():
    """Base all these steps on revision 0, and let another tab insert a paragraph above while they are sent."""
    send(0, "split", do="split", paragraph=1, was="four five", text="four five", at=4)
    send(1, do="split", paragraph=0, was="one two three", text="one two three", at=3)
    send(0, do="text", paragraph=1, of="split", was="five", text="Five")
    send(0, do="text", paragraph=2, was="six", text="Six")
    send(0, do="text", paragraph=1, was="four", text="Four")
    send(0, do="text", paragraph=1, of="split", was="Five", text="Five.")
    assert texts() == ["one", "two three", "Four", "Five.", "Six"]
    send(0, do="merge", paragraph=2, was="Six", text="Six")
    assert texts() == ["one", "two three", "Four", "Five. Six"]
    with pytest.raises(EditConflict) as conflict:
        send(0, do="text", paragraph=1, of="a step that was refused", was="five", text="Mine")
    assert conflict.value.answer["conflict"]["paragraph"] is None


def test_paragraph_comes_back_to_a_transcript_without_paragraphs():
    for number, text in enumerate(["six", "four five", "one two three"]):
        send(number, do="delete", paragraph=2 - number, was=text)
    with pytest.raises(EditConflict):
        send(0, do="text", paragraph=0, was="one two three", text="One, two, three")
    with pytest.raises(EditConflict):
        send(3, do="text", paragraph=0, was="", text="One, two, three")
    answer = send(3, do="split", paragraph=0, was="", text="One, two, three", at=15)
    assert texts() == ["One, two, three"] and apply_splices([], answer["splices"]) == page()
    send(4, do="undo")
    assert texts() == []
    send(5, do="redo")
    assert texts() == ["One, two, three"]
    assert records.load("a", OWNER).words == 3


@pytest.mark.parametrize("edited", [False, True])
def test_concurrent_edits_lose_nothing(edited: bool):
    if edited:
        send(0, do="text", paragraph=0, was="one two three", text="one two three.")
    was = texts()

    def write(number: int) -> int:
        text = f"{was[number]} {number}"
        return send(int(edited), do="text", paragraph=number, was=was[number], text=text)["revision"]

    with ThreadPoolExecutor(3) as pool:
        created = list(pool.map(write, range(3)))
    assert sorted(created) == [revision + edited for revision in (1, 2, 3)]
    assert texts() == [f"{text} {number}" for number, text in enumerate(was)]


def test_reconnected_page_gets_the_changes_it_missed():
    send(0, do="split", paragraph=0, was="one two three", text="one two three", at=3)
    send(1, do="undo")
    start = packing.packed(timed_transcript("one two three", "four five", "six").segments)
    for since in (0, 1, 2):
        news = revisions.news("a", OWNER, since)
        assert (news["revision"], news["undo"], news["redo"]) == (2, 0, 1)
    assert apply_splices(start, revisions.news("a", OWNER, 0)["splices"]) == page()
    assert revisions.news("a", OWNER, 9)["splices"] == [{"at": 0, "removed": None, "paragraphs": page()}]


def test_deleted_transcript_leaves_no_revision_behind():
    send(0, do="text", paragraph=2, was="six", text="secret")
    history.delete("a", OWNER)
    with database().connect() as connection:
        assert connection.execute(sa.select(revision_table)).all() == []


def test_transcript_of_another_owner_cannot_be_edited():
    request = requests.read({"key": "k", "based_on": 0, "step": {"do": "undo"}})
    with pytest.raises(NotFound):
        revisions.edit("a", "visitor:other", request, vocabulary.note)
    with pytest.raises(NotFound):
        revisions.news("a", "visitor:other", 0)
