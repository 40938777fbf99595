"""Test the vocabulary of an owner on both databases, and what it learns from corrections."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from stt.auth import recovery
from stt.errors import BadOption, Conflict
from stt.library import retention, takeout, vocabulary
from stt.store.transcripts import transcript_of
from stt.transcript.model import Segment, Transcript, Word, paragraphs
from stt.vocabulary.terms import MOST, Term
from tests.transcripts import retype, store

OWNER, OTHER = "visitor:reader", "visitor:other"


@pytest.fixture
def vocabulary_database(either_database: None) -> None:
    """Use an empty database, first on SQLite and then on PostgreSQL."""


def test_vocabulary_is_stored_for_its_owner_in_order(vocabulary_database: None):
    assert vocabulary.terms_of(OWNER) == []
    vocabulary.save(OWNER, "Zarathustra\nCyril -> Cyrille\n\nZarathustra")
    assert vocabulary.terms_of(OWNER) == [Term("Zarathustra"), Term("Cyrille", "Cyril")]
    assert vocabulary.terms_of(OTHER) == []
    vocabulary.add(OWNER, Term("Anaïs"))
    vocabulary.add(OWNER, Term("Anaïs"))
    assert [term.line for term in vocabulary.terms_of(OWNER)] == ["Zarathustra", "Cyril → Cyrille", "Anaïs"]
    with pytest.raises(BadOption, match="Line 2"):
        vocabulary.save(OWNER, "fine\n???")
    assert len(vocabulary.terms_of(OWNER)) == 3
    vocabulary.save(OWNER, "")
    assert vocabulary.terms_of(OWNER) == []


def test_term_beyond_the_limit_is_refused(vocabulary_database: None):
    vocabulary.save(OWNER, "\n".join(f"term {number}" for number in range(MOST)))
    with pytest.raises(BadOption, match="at most 500 terms"):
        vocabulary.add(OWNER, Term("one more"))
    assert len(vocabulary.terms_of(OWNER)) == MOST


def test_tag_has_a_separate_vocabulary_that_comes_first(vocabulary_database: None):
    vocabulary.save(OWNER, "Kine\nZarathustra")
    vocabulary.save(OWNER, "Anaïs\nKine", "Interviews")
    vocabulary.save(OWNER, "Cyril → Cyrille", "alps")
    vocabulary.save(OTHER, "Apomorphine", "Interviews")
    assert vocabulary.tags_with_terms(OWNER) == {"alps": 1, "Interviews": 2}
    assert [term.text for term in vocabulary.terms_of(OWNER)] == ["Kine", "Zarathustra"]
    assert [term.text for term in vocabulary.terms_of(OWNER, "Interviews")] == ["Anaïs", "Kine"]
    combined = vocabulary.combined(OWNER, ["Interviews", "alps", "nothing"])
    assert [term.text for term in combined] == ["Anaïs", "Kine", "Cyrille", "Zarathustra"]
    assert [term.text for term in vocabulary.combined(OWNER, [])] == ["Kine", "Zarathustra"]
    vocabulary.save(OWNER, "", "Interviews")
    assert vocabulary.tags_with_terms(OWNER) == {"alps": 1}
    assert vocabulary.tags_with_terms(OTHER) == {"Interviews": 1}


def test_number_of_vocabularies_is_limited(vocabulary_database: None):
    for number in range(vocabulary.MOST_LISTS):
        vocabulary.save(OWNER, "Kine", f"tag {number}")
    with pytest.raises(BadOption, match="At most 100 tags"):
        vocabulary.save(OWNER, "Kine", "one more")
    assert vocabulary.terms_of(OWNER, "one more") == []
    vocabulary.save(OWNER, "Anaïs", "tag 0")  # replacing a tag's vocabulary is still allowed
    assert vocabulary.terms_of(OWNER, "tag 0") == [Term("Anaïs")]


def spoken(text: str) -> Transcript:
    words = tuple(Word(f" {word}", float(at), at + 0.5, 0.9) for at, word in enumerate(text.split()))
    return Transcript((Segment(0.0, float(len(words)), f" {text}", words),), duration=float(len(words)))


def correct(generation_id: str, old: str, new: str) -> None:
    before = paragraphs(transcript_of(generation_id).segments)[0].text.strip()
    retype(generation_id, OWNER, 0, before.replace(old, new))


def test_third_equal_correction_is_suggested_but_not_again_once_refused(vocabulary_database: None):
    generation_ids = [store(OWNER, spoken("Then Cyril, the cat.")) for _ in range(4)]
    for number, generation_id in enumerate(generation_ids[:3]):
        assert vocabulary.suggestion(OWNER) is None, number
        correct(generation_id, "Cyril", "Cyrille")
    offered = vocabulary.suggestion(OWNER)
    assert offered == vocabulary.Suggestion("Cyril", "Cyrille") and vocabulary.suggestion(OTHER) is None
    vocabulary.refuse(OWNER, offered)
    assert vocabulary.suggestion(OWNER) is None
    correct(generation_ids[3], "Cyril", "Cyrille")
    assert vocabulary.suggestion(OWNER) is None


def test_accepted_term_is_in_the_vocabulary_and_not_suggested_again(vocabulary_database: None):
    for _ in range(3):
        correct(store(OWNER, spoken("Then Cyril came.")), "Cyril", "Cyrille")
    vocabulary.accept(OWNER, vocabulary.suggestion(OWNER))
    assert vocabulary.terms_of(OWNER) == [Term("Cyrille")] and vocabulary.suggestion(OWNER) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [("Then", "then"), ("Then", "There"[:3].lower()), ("came.", "came!"), ("Cyril came", "nobody was there")],
    ids=["case", "common short word", "punctuation", "several words"],
)
def test_correction_that_is_no_term_is_not_learned(data: Path, old: str, new: str):
    for _ in range(3):
        correct(store(OWNER, spoken("Then Cyril came.")), old, new)
    assert vocabulary.suggestion(OWNER) is None


def test_a_correction_that_conflicts_is_not_learned(vocabulary_database: None):
    generation_id = store(OWNER, spoken("Then Cyril came."))
    correct(generation_id, "came", "went")
    for _ in range(3):
        with pytest.raises(Conflict):
            retype(generation_id, OWNER, 0, "Then Cyrille came.", was="Then Cyril came.", based_on=0)
    assert vocabulary.suggestion(OWNER) is None


def test_vocabulary_is_in_the_export_and_deleted_by_delete_everything(vocabulary_database: None):
    vocabulary.save(OWNER, "Zarathustra\nCyril → Cyrille")
    vocabulary.save(OWNER, "Anaïs", "../Interviews")
    vocabulary.save(OTHER, "Kine")
    for _ in range(3):
        correct(store(OWNER, spoken("Then Kirill came.")), "Kirill", "Kirillo")
    with zipfile.ZipFile(io.BytesIO(b"".join(takeout.everything(OWNER)))) as archive:
        assert archive.read("vocabulary.txt").decode() == "Zarathustra\nCyril → Cyrille\n"
        (tagged,) = [name for name in archive.namelist() if name.startswith("vocabulary/")]
        assert ".." not in tagged and archive.read(tagged).decode() == "Anaïs\n"
    retention.delete_everything(OWNER)
    assert vocabulary.terms_of(OWNER) == [] and vocabulary.suggestion(OWNER) is None
    assert vocabulary.tags_with_terms(OWNER) == {}
    assert vocabulary.terms_of(OTHER) == [Term("Kine")]


def test_merged_histories_have_the_terms_of_both(vocabulary_database: None):
    vocabulary.save("visitor:one", "Kine\nZarathustra")
    vocabulary.save("visitor:two", "Kine\nCyrille")
    for owner, times in (("visitor:one", 1), ("visitor:two", 2)):
        with vocabulary.database().begin() as connection:
            for _ in range(times):
                vocabulary.note(connection, owner, "Then Kirill came.", "Then Kirillo came.")
    recovery.use(recovery.create("visitor:one"), "two", add_history=True)
    assert {term.text for term in vocabulary.terms_of("visitor:one")} == {"Kine", "Zarathustra", "Cyrille"}
    assert vocabulary.suggestion("visitor:one") == vocabulary.Suggestion("Kirill", "Kirillo")
