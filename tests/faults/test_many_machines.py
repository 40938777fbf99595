"""Test two workers with PostgreSQL and a shared folder of audio.

The workers join, stop, are killed, and resume after a stall.
"""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import requests
from dbos import DBOS
from jiwer import wer

import stt
from stt.auth.visitors import LOCAL
from stt.background import attempts
from stt.background.diarization import results
from stt.cluster import workers
from stt.db.engine import DB_UNAVAILABLE, PG_CONNECT_ARGS, database
from stt.db.tables import transcriptions
from stt.jobs import service
from stt.store import records, transcripts
from tests import audio, conversations
from tests import transcripts as sample_transcripts
from tests.bench.accuracy import normalised
from tests.conftest import read_settings_again, reset_caches
from tests.faults import fleet
from tests.faults.fleet import Worker
from tests.provider import Provider
from tests.server import free_port
from tests.waiting import until

# Seconds without a heartbeat until a worker counts as dead, for tests that cannot wait for the real timeout.
SHORT_TIMEOUT = 3.0
NEVER = 3600.0  # the same, for tests in which no worker may count as dead


@pytest.fixture(autouse=True)
def front(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with fleet.queue_only_process(tmp_path, monkeypatch, STT_JOBS_AT_ONCE="1"):
        fleet.install_triggers()
        yield


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Return the path of a recording that is decoded in several chunks, and its words."""
    words = audio.librispeech()
    names = list(words)[:10]
    sound = np.concatenate([p for n in names for p in (audio.samples(audio.utterance(n)), audio.silence(0.6))])
    path = audio.write(tmp_path_factory.mktemp("talk") / "talk.flac", sound)
    return path, " ".join(words[name] for name in names)


def lease_of(generation_id: str) -> int | None:
    return records.load(generation_id, None).claim


def ended(generation_id: str) -> service.Progress:
    return until(lambda: (p := stt.get(generation_id)) and not p.job.pending and p, 180)


def check(progress: service.Progress, words: str) -> None:
    """Check that the text is right, and that the job and each of its chunks were stored once."""
    assert progress.state == "done" and wer(words, normalised(progress.text)) < 0.25
    seen = fleet.event_counts()
    assert set(seen.values()) == {1} and sum(id == progress.job.id for id, _ in seen) >= 3


def test_killed_workers_job_resumes_at_its_last_chunk_within_a_minute(talk, tmp_path: Path):
    # Both workers are ready before the job is created: otherwise, the first one might be done before the other starts.
    with Worker(tmp_path / "first") as first, Worker(tmp_path / "second") as second:
        generation_id = stt.create(talk[0])
        until(lambda: transcripts.last_chunk(generation_id), 90)
        before = lease_of(generation_id)
        (first if is_working(first) else second).kill()
        killed = time.monotonic()
        until(lambda: lease_of(generation_id) != before, 60)
        print(f"\nkill -9: taken over after {time.monotonic() - killed:.1f} s")
        check(ended(generation_id), talk[1])


def test_worker_releases_its_job_at_once_on_sigterm(talk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Let no worker ever count as dead, so that only a worker that stops can requeue its job."""
    monkeypatch.setattr(workers, "HEARTBEAT_TIMEOUT", NEVER)
    with Worker(tmp_path / "first", NEVER) as first, Worker(tmp_path / "second", NEVER) as second:
        generation_id = stt.create(talk[0])
        until(lambda: transcripts.last_chunk(generation_id), 90)
        before = lease_of(generation_id)
        signalled = time.monotonic()
        assert (first if is_working(first) else second).stop() == 0
        exited = time.monotonic()
        until(lambda: lease_of(generation_id) != before)
        requeued = time.monotonic()
        print(f"\nSIGTERM: gone after {exited - signalled:.1f} s, its work taken {requeued - exited:.1f} s later")
        check(ended(generation_id), talk[1])


def test_diarization_continues_on_another_worker_from_its_last_chunk(tmp_path: Path, speaker_models: Path):
    talk = conversations.conversation(["1688", "2609"], seed=5, turns=8)
    sound = audio.write(tmp_path / "long.flac", np.tile(talk.samples, round(700 / talk.duration)))
    generation_id = sample_transcripts.of_conversation(talk, sound, LOCAL)
    recording = records.load(generation_id, None).recording_id
    environment = {"STT_SPEAKER_MODELS": str(speaker_models)}
    service.find_speakers(generation_id)
    with Worker(tmp_path / "first", heartbeat_timeout=SHORT_TIMEOUT, environment=environment) as first:
        until(lambda: results.analysed(recording, "")[0] >= 1, 120)
        first.kill()
    done, complete = results.analysed(recording, "")
    stored = results.analyses_of(recording, "")[:done]
    assert not complete
    with Worker(tmp_path / "second", heartbeat_timeout=SHORT_TIMEOUT, environment=environment):
        found = until(lambda: not (s := results.search_of(generation_id)).is_open and s, 600)
    assert found.state == attempts.DONE and found.found == 2
    assert results.analyses_of(recording, "")[:done] == stored
    assert stt.get(generation_id).transcript.speakers == ["Speaker 1", "Speaker 2"]


def test_stalled_worker_gives_up_its_chunk_when_it_resumes(talk, tmp_path: Path):
    """Stall a worker, as when its machine is suspended. When it resumes, both workers behave as lease holders."""
    with (
        Worker(tmp_path / "first", heartbeat_timeout=SHORT_TIMEOUT) as first,
        Worker(tmp_path / "second", heartbeat_timeout=SHORT_TIMEOUT) as second,
    ):
        generation_id = stt.create(talk[0])
        until(lambda: records.load(generation_id, None).seconds_done > 0, 90)
        before = lease_of(generation_id)
        stalled, other = (first, second) if is_working(first) else (second, first)
        stalled.send(signal.SIGSTOP)
        until(lambda: lease_of(generation_id) != before, 60)
        stalled.send(signal.SIGCONT)
        until(lambda: "reassigned" in stalled.log_text(), 30)
        assert records.load(generation_id, None).state == "working", "it gave up before the other one was done"
        check(ended(generation_id), talk[1])
        # A worker may log that a database connection failed, but not that the job failed.
        assert f"failed {generation_id}" not in stalled.log_text() + other.log_text()
        other.kill()  # so that the next job must be run by the worker that had stalled
        assert "country" in ended(stt.create(audio.JFK)).text


def test_stalled_transaction_does_not_block_other_workers(monkeypatch: pytest.MonkeyPatch):
    job = records.load(stt.create(audio.JFK), None)
    monkeypatch.setitem(PG_CONNECT_ARGS, "options", PG_CONNECT_ARGS["options"].replace("15s", "1s"))
    reset_caches()
    update = transcriptions.update().where(transcriptions.c.id == job.id).values(claim=1)
    with database().connect() as stalled:
        stalled.execute(update)
        assert records.acquire_lease(job, 2)
        with pytest.raises(DB_UNAVAILABLE):
            stalled.commit()
    assert lease_of(job.id) == 2


def is_working(worker: Worker) -> bool:
    (work,) = DBOS.list_workflows(status="PENDING", name="transcription")
    return f"-{worker.process.pid}-" in work.executor_id


def test_new_worker_takes_waiting_jobs_and_serves_health_and_metrics(tmp_path: Path):
    ids = [stt.create(path) for path in (*audio.AUSTEN, audio.JFK)]
    assert {stt.get(i).state for i in ids} == {"queued"}
    ports = free_port(), free_port()
    with Worker(tmp_path / "first", port=ports[0]), Worker(tmp_path / "second", port=ports[1]):
        texts = [ended(i).text for i in ids]
        metrics = []
        for port in ports:
            assert requests.get(f"http://localhost:{port}/healthz", timeout=30).json()["ready"]
            metrics.append(requests.get(f"http://localhost:{port}/metrics", timeout=30).text)
    assert "leisure" in texts[0] and "selfish" in texts[1] and "country" in texts[2]
    decoded = sum(
        float(n)
        for text in metrics
        for n in re.findall(r'^stt_audio_seconds_total{engine="on-device"} (\S+)', text, re.M)
    )
    assert decoded == pytest.approx(7.1 + 5.3 + 11.0, abs=0.2)
    assert all('stt_jobs{engine="on-device",state="done"} 3.0' in text for text in metrics)
    assert all('stt_queue_age_seconds{engine="provider"} 0.0' in text for text in metrics)


def test_retry_on_another_worker_waits_for_the_create_request_of_the_cancelled_attempt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with Provider() as provider:
        for name, value in {"AIML_BASE_URL": provider.url, "AIML_API_KEY": provider.key}.items():
            monkeypatch.setenv(name, value)
        read_settings_again()
        provider.fault("create", "slow-headers", seconds=15.0)
        busy = Worker(tmp_path / "busy", environment={"STT_PROVIDER_MAX_JOBS": "1"})  # cannot also take the retry
        with busy, Worker(tmp_path / "idle", environment={"STT_PROVIDER_MAX_JOBS": "1"}):
            generation_id = stt.create(audio.AUSTEN[1], model="#g1_whisper-base")
            until(lambda: provider.created)
            stt.cancel(generation_id)
            stt.retry(generation_id)
            job = ended(generation_id).job
        assert job.state == "done" and job.attempt == 2 and len(provider.created) == 1
