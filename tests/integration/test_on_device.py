"""Test reading a recording in chunks: resuming gives the same chunks, and seeking is reported and can be cancelled."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from stt import kinds
from stt.cluster import crashes
from stt.engines.on_device import ChunkPipeline, ChunkReader
from stt.errors import Cancelled, NotFound
from stt.speech import vad
from stt.store import recordings, records
from stt.store.records import Job
from stt.transcript.model import Transcript
from stt.whisper.loading.device import THREADS
from stt.whisper.parallel import DecodePool
from tests import audio, transcripts
from tests.waiting import until

OWNER = "visitor:one"


@dataclass
class Work:
    """Imitate the engine's running job. It is cancelled if the database says so."""

    job: Job

    def cancelled(self) -> bool:
        return not records.is_current(self.job)


def start_work(sound: Path) -> tuple[Work, ChunkReader]:
    job_id = transcripts.store(OWNER, Transcript((), 0.0), sound)
    records.transition(job_id, (kinds.DONE,), kinds.WORKING)
    work = Work(records.load(job_id, OWNER))
    return work, ChunkReader(work, recordings.find(work.job.recording_id, OWNER))


def an_hour(path: Path) -> Path:
    minute = audio.write(path, np.resize(audio.samples(audio.JFK), 60 * audio.RATE))
    path.write_bytes(minute.read_bytes() * 60)
    return path


def test_chunks_are_the_same_wherever_reading_resumes(data: Path, tmp_path: Path):
    work, reader = start_work(audio.write(tmp_path / "a.mp3", np.resize(audio.samples(audio.JFK), 240 * audio.RATE)))
    with closing(reader):
        start, last, chunks = 0, False, []
        while not last:
            samples, last = reader.read_chunk(start, 50)
            chunks.append((start, samples, last))
            start += samples.shape[1]
    assert len(chunks) > 4
    resumed = ChunkReader(work, recordings.find(work.job.recording_id, OWNER))
    with closing(resumed):
        for start, samples, last in reversed(chunks):
            found, end = resumed.read_chunk(start, 50)
            assert np.array_equal(found, samples) and end == last
    assert records.load(work.job.id, OWNER).stage is None


def test_seeking_reports_progress_and_can_be_cancelled(data: Path, tmp_path: Path):
    work, reader = start_work(an_hour(tmp_path / "a.mp3"))
    with closing(reader), ThreadPoolExecutor(1) as thread:
        reading = thread.submit(reader.read_chunk, 59 * 60 * audio.RATE, 30)
        until(lambda: "of 59 min read" in (records.load(work.job.id, OWNER).stage or ""))
        records.transition(work.job.id, kinds.OPEN, kinds.CANCELLED)
        with pytest.raises(Cancelled):
            reading.result()
        # The cancelled seek stopped before the requested position. The next read must seek to that position again.
        records.transition(work.job.id, (kinds.CANCELLED,), kinds.WORKING)
        samples, last = reader.read_chunk(59 * 60 * audio.RATE, 90)
    with closing(ChunkReader(work, recordings.find(work.job.recording_id, OWNER))) as other:
        assert last and np.array_equal(samples, other.read_chunk(59 * 60 * audio.RATE, 90)[0])


def test_no_sound_is_read_for_a_cancelled_job(data: Path, tmp_path: Path):
    work, reader = start_work(audio.JFK)
    records.transition(work.job.id, kinds.OPEN, kinds.CANCELLED)
    with closing(reader), pytest.raises(Cancelled):
        reader.read_chunk(0, 20)


def test_recording_deleted_meanwhile_is_reported(data: Path, tmp_path: Path):
    work, reader = start_work(audio.JFK)
    recordings.remove(work.job.recording_id, OWNER)
    with closing(reader), pytest.raises(NotFound, match="no longer kept"):
        reader.read_chunk(0, 20)


def test_next_chunk_is_decoded_and_counted_before_it_is_requested(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(vad, "CHUNK_SECONDS", 40.0)
    clips = [audio.samples(audio.utterance(name)) for name in audio.librispeech()]
    work, reader = start_work(audio.write(tmp_path / "talk.flac", np.concatenate(clips)[: 150 * audio.RATE]))
    with closing(reader), DecodePool(THREADS) as pool:
        pipeline = ChunkPipeline(work, reader, pool, crashes.Watch(work.job.id, work.cancelled))
        here = pipeline.next_chunk(20.0, "en")
        # Prefetching starts although no segment has been requested yet.
        until(lambda: pipeline.prefetched_seconds > 0)
        ahead = pipeline.next_chunk(here.end, "en")
        assert not ahead.last and all(list(run) for run in (*here.transcriptions, *ahead.transcriptions))
