"""Test that a job downloads a missing model first, reports its progress, and can be cancelled meanwhile."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from dbos import DBOS
from jiwer import wer

import stt
from stt.background.diarization import results
from stt.db import queries
from stt.db.tables import diarizations
from stt.errors import BadOption
from stt.files import paths
from stt.jobs import passages, service
from stt.models import known, shelf
from stt.store import records
from stt.transcript.model import Segment, Transcript
from tests import audio, hub
from tests.bench.accuracy import normalised
from tests.conftest import reset_caches
from tests.hub import Hub
from tests.transcripts import store
from tests.waiting import ended, until

TINY = known.find("tiny.en")


@pytest.fixture(scope="module")
def model_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """Run the job engine with a hub that serves the files of tiny.en under two names: tiny.en and base.en."""
    files = hub.tiny_en()
    names = (TINY.repository, known.find("base.en").repository)
    with Hub(dict.fromkeys(names, files)) as served, pytest.MonkeyPatch.context() as patch:
        patch.setenv("STT_DATA_DIR", str(tmp_path_factory.mktemp("models") / "data"))
        patch.setenv("HF_ENDPOINT", served.url)
        patch.setenv("STT_MODELS", "local/*")
        reset_caches()
        service.start()
        yield served
        for job in records.open_jobs():
            service.cancel(job.id, owner=job.owner)
        service.stop(timeout=10)
        reset_caches()


@pytest.fixture(autouse=True)
def empty_shelf(model_hub: Hub) -> Iterator[None]:
    yield
    model_hub.stall_after = None
    model_hub.go_on.set()
    until(lambda: not records.open_jobs())
    for each in (TINY, known.find("base.en")):
        until(lambda each=each: _removed(each))
    model_hub.go_on.clear()
    model_hub.stalled.clear()
    model_hub.requests.clear()


def _removed(model: known.Known) -> bool:
    try:
        shelf.remove(model.name)
    except stt.errors.Conflict:  # a cancelled job is still releasing the model
        return False
    return True


def stage(generation_id: str) -> str:
    return stt.get(generation_id).job.stage or ""


def test_job_downloads_its_model_as_a_stage_and_names_it_in_the_provenance(model_hub):
    model_hub.stall_after = 40 << 20
    job_id = stt.create(audio.JFK, model="local/whisper-tiny.en")
    until(lambda: "Downloading Whisper tiny.en, 5" in stage(job_id))
    assert stt.get(job_id).state == "working"
    model_hub.stall_after = None
    model_hub.go_on.set()
    progress = ended(job_id)
    assert progress.state == "done" and progress.job.model == "local/whisper-tiny.en"
    assert wer(audio.JFK_WORDS, normalised(progress.transcript.text)) <= 0.1 and progress.transcript.language == "en"
    facts = progress.job.provenance
    assert facts["model"] == "whisper-tiny.en" and facts["weights_sha256"].startswith("1a5afae0")
    assert facts["settings"]["device"] == "cpu" and "fell_back" not in facts
    assert shelf.is_available(TINY)


def test_two_jobs_with_the_same_model_share_one_download(model_hub):
    job_ids = [stt.create(path, model="local/whisper-tiny.en") for path in (audio.JFK, audio.AUSTEN[0])]
    assert [ended(each).state for each in job_ids] == ["done", "done"]
    assert model_hub.starts() == [0]


def test_jobs_that_download_do_not_delay_other_jobs(model_hub):
    model_hub.stall_after = 20 << 20
    job_ids = [stt.create(audio.JFK, model="local/whisper-tiny.en") for _ in range(3)]
    assert model_hub.stalled.wait(30)
    assert ended(stt.create(audio.JFK)).state == "done"
    assert {stt.get(each).state for each in job_ids} == {"working", "queued"}
    model_hub.stall_after = None
    model_hub.go_on.set()
    assert [ended(each).state for each in job_ids] == ["done"] * 3


def test_jobs_with_different_models_run_at_once(model_hub):
    job_ids = [stt.create(audio.JFK, model=f"local/whisper-{size}") for size in ("tiny.en", "base.en", "base")]
    jobs = [ended(each).job for each in job_ids]
    assert [job.provenance["model"] for job in jobs] == ["whisper-tiny.en", "whisper-base.en", "whisper-base"]


def test_cancel_ends_a_downloading_job_within_seconds(model_hub):
    model_hub.stall_after = 20 << 20
    job_id = stt.create(audio.JFK, model="local/whisper-tiny.en")
    assert model_hub.stalled.wait(30)
    began = time.monotonic()
    stt.cancel(job_id)
    until(lambda: shelf.entry_of(TINY).state == "stopped", 12)
    assert stt.get(job_id).state == "cancelled" and time.monotonic() - began < 12
    model_hub.stall_after = None
    model_hub.go_on.set()
    stt.retry(job_id)
    assert ended(job_id).state == "done"
    assert model_hub.starts()[-1] > 15 << 20, "the part already downloaded is used"


def test_job_with_an_unavailable_model_fails_clearly_and_can_be_retried(model_hub):
    model_hub.status = [404]
    job_id = stt.create(audio.JFK, model="local/whisper-tiny.en")
    job = ended(job_id).job
    assert job.state == "failed" and job.error["kind"] == "ModelDownloadFailed"
    assert job.error["message"] == "Whisper tiny.en could not be downloaded. The hub does not have it (404)."
    stt.retry(job_id)
    assert ended(job_id).state == "done"


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        ("local/whisper-enormous", {}, "no model called"),
        ("local/whisper-tiny.en", {"language": "de"}, "Whisper tiny.en knows English only"),
        ("local/whisper-tiny.en", {"translate": True}, "does not take 'translate'"),
        ("local/whisper-large-v3-turbo", {"translate": True}, "does not take 'translate'"),
    ],
)
def test_unsupported_model_or_option_is_refused_before_a_job_is_created(model_hub, model, options, message):
    with pytest.raises(BadOption, match=message):
        stt.create(audio.JFK, model=model, options=options)
    assert not model_hub.requests


def test_english_only_model_accepts_english_as_language(model_hub):
    progress = ended(stt.create(Path(audio.JFK), model="local/whisper-tiny.en", options={"language": "en-GB"}))
    assert progress.state == "done" and progress.job.options == {"language": "en"}


def test_passage_of_a_translation_is_offered_only_models_that_translate(model_hub):
    model_hub.go_on.set()
    shelf.obtain(TINY.name, lambda progress: None, lambda: None)
    spoken = Transcript((Segment(0.0, 11.0, audio.JFK_WORDS),), 11.0, "en")
    plain, translated = (store("local", spoken, audio.JFK, options=given) for given in ({}, {"translate": True}))
    assert TINY.id in [model.id for model in passages.models(records.load(plain, "local"))]
    assert [model.id for model in passages.models(records.load(translated, "local"))] == ["local/whisper-base"]
    with pytest.raises(BadOption, match="does not translate"):
        passages.begin(translated, 0.0, 5.0, model=TINY.id, owner="local")


def test_job_that_is_killed_just_after_its_end_still_gets_its_speakers(model_hub):
    """Restore the job engine's records to the moment before it recorded that the job is finished, and resume the job."""
    job_id = stt.create(audio.JFK, model="local/whisper-tiny.en", options={"diarize": True})
    text = ended(job_id).transcript.text
    until(lambda: (found := results.search_of(job_id)) and not found.is_open)
    this = (f"{job_id}-1",)
    until(lambda: DBOS.get_workflow_status(this[0]).status == "SUCCESS")
    queries.write(diarizations.delete().where(diarizations.c.id == job_id))
    with closing(sqlite3.connect(paths.data_folder() / "jobs.db")) as records_of_dbos, records_of_dbos as connection:
        finish = "DELETE FROM operation_outputs WHERE function_name = 'finish' AND workflow_uuid = ?"
        assert connection.execute(finish, this).rowcount == 1
        connection.execute("UPDATE workflow_status SET status = 'ENQUEUED' WHERE workflow_uuid = ?", this)
    until(lambda: results.search_of(job_id))
    until(lambda: DBOS.get_workflow_status(this[0]).status == "SUCCESS")
    now = stt.get(job_id)
    assert now.state == "done" and now.transcript.text == text
