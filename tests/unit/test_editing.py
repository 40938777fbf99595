"""Test editing steps against a list of strings: words stay in their paragraphs, and undo is exact."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stt.editing import document, history, performing, requests, steps
from stt.editing.performing import ParagraphChanged
from stt.editing.requests import Step
from stt.errors import BadOption
from stt.transcript.model import Segment, Transcript, Word, paragraphs, separated
from tests.unit.editing import ANN, perform, rows_of, texts

GREETING = tuple(Word(f" {text}", at, at + 1.0, 0.5, ANN) for at, text in enumerate(["Good", "evening", "all."]))


# ---- paragraphs -----------------------------------------------------------------------------------------------------


def test_editing_one_paragraph_regroups_no_other():
    """Assign the paragraph between two paragraphs of Ben to Ben, then delete it. Frozen paragraphs do not merge."""
    turns = [(0.0, "One.", "Ben"), (2.0, "Two.", ANN), (2.5, "Three.", "Ben")]
    rows = document.rows_of(Segment(at, at + 0.5, text, (), who) for at, text, who in turns)
    document.freeze(rows)
    perform(rows, Step(requests.SPEAKER, 1, "Two.", speaker="Ben"))
    assert texts(rows) == ["One.", "Two.", "Three."]
    perform(rows, Step(requests.DELETE, 1, "Two."))
    assert texts(rows) == ["One.", "Three."]


def test_frozen_paragraphs_are_the_derived_ones():
    segments = (Segment(0, 1, "One"), Segment(1, 2, "two."), Segment(9, 10, "Three."), Segment(10, 11, "Four", (), ANN))
    before = paragraphs(segments)
    rows = document.rows_of(segments)
    document.freeze(rows)
    assert [row["begins"] for row in rows] == [True, False, True, True]
    assert paragraphs(document.segments_of(rows)) == before
    assert "begins" not in Transcript(segments).to_dict()["segments"][0]


def test_change_of_speaker_begins_a_paragraph():
    segments = [Segment(0, 1, "a", (), ANN, begins=True), Segment(1, 2, "b", (), "Ben", begins=False)]
    assert [segment.begins for segment in separated(segments)] == [True, True]


# ---- single steps ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (4, (["Good"], ["evening", "all."], 1.0)),
        (5, (["Good"], ["evening", "all."], 1.0)),
        (9, (["Good", "even"], ["ing", "all."], 1 + 4 / 7)),
        (0, ([], ["Good", "evening", "all."], None)),
        (99, (["Good", "evening", "all."], [], None)),
    ],
)
def test_a_split_takes_its_times_from_the_words(at: int, expected: tuple):
    parts = steps.split((Segment(0.0, 3.5, " Good evening all.", GREETING, ANN, begins=True),), at)
    words = [[word.text.strip() for segment in part for word in segment.words] for part in parts]
    assert tuple(words) == expected[:2]
    if expected[2] is not None:
        (upper,), (lower,) = parts
        assert upper.end == lower.start == pytest.approx(expected[2]) and lower.end == 3.5
        assert upper.begins and lower.begins


def test_merge_keeps_all_words_and_takes_the_upper_speaker():
    upper = (Segment(0.0, 3.0, " Good evening all.", GREETING, ANN, begins=True),)
    lower = (Segment(4.0, 5.0, "Bye.", (Word("Bye.", 4.0, 5.0, 0.7, "Ben"),), "Ben", begins=True),)
    found = steps.merge(upper, lower)
    assert steps.text_of(found) == "Good evening all. Bye." and [s.begins for s in found] == [True, False]
    assert [w for s in found for w in s.words] == [*GREETING, Word(" Bye.", 4.0, 5.0, 0.7, ANN)]
    assert [paragraph.speaker for paragraph in paragraphs(found)] == [ANN]


def test_marked_words_given_to_a_speaker_become_a_paragraph():
    rows = rows_of("one two three four")
    perform(rows, Step(requests.SPEAKER, 0, "one two three four", speaker="Ben", marked=(6, 9)))
    found = paragraphs(document.segments_of(rows))
    assert [(steps.text_of([p]), p.speaker) for p in found] == [("one", ANN), ("two three", "Ben"), ("four", ANN)]
    assert [(p.start, p.end) for p in found] == [(0, 1), (1, 3), (3, 4)]
    perform(rows, Step(requests.SPEAKER, 1, "two three", speaker="Cy", marked=(0, 9)))
    assert [p.speaker for p in paragraphs(document.segments_of(rows))] == [ANN, "Cy", ANN]


def test_new_times_move_and_scale_the_words_between_the_neighbours():
    rows = rows_of("one two", "three four", "five")
    perform(rows, Step(requests.TIMES, 1, "three four", start=8.0, end=12.0))
    words = document.segments_of(rows)[1].words
    assert [(word.start, word.end) for word in words] == [(8, 10), (10, 12)]
    refused = {"another": (1.5, None), "another one": (None, 15.0), "after": (9.0, 8.5), "the end": (13.0, None)}
    for start, end in refused.values():
        with pytest.raises(BadOption):
            perform(rows, Step(requests.TIMES, 1, "three four", start=start, end=end))
    with pytest.raises(BadOption, match="outside the recording"):
        performing.perform(rows, Step(requests.TIMES, 2, "five", end=30.0), [], duration=20.0)
    # The browser rounds, so a start time may be slightly before the end of the previous paragraph.
    perform(rows, Step(requests.TIMES, 1, "three four", start=1.995))
    assert document.segments_of(rows)[1].start == 2.0


# ---- random steps ----------------------------------------------------------------------------------------------------


@dataclass
class Model:
    """Apply each step to a list of strings, to compare its result with that of the real editing code."""

    texts: list[str]

    def do(self, step: Step) -> None:
        place, typed = step.paragraph, [step.text] if step.text else []
        if step.kind == requests.SPLIT and typed:
            typed = [part for part in (step.text[: step.at].strip(), step.text[step.at :].strip()) if part]
        if step.kind == requests.DELETE:
            typed = []
        if step.kind == requests.MERGE:
            self.texts[place - 1 : place + 1] = [" ".join([self.texts[place - 1], *typed])]
        elif step.kind not in (requests.SPEAKER, requests.TIMES):
            self.texts[place : place + 1] = typed


letters = st.lists(st.text("abÄ.-'", min_size=1, max_size=6), max_size=5).map(" ".join)
spoken = st.lists(letters.filter(bool), min_size=1, max_size=5)
moves = st.tuples(
    st.sampled_from(requests.OF_PARAGRAPHS),
    st.integers(0, 9),
    st.none() | letters,
    st.integers(0, 30),
    st.floats(-2, 2),
)


def step_of(model: Model, move: tuple) -> Step | None:
    """Return the editing step for a generated move on the current texts, or None if no such step is possible."""
    kind, place, text, at, seconds = move
    if not model.texts:
        return None
    place %= len(model.texts)
    was = model.texts[place]
    typed = was if text is None else text
    if kind == requests.MERGE and not place:
        return None
    if kind == requests.SPEAKER:
        return Step(kind, place, was, speaker="Ben", marked=None if at > 20 else (0, len(was)))
    if kind == requests.TIMES:
        return Step(kind, place, was, start=max(0.0, 7.0 * place + seconds))
    if kind == requests.DELETE:
        return Step(kind, place, was)
    return Step(kind, place, was, typed, at=len(" ".join(typed[:at].split())))


@given(spoken, st.lists(moves, max_size=12), st.booleans())
def test_any_steps_equal_those_on_a_list_of_strings_and_can_be_undone(initial: list[str], chosen: list, worded: bool):
    rows, model = rows_of(*initial, worded=worded), Model(list(initial))
    states, performed = [deepcopy(rows)], []
    for move in chosen:
        step = step_of(model, move)
        if step is None:
            continue
        try:
            outcome = perform(rows, step)
        except BadOption:
            assert step.kind == requests.TIMES
            continue
        model.do(step)
        assert texts(rows) == model.texts
        for paragraph in paragraphs(document.segments_of(rows)):
            assert paragraph.start <= paragraph.end
            for word in paragraph.words:
                assert paragraph.start <= word.start <= word.end <= paragraph.end
        if outcome.splices:
            performed.append(outcome.splices)
            states.append(deepcopy(rows))
    final = deepcopy(rows)
    for state, splices in zip(reversed(states[:-1]), reversed(performed), strict=True):
        document.apply(rows, document.inverse(splices))
        assert rows == state
    document.apply(rows, document.merged(splice for splices in performed for splice in splices))
    assert rows == final


@given(spoken, spoken, st.integers(0, 4))
def test_step_finds_a_paragraph_that_others_did_not_change(old: list[str], new: list[str], place: int):
    """Replace the first paragraph by several, which shifts the numbers of the paragraphs after it.

    A step that names a paragraph by its old number must still change that paragraph.
    """
    rows = rows_of("first", *old)
    number = 1 + place % len(old)
    splice = document.splice(rows, document.begins(rows), 0, 1, document.segments_of(rows_of(*new)))
    since = [splice] if splice else []
    document.apply(rows, since)
    perform(rows, Step(requests.TEXT, number, old[number - 1], "here"), since)
    expected = [*new, *old]
    expected[len(new) + number - 1] = "here"
    assert texts(rows) == expected


def test_step_on_a_paragraph_changed_by_others_is_refused():
    rows = rows_of("one", "two", "two")
    outcome = perform(rows, Step(requests.TEXT, 0, "one", "mine"))
    with pytest.raises(ParagraphChanged) as changed:
        performing.perform(rows, Step(requests.TEXT, 0, "one", "theirs"), outcome.splices)
    assert (changed.value.paragraph, changed.value.text) == (0, "mine")
    with pytest.raises(ParagraphChanged) as unknown:
        performing.perform(rows, Step(requests.TEXT, 0, "one", "theirs"), None)
    assert unknown.value.paragraph is None
    assert performing.perform(rows, Step(requests.DELETE, 2, "two"), None).splices[0]["paragraph"] == 2


def changed_by(rows: document.Rows, *made: Step) -> list[document.Splice]:
    """Perform steps of another tab, and return their splices."""
    return [splice for step in made for splice in perform(rows, step).splices]


def test_step_is_never_applied_to_another_paragraph_with_the_same_text():
    rows = rows_of("yes", "no", "yes")
    since = changed_by(rows, Step(requests.TEXT, 0, "yes", "theirs"))
    with pytest.raises(ParagraphChanged) as changed:
        performing.perform(rows, Step(requests.TEXT, 0, "yes", "mine"), since)
    assert (changed.value.paragraph, changed.value.text) == (0, "theirs")


def test_removed_paragraph_is_reported_as_removed_and_found_again_after_an_undo():
    rows = rows_of("one", "two", "yes", "three", "yes")
    removal = changed_by(rows, Step(requests.DELETE, 2, "yes"))
    since = [*removal, *changed_by(rows, Step(requests.DELETE, 0, "one"))]
    with pytest.raises(ParagraphChanged) as removed:
        performing.perform(rows, Step(requests.TEXT, 2, "yes", "mine"), since)
    assert (removed.value.paragraph, removed.value.near, texts(rows)[1]) == (None, 1, "three")
    back = document.inverse(since)
    document.apply(rows, back)
    perform(rows, Step(requests.TEXT, 2, "yes", "mine"), [*since, *back])
    assert texts(rows) == ["one", "two", "mine", "three", "yes"]


# ---- history --------------------------------------------------------------------------------------------------------


def row(number: int, kind: str = history.EDIT, of: int | None = None, typing: str | None = None) -> SimpleNamespace:
    return SimpleNamespace(number=number, kind=kind, of=of, typing=typing)


def test_undo_history_ends_at_a_missing_revision():
    found = history.replay([row(1), row(2), row(4), row(5)], 5)
    assert (found.undo, found.first) == ([[4], [5]], 3)
    assert history.replay([row(1), row(2)], 3).undo == []


def test_new_step_clears_the_redo_list():
    rows = [row(1), row(2), row(3, history.UNDO, 2), row(4)]
    assert history.replay(rows[:3], 3).redo == [[2]]
    assert (history.replay(rows, 4).undo, history.replay(rows, 4).redo) == ([[1], [4]], [])


def test_undo_of_a_step_without_a_row_ends_the_history():
    """Prune the row of step 1. Without it, neither step 1 nor the steps undone before it can be redone."""
    rows = [row(1), row(2), row(3, history.UNDO, 2), row(4, history.UNDO, 1), row(5, history.REDO, 1), row(6)]
    for last in (4, 5):
        found = history.replay(rows[1:last], last)
        assert (found.undo, found.redo) == ([], [])
    assert history.replay(rows[1:], 6).undo == [[6]]


def test_typing_that_was_interrupted_is_two_steps():
    rows = [row(1, typing="t"), row(2, typing="t"), row(3), row(4, typing="t"), row(5, typing="u")]
    assert history.replay(rows, 5).undo == [[1, 2], [3], [4], [5]]


# ---- single words ----------------------------------------------------------------------------------------------------


def word(was: str, first: int, after: int, text: str) -> Step:
    given = {"do": "word", "paragraph": 0, "was": was, "from": first, "to": after, "text": text}
    return requests.read({"key": "k", "based_on": 0, "step": given}).step


@pytest.mark.parametrize(
    ("first", "after", "text", "expected", "confidences"),
    [
        (4, 7, "two", "one two three", [0.9, None, 0.9]),
        (4, 7, "zwei", "one zwei three", [0.9, None, 0.9]),
        (4, 7, " zwei und ", "one zwei und three", [0.9, None, None, 0.9]),
        (4, 7, "", "one three", [0.9, 0.9]),
        (0, 3, "one", "one two three", [None, 0.9, 0.9]),
        (5, 9, "wo t", "one two three", [0.9, None, None]),
    ],
)
def test_word_changed_or_confirmed_by_a_person_is_no_longer_doubtful(
    first: int, after: int, text: str, expected: str, confidences: list[float | None]
):
    rows = rows_of("one two three", "four")
    before = deepcopy(rows)
    outcome = perform(rows, word("one two three", first, after, text))
    assert texts(rows) == [expected, "four"]
    assert [one["confidence"] for row in rows[:-1] for one in row["words"]] == confidences
    document.apply(rows, document.inverse(outcome.splices))
    assert rows == before


def test_confirming_a_confirmed_word_is_no_step():
    rows = rows_of("one two")
    perform(rows, word("one two", 0, 3, "one"))
    assert perform(rows, word("one two", 0, 3, "one")).splices == []


# ---- requests -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [
        {"do": "replace", "find": "", "with": "b"},
        {"do": "replace", "find": "a" * 1001, "with": "b"},
        {"do": "replace", "find": "a"},
        {"do": "word", "paragraph": 0, "was": "a b", "from": 1, "to": 1, "text": "c"},
        {"do": "word", "paragraph": 0, "was": "a b", "from": 2, "to": 4, "text": "c"},
        {"do": "word", "paragraph": 0, "was": "a b", "from": 0, "to": 1, "text": "c" * 1001},
        {"do": "replace", "find": "a", "with": "b", "paragraphs": 5},
        {"do": "replace", "find": "a", "with": "b", "only": [{"paragraph": 0}]},
        {"do": "speaker", "paragraph": 0, "was": "a", "speaker": "b" * 101},
        {"do": "times", "paragraph": 0, "was": "a", "start": "soon"},
    ],
)
def test_invalid_step_is_refused(given: dict):
    with pytest.raises(BadOption):
        requests.read({"key": "k", "based_on": 0, "step": given})
