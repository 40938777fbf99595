"""Test that a search hit is found wherever it is in the text, also after text that resembles it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stt.db import fulltext
from stt.transcript import folding

LETTERS = st.text(st.sampled_from("ab AÄß'-你好กำ\u1039က\u1000\u0301é.\n"), max_size=60)


@pytest.mark.parametrize(
    ("text", "query", "hit"),
    [
        ("together " * 300 + "to get her", '"to get"', "to get"),
        ("together " * 300 + "to-get her", "to get", "get"),
        ("模型" * 600 + "你好" + "模型", '"你好"', "你好"),
        ("x" * 2000 + "…word", "word", "word"),
        ("a" * 700 + " cat " + "catalogue", '"cat"', "cat"),
        ("concatenate, catalogue; cat", '"cat"', "cat"),
        ("Straße und " * 100 + "Élan vital", "elan", "Élan"),
        ("ﬃ" * 40 + " oﬃce", "office", "oﬃce"),
    ],
)
def test_hit_is_found_after_text_that_resembles_it(text: str, query: str, hit: str):
    found = fulltext.snippet(text, query)
    assert found is not None and found.hit == hit


@given(text=LETTERS, wanted=LETTERS)
def test_a_phrase_has_a_hit_where_its_words_are_in_the_text(text: str, wanted: str):
    words, phrase = folding.words(text), folding.words(wanted)
    found = fulltext.snippet(text, f'"{wanted}"')
    is_there = any(words[at : at + len(phrase)] == phrase for at in range(len(words))) and bool(phrase)
    assert (found is not None) == is_there
    assert found is None or folding.words(found.hit)[: len(phrase)] == phrase
