"""Test corrections: the text is what was typed, times stay in order, and no edit is overwritten unnoticed."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from stt import kinds
from stt.db.engine import database
from stt.db.tables import corrections as corrections_table
from stt.db.tables import tags
from stt.errors import BadOption, Conflict, NotFound
from stt.export.formats import FORMATS
from stt.library import corrections, history, speakers, tagging
from stt.store import records, transcripts
from stt.store.records import Job
from stt.transcript.model import Segment, Transcript, Word, paragraphs
from stt.transcript.retiming import rewritten
from tests.transcripts import retype

OWNER = "visitor:reader"
WORDS = (
    Word(" And", 0.3, 0.5, 0.9, "Speaker 1"),
    Word(" so", 0.5, 0.8, 0.95, "Speaker 1"),
    Word(" my", 0.8, 1.1, 0.3, "Speaker 1"),
    Word(" yellow", 1.4, 2.0, 0.4, "Speaker 1"),
    Word(" Americans.", 2.0, 2.9, 0.8, "Speaker 1"),
)
FIRST = Segment(0.3, 3.0, " And so my yellow Americans.", WORDS, "Speaker 1")
SECOND = Segment(7.0, 8.0, " Ask not.", (Word(" Ask", 7.0, 7.4, 0.9), Word(" not.", 7.4, 8.0, 0.7)))
SPOKEN = Transcript((FIRST, replace(SECOND, speaker="Speaker 2")), duration=9.0, language="en")


def finished_job(transcript: Transcript = SPOKEN, name: str = "a", owner: str = OWNER) -> str:
    now = time.time()
    values: dict = dict.fromkeys(Job.__dataclass_fields__)
    values |= {"id": name, "owner": owner, "title": "Speech", "model": "base", "engine": "whisper", "options": {}}
    values |= {"state": kinds.WORKING, "attempt": 1, "priority": 1, "created": now, "queued": now, "worked": 1.0}
    records.insert(Job(**{**values, "seconds_done": 0.0}))
    assert records.finish(records.load(name, owner), transcript)
    return name


def texts(generation_id: str) -> list[str]:
    return [p.text.strip() for p in paragraphs(transcripts.transcript_of(generation_id).segments)]


# ---- words and times ------------------------------------------------------------------------------------------------


def times(segments: tuple[Segment, ...]) -> list[tuple[str, float, float, float | None]]:
    return [(w.text.strip(), w.start, w.end, w.confidence) for s in segments for w in s.words]


def test_unchanged_words_keep_their_times_and_new_words_take_replaced_times():
    new = times(rewritten([FIRST], "And so my fellow Americans."))
    old = times((FIRST,))
    assert new == [*old[:3], ("fellow", 1.4, 2.0, None), old[4]]


def test_two_words_replacing_one_share_its_time_by_their_length():
    new = times(rewritten([FIRST], "And so my ab abcd Americans."))
    assert new[3:5] == [("ab", 1.4, pytest.approx(1.6), None), ("abcd", pytest.approx(1.6), 2.0, None)]


def test_an_added_word_lies_between_its_neighbours():
    new = times(rewritten([FIRST], "And so my dear yellow Americans."))
    assert new[3] == ("dear", 1.1, 1.4, None)
    assert new[4] == ("yellow", 1.4, 2.0, 0.4)


def test_words_added_at_the_end_take_the_remaining_time_of_the_paragraph():
    assert times(rewritten([FIRST], "And so my yellow Americans. Yes."))[-1] == ("Yes.", 2.9, 3.0, None)


def test_unchanged_characters_keep_their_times_in_scripts_without_spaces():
    words = (Word("你好", 0.0, 1.0, 0.9), Word("世", 1.0, 1.5, 0.8), Word("界", 1.5, 2.0, 0.2))
    new = rewritten([Segment(0.0, 2.0, "你好世界", words)], "你好新世果")
    assert times(new) == [
        ("你好", 0.0, 1.0, 0.9), ("新", 1.0, 1.0, None), ("世", 1.0, 1.5, 0.8), ("果", 1.5, 2.0, None)
    ]  # fmt: skip
    assert new[0].text == "你好新世果"


def test_correction_adds_no_word_times_if_there_were_none():
    assert rewritten([Segment(0.0, 4.0, "Helo.", ())], "Hello.") == (Segment(0.0, 4.0, "Hello.", ()),)


letters = st.text(st.sampled_from("abcÄ你好ไท.-,'<>&🎉 ع\u200d"), max_size=8)
spoken_parts = st.lists(st.tuples(st.booleans(), letters, st.floats(0, 2), st.floats(0, 2)), max_size=12)


@given(spoken_parts, st.lists(st.one_of(st.integers(0, 11), letters), max_size=14), st.text(max_size=5))
def test_after_any_edit_the_text_is_what_was_typed_and_times_are_in_order(parts, edit, tail):
    clock, words = 0.0, []
    for spaced, text, gap, length in parts:
        words.append(Word((" " if spaced else "") + text, clock + gap, clock + gap + length, 0.5))
        clock += gap + length / 2  # so the next word may begin before the current one ends
    old_text = "".join(w.text for w in words)
    end = max([clock, *(w.end for w in words)])
    old = Segment(words[0].start if words else 0.0, end, old_text, tuple(words))
    known = old_text.split()
    chosen = [known[piece % len(known)] if isinstance(piece, int) and known else str(piece) for piece in edit]
    typed = " ".join([*chosen, tail]).split()
    new = rewritten([old], " ".join(typed))
    assert " ".join(Transcript(new).text.split()) == " ".join(typed)
    if any(w.text.strip() for w in words):
        after = [w for s in new for w in s.words]
        assert "".join(w.text for w in after).split() == typed
        starts = [w.start for w in after]
        assert starts == sorted(starts)
        assert all(w.start <= w.end for w in after)
        assert all(old.start <= w.start and w.end <= max(s.end for s in new) for w in after)


# ---- saving ---------------------------------------------------------------------------------------------------------


def test_correction_applies_to_transcript_counts_exports_and_search(data: Path):
    finished_job()
    assert retype("a", OWNER, 0, "  And so\n my dear fellow  Americans. ") == 1
    assert texts("a") == ["And so my dear fellow Americans.", "Ask not."]
    job, transcript = records.load("a", OWNER), transcripts.transcript_of("a")
    assert (job.words, job.confidence) == (8, transcript.confidence)
    assert b"my dear fellow Americans" in FORMATS["txt"].write(transcript)
    assert [found.id for found in history.find(OWNER, text="fellow")] == ["a"]
    assert history.find(OWNER, text="yellow") == []


def test_unchanged_text_makes_no_new_revision(data: Path):
    finished_job()
    assert retype("a", OWNER, 0, "And so my yellow  Americans.") == 0
    assert corrections.state("a", OWNER) == corrections.State()


def test_paragraph_without_text_is_removed(data: Path):
    finished_job()
    retype("a", OWNER, 0, " \n")
    assert texts("a") == ["Ask not."]


def test_second_of_two_tabs_gets_a_conflict_and_changes_nothing(data: Path):
    finished_job()
    speakers.rename("a", OWNER, "Speaker 1", "Mine", 0)
    for stale in (0, 2):
        with pytest.raises(Conflict):
            speakers.rename("a", OWNER, "Speaker 2", "Theirs", stale)
    assert transcripts.transcript_of("a").speakers == ["Mine", "Speaker 2"]
    assert speakers.rename("a", OWNER, "Speaker 2", "Theirs", 1) == 2
    assert transcripts.transcript_of("a").speakers == ["Mine", "Theirs"]


@pytest.mark.parametrize("version", [0, 1])
def test_one_of_many_concurrent_saves_succeeds(data: Path, version: int):
    finished_job()
    if version:
        retype("a", OWNER, 1, "Before.")

    def attempt(number: int) -> bool:
        try:
            return speakers.rename("a", OWNER, "Speaker 1", f"Ann {number}", version) == version + 1
        except Conflict:
            return False

    with ThreadPoolExecutor(8) as pool:
        succeeded = list(pool.map(attempt, range(8)))
    assert sum(succeeded) == 1
    assert transcripts.transcript_of("a").speakers[0] == f"Ann {succeeded.index(True)}"


def test_machine_version_is_kept_and_its_restoring_can_be_reverted(data: Path):
    finished_job()
    retype("a", OWNER, 0, "Mine.")
    speakers.rename("a", OWNER, "Speaker 2", "Grace", 1)
    assert corrections.machine("a", OWNER) == SPOKEN
    assert corrections.restore("a", OWNER, 2) == 3
    assert transcripts.transcript_of("a") == SPOKEN
    assert records.load("a", OWNER).words == SPOKEN.word_count
    state = corrections.state("a", OWNER)
    assert (state.version, state.corrected, state.put_aside) == (3, False, True)
    assert corrections.reapply("a", OWNER, 3) == 4
    assert texts("a") == ["Mine.", "Ask not."]
    assert transcripts.transcript_of("a").speakers == ["Speaker 1", "Grace"]
    with pytest.raises(Conflict):
        corrections.restore("a", OWNER, 3)


def test_a_renamed_speaker_is_renamed_everywhere(data: Path):
    found = {
        "speakers": ["Speaker 1", "Speaker 2"],
        "sentiments": [{"text": "Ask not.", "speaker": "Speaker 2"}, {"text": "And", "speaker": None}],
        "topics": [{"topic": "Speaker 1"}],
        "summary": "Speaker 1",
    }
    finished_job(replace(SPOKEN, extras=found))
    speakers.rename("a", OWNER, "Speaker 1", " John\n F. ", 0)
    speakers.rename("a", OWNER, "Speaker 2", "<b>Ask</b>", 1)
    transcript = transcripts.transcript_of("a")
    assert transcript.extras["speakers"] == ["John F.", "<b>Ask</b>"]
    assert [row["speaker"] for row in transcript.extras["sentiments"]] == ["<b>Ask</b>", None]
    assert transcript.extras["topics"] == found["topics"] and transcript.extras["summary"] == "Speaker 1"
    assert transcript.speakers == ["John F.", "<b>Ask</b>"]
    assert {w.speaker for w in transcript.segments[0].words} == {"John F."}
    with pytest.raises(BadOption):
        speakers.rename("a", OWNER, "John F.", " ", 2)


def test_speaker_names_can_be_swapped_through_a_third_name(data: Path):
    finished_job()
    for revision, (old, new) in enumerate((("Speaker 1", "X"), ("Speaker 2", "Speaker 1"), ("X", "Speaker 2"))):
        speakers.rename("a", OWNER, old, new, revision)
    assert transcripts.transcript_of("a").speakers == ["Speaker 2", "Speaker 1"]


def test_title_changes_unless_another_tab_changed_it_first(data: Path):
    finished_job()
    corrections.retitle("a", OWNER, " My <i>title</i> ", "Speech")
    assert records.load("a", OWNER).title == "My <i>title</i>"
    with pytest.raises(Conflict):
        corrections.retitle("a", OWNER, "Other", "Speech")
    with pytest.raises(BadOption):
        corrections.retitle("a", OWNER, "x" * 301, "My <i>title</i>")


def test_tags_saved_in_two_tabs_are_merged(data: Path):
    finished_job()
    tagging.set_tags("a", OWNER, ["work", "old"])
    tagging.set_tags("a", OWNER, ["work", "Anna"], was=["work", "old"])
    tagging.set_tags("a", OWNER, ["work", "bob ", " "], was=["work", "old"])
    assert tagging.tags_of("a", OWNER) == ["Anna", "bob", "work"]


def test_tags_of_several_jobs_are_those_that_all_of_them_have(data: Path):
    for name, job_tags in (("a", ["x", "Y", "one"]), ("b", ["Y", "x"]), ("c", ["x", "Y", "two"])):
        tagging.set_tags(finished_job(name=name), OWNER, job_tags)
    assert tagging.tags_of_all(["a", "b", "c"], OWNER) == ["x", "Y"]
    assert tagging.tags_of_all(["a", "gone"], OWNER) == ["one", "x", "Y"], "a deleted transcript hides the others' tags"
    assert tagging.tags_of_all(["a"], "visitor:other") == []


@pytest.mark.parametrize(
    "call",
    [
        lambda owner: corrections.state("a", owner),
        lambda owner: retype("a", owner, 0, "Mine."),
        lambda owner: speakers.rename("a", owner, "Speaker 1", "X", 0),
        lambda owner: corrections.machine("a", owner),
        lambda owner: corrections.restore("a", owner, 0),
        lambda owner: corrections.reapply("a", owner, 0),
        lambda owner: corrections.retitle("a", owner, "Mine", "Speech"),
        lambda owner: tagging.tags_of("a", owner),
        lambda owner: tagging.set_tags("a", owner, ["mine"]),
    ],
)
def test_another_owner_can_neither_read_nor_change_a_job(data: Path, call):
    finished_job()
    with pytest.raises(NotFound):
        call("visitor:other")
    assert transcripts.transcript_of("a") == SPOKEN


def test_deleted_job_leaves_no_corrections_or_tags(data: Path):
    finished_job()
    retype("a", OWNER, 0, "Mine.")
    tagging.set_tags("a", OWNER, ["secret"])
    history.delete("a", OWNER)
    with database().connect() as connection:
        for table in (corrections_table, tags):
            assert connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() == 0
