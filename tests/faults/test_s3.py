"""Test audio in a bucket, with a real S3 client and a server that implements its protocol."""

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
    """Run an S3 server, in whose bucket audio is stored. This process queues jobs but runs none."""
    # Clear the S3 clients in both caches, which are connected to the previous test's server.
    S3FileSystem.clear_instance_cache()
    audio_files._connect.cache_clear()
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with fleet.queue_only_process(tmp_path, monkeypatch, STT_STORAGE="s3://recordings/stt"):
        yield server
    server.stop()


def test_worker_transcribes_audio_in_the_bucket_and_delete_removes_it(bucket: ThreadedMotoServer, tmp_path: Path):
    generation_id = stt.create(audio.JFK)
    recording = recordings.find(records.load(generation_id, None).recording_id, "local")
    with Worker(tmp_path / "elsewhere"):
        done = ended(generation_id)
    assert done.state == "done" and wer(audio.JFK_WORDS, normalised(done.text)) < 0.1
    assert recording.kept and recording.path.read_bytes() == audio.JFK.read_bytes()
    history.delete(generation_id, "local")
    assert not recording.kept and not recording.path.exists()


def test_job_waits_for_the_bucket_and_a_create_during_the_outage_fails(bucket: ThreadedMotoServer, tmp_path: Path):
    generation_id = stt.create(audio.JFK)
    host, port = bucket.get_host_and_port()
    bucket.stop()
    with pytest.raises(StorageUnavailable, match="does not answer"):
        stt.create(audio.AUSTEN[0])
    assert len(recordings.all_of("local")) == 1, "and nothing is left of it"
    with Worker(tmp_path / "elsewhere"):
        until(lambda: records.load(generation_id, None).state == kinds.WORKING)
        restarted = ThreadedMotoServer(host, port, verbose=False)  # has the same buckets: moto keeps them in memory
        restarted.start()
        try:
            assert ended(generation_id).state == "done"
        finally:
            restarted.stop()
