"""Test find and replace, and editing where only some segments of a paragraph have words."""

from __future__ import annotations

from copy import deepcopy

import pytest

from stt.editing import document, performing, requests
from stt.editing.finding import Finder
from stt.editing.requests import Step
from stt.errors import TooLarge
from stt.transcript.model import Segment, Word
from tests.unit.editing import ANN, perform, rows_of, texts


def replace(rows: document.Rows, find: str, by: str, **how) -> performing.Outcome:
    before = deepcopy(rows)
    outcome = perform(rows, Step(requests.REPLACE, find=find, text=by, **how))
    undone = deepcopy(rows)
    document.apply(undone, document.inverse(outcome.splices))
    assert undone == before, "one undo reverts all of it"
    return outcome


def test_replace_counts_and_changes_only_what_its_options_select():
    rows = rows_of("Café cafés CAFE", "cafe", "nothing")
    assert replace(rows, "cafe", "bar").replaced == 4 and texts(rows) == ["bar bars bar", "bar", "nothing"]
    rows = rows_of("Café cafés CAFE", "cafe")
    assert replace(rows, "cafe", "bar", words=True, paragraphs=frozenset({0})).replaced == 2
    assert texts(rows) == ["bar cafés bar", "cafe"]
    rows = rows_of("Café cafés CAFE", "cafe")
    assert replace(rows, "CAFE", "bar", case=True).replaced == 1 and texts(rows)[0] == "Café cafés bar"
    outcome = replace(rows, "cafe", "bar", only=frozenset({(0, 5, 9)}))
    assert texts(rows) == ["Café bars bar", "cafe"] and outcome.caret == {"paragraph": 0, "at": 5}


def test_replace_refuses_to_make_a_paragraph_or_the_transcript_too_long():
    rows = rows_of("e " * 300)
    with pytest.raises(TooLarge, match="200,000 characters"):
        perform(rows, Step(requests.REPLACE, find="e", text="e" * 1000))
    rows = rows_of(*["e " * 190] * 6)
    with pytest.raises(TooLarge, match="too long"):
        perform(rows, Step(requests.REPLACE, find="e", text="e" * 1000))
    rows = rows_of("word " * 50_000)
    assert perform(rows, Step(requests.REPLACE, find="word", text="w")).replaced == 50_000, "shortening is no growth"


def test_chosen_places_are_replaced_in_moved_paragraphs_if_unchanged():
    rows = rows_of("new", "Café cafés", "cafe")
    before = deepcopy(rows)
    since = [{"segment": 0, "paragraph": 0, "before": [], "after": deepcopy(rows[:1])}]
    chosen = frozenset({(0, 0, 4), (0, 5, 9), (0, 2, 6), (1, 0, 3), (7, 0, 4)})
    outcome = perform(rows, Step(requests.REPLACE, find="cafe", text="bar", only=chosen), since)
    assert outcome.replaced == 2 and texts(rows) == ["new", "bar bars", "cafe"]
    changed = [{"segment": 1, "paragraph": 1, "before": before[1:2], "after": rows[1:2]}]
    assert (
        perform(rows, Step(requests.REPLACE, find="bar", text="x", only=frozenset({(1, 0, 3)})), changed).replaced == 0
    )


def test_replacing_by_nothing_removes_the_text_and_empty_paragraphs():
    rows = rows_of("um one um two", "um", "three um")
    assert replace(rows, "um", "", words=True).replaced == 4
    assert texts(rows) == ["one two", "three"]


@pytest.mark.parametrize(
    ("find", "text", "expected"),
    [
        ("strasse", "Die Straße.", [(4, 10)]),
        ("ss", "Straße", [(4, 5)]),
        ("s", "ß", []),
        ("e\u0301", "café", [(3, 4)]),
        ("e", "cafe\u0301", [(3, 5)]),
        ("aa", "aaaa", [(0, 2), (2, 4)]),
        ("um,", "um, um", [(0, 3)]),
    ],
)
def test_search_ignores_case_and_accents_and_finds_whole_characters(
    find: str, text: str, expected: list[tuple[int, int]]
):
    assert Finder(find, case=False, words=False).spans(text) == expected


def mixed() -> document.Rows:
    """Return two paragraphs of Ann without a pause between them: the first has words, the second only text."""
    worded = tuple(Word(f" {text}", at, at + 1.0) for at, text in enumerate(["Ask", "not."]))
    segments = Segment(0.0, 2.0, " Ask not.", worded, ANN), Segment(2.0, 4.0, " In 1984!", (), ANN)
    rows = document.rows_of(segments)
    document.freeze(rows)
    return rows


def test_text_without_words_is_a_paragraph_and_survives_an_edit_beside_it():
    rows = mixed()
    assert texts(rows) == ["Ask not.", "In 1984!"]
    perform(rows, Step(requests.TEXT, 0, "Ask not.", text="Please ask not."))
    assert texts(rows) == ["Please ask not.", "In 1984!"]


def test_merging_text_without_words_into_words_keeps_all_text():
    rows = mixed()
    before = deepcopy(rows)
    outcome = perform(rows, Step(requests.MERGE, 1, "In 1984!", "In 1984!"))
    assert texts(rows) == ["Ask not. In 1984!"]
    assert [word["text"] for row in rows for word in row["words"]] == [" Ask", " not.", " In", " 1984!"]
    document.apply(rows, document.inverse(outcome.splices))
    assert rows == before


def test_stored_paragraph_that_mixes_words_and_text_is_shown_and_edited_as_a_whole():
    """Read a paragraph as an older version of the app stored it."""
    rows = mixed()
    rows[1]["begins"] = False
    assert texts(rows) == ["Ask not. In 1984!"] == [document.text(rows)]
    perform(rows, Step(requests.TEXT, 0, "Ask not. In 1984!", text="Do ask not. In 1984!"))
    assert texts(rows) == ["Do ask not. In 1984!"]
