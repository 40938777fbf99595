"""Test that diarization adds speakers to a finished transcript, and can be cancelled, interrupted and repeated."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import sqlalchemy as sa
from dbos import DBOS
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.testclient import TestClient
from starlette.types import Message

import stt
from stt import kinds
from stt.auth import tokens
from stt.background import attempts
from stt.background.diarization import results
from stt.cli import engines
from stt.db.engine import database
from stt.db.tables import analyses, diarizations
from stt.errors import BadOption, NotFound
from stt.jobs import service
from stt.library import corrections, history, speakers
from stt.speakers import Models
from stt.store import recordings, records
from stt.store.transcripts import transcript_of
from stt.web.openai import endpoints
from stt.web.routes import ROUTES
from tests import audio
from tests.conftest import read_settings_again
from tests.conversations import Conversation, share_right
from tests.transcripts import TALK, of_conversation, store
from tests.waiting import ended, until

OWNER = "local"


@pytest.fixture
def weights(models: Models, monkeypatch: pytest.MonkeyPatch, speaker_models: Path) -> None:
    set_models(monkeypatch, speaker_models)


def set_models(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setenv("STT_SPEAKER_MODELS", str(folder))
    read_settings_again()


def finished_search(generation_id: str) -> results.Search:
    def search_if_finished() -> results.Search | None:
        found = results.search_of(generation_id)
        return found if found and not found.is_open else None

    return until(search_if_finished, 120)


def rest_poll(generation_id: str) -> bool:
    headers = {"Authorization": f"Bearer {tokens.create('rest', OWNER)}"}
    answer = TestClient(Starlette(routes=ROUTES)).get(f"/v1/stt/{generation_id}", headers=headers).json()
    return answer["result"] is not None


def openai_poll(generation_id: str) -> bool:
    following = endpoints._Following(Request({"type": "http"}), generation_id, OWNER)
    return following._current(texts=False).transcript is not None


def test_polls_read_the_transcript_only_after_the_search(data: Path, monkeypatch: pytest.MonkeyPatch):
    read: list[str] = []
    monkeypatch.setattr(service.transcripts, "transcript_of", lambda id: read.append(id) or transcript_of(id))
    id = store(OWNER, TALK, options={"speakers": "auto"}, finished=time.time())
    assert results.next_attempt(id, None)
    assert not rest_poll(id) and not openai_poll(id) and service.get(id, texts=False).speakers is not None
    assert read == []
    results.cancel(id)
    assert rest_poll(id) and openai_poll(id) and service.get(id, texts=False).transcript is not None
    assert read == [id] * 3


def test_stream_reads_the_transcript_once_before_the_end_of_the_search(data: Path, monkeypatch: pytest.MonkeyPatch):
    read: list[str] = []
    monkeypatch.setattr(service.transcripts, "transcript_of", lambda id: read.append(id) or transcript_of(id))
    id = store(OWNER, TALK, options={"speakers": "auto"}, finished=time.time())
    assert results.next_attempt(id, None)

    async def texts() -> list[str]:
        found = []
        async for now in endpoints._Following(Request({"type": "http"}), id, OWNER).progress(texts=True):
            found.append(now.text)
            if len(found) == 3:
                assert read == [id]
                results.cancel(id)
        return found

    whole = TALK.text
    assert asyncio.run(texts()) == [whole, "", "", whole] and read == [id] * 2


def test_poll_at_the_last_moment_for_the_start_of_a_search_is_consistent(data: Path, monkeypatch: pytest.MonkeyPatch):
    id = store(OWNER, TALK, options={"speakers": "auto"}, finished=time.time())
    begins = [records.load(id, OWNER).finished + results.BEGINS]

    def clock() -> float:
        """Return a time that is just before the limit at the first call, and just after it at later calls."""
        return begins.pop() - 0.001 if len(begins) > 1 else begins[0] + 0.001

    def at_the_limit() -> None:
        begins[:] = [begins[0]] * 2

    monkeypatch.setattr(results, "time", SimpleNamespace(time=clock))
    headers = {"Authorization": f"Bearer {tokens.create('rest', OWNER)}"}
    client = TestClient(Starlette(routes=ROUTES))
    at_the_limit()
    answer = client.get(f"/v1/stt/{id}", headers=headers).json()
    assert (answer["status"], answer["result"]) == ("active", None)
    assert client.get(f"/v1/stt/{id}", headers=headers).json()["status"] == "completed"
    request = Request({"type": "http"}, receive=never)
    at_the_limit()
    assert asyncio.run(endpoints._Following(request, id, OWNER).result(cancel=False)).text == TALK.text
    at_the_limit()
    local = engines.Local.__new__(engines.Local)  # without a job engine, because the job has ended
    assert local._wait_for(id, lambda *_: None).transcript.text == TALK.text


async def never() -> Message:
    """Receive nothing, like the connection of a client that waits for the response."""
    return await asyncio.Future()


@pytest.mark.parametrize("state", [kinds.FAILED, kinds.CANCELLED])
def test_no_search_is_awaited_after_a_failed_or_cancelled_job(data: Path, state: str):
    job = records.load(store(OWNER, TALK, options={"speakers": "auto"}), OWNER)
    assert results.is_awaited(job, None)
    assert not results.is_awaited(replace(job, state=state), None)


@pytest.mark.usefixtures("engine", "weights")
class TestSearch:
    def test_search_adds_speakers_to_a_transcript(self, dialogue: Conversation, dialogue_file: Path):
        id = of_conversation(dialogue, dialogue_file, OWNER)
        before = transcript_of(id)
        service.find_speakers(id)
        found = finished_search(id)
        assert (found.state, found.found, found.percent, found.is_fewer) == (attempts.DONE, 2, 100, False)
        after = transcript_of(id)
        assert after.speakers == ["Speaker 1", "Speaker 2"]
        assert after.text == before.text and [w.text for w in after.words] == [w.text for w in before.words]
        assert share_right(dialogue, after) >= 0.95
        assert all(word.speaker == segment.speaker for segment in after.segments for word in segment.words)
        assert len(after.segments) > len(before.segments), "a segment is cut where the speaker changes in it"

    def test_job_with_diarize_searches_speakers_and_its_progress_has_them(
        self, dialogue: Conversation, dialogue_file: Path
    ):
        id = stt.create(dialogue_file, options={"diarize": True, "speakers_expected": 2})
        ended(id)
        assert records.load(id, OWNER).options == {"speakers": "2"}
        assert finished_search(id).requested == 2
        progress = stt.get(id)
        assert progress.speakers is not None and progress.speakers.found == 2
        assert len(progress.transcript.speakers) == 2

    def test_rest_reports_completed_only_once_the_speakers_are_known(self, dialogue: Conversation, dialogue_file: Path):
        client = TestClient(Starlette(routes=ROUTES))
        bearer = {"Authorization": f"Bearer {tokens.create('rest', OWNER)}"}
        fields = {"model": "#g1_whisper-base", "diarize": "true", "speakers_expected": "2"}
        response = client.post(
            "/v1/stt/create", data=fields, files={"audio": dialogue_file.read_bytes()}, headers=bearer
        )
        assert response.status_code == 201, response.text
        address = f"/v1/stt/{response.json()['generation_id']}"

        def completed() -> dict | None:
            answer = client.get(address, headers=bearer).json()
            assert answer["status"] in ("waiting", "active", "completed")
            return answer["result"]

        result = until(completed, 120)["results"]
        words = result["channels"][0]["alternatives"][0]["words"]
        assert {word["speaker"] for word in words} == {0, 1} == {each["speaker"] for each in result["utterances"]}

    @pytest.mark.parametrize("fields", [{"diarize": "perhaps"}, {"diarize": "true", "speakers_expected": "13"}])
    def test_rest_refuses_invalid_speaker_options(self, dialogue_file: Path, fields: dict[str, str]):
        client = TestClient(Starlette(routes=ROUTES))
        bearer = {"Authorization": f"Bearer {tokens.create('rest', OWNER)}"}
        model = {"model": "local/whisper-base"}
        response = client.post(
            "/v1/stt/create", data=model | fields, files={"audio": dialogue_file.read_bytes()}, headers=bearer
        )
        assert response.status_code == 400 and "peakers" in response.json()["message"]

    def test_single_speaker_is_not_named_in_the_text_but_can_be_renamed(self, tmp_path: Path):
        id = stt.create(audio.JFK, options={"speakers": "auto"})
        ended(id)
        assert finished_search(id).found == 1
        transcript = transcript_of(id)
        assert transcript.speakers == []
        panel = speakers.panel(records.load(id, OWNER), transcript)
        assert [(row.name, row.share) for row in panel.rows] == [("Speaker 1", 1.0)]
        speakers.rename(id, OWNER, "Speaker 1", "John", corrections.state(id, OWNER).version)
        assert transcript_of(id).speakers == ["John"]

    def test_silence_has_no_speakers(self, tmp_path: Path):
        id = stt.create(audio.write(tmp_path / "quiet.flac", audio.silence(5)), options={"speakers": "auto"})
        ended(id)
        assert finished_search(id).found == 0
        assert speakers.panel(records.load(id, OWNER), transcript_of(id)).rows == ()

    def test_search_reports_fewer_speakers_than_requested(self, dialogue: Conversation, dialogue_file: Path):
        id = of_conversation(dialogue, dialogue_file, OWNER)
        service.find_speakers(id, 12)
        found = finished_search(id)
        assert found.requested == 12 and found.is_fewer == (found.found < 12)
        assert len(set(transcript_of(id).speakers)) == found.found

    def test_second_search_reuses_the_stored_analysis(self, dialogue: Conversation, dialogue_file: Path, monkeypatch):
        id = of_conversation(dialogue, dialogue_file, OWNER)
        service.find_speakers(id)
        finished_search(id)
        recording = recordings.find(records.load(id, OWNER).recording_id, OWNER)
        recording.path.write_bytes(b"")  # without sound, a search can only use the stored analysis
        service.find_speakers(id, 1)
        until(lambda: results.search_of(id).requested == 1 and not results.search_of(id).is_open)
        assert results.search_of(id).state == attempts.DONE and transcript_of(id).speakers == []

    def test_a_job_cancelled_at_its_end_has_no_search_and_its_retry_has_one(
        self, dialogue: Conversation, dialogue_file: Path
    ):
        id = of_conversation(dialogue, dialogue_file, OWNER)
        job = replace(records.load(id, OWNER), options={"speakers": "2"})
        records.transition(id, (kinds.DONE,), kinds.CANCELLED)
        service.search.expect(job)
        assert results.search_of(id) is None
        records.transition(id, (kinds.CANCELLED,), kinds.DONE)
        service.search.expect(job)
        assert finished_search(id).found == 2

    def test_missing_models_leave_the_transcript_unchanged_and_retry_works(
        self, dialogue: Conversation, dialogue_file: Path, tmp_path: Path, monkeypatch, speaker_models: Path
    ):
        id = of_conversation(dialogue, dialogue_file, OWNER)
        before = transcript_of(id)
        set_models(monkeypatch, tmp_path / "nowhere")
        service.find_speakers(id)
        found = finished_search(id)
        assert found.state == attempts.FAILED and found.error["title"] == "The speaker models cannot be used"
        assert transcript_of(id) == before
        set_models(monkeypatch, speaker_models)
        service.find_speakers(id)
        assert until(lambda: results.search_of(id).state == attempts.DONE)

    def test_search_without_its_recording_fails_with_a_message(self, dialogue: Conversation, dialogue_file: Path):
        id = of_conversation(dialogue, dialogue_file, OWNER)
        recordings.remove(records.load(id, OWNER).recording_id, OWNER)
        service.find_speakers(id)
        found = finished_search(id)
        assert found.state == attempts.FAILED and "no longer kept" in found.error["message"]

    def test_cancelled_search_ends_and_changes_nothing(self, dialogue: Conversation, tmp_path: Path):
        long = audio.write(tmp_path / "long.flac", np.tile(dialogue.samples, 10))
        id = of_conversation(dialogue, long, OWNER)
        before = transcript_of(id)
        service.find_speakers(id)
        until(lambda: results.search_of(id).state == attempts.WORKING)
        service.stop_finding_speakers(id)
        workflow_id = results.Attempt(id, 1).work
        until(lambda: DBOS.get_workflow_status(workflow_id).status == "SUCCESS")
        assert results.search_of(id).state == attempts.CANCELLED and transcript_of(id) == before

    def test_deleting_a_transcript_ends_its_search_and_leaves_no_data(self, dialogue: Conversation, tmp_path: Path):
        long = audio.write(tmp_path / "long.flac", np.tile(dialogue.samples, 10))
        id = of_conversation(dialogue, long, OWNER)
        service.find_speakers(id)
        until(lambda: results.search_of(id).state == attempts.WORKING)
        recording = records.load(id, OWNER).recording_id
        history.delete(id, OWNER)
        until(lambda: not DBOS.list_workflows(workflow_id_prefix=[f"{id}-"]))
        with database().connect() as connection:
            assert connection.execute(sa.select(diarizations).where(diarizations.c.id == id)).all() == []
            assert connection.execute(sa.select(analyses).where(analyses.c.id == recording)).all() == []

    def test_search_that_was_stored_but_never_queued_is_started(self, dialogue: Conversation, dialogue_file: Path):
        id = of_conversation(dialogue, dialogue_file, OWNER)
        results.next_attempt(id, None)
        service.search.reconcile()
        assert finished_search(id).state == attempts.DONE

    @pytest.mark.parametrize("number", [0, 13, -1])
    def test_number_of_speakers_out_of_bounds_is_refused(
        self, dialogue: Conversation, dialogue_file: Path, number: int
    ):
        with pytest.raises(BadOption, match="1 to 12"):
            service.find_speakers(of_conversation(dialogue, dialogue_file, OWNER), number)

    def test_another_owners_transcript_is_not_found(self, dialogue: Conversation, dialogue_file: Path):
        id = of_conversation(dialogue, dialogue_file, OWNER)
        for call in (service.find_speakers, service.stop_finding_speakers):
            with pytest.raises(NotFound):
                call(id, owner="visitor:mallory")
