"""Test changes to the speakers of a transcript: names, order, splitting, and remembered voices."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from stt import speakers as diarization
from stt.background import attempts
from stt.background.diarization import results
from stt.db import tables
from stt.db.engine import database
from stt.db.tables import analyses, diarizations, voices
from stt.errors import BadOption, Conflict, NotFound
from stt.library import corrections, retention, speakers
from stt.library import voices as known_voices
from stt.speakers import Models
from stt.store import records
from stt.store.transcripts import transcript_of
from stt.transcript.model import Transcript
from tests import transcripts
from tests.conftest import read_settings_again
from tests.conversations import Conversation, share_right
from tests.transcripts import of_conversation, retype, text_of

OWNER = "local"


@pytest.fixture(autouse=True)
def store(either_database: None) -> None:
    """Run each test on both databases."""


def version(generation_id: str) -> int:
    return corrections.state(generation_id, OWNER).version


@pytest.fixture(scope="module")
def diarized(dialogue: Conversation, tmp_path_factory: pytest.TempPathFactory, models: Models) -> dict:
    """Return the diarization of the dialogue ("found") and the analysis it is based on ("chunk")."""
    found = diarization.diarize([chunk := diarization.analyse(dialogue.samples, 0.0, models)], 2)
    return {"found": found, "chunk": chunk}


@pytest.fixture
def id(store: None, dialogue: Conversation, dialogue_file: Path, diarized: dict) -> str:
    generation_id = of_conversation(dialogue, dialogue_file, OWNER)
    attempt = results.next_attempt(generation_id, 2)
    attempts.begin(attempt, 1)
    results.save_analysis(records.load(generation_id, OWNER).recording_id, "", 0, diarized["chunk"], True)
    assert results.finish(attempt, diarized["found"])
    return generation_id


def panel(generation_id: str) -> speakers.Panel:
    return speakers.panel(records.load(generation_id, OWNER), transcript_of(generation_id))


def test_the_panel_has_time_share_and_a_sample_of_each(id: str, dialogue: Conversation):
    rows = panel(id).rows
    assert [row.name for row in rows] == ["Speaker 1", "Speaker 2"]
    assert sum(row.share for row in rows) == pytest.approx(1)
    assert all(row.can_split and 0 < row.sample[1] - row.sample[0] <= speakers.SAMPLE + 0.01 for row in rows)
    assert panel(id).can_search and panel(id).undo is None


def test_outdated_tab_cannot_save_into_another_paragraph(dialogue, dialogue_file, diarized: dict):
    generation_id = of_conversation(dialogue, dialogue_file, OWNER)
    before, was = version(generation_id), text_of(generation_id, 0)
    attempt = results.next_attempt(generation_id, 2)
    assert results.finish(attempt, diarized["found"])
    with pytest.raises(Conflict):
        retype(generation_id, OWNER, 0, "Typed into what was the first paragraph.", was=was, based_on=before)
    assert retype(generation_id, OWNER, 1, "Typed.") == version(generation_id)


def test_speakers_are_added_to_corrected_and_to_machine_transcripts(dialogue, dialogue_file, diarized: dict):
    generation_id = of_conversation(dialogue, dialogue_file, OWNER)
    retype(generation_id, OWNER, 0, "Corrected by hand.")
    attempt = results.next_attempt(generation_id, 2)
    assert results.finish(attempt, diarized["found"])
    assert transcript_of(generation_id).text.startswith("Corrected by hand.")
    assert transcript_of(generation_id).speakers
    assert corrections.machine(generation_id, OWNER).speakers == ["Speaker 1", "Speaker 2"]
    assert corrections.state(generation_id, OWNER).corrected


def test_rename_and_undo(id: str):
    before = transcript_of(id)
    assert speakers.rename(id, OWNER, "Speaker 1", "Ann", version(id)) == version(id)
    assert transcript_of(id).speakers == ["Ann", "Speaker 2"] and panel(id).undo == "Renamed Speaker 1 to Ann"
    speakers.undo(id, OWNER, version(id))
    assert transcript_of(id) == before and panel(id).undo is None
    assert [row.can_split for row in panel(id).rows] == [True, True], "the voices are restored too"
    with pytest.raises(Conflict):
        speakers.undo(id, OWNER, version(id))


def test_merge_and_split_again(id: str):
    before = [(segment.text, segment.speaker) for segment in transcript_of(id).segments]
    speakers.rename(id, OWNER, "Speaker 2", "Speaker 1", version(id))
    assert transcript_of(id).speakers == ["Speaker 1"] and panel(id).undo == "Merged Speaker 2 into Speaker 1"
    speakers.split(id, OWNER, "Speaker 1", version(id))
    assert [(segment.text, segment.speaker) for segment in transcript_of(id).segments] == before
    speakers.undo(id, OWNER, version(id))
    assert transcript_of(id).speakers == ["Speaker 1"]


def test_words_of_nobody_stay_without_a_speaker_when_a_speaker_is_split(id: str):
    with database().begin() as connection:  # no speaker was found for the second segment
        t = tables.transcripts.c
        stored = connection.execute(sa.select(t.transcript).where(t.id == id)).scalar()
        before = Transcript.from_dict(stored)
        second = before.segments[1]
        nobodys = replace(second, speaker=None, words=tuple(replace(word, speaker=None) for word in second.words))
        before = replace(before, segments=(before.segments[0], nobodys, *before.segments[2:]))
        changed = tables.transcripts.update().where(t.id == id)
        connection.execute(changed.values(transcript=before.to_dict()))
    speakers.rename(id, OWNER, "Speaker 2", "Speaker 1", version(id))
    seconds = sum(segment.end - segment.start for segment in before.segments if segment.speaker)
    assert panel(id).rows[0].seconds == pytest.approx(seconds)
    speakers.split(id, OWNER, "Speaker 1", version(id))
    assert transcript_of(id).segments == before.segments


def test_speaker_who_is_really_two_is_split_within_segments(dialogue, dialogue_file, diarized: dict, models: Models):
    generation_id = of_conversation(dialogue, dialogue_file, OWNER)
    attempt = results.next_attempt(generation_id, 1)
    results.save_analysis(records.load(generation_id, OWNER).recording_id, "", 0, diarized["chunk"], True)
    assert results.finish(attempt, diarization.diarize([diarized["chunk"]], 1))
    speakers.split(generation_id, OWNER, "Speaker 1", version(generation_id))
    assert sorted(transcript_of(generation_id).speakers) == ["Speaker 1", "Speaker 2"]
    assert share_right(dialogue, transcript_of(generation_id)) >= 0.9


def test_voice_without_an_analysis_is_not_split(tmp_path: Path):
    id = transcripts.store(OWNER, transcripts.TALK, title="Talk", duration=11.0)
    assert [(row.name, row.can_split) for row in panel(id).rows] == [("Anna", False), ("Ben <b>", False)]
    with pytest.raises(BadOption, match="Nothing is known"):
        speakers.split(id, OWNER, "Anna", version(id))


def test_order_is_changed_stored_and_undone(id: str):
    speakers.move(id, OWNER, "Speaker 2", True, version(id))
    assert [row.name for row in panel(id).rows] == ["Speaker 2", "Speaker 1"]
    assert panel(id).undo == "Moved Speaker 2 up"
    speakers.undo(id, OWNER, version(id))
    assert [row.name for row in panel(id).rows] == ["Speaker 1", "Speaker 2"]


def test_outdated_request_or_another_owner_changes_nothing(id: str):
    before = transcript_of(id)
    for call in (
        lambda: speakers.rename(id, OWNER, "Speaker 1", "Ann", version(id) - 1),
        lambda: speakers.split(id, OWNER, "Speaker 1", version(id) - 1),
        lambda: speakers.move(id, OWNER, "Speaker 1", False, version(id) - 1),
    ):
        with pytest.raises(Conflict):
            call()
    for call in (
        lambda: speakers.rename(id, "visitor:mallory", "Speaker 1", "Ann", version(id)),
        lambda: speakers.remember(id, "visitor:mallory", "Speaker 1"),
        lambda: speakers.undo(id, "visitor:mallory", version(id)),
    ):
        with pytest.raises(NotFound):
            call()
    assert transcript_of(id) == before


class TestVoices:
    def test_voice_is_stored_only_on_request_and_suggested_next_time(self, id: str, dialogue, dialogue_file, diarized):
        assert known_voices.all_of(OWNER) == [] and all(row.guess is None for row in panel(id).rows)
        speakers.rename(id, OWNER, "Speaker 1", "Ann", version(id))
        speakers.remember(id, OWNER, "Ann")
        assert [voice.name for voice in known_voices.all_of(OWNER)] == ["Ann"]
        again = of_conversation(dialogue, dialogue_file, OWNER)
        attempt = results.next_attempt(again, 2)
        assert results.finish(attempt, diarized["found"])
        first, second = panel(again).rows
        assert first.guess.name == "Ann" and first.guess.likeness > 0.9 and second.guess is None
        speakers.refuse(again, OWNER, "Speaker 1", first.guess.voice)
        assert all(row.guess is None for row in panel(again).rows)

    def test_nobody_else_gets_a_suggestion(self, id: str, dialogue, dialogue_file, diarized):
        speakers.remember(id, OWNER, "Speaker 1")
        prints = {"Speaker 1": diarized["found"].speakers[0].voiceprint}
        assert known_voices.guess(OWNER, prints, set())
        assert known_voices.guess("visitor:mallory", prints, set()) == {}
        (voice,) = known_voices.all_of(OWNER)
        with pytest.raises(NotFound):
            known_voices.delete(voice.id, "visitor:mallory")
        known_voices.delete(voice.id, OWNER)
        assert known_voices.all_of(OWNER) == []

    def test_host_can_disable_remembered_voices(self, id: str, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("STT_KNOWN_VOICES", "0")
        read_settings_again()
        with pytest.raises(BadOption, match="not remembered"):
            speakers.remember(id, OWNER, "Speaker 1")

    def test_delete_everything_deletes_voices(self, id: str):
        speakers.remember(id, OWNER, "Speaker 1")
        retention.delete_everything(OWNER)
        with database().connect() as connection:
            for table in (voices, diarizations, analyses):
                assert connection.execute(sa.select(table)).all() == []
