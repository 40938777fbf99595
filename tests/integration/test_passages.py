"""Test transcribing a passage again with real sound: separate result, bounds, ownership, one at a time."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from stt import kinds
from stt.background import attempts
from stt.background.passages import decoding, results
from stt.cluster.workers import PASSAGE_WORKFLOW, WORKFLOWS
from stt.errors import BadOption, Cancelled, Conflict, LimitReached, NotFound
from stt.jobs import passages
from stt.library import history
from stt.store import quotas, recordings, records
from stt.store.transcripts import transcript_of
from stt.transcript.model import Segment, Transcript
from tests import audio
from tests.conftest import read_settings_again
from tests.transcripts import spoken_segment, store
from tests.waiting import until

OWNER = "local"
BASE = "local/whisper-base"
SPANISH = audio.AUDIO / "spanish-then-english.flac"
WRONG = Transcript((spoken_segment("and so my mellow Asparagus ask what not", 0.0, "Ann"),), 11.0, "en")


def jfk() -> str:
    return store(OWNER, WRONG, audio.JFK, duration=11.0)


def finished_passage(generation_id: str) -> results.Passage:
    def found() -> results.Passage | None:
        passage = results.of(generation_id)
        return passage if passage and not passage.is_open else None

    return until(found, 120)


@pytest.mark.usefixtures("either_database")
def test_passage_row_changes_from_state_to_state():
    id = store("visitor:ann", WRONG, duration=11.0)
    one = results.next_attempt(id, 0.0, 5.0, BASE, {"language": "en"})
    assert results.of(id) == one and results.open_passages() == [one]
    with pytest.raises(Conflict):
        results.next_attempt(id, 1.0, 2.0, BASE, {})
    assert attempts.begin(one, 2) is attempts.begin(one, 2) is None
    assert attempts.update(one, percent=40, stage="Finding the passage")
    assert results.of(id) == replace(one, state=attempts.WORKING, percent=40, stage="Finding the passage")
    segments = (Segment(0.0, 1.0, " Yes.", spoken_segment("Yes.").words),)
    assert results.finish(one, segments) and not attempts.update(one, percent=50)
    assert results.of(id).segments == segments
    two = results.next_attempt(id, 1.0, 2.0, BASE, {})
    assert two.attempt == 2 and not results.drop(one) and results.of(id) == two
    attempts.fail(two, Cancelled())
    assert results.of(id).error["kind"] == "Cancelled"
    assert results.drop(two) and results.of(id) is None and not results.drop(two)


@pytest.mark.usefixtures("engine")
class TestTranscribing:
    def test_new_words_lie_in_the_passage_and_the_transcript_is_unchanged(self):
        id = jfk()
        began = passages.begin(id, 0.0, 5.0, model=BASE, options={"language": "en"}, owner=OWNER)
        assert began.is_open
        done = finished_passage(id)
        assert (done.state, done.percent, done.error) == (attempts.DONE, 100, None)
        words = [word for segment in done.segments for word in segment.words]
        text = "".join(word.text for word in words).lower()
        assert "fellow americans" in text and "country" not in text
        assert all(0.0 <= word.start <= word.end <= 5.0 for word in words)
        assert transcript_of(id) == WRONG

    def test_terms_are_given_to_the_model_and_replaced(self):
        id = jfk()
        options = {"language": "en", "vocabulary": ["Americans → Romans"]}
        passages.begin(id, 0.0, 5.0, model=BASE, options=options, owner=OWNER)
        assert "fellow Romans" in "".join(segment.text for segment in finished_passage(id).segments)

    def test_passage_of_a_translation_is_translated(self):
        spanish = replace(WRONG, language="es")
        id = store(OWNER, spanish, SPANISH, duration=20.0, options={"translate": True})
        passages.begin(id, 0.0, 6.0, model=BASE, owner=OWNER)
        assert "we are going to talk" in "".join(segment.text for segment in finished_passage(id).segments)

    def test_each_channel_that_is_a_speaker_is_transcribed_separately(self, tmp_path: Path):
        both = np.zeros((2, 11 * audio.RATE), np.float32)
        both[0], other = audio.samples(audio.JFK), audio.samples(audio.AUSTEN[0])[: 11 * audio.RATE]
        both[1, : len(other)] = other
        call = audio.write(tmp_path / "call.wav", both)
        id = store(OWNER, WRONG, call, duration=11.0, options={"channels_are_speakers": True})
        before = quotas.used(OWNER).mine
        passages.begin(id, 0.0, 11.0, model=BASE, options={"language": "en"}, owner=OWNER)
        done = finished_passage(id)
        texts = {
            name: "".join(s.text for s in done.segments if s.speaker == name) for name in ("Speaker 1", "Speaker 2")
        }
        assert "fellow Americans" in texts["Speaker 1"] and "leisure" in texts["Speaker 2"], texts
        assert [s.start for s in done.segments] == sorted(s.start for s in done.segments)
        assert quotas.used(OWNER).mine - before == 22.0

    def test_tracks_of_a_call_that_a_provider_transcribed_are_mixed(self, tmp_path: Path):
        """Use a provider's job, whose speakers have other names than the tracks."""
        call = tmp_path / "call.mkv"
        audio.write_tracks(call, [(audio.samples(audio.JFK), {}), (audio.silence(11), {})])
        id = store(OWNER, WRONG, call, duration=11.0, engine=kinds.PROVIDER, options={"track": "all"})
        before = quotas.used(OWNER).mine
        passages.begin(id, 0.0, 11.0, model=BASE, options={"language": "en"}, owner=OWNER)
        assert {segment.speaker for segment in finished_passage(id).segments} == {None}
        assert quotas.used(OWNER).mine - before == 11.0

    def test_passage_is_transcribed_in_the_language_spoken_there(self):
        """Use a short passage of the Spanish beginning of a recording that is mostly English."""
        spanish = replace(spoken_segment("Buenos tías a todos.", 0.0), language="es")
        english = replace(spoken_segment("To save the patient's life.", 22.0), end=60.0, language="en")
        id = store(OWNER, Transcript((spanish, english), 60.0, "en"), SPANISH, duration=60.0)
        passages.begin(id, 0.0, 1.5, model=BASE, owner=OWNER)
        assert "buenos días" in "".join(segment.text for segment in finished_passage(id).segments).lower()

    def test_silence_gives_no_words(self, tmp_path):
        quiet = audio.write(tmp_path / "quiet.wav", audio.silence(20))
        id = store(OWNER, replace(WRONG, duration=20.0), quiet, duration=20.0)
        passages.begin(id, 12.0, 18.0, model=BASE, owner=OWNER)
        assert (finished_passage(id).state, finished_passage(id).segments) == (attempts.DONE, ())

    def test_dropped_passage_stops_and_another_can_begin(self):
        id = jfk()
        first = passages.begin(id, 0.0, 5.0, model=BASE, owner=OWNER)
        with pytest.raises(Conflict):
            passages.begin(id, 5.0, 8.0, model=BASE, owner=OWNER)
        passages.drop(id, OWNER)
        assert results.of(id) is None and not results.finish(first, ())
        second = passages.begin(id, 5.0, 8.0, model=BASE, owner=OWNER)
        assert second.attempt == first.attempt + 1 and finished_passage(id).start == 5.0

    @pytest.mark.parametrize(("file", "table"), [("jobs.db", "workflow_status"), ("stt.db", "usage")])
    def test_passage_that_cannot_be_queued_or_counted_is_not_begun(self, engine: Path, file: str, table: str):
        id, before = jfk(), quotas.used(OWNER)
        with sqlite3.connect(engine / file) as rows:
            rows.execute(f"CREATE TRIGGER full BEFORE INSERT ON {table} BEGIN SELECT json('{{'); END")
        try:
            with pytest.raises(sa.exc.OperationalError):
                passages.begin(id, 0.0, 5.0, model=BASE, owner=OWNER)
        finally:
            with sqlite3.connect(engine / file) as rows:
                rows.execute("DROP TRIGGER full")
        assert results.of(id) is None and quotas.used(OWNER) == before

    def test_passage_is_deleted_with_its_transcript(self):
        id = jfk()
        passages.begin(id, 0.0, 5.0, model=BASE, owner=OWNER)
        history.delete(id, OWNER)
        assert results.of(id) is None

    def test_recording_deleted_meanwhile_is_reported(self):
        id = jfk()
        passage = results.next_attempt(id, 0.0, 5.0, BASE, {})
        recordings.remove(records.load(id, OWNER).recording_id, OWNER)
        decoding.enqueue(passage)
        assert finished_passage(id).state == attempts.FAILED
        assert "no longer kept" in finished_passage(id).error["message"]

    def test_longest_passage_depends_on_the_number_of_channels_and_not_on_the_longest_recording(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        for channels, longest in ((2, 600.0), (4, 300.0)):
            call = audio.write(tmp_path / f"{channels}.wav", np.zeros((channels, 11 * audio.RATE), np.float32))
            long = replace(WRONG, duration=610.0)
            id = store(OWNER, long, call, duration=610.0, options={"channels_are_speakers": True})
            with pytest.raises(BadOption, match=f"at most {longest / 60:g} min"):
                passages.begin(id, 0.0, longest + 1.0, model=BASE, owner=OWNER)
            monkeypatch.setenv("STT_MAX_DURATION_MINUTES", "11")
            read_settings_again()
            passages.begin(id, 0.0, longest, model=BASE, owner=OWNER)
            passages.drop(id, OWNER)
            monkeypatch.undo()
            read_settings_again()

    @pytest.mark.parametrize(
        ("span", "more", "error"),
        [
            ((3.0, 3.05), {}, "too short"),
            ((9.0, 2.0), {}, "too short"),
            ((0.0, 700.0), {"duration": 3600.0}, "at most 10 min"),
            ((0.0, 5.0), {"model": "nova-3"}, "not on this machine"),
            ((0.0, 5.0), {"model": "local/whisper-large-v3"}, "not on this machine"),
            ((0.0, 5.0), {"options": {"language": "xx"}}, "xx"),
            ((0.0, 5.0), {"options": {"translate": True}}, "takes no option"),
        ],
    )
    def test_invalid_passage_is_refused(self, span: tuple[float, float], more: dict, error: str):
        id = store(OWNER, replace(WRONG, duration=more.pop("duration", 11.0)), audio.JFK)
        with pytest.raises(BadOption, match=error):
            passages.begin(id, *span, **{"model": BASE, "owner": OWNER, **more})
        assert results.of(id) is None

    def test_nobody_else_begins_or_drops_a_passage(self):
        id = jfk()
        with pytest.raises(NotFound):
            passages.begin(id, 0.0, 5.0, model=BASE, owner="visitor:ben")
        passages.begin(id, 0.0, 5.0, model=BASE, owner=OWNER)
        with pytest.raises(NotFound):
            passages.drop(id, "visitor:ben")
        assert finished_passage(id).state == attempts.DONE

    def test_passage_counts_towards_the_minutes_of_a_day(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
        sound = audio.write(tmp_path / "long.flac", np.tile(audio.samples(audio.JFK), 6))
        id = store("visitor:counted", replace(WRONG, duration=66.0), sound)
        monkeypatch.setenv("STT_MINUTES_PER_VISITOR", "1")
        read_settings_again()
        passages.begin(id, 0.0, 40.0, model=BASE, owner="visitor:counted")
        assert quotas.used("visitor:counted").mine == 40.0
        assert finished_passage(id).state == attempts.DONE
        with pytest.raises(LimitReached):
            passages.begin(id, 0.0, 40.0, model=BASE, owner="visitor:counted")
        monkeypatch.undo()
        read_settings_again()


def test_workers_look_for_lost_passages_too():
    assert PASSAGE_WORKFLOW in WORKFLOWS
