"""A job at the provider, on the real job engine and a real HTTP server: what is shown, kept, and never paid for twice."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import sqlalchemy as sa
from pydantic import SecretStr

import stt
from stt import kinds
from stt.aiml import offered
from stt.audio import decoder
from stt.db.engine import database
from stt.engines import provider
from stt.engines.track_file import track_file
from stt.errors import KeyMissing, ProviderTimeout, ResultExpired
from stt.settings import settings
from stt.store import quotas, recordings, records, submissions
from stt.store.recordings import Link
from stt.store.records import Job
from tests import audio
from tests.provider import KEY, Provider
from tests.server import free_port
from tests.waiting import until

BASE = "#g1_whisper-base"


@pytest.fixture(scope="module")
def there(engine) -> Iterator[Provider]:
    """Return the provider, which the engine's settings point to."""
    with Provider(key=f"{KEY}-jobs") as there, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIML_BASE_URL", there.url)
        patch.setenv("AIML_API_KEY", there.key)
        settings.cache_clear()
        there.script(duration=0.2, seconds=5.0)
        yield there
    settings.cache_clear()


def start(there: Provider, source=None, **more) -> str:
    source = source if source is not None else recordings.take_in(audio.AUSTEN[1], "local", f"{free_port()}.wav")
    return stt.create(source, model=BASE, **more)


def ended(generation_id: str) -> Job:
    until(lambda: not stt.get(generation_id).job.pending)
    return stt.get(generation_id).job


def stage(generation_id: str) -> str:
    return stt.get(generation_id).job.stage or ""


def test_a_job_says_what_it_waits_for_and_ends_with_everything(there):
    there.script(duration=3.5, text="All of it.")
    there.fault("create", "slow-headers", seconds=0.5)
    job_id, seen = start(there, options={"diarize": True}), []
    until(lambda: seen.append(stage(job_id)) or not stt.get(job_id).job.pending, every=0.01)
    there.script(duration=0.2)
    stages = list(dict.fromkeys(filter(None, seen)))
    assert stages[-2:] == ["Queued at the provider", "The provider is transcribing"]
    assert "Uploaded, waiting for the provider's answer" in stages
    done = stt.get(job_id)
    assert done.state == kinds.DONE and done.text == "All of it." and done.transcript.speakers == ["Speaker 1"]
    assert done.job.cost == pytest.approx(done.job.duration * 0.0001) and 3 <= done.job.worked < 30
    assert (
        submissions.raw_response(job_id)["status"] == "completed" and done.job.provenance["generation_id"] in there.jobs
    )
    assert offered.known().find("nova-3").description == "What nova-3 is."  # the live list was asked for


def test_a_large_file_is_handed_over_with_its_percent(there, tmp_path):
    audio.write(tmp_path / "long.wav", np.zeros(16_000 * 1800, np.float32))
    job_id, seen = start(there, tmp_path / "long.wav"), []
    until(lambda: seen.append(stage(job_id)) or not stt.get(job_id).job.pending, every=0.01)
    assert any(re.fullmatch(r"Uploading to the provider, \d{1,2} %", words) for words in seen)
    assert stt.get(job_id).state == kinds.DONE


def test_of_several_tracks_the_chosen_one_alone_is_handed_over(there, tmp_path):
    made = [(audio.silence(11), {}), (audio.samples(audio.JFK), {}), (audio.samples(audio.AUSTEN[0]), {})]
    recording = recordings.take_in(audio.write_tracks(tmp_path / "a.mkv", made), "local")
    for choice, chosen in (("", "Track 2 (chosen), Track 3"), ("3", "Track 2, Track 3 (chosen)")):
        job = ended(start(there, recording, options={"track": choice} if choice else {}))
        assert job.state == kinds.DONE and job.provenance["tracks"] == f"3 tracks: Track 1, {chosen}"
        with track_file(recording, choice, lambda: None) as path, decoder.Reader(path) as reader:
            assert there.created[-1] == hashlib.sha256(path.read_bytes()).hexdigest()
            np.testing.assert_allclose(reader.read(100)[0], made[int(choice or 2) - 1][0], rtol=0, atol=1e-3)
        assert not path.exists()


def test_a_provider_that_is_busy_is_waited_for_and_the_job_says_so(there):
    there.fault("create", "429", retry_after=2)
    before = len(there.created)
    job_id = start(there)
    until(lambda: "busy" in stage(job_id))
    assert not submissions.was_submitted(
        records.load(job_id, None)
    )  # a server killed now would send it again by itself
    assert ended(job_id).state == kinds.DONE and len(there.created) == before + 1


def test_trouble_while_polling_is_said_and_passes(there):
    there.fault("get", "500", times=4)
    job_id = start(there)
    until(lambda: "does not answer" in stage(job_id))
    assert ended(job_id).state == kinds.DONE


def test_an_id_that_is_not_known_everywhere_yet_is_asked_for_again(there):
    there.fault("get", "404")
    assert ended(start(there)).state == kinds.DONE


def test_a_job_cancelled_just_after_its_upload_is_not_paid_for_again(there):
    there.fault("create", "slow-headers", seconds=1.5)
    before = len(there.created)
    job_id = start(there)
    until(lambda: stage(job_id).startswith("Uploaded"))
    stt.cancel(job_id)
    stt.retry(job_id)
    job = ended(job_id)
    assert job.state == kinds.DONE and job.attempt == 2 and len(there.created) == before + 1


def test_the_id_outlives_a_database_that_is_away_just_when_it_comes(there):
    there.fault("create", "slow-headers", seconds=1.0)
    before = len(there.created)
    job_id = start(there)
    until(lambda: submissions.was_submitted(records.load(job_id, None)))
    with database().begin() as connection:
        connection.execute(sa.text("ALTER TABLE transcriptions RENAME TO away"))
    until(lambda: there.jobs and there.creating == 0)
    with database().begin() as connection:
        connection.execute(sa.text("ALTER TABLE away RENAME TO transcriptions"))
    assert ended(job_id).state == kinds.DONE and len(there.created) == before + 1


def test_an_answer_that_nobody_can_read_is_kept_and_a_retry_creates_anew(there):
    there.script(result={"tune": "la la"})
    job_id = start(there)
    job = ended(job_id)
    assert job.error["kind"] == "AnswerUnreadable" and "raw JSON" in job.error["guidance"]
    assert submissions.raw_response(job_id)["result"] == {"tune": "la la"}
    there.script(result=None, text="Now readable.")
    stt.retry(job_id)
    assert ended(job_id).state == kinds.DONE and stt.get(job_id).text == "Now readable."
    assert [j.name for j in there.jobs.values()].count(recordings.find(job.recording_id, "local").name) == 2


def test_a_job_that_the_provider_calls_failed_is_created_anew_by_a_retry_whatever_the_reason(there):
    there.script(error={"statusCode": 500, "message": "The worker died"})
    job_id = start(there)
    assert "The worker died" in ended(job_id).error["message"]
    there.script(error=None)
    stt.retry(job_id)
    assert ended(job_id).state == kinds.DONE


def test_a_visitors_key_is_gone_when_the_job_ends_and_a_retry_asks_for_one_again(there):
    """Also where the server has a key: neither its owner nor, in a shared history, another visitor pays instead."""
    job_id = stt.create(audio.AUSTEN[0], model=BASE, key=SecretStr("sk-revoked"))
    assert ended(job_id).error["kind"] == "KeyRefused" and submissions.sealed_key(job_id) is None
    with pytest.raises(KeyMissing, match="key of its visitor"):
        stt.retry(job_id)
    assert stt.get(job_id).state == kinds.FAILED
    stt.retry(job_id, key=SecretStr(there.key))
    assert ended(job_id).state == kinds.DONE and submissions.sealed_key(job_id) is None


def test_a_visitors_key_is_gone_when_the_job_is_cancelled(there):
    there.script(duration=60)
    job_id = start(there, key=SecretStr(there.key))
    until(lambda: submissions.provider_id(job_id))
    assert submissions.sealed_key(job_id)
    stt.cancel(job_id)
    there.script(duration=0.2)
    assert submissions.sealed_key(job_id) is None
    with pytest.raises(KeyMissing):
        stt.retry(job_id)


def test_a_recording_that_says_it_is_short_counts_as_long_as_it_is(there, monkeypatch):
    """H8: the file says 1 s, the provider's answer 200 s, and no cost."""
    monkeypatch.setenv("STT_DOLLARS_PER_DAY", "1")
    settings.cache_clear()
    there.script(seconds=200.0, text="Two hundred.")
    liar = replace(recordings.take_in(audio.AUSTEN[1], "visitor:liar", "liar.wav"), duration=1.0)
    before = quotas.used("visitor:liar")
    job_id = stt.create(liar, model=BASE, owner="visitor:liar")
    job = until(lambda: not (job := stt.get(job_id, owner="visitor:liar").job).pending and job)
    there.script(seconds=5.0)
    after = quotas.used("visitor:liar")
    assert job.state == kinds.DONE and after.mine == pytest.approx(200)
    assert after.dollars - before.dollars == pytest.approx(200 * 0.0001) == job.cost
    monkeypatch.delenv("STT_DOLLARS_PER_DAY")
    settings.cache_clear()


class Held:
    """A job in no engine's hands, for polling as after a restart: steps and database calls as they are."""

    def __init__(self, job: Job) -> None:
        self.job = job

    def step(self, name, function, *args):
        return function(*args)

    def with_retries(self, function, *args, **values):
        return function(*args, **values)

    def cancelled(self) -> bool:
        return False


@pytest.fixture
def created(there) -> tuple[Held, str]:
    """Return a job whose create was accepted, and its id at the provider."""
    job_id = start(there, Link("https://example.org/a.mp3"))
    until(lambda: submissions.provider_id(job_id))
    ended(job_id)
    return Held(records.load(job_id, None)), submissions.provider_id(job_id)


def test_after_a_long_outage_the_result_is_still_fetched_but_teaches_nothing_about_speed(there, created):
    work, remote_id = created
    answer, took = provider._result(work, {"id": remote_id, "at": time.time() - 1800})
    assert answer["status"] == "completed" and took is None


def test_after_an_hour_the_result_is_gone_and_a_job_that_runs_too_long_ends(there, created):
    work, remote_id = created
    there.script(duration=3600)
    running = start(there, Link("https://example.org/b.mp3"))
    until(lambda: submissions.provider_id(running))
    with pytest.raises(ProviderTimeout):
        provider._result(work, {"id": submissions.provider_id(running), "at": time.time() - 1800})
    stt.cancel(running)
    there.script(duration=0.2)
    there.expires = -1
    with pytest.raises(ResultExpired):
        provider._result(work, {"id": remote_id, "at": time.time() - 3700})
    records.transition(work.job.id, (kinds.DONE,), kinds.CANCELLED)
    stt.retry(work.job.id)
    job = ended(work.job.id)
    there.expires = 3600.0
    assert job.error["kind"] == "ResultExpired" and "hands over the link again" in job.error["guidance"]
    before = len(there.created)
    stt.retry(job.id)
    assert ended(job.id).state == kinds.DONE and len(there.created) == before + 1
