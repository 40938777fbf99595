"""A job with a model that is not here downloads it first, says how far that is, and can be cancelled meanwhile."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from jiwer import wer

import stt
from stt.errors import BadOption
from stt.jobs import service
from stt.models import known, shelf
from stt.store import records
from tests import audio, hub
from tests.bench.accuracy import normalised
from tests.conftest import forget
from tests.hub import Hub
from tests.waiting import ended, until

TINY = known.find("tiny.en")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """Run the job engine with a hub that has tiny.en, for which also another name stands."""
    files = hub.tiny_en()
    names = (TINY.repository, known.find("base.en").repository)
    with Hub(dict.fromkeys(names, files)) as served, pytest.MonkeyPatch.context() as patch:
        patch.setenv("STT_DATA_DIR", str(tmp_path_factory.mktemp("models") / "data"))
        patch.setenv("HF_ENDPOINT", served.url)
        patch.setenv("STT_MODELS", "local/*")
        forget()
        service.start()
        yield served
        for job in records.open_jobs():
            service.cancel(job.id, owner=job.owner)
        service.stop(timeout=10)
        forget()


@pytest.fixture(autouse=True)
def empty_shelf(running: Hub) -> Iterator[None]:
    yield
    running.stall_after = None
    running.go_on.set()
    until(lambda: not records.open_jobs())
    for each in (TINY, known.find("base.en")):
        until(lambda each=each: _removed(each))
    running.go_on.clear()
    running.stalled.clear()
    running.requests.clear()


def _removed(model: known.Known) -> bool:
    try:
        shelf.remove(model.name)
    except stt.errors.Conflict:  # a cancelled job still lets go of it
        return False
    return True


def stage(generation_id: str) -> str:
    return stt.get(generation_id).job.stage or ""


def test_a_job_downloads_its_model_as_a_stage_and_its_provenance_names_it(running):
    running.stall_after = 40 << 20
    made = stt.create(audio.JFK, model="local/whisper-tiny.en")
    until(lambda: "Downloading Whisper tiny.en, 5" in stage(made))
    assert stt.get(made).state == "working"
    running.stall_after = None
    running.go_on.set()
    progress = ended(made)
    assert progress.state == "done" and progress.job.model == "local/whisper-tiny.en"
    assert wer(audio.JFK_WORDS, normalised(progress.transcript.text)) <= 0.1 and progress.transcript.language == "en"
    facts = progress.job.provenance
    assert facts["model"] == "whisper-tiny.en" and facts["weights_sha256"].startswith("1a5afae0")
    assert facts["settings"]["device"] == "cpu" and "fell_back" not in facts
    assert shelf.is_here(TINY)


def test_two_jobs_that_want_one_model_wait_for_one_download(running):
    made = [stt.create(path, model="local/whisper-tiny.en") for path in (audio.JFK, audio.AUSTEN[0])]
    assert [ended(each).state for each in made] == ["done", "done"]
    assert running.starts() == [0]


def test_no_other_job_waits_for_those_that_download(running):
    running.stall_after = 20 << 20
    many = [stt.create(audio.JFK, model="local/whisper-tiny.en") for _ in range(3)]
    assert running.stalled.wait(30)
    assert ended(stt.create(audio.JFK)).state == "done"
    assert {stt.get(each).state for each in many} == {"working", "queued"}
    running.stall_after = None
    running.go_on.set()
    assert [ended(each).state for each in many] == ["done"] * 3


def test_two_models_work_at_once(running):
    made = [stt.create(audio.JFK, model=f"local/whisper-{size}") for size in ("tiny.en", "base.en", "base")]
    jobs = [ended(each).job for each in made]
    assert [job.provenance["model"] for job in jobs] == ["whisper-tiny.en", "whisper-base.en", "whisper-base"]


def test_a_cancel_ends_a_job_that_downloads_within_seconds(running):
    running.stall_after = 20 << 20
    made = stt.create(audio.JFK, model="local/whisper-tiny.en")
    assert running.stalled.wait(30)
    began = time.monotonic()
    stt.cancel(made)
    until(lambda: shelf.entry_of(TINY).state == "stopped", 12)
    assert stt.get(made).state == "cancelled" and time.monotonic() - began < 12
    running.stall_after = None
    running.go_on.set()
    stt.retry(made)
    assert ended(made).state == "done"
    assert running.starts()[-1] > 15 << 20, "what had come is used"


def test_a_job_whose_model_cannot_be_had_fails_in_words_and_can_be_tried_again(running):
    running.status = [404]
    made = stt.create(audio.JFK, model="local/whisper-tiny.en")
    job = ended(made).job
    assert job.state == "failed" and job.error["kind"] == "ModelDownloadFailed"
    assert job.error["message"] == "Whisper tiny.en could not be downloaded. The hub does not have it (404)."
    stt.retry(made)
    assert ended(made).state == "done"


@pytest.mark.parametrize(
    ("model", "options", "said"),
    [
        ("local/whisper-enormous", {}, "no model called"),
        ("local/whisper-tiny.en", {"language": "de"}, "Whisper tiny.en knows English only"),
        ("local/whisper-tiny.en", {"translate": True}, "does not take 'translate'"),
        ("local/whisper-large-v3-turbo", {"translate": True}, "does not take 'translate'"),
    ],
)
def test_what_a_model_cannot_do_is_said_before_there_is_a_job(running, model, options, said):
    with pytest.raises(BadOption, match=said):
        stt.create(audio.JFK, model=model, options=options)
    assert not running.requests


def test_english_may_be_said_to_a_model_that_knows_nothing_else(running):
    made = ended(stt.create(Path(audio.JFK), model="local/whisper-tiny.en", options={"language": "en-GB"}))
    assert made.state == "done" and made.job.options == {"language": "en"}
