"""Test the comparison of texts: what counts as a word, how texts are aligned, and the cost of long texts."""

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


def random_words(count: int, seed: int = 1) -> list[str]:
    chance = random.Random(seed)
    return [f"w{chance.randrange(8000)}" for _ in range(count)]


def with_errors(words: list[str], share: float = 0.1) -> list[str]:
    """Return the words with errors at about the share `share` of them: a word is changed, dropped or added."""
    chance, changed = random.Random(2), []
    for word in words:
        luck = chance.random()
        if luck > share / 3:
            changed.append(word if luck > 2 * share / 3 else "something")
        if luck > 1 - share / 3:
            changed.append("else")
    return changed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello, World!", ["hello", "world"]),
        ("don’t don't", ["dont", "dont"]),
        ("a well-known fact", ["a", "well", "known", "fact"]),
        ("it was - really - so", ["it", "was", "really", "so"]),
        ("STRASSE straße", ["strasse", "strasse"]),
        ("10:30, 50 %", ["10.30", "50"]),
        ("10.30 10：30 1030 1:02:03 1.02.03", ["10.30", "10.30", "1030", "1.02.03", "1.02.03"]),
        ("10:30.500 10.30.500 a:b Note:5", ["10.30.500"] * 2 + ["ab", "note5"]),
        ("今天很好。", ["今", "天", "很", "好"]),
        ("שלום, עולם", ["שלום", "עולם"]),
        ("कि का", ["कि", "का"]),
        ("Yes ...what is it?", ["yes", "what", "is", "it"]),
        ("Yes …what", ["yes", "what"]),
        ("wait...what, I…I don't", ["wait", "what", "i", "i", "dont"]),
        ("3.5 or 3,5, not 35", ["3.5", "or", "3.5", "not", "35"]),
        ("$1.50 $150", ["1.50", "150"]),
        ("1,000 1.000 1000 1'000 10,00,000 1.000.000", ["1000"] * 4 + ["1000000"] * 2),
        ("1,000.50 1.000,50 0.125 3.1415 ٣٫٥", ["1000.50", "1000.50", "0.125", "3.1415", "٣.٥"]),
        ("👋 hi 🙂", ["hi"]),
        ("<script>alert(1)</script>", ["scriptalert1", "script"]),
        ("", []),
        (" \n\t… !", []),
    ],
)
def test_words_are_compared_without_capitals_and_punctuation(text: str, expected: list[str]):
    assert keys(text) == expected


def test_capitals_and_punctuation_count_in_an_exact_comparison():
    assert keys("Hello, World — yes", exact=True) == ["Hello,", "World", "yes"]
    loose = align(keys("Hello, World!"), keys("hello world"))
    strict = align(keys("Hello, World!", exact=True), keys("hello world", exact=True))
    assert (loose.errors, strict.errors) == (0, 2)


def test_words_that_an_engine_splits_are_joined():
    pieces = (Word(" I", 0, 0.1), Word(" don", 0.2, 0.3), Word("'t", 0.3, 0.4), Word(" know.", 0.5, 0.6))
    found = tokens(Transcript((Segment(0, 1, "I don't know.", pieces),)))
    assert [(token.key, token.start) for token in found] == [("i", 0), ("dont", 0.2), ("know", 0.5)]


@pytest.mark.parametrize("text", ["Yes ...what is it?", "Yes …what", "wait...what", "I…I know", "well--that", "a ( b"])
@pytest.mark.parametrize("exact", [False, True])
def test_a_text_equals_a_transcript_of_the_same_words(text: str, exact: bool):
    found = tokens(spoken(text), exact=exact)
    assert [token.key for token in found] == keys(text, exact=exact)
    assert not any(set(token.key) & set(" \n") for token in found)


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
    ("reference", "hypothesis", "rate", "kinds"),
    [([], [], None, []), (["a"], [], 1.0, [MISSING]), ([], ["a", "b"], None, [ADDED]), (["a"], ["a"], 0.0, [SAME])],
)
def test_empty_texts_can_be_compared(reference, hypothesis, rate, kinds):
    found = align(reference, hypothesis)
    assert (found.word_error_rate, [run.kind for run in found.runs]) == (rate, kinds)


words = st.lists(st.sampled_from(["a", "b", "c", "d", "e"]), max_size=30)


@given(words, words)
def test_runs_cover_both_texts_and_have_the_right_kind(reference: list[str], hypothesis: list[str]):
    at = place = 0
    for run in align(reference, hypothesis).runs:
        assert (run.first, run.start) == (at, place)
        at, place = run.last, run.end
        if run.kind == SAME:
            assert reference[run.first : run.last] == hypothesis[run.start : run.end]
        if run.kind == CHANGED:
            assert all(
                a != b for a, b in zip(reference[run.first : run.last], hypothesis[run.start : run.end], strict=True)
            )
    assert (at, place) == (len(reference), len(hypothesis))


some_text = st.text(max_size=80) | st.text("ab .…-(3,5\n今", max_size=30)


@given(some_text, some_text, st.booleans())
def test_any_text_can_be_compared_and_cut_into_passages(left: str, right: str, exact: bool):
    base, other = tokens_of_text(left, exact=exact), tokens_of_text(right, exact=exact)
    assert [token.key for token in base] == " ".join(token.key for token in base).split(), "no key has a space"
    found = align([token.key for token in base], [token.key for token in other])
    sides = [cell for passage in passages(base, [(other, found)]) for cell in passage.sides[1]]
    assert [cell.text for cell in sides if cell.kind != MISSING] == [token.text for token in other]


def test_long_texts_cut_where_they_agree_have_the_same_error_count(monkeypatch):
    reference = random_words(24_000)
    hypothesis = with_errors(reference)
    cut = align(reference, hypothesis)
    monkeypatch.setattr(alignment, "WHOLE", 100_000)
    uncut = align(reference, hypothesis)
    assert not cut.rough
    assert cut.errors == uncut.errors


def test_missing_hour_does_not_misalign_the_rest():
    reference = random_words(60_000)
    found = align(reference, reference[:5_000] + reference[45_000:])
    assert (found.missing, found.changed, found.added, found.rough) == (40_000, 0, 0, False)


def test_comparing_100_000_unrelated_words_finishes_and_is_marked_rough():
    found = align(random_words(100_000), ["other"] * 100_000)
    assert found.rough and found.changed == 100_000


def test_a_text_is_compared_up_to_the_limit():
    assert len(tokens_of_text("word " * (comparison.MAX_WORDS + 10))) == comparison.MAX_WORDS


def test_passages_hold_every_word_once_in_every_column():
    base = tokens(spoken(" ".join(random_words(500))))
    others = [tokens(spoken(" ".join(with_errors(random_words(500), share)))) for share in (0.05, 0.5)]
    found = [(other, align([t.key for t in base], [t.key for t in other])) for other in others]
    parts = passages(base, found)
    assert [cell.text for part in parts for cell in part.sides[0]] == [token.text for token in base]
    for column, other in enumerate(others, 1):
        texts = [cell.text for part in parts for cell in part.sides[column] if cell.kind != MISSING]
        assert texts == [token.text for token in other]
    cut = [part for first in range(0, 500, 120) for part in passages(base, found, first, first + 120)]
    for column in range(3):
        assert sum(len(part.sides[column]) for part in cut) == sum(len(part.sides[column]) for part in parts)


def test_page_of_added_words_is_cut_into_passages():
    other = tokens_of_text("word " * 1000)
    parts = passages([], [(other, align([], [token.key for token in other]))])
    assert len(parts) == 5 and max(len(part.sides[1]) for part in parts) == comparison.MAX_CELLS


def test_word_without_a_time_takes_the_time_of_the_aligned_word():
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


def test_matrix_measures_each_pair_by_its_reference():
    rates = alignment.matrix([["a", "b"], ["a", "b", "c", "d"], []])
    assert rates == [[0.0, 1.0, 1.0], [0.5, 0.0, 1.0], [None, None, None]]
