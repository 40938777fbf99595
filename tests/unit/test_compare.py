"""Word against word: what counts as a word, how texts are laid side by side, and what long ones cost."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stt.transcript import alignment, comparison
from stt.transcript.alignment import ADDED, CHANGED, MISSING, SAME, align
from stt.transcript.comparison import passages, tokens, tokens_of_text
from stt.transcript.model import Segment, Transcript, Word


def keys(text: str, *, exact: bool = False) -> list[str]:
    return [token.key for token in tokens_of_text(text, exact=exact)]


def spoken(text: str, every: float = 0.5) -> Transcript:
    """Return a transcript of one segment with a word every `every` seconds."""
    words = [Word(" " + word, i * every, (i + 1) * every) for i, word in enumerate(text.split())]
    return Transcript((Segment(0, len(words) * every, text, tuple(words)),))


def many(count: int, seed: int = 1) -> list[str]:
    chance = random.Random(seed)
    return [f"w{chance.randrange(8000)}" for _ in range(count)]


def misheard(words: list[str], share: float = 0.1) -> list[str]:
    """Return it with a `share` of the words changed, dropped or doubled."""
    chance, heard = random.Random(2), []
    for word in words:
        luck = chance.random()
        if luck > share / 3:
            heard.append(word if luck > 2 * share / 3 else "something")
        if luck > 1 - share / 3:
            heard.append("else")
    return heard


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello, World!", ["hello", "world"]),
        ("don’t don't", ["dont", "dont"]),
        ("a well-known fact", ["a", "well", "known", "fact"]),
        ("it was - really - so", ["it", "was", "really", "so"]),
        ("STRASSE straße", ["strasse", "strasse"]),
        ("10:30, 50 %", ["1030", "50"]),
        ("今天很好。", ["今", "天", "很", "好"]),
        ("שלום, עולם", ["שלום", "עולם"]),
        ("कि का", ["कि", "का"]),
        ("👋 hi 🙂", ["hi"]),
        ("<script>alert(1)</script>", ["scriptalert1", "script"]),
        ("", []),
        (" \n\t… !", []),
    ],
)
def test_words_are_compared_without_capitals_and_punctuation(text: str, expected: list[str]):
    assert keys(text) == expected


def test_capitals_and_punctuation_count_when_asked():
    assert keys("Hello, World — yes", exact=True) == ["Hello,", "World", "yes"]
    loose = align(keys("Hello, World!"), keys("hello world"))
    strict = align(keys("Hello, World!", exact=True), keys("hello world", exact=True))
    assert (loose.errors, strict.errors) == (0, 2)


def test_words_cut_in_two_by_an_engine_are_one():
    pieces = (Word(" I", 0, 0.1), Word(" don", 0.2, 0.3), Word("'t", 0.3, 0.4), Word(" know.", 0.5, 0.6))
    found = tokens(Transcript((Segment(0, 1, "I don't know.", pieces),)))
    assert [(token.key, token.start) for token in found] == [("i", 0), ("dont", 0.2), ("know", 0.5)]


def test_no_letter_of_a_transcript_gets_lost_in_its_tokens():
    text = "“Well,” she said — laughing/crying — “10-year-olds… 今天很好 don’t 🙂 know!”"
    for exact in (False, True):
        shown = "".join(token.text for token in tokens(spoken(text), exact=exact))
        assert "".join(shown.split()) == "".join(text.split())


def test_every_kind_of_difference_is_found_and_counted():
    found = align(
        ["the", "cat", "sat", "on", "the", "mat", "by", "a", "door"],
        ["the", "dog", "sat", "on", "mat", "by", "a", "door", "today"],
    )
    assert [(run.kind, run.last - run.first, run.end - run.start) for run in found.runs] == [
        (SAME, 1, 1),
        (CHANGED, 1, 1),
        (SAME, 2, 2),
        (MISSING, 1, 0),
        (SAME, 4, 4),
        (ADDED, 0, 1),
    ]
    assert (found.changed, found.missing, found.added) == (1, 1, 1)
    assert found.word_error_rate == 3 / 9


@pytest.mark.parametrize(
    ("reference", "heard", "rate", "kinds"),
    [([], [], None, []), (["a"], [], 1.0, [MISSING]), ([], ["a", "b"], None, [ADDED]), (["a"], ["a"], 0.0, [SAME])],
)
def test_nothing_can_be_compared_too(reference, heard, rate, kinds):
    found = align(reference, heard)
    assert (found.word_error_rate, [run.kind for run in found.runs]) == (rate, kinds)


words = st.lists(st.sampled_from(["a", "b", "c", "d", "e"]), max_size=30)


@given(words, words)
def test_the_runs_cover_both_texts_and_tell_the_truth(reference: list[str], heard: list[str]):
    at = place = 0
    for run in align(reference, heard).runs:
        assert (run.first, run.start) == (at, place)
        at, place = run.last, run.end
        if run.kind == SAME:
            assert reference[run.first : run.last] == heard[run.start : run.end]
        if run.kind == CHANGED:
            assert all(a != b for a, b in zip(reference[run.first : run.last], heard[run.start : run.end], strict=True))
    assert (at, place) == (len(reference), len(heard))


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_text_can_be_compared_and_drawn(left: str, right: str):
    base, other = tokens_of_text(left), tokens_of_text(right)
    found = align([token.key for token in base], [token.key for token in other])
    sides = [cell for passage in passages(base, [(other, found)]) for cell in passage.sides[1]]
    assert [cell.text for cell in sides if cell.kind != MISSING] == [token.text for token in other]


def test_long_texts_are_cut_where_they_agree_and_counted_as_if_they_were_not(monkeypatch):
    reference = many(24_000)
    heard = misheard(reference)
    cut = align(reference, heard)
    monkeypatch.setattr(alignment, "WHOLE", 100_000)
    whole = align(reference, heard)
    assert not cut.rough
    assert cut.errors == whole.errors


def test_a_missing_hour_does_not_bring_the_rest_out_of_step():
    reference = many(60_000)
    found = align(reference, reference[:5_000] + reference[45_000:])
    assert (found.missing, found.changed, found.added, found.rough) == (40_000, 0, 0, False)


def test_a_hundred_thousand_words_with_nothing_in_common_end_and_are_said_to_be_rough():
    found = align(many(100_000), ["other"] * 100_000)
    assert found.rough and found.changed == 100_000


def test_a_text_is_compared_up_to_the_limit():
    assert len(tokens_of_text("word " * (comparison.MAX_WORDS + 10))) == comparison.MAX_WORDS


def test_passages_hold_every_word_once_in_every_column():
    base = tokens(spoken(" ".join(many(500))))
    others = [tokens(spoken(" ".join(misheard(many(500), share)))) for share in (0.05, 0.5)]
    found = [(other, align([t.key for t in base], [t.key for t in other])) for other in others]
    parts = passages(base, found)
    assert [cell.text for part in parts for cell in part.sides[0]] == [token.text for token in base]
    for column, other in enumerate(others, 1):
        said = [cell.text for part in parts for cell in part.sides[column] if cell.kind != MISSING]
        assert said == [token.text for token in other]
    cut = [part for first in range(0, 500, 120) for part in passages(base, found, first, first + 120)]
    for column in range(3):
        assert sum(len(part.sides[column]) for part in cut) == sum(len(part.sides[column]) for part in parts)


def test_a_page_of_additions_is_drawn_in_parts():
    other = tokens_of_text("word " * 1000)
    parts = passages([], [(other, align([], [token.key for token in other]))])
    assert len(parts) == 5 and max(len(part.sides[1]) for part in parts) == comparison.MAX_CELLS


def test_a_word_without_a_time_is_heard_where_the_other_version_says_it():
    timed, untimed = tokens(spoken("we choose now to go")), tokens_of_text("we chose now go")
    found = align([t.key for t in timed], [t.key for t in untimed])
    (passage,) = passages(timed, [(untimed, found)])
    assert [(c.kind, c.text.strip(), c.start) for c in passage.sides[1]] == [
        (SAME, "we", 0.0),
        (CHANGED, "chose", 0.5),
        (SAME, "now", 1.0),
        (MISSING, "to", 1.5),
        (SAME, "go", 2.0),
    ]
    back = align([t.key for t in untimed], [t.key for t in timed])
    (reference,) = passages(untimed, [(timed, back)])
    assert [cell.start for cell in reference.sides[0]] == [0.0, 0.5, 1.0, 2.0]
    (apart,) = passages(timed, [(untimed, found)], one_recording=False)
    assert {cell.start for cell in apart.sides[1]} == {None}


def test_each_against_each_measures_by_its_own_reference():
    rates = alignment.matrix([["a", "b"], ["a", "b", "c", "d"], []])
    assert rates == [[0.0, 1.0, 1.0], [0.5, 0.0, 1.0], [None, None, None]]
