"""Audio in a bucket: a real S3 client against a server that speaks its protocol."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from jiwer import wer
from moto.server import ThreadedMotoServer
from s3fs import S3FileSystem

import stt
from stt import kinds
from stt.errors import StorageUnavailable
from stt.library import history
from stt.store import audio_files, recordings, records
from tests import audio
from tests.bench.accuracy import normalised
from tests.faults import fleet
from tests.faults.fleet import Worker
from tests.waiting import ended, until


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadedMotoServer]:
    """Store audio in a bucket while a test runs. This process queues jobs and runs none."""
    S3FileSystem.clear_instance_cache()  # both remember where the one of the test before was
    audio_files._connect.cache_clear()
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with fleet.front(tmp_path, monkeypatch, STT_STORAGE="s3://recordings/stt"):
        yield server
    server.stop()


def test_a_worker_elsewhere_hears_what_lies_in_the_bucket_until_it_is_deleted(
    bucket: ThreadedMotoServer, tmp_path: Path
):
    generation_id = stt.create(audio.JFK)
    recording = recordings.find(records.load(generation_id, None).recording_id, "local")
    with Worker(tmp_path / "elsewhere"):
        done = ended(generation_id)
    assert done.state == "done" and wer(audio.JFK_WORDS, normalised(done.text)) < 0.1
    assert recording.kept and recording.path.read_bytes() == audio.JFK.read_bytes()
    history.delete(generation_id, "local")
    assert not recording.kept and not recording.path.exists()


def test_a_job_waits_until_the_bucket_is_back_and_what_comes_meanwhile_is_told(
    bucket: ThreadedMotoServer, tmp_path: Path
):
    generation_id = stt.create(audio.JFK)
    host, port = bucket.get_host_and_port()
    bucket.stop()
    with pytest.raises(StorageUnavailable, match="does not answer"):
        stt.create(audio.AUSTEN[0])
    assert len(recordings.all_of("local")) == 1, "and nothing is left of it"
    with Worker(tmp_path / "elsewhere"):
        until(lambda: records.load(generation_id, None).state == kinds.WORKING)
        again = ThreadedMotoServer(host, port, verbose=False)  # with what it had
        again.start()
        try:
            assert ended(generation_id).state == "done"
        finally:
            again.stop()
