"""Test jobs at the provider with the real job engine and a real HTTP server: stages, results, no double payment."""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import count

import numpy as np
import pytest
import sqlalchemy as sa
from dbos import DBOS
from pydantic import SecretStr

import stt
from stt import kinds
from stt.aiml import catalog, offered
from stt.audio import decoder
from stt.cluster import processes
from stt.db import queries
from stt.db.engine import database
from stt.db.tables import copies, transcriptions
from stt.engines import provider
from stt.engines.track_file import track_file
from stt.errors import BadOption, Cancelled, KeyMissing, ProviderTimeout, ResultExpired
from stt.settings import settings
from stt.store import playback_copies, quotas, recordings, records, submissions
from stt.store.recordings import Link
from stt.store.records import Job
from tests import audio, provider_contract
from tests.conftest import read_settings_again
from tests.provider import KEY, Provider
from tests.quotas import job as quota_job
from tests.waiting import until

BASE = "#g1_whisper-base"
_numbers = count()  # for names and links that occur only once


@pytest.fixture(scope="module")
def fake_provider(engine) -> Iterator[Provider]:
    """Start the fake provider and point the engine's settings to it."""
    with Provider(key=f"{KEY}-jobs") as fake_provider, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIML_BASE_URL", fake_provider.url)
        patch.setenv("AIML_API_KEY", fake_provider.key)
        read_settings_again()
        fake_provider.script(duration=0.2, seconds=5.0)
        yield fake_provider
    read_settings_again()


def start(fake_provider: Provider, source=None, **more) -> str:
    source = source if source is not None else recordings.take_in(audio.AUSTEN[1], "local", f"{next(_numbers)}.wav")
    return stt.create(source, model=BASE, **more)


def ended(generation_id: str) -> Job:
    until(lambda: not stt.get(generation_id).job.pending)
    return stt.get(generation_id).job


def stage(generation_id: str) -> str:
    return stt.get(generation_id).job.stage or ""


def test_job_reports_its_stages_and_ends_with_the_complete_result(fake_provider):
    fake_provider.script(duration=3600, text="All of it.")
    answers = threading.Event()
    fake_provider.fault("create", "slow-headers", until=answers)
    job_id = start(fake_provider, options={"diarize": True})
    until(lambda: stage(job_id) == "Uploaded, waiting for the provider's answer")
    answers.set()
    until(lambda: stage(job_id) == "Queued at the provider")
    *_, created = fake_provider.jobs.values()
    created.at -= 1800  # half of its duration, so the provider now says that it is transcribing
    until(lambda: stage(job_id) == "The provider is transcribing")
    created.script |= {"duration": 0}
    fake_provider.script(duration=0.2)
    ended(job_id)
    done = stt.get(job_id)
    assert done.state == kinds.DONE and done.text == "All of it." and done.transcript.speakers == ["Speaker 1"]
    assert done.job.cost == pytest.approx(done.job.duration * 0.0001) and 3 <= done.job.worked < 30
    assert (
        submissions.raw_response(job_id)["status"] == "completed"
        and done.job.provenance["generation_id"] in fake_provider.jobs
    )
    assert offered.known().find("nova-3").description == "What nova-3 is."  # the live list of models describes it so


def test_upload_of_a_large_file_reports_its_percentage(fake_provider, tmp_path):
    audio.write(tmp_path / "long.wav", np.zeros(16_000 * 1800, np.float32))
    job_id, seen = start(fake_provider, tmp_path / "long.wav"), []
    until(lambda: seen.append(stage(job_id)) or not stt.get(job_id).job.pending, every=0.01)
    assert any(re.fullmatch(r"Uploading to the provider, \d{1,2} %", words) for words in seen)
    assert stt.get(job_id).state == kinds.DONE


def test_only_the_chosen_track_is_uploaded(fake_provider, tmp_path):
    sounds = [(audio.silence(11), {}), (audio.samples(audio.JFK), {}), (audio.samples(audio.AUSTEN[0]), {})]
    recording = recordings.take_in(audio.write_tracks(tmp_path / "a.mkv", sounds), "local")
    for choice, chosen in (("", "Track 2 (chosen), Track 3"), ("3", "Track 2, Track 3 (chosen)")):
        job = ended(start(fake_provider, recording, options={"track": choice} if choice else {}))
        assert job.state == kinds.DONE and job.provenance["tracks"] == f"3 tracks: Track 1, {chosen}"
        with track_file(recording, choice, lambda: None) as path, decoder.Reader(path) as reader:
            assert fake_provider.created[-1] == hashlib.sha256(path.read_bytes()).hexdigest()
            np.testing.assert_allclose(reader.read(100)[0], sounds[int(choice or 2) - 1][0], rtol=0, atol=1e-3)
        assert not path.exists()


def test_more_tracks_than_the_provider_takes_as_speakers_are_refused_before_the_job(fake_provider, tmp_path):
    path = audio.write_tracks(tmp_path / "nine.mkv", [(audio.samples(audio.AUSTEN[1]), {})] * 9)
    recording = recordings.take_in(path, "local")
    folder = settings().data_dir / "audio"
    # The playback copies of earlier tests are stored in this folder, too.
    until(lambda: not queries.values(sa.select(copies.c.id).where(copies.c.state == playback_copies.MAKING)))
    before = sorted(folder.iterdir())
    for source in (recording, path):
        with pytest.raises(BadOption, match="This model takes at most 8 tracks as speakers"):
            start(fake_provider, source, options={"track": "all"})
    assert sorted(folder.iterdir()) == before, "no copy of the file is left"
    work = started(recording, options={"track": "all"})  # created by an older version of the app
    with pytest.raises(BadOption, match="at most 8 tracks"):
        provider.Provider().run(work)
    assert ended(start(fake_provider, recording, options={"track": "9"})).state == kinds.DONE


def test_job_waits_for_a_busy_provider_and_reports_it(fake_provider):
    fake_provider.fault("create", "429", retry_after=2)
    before = len(fake_provider.created)
    job_id = start(fake_provider)
    c = transcriptions.c
    row = sa.select(c.stage, c.sent).where(c.id == job_id)
    waiting = until(lambda: (found := queries.one(row)) and "busy" in (found.stage or "") and found)
    assert waiting.sent is None  # if the server were killed now, the job would be submitted again
    assert ended(job_id).state == kinds.DONE and len(fake_provider.created) == before + 1


def test_transient_errors_while_polling_are_reported_and_retried(fake_provider):
    fake_provider.fault("get", "500", times=4)
    job_id = start(fake_provider)
    until(lambda: "does not answer" in stage(job_id))
    assert ended(job_id).state == kinds.DONE


def test_id_that_the_provider_does_not_know_yet_is_polled_again(fake_provider):
    fake_provider.fault("get", "404")
    assert ended(start(fake_provider)).state == kinds.DONE


def test_a_job_cancelled_just_after_its_upload_is_not_paid_for_again(fake_provider):
    answers = threading.Event()
    fake_provider.fault("create", "slow-headers", until=answers)
    before = len(fake_provider.created)
    job_id = start(fake_provider)
    until(lambda: stage(job_id).startswith("Uploaded"))
    stt.cancel(job_id)
    stt.retry(job_id)
    until(lambda: stt.get(job_id).job.state == kinds.WORKING)  # the retry begins before the first create has ended
    answers.set()
    job = ended(job_id)
    assert job.state == kinds.DONE and job.attempt == 2 and len(fake_provider.created) == before + 1


def test_provider_id_is_stored_despite_a_database_outage_at_its_arrival(fake_provider):
    answers = threading.Event()
    fake_provider.fault("create", "slow-headers", until=answers)
    before = len(fake_provider.created)
    job_id = start(fake_provider)
    until(lambda: len(fake_provider.created) > before)
    with database().begin() as connection:
        connection.execute(sa.text("ALTER TABLE transcriptions RENAME TO away"))
    answers.set()
    until(lambda: fake_provider.creating == 0)
    with database().begin() as connection:
        connection.execute(sa.text("ALTER TABLE away RENAME TO transcriptions"))
    assert ended(job_id).state == kinds.DONE and len(fake_provider.created) == before + 1


def test_unreadable_response_is_stored_and_a_retry_submits_again(fake_provider):
    fake_provider.script(result={"tune": "la la"})
    job_id = start(fake_provider)
    job = ended(job_id)
    assert job.error["kind"] == "AnswerUnreadable" and "raw JSON" in job.error["guidance"]
    assert submissions.raw_response(job_id)["result"] == {"tune": "la la"}
    fake_provider.script(result=None, text="Now readable.")
    stt.retry(job_id)
    assert ended(job_id).state == kinds.DONE and stt.get(job_id).text == "Now readable."
    assert [j.name for j in fake_provider.jobs.values()].count(recordings.find(job.recording_id, "local").name) == 2


def test_retry_submits_again_after_any_failure_at_the_provider(fake_provider):
    fake_provider.script(error={"statusCode": 500, "message": "The worker died"})
    job_id = start(fake_provider)
    assert "The worker died" in ended(job_id).error["message"]
    fake_provider.script(error=None)
    stt.retry(job_id)
    assert ended(job_id).state == kinds.DONE


def test_visitor_key_is_deleted_at_the_end_and_a_retry_requires_it_again(fake_provider):
    """Retry without the visitor's key on a server with its own key. Neither the host nor another visitor may pay."""
    job_id = stt.create(audio.AUSTEN[0], model=BASE, key=SecretStr("sk-revoked"))
    assert ended(job_id).error["kind"] == "KeyRefused" and submissions.sealed_key(job_id) is None
    with pytest.raises(KeyMissing, match="key of its visitor"):
        stt.retry(job_id)
    assert stt.get(job_id).state == kinds.FAILED
    stt.retry(job_id, key=SecretStr(fake_provider.key))
    assert ended(job_id).state == kinds.DONE and submissions.sealed_key(job_id) is None


def test_visitor_key_is_deleted_when_the_job_is_cancelled(fake_provider):
    fake_provider.script(duration=60)
    job_id = start(fake_provider, key=SecretStr(fake_provider.key))
    until(lambda: submissions.provider_id(job_id))
    assert submissions.sealed_key(job_id)
    stt.cancel(job_id)
    fake_provider.script(duration=0.2)
    assert submissions.sealed_key(job_id) is None
    with pytest.raises(KeyMissing):
        stt.retry(job_id)


def test_understated_duration_counts_with_its_real_length(fake_provider, monkeypatch):
    """Use a recording that declares 1 s. The response of the provider gives 200 s and no cost."""
    monkeypatch.setenv("STT_DOLLARS_PER_DAY", "1")
    read_settings_again()
    fake_provider.script(seconds=200.0, text="Two hundred.")
    understated = replace(recordings.take_in(audio.AUSTEN[1], "visitor:liar", "liar.wav"), duration=1.0)
    before = quotas.used("visitor:liar")
    job_id = stt.create(understated, model=BASE, owner="visitor:liar")
    job = until(lambda: not (job := stt.get(job_id, owner="visitor:liar").job).pending and job)
    fake_provider.script(seconds=5.0)
    after = quotas.used("visitor:liar")
    assert job.state == kinds.DONE and after.mine == pytest.approx(200)
    assert after.dollars - before.dollars == pytest.approx(200 * 0.0001) == job.cost
    monkeypatch.delenv("STT_DOLLARS_PER_DAY")
    read_settings_again()


@pytest.mark.parametrize(
    ("fault", "counts"), [("401", False), ("403", False), ("404", False), ("reset-after", True), ("error-inside", True)]
)
def test_job_that_the_provider_certainly_refused_does_not_count(fake_provider, fault: str, counts: bool):
    owner = f"visitor:{fault}"
    before = quotas.used(owner)
    fake_provider.fault("create", fault)
    recording = recordings.take_in(audio.AUSTEN[1], owner)
    job_id = stt.create(recording, model=BASE, owner=owner)
    until(lambda: DBOS.get_workflow_status(f"{job_id}-1").status == "SUCCESS")
    after, seconds = quotas.used(owner), recording.duration if counts else 0.0
    assert stt.get(job_id, owner=owner).state == kinds.FAILED and after.mine == pytest.approx(seconds)
    assert after.dollars - before.dollars == pytest.approx(seconds * 0.0001)


class DetachedJob:
    """Imitate the engine's running job, to poll as after a restart. Its methods call the given functions directly."""

    def __init__(self, job: Job) -> None:
        self.job = job

    def step(self, name, function, *args):
        return function(*args)

    def cancelled(self) -> bool:
        return not records.is_current(self.job)

    def with_retries(self, function, *args, **values):
        return function(*args, **values)


def started(source=None, **values) -> DetachedJob:
    """Store a job at the provider that has just begun: a job of the recording `source`, or of a link."""
    values |= {"recording_id": source.id} if source else {"url": f"https://example.org/{next(_numbers)}.mp3"}
    begun = quota_job("local", engine=kinds.PROVIDER, state=kinds.WORKING, **values)
    # With this process as its maker, the scheduled `queueing.reconcile` does not queue it.
    records.insert(begun, maker=processes.NAME)
    return DetachedJob(begun)


@pytest.mark.parametrize("linked", [True, False])
def test_a_job_cancelled_before_its_request_is_not_submitted(fake_provider, tmp_path, linked: bool):
    short = audio.write(tmp_path / "short.flac", audio.silence(0.5))  # so small that it is sent as one block
    work = started(None if linked else recordings.take_in(short, "local"))
    before = len(fake_provider.created)
    stt.cancel(work.job.id)
    with pytest.raises(Cancelled):
        provider.Provider().run(work)
    assert len(fake_provider.created) == before and not submissions.was_submitted(work.job)


def forget_models() -> None:
    """Forget the provider's list of models, as on a server that has just started."""
    (settings().data_dir / catalog.COPY).unlink(missing_ok=True)
    offered._live.clear()


@pytest.fixture
def new_model(fake_provider, monkeypatch) -> Iterator[str]:
    """Let the provider list a model that this app does not know, and return its id."""
    monkeypatch.setitem(provider_contract.MODELS, "#g1_whisper-next", "old")
    forget_models()
    yield "#g1_whisper-next"
    forget_models()


def test_job_waits_for_the_list_of_models_if_the_worker_has_none_with_its_model(fake_provider, new_model):
    for outdated in (None, catalog.packaged()):
        if outdated:  # a list that another server loaded before the provider added the model
            listed = [model for model in offered.known().models if model.id != new_model]
            offered._live[offered._place()] = time.time() - 2 * offered.RETRY, catalog.Catalog(listed)
            (settings().data_dir / catalog.COPY).unlink()
        outcome = provider.Provider().run(started(model=new_model))
        assert outcome.cost == pytest.approx(outcome.seconds * 0.0001)


def test_paid_result_is_kept_although_the_provider_no_longer_lists_the_model(fake_provider, new_model):
    class Delisted(DetachedJob):
        def step(self, name, function, *args):
            result = super().step(name, function, *args)
            forget_models()
            return result

    offered.refresh(timeout=10)
    work = Delisted(started(model=new_model, options={"vocabulary": "Cyrille"}).job)
    outcome = provider.Provider().run(work)
    assert outcome.transcript.text and outcome.cost is None and "vocabulary" not in outcome.provenance


@pytest.fixture
def created(fake_provider) -> tuple[DetachedJob, str]:
    """Return a finished job as a DetachedJob, and its id at the provider."""
    job_id = start(fake_provider, Link("https://example.org/a.mp3"))
    until(lambda: submissions.provider_id(job_id))
    ended(job_id)
    return DetachedJob(records.load(job_id, None)), submissions.provider_id(job_id)


@pytest.mark.parametrize("ago", [1800, -1800], ids=["long outage", "clock set back"])
def test_result_after_an_unknown_time_is_fetched_but_not_used_for_the_speed(fake_provider, created, ago: float):
    class Restarted(DetachedJob):
        def step(self, *_):
            return {"id": created[1], "at": time.time() - ago}  # the stored result of the step "create"

    outcome = provider.Provider().run(Restarted(started().job))
    assert outcome.raw["status"] == "completed" and outcome.worked is None


def test_result_expires_after_an_hour_and_a_job_that_runs_too_long_ends(fake_provider, created):
    work, provider_id = created
    fake_provider.script(duration=3600)
    running = start(fake_provider, Link("https://example.org/b.mp3"))
    until(lambda: submissions.provider_id(running))
    with pytest.raises(ProviderTimeout):
        provider._result(work, {"id": submissions.provider_id(running), "at": time.time() - 1800})
    stt.cancel(running)
    fake_provider.script(duration=0.2)
    fake_provider.expires = -1
    with pytest.raises(ResultExpired):
        provider._result(work, {"id": provider_id, "at": time.time() - 3700})
    records.transition(work.job.id, (kinds.DONE,), kinds.CANCELLED)
    stt.retry(work.job.id)
    job = ended(work.job.id)
    fake_provider.expires = 3600.0
    assert job.error["kind"] == "ResultExpired" and "Retry sends the link again" in job.error["guidance"]
    before = len(fake_provider.created)
    stt.retry(job.id)
    assert ended(job.id).state == kinds.DONE and len(fake_provider.created) == before + 1
