"""Transcribe with Whisper on this machine, in chunks that are stored as soon as they are done."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection

from stt.audio import tracks
from stt.audio.decoder import RATE, Reader
from stt.background.playback import copying
from stt.cluster import crashes
from stt.engines import model_of_job
from stt.engines.base import Outcome, Work
from stt.errors import Cancelled, InputError, NotFound
from stt.files.paths import folder
from stt.kinds import ON_DEVICE
from stt.links import download
from stt.ops import metrics
from stt.settings import settings
from stt.speech import vad
from stt.speech.samples import Samples, mix_down
from stt.store import quotas, recordings, records, transcripts
from stt.store.recordings import Recording, megabytes
from stt.store.records import Job
from stt.transcript import titles
from stt.transcript.model import Segment
from stt.vocabulary import terms
from stt.whisper import transcribe
from stt.whisper.loading import loaded
from stt.whisper.loading.device import THREADS
from stt.whisper.parallel import DecodePool

READ_SECONDS = 30.0  # seconds of sound requested from a decoder at once


class OnDevice:
    name = ON_DEVICE

    def run(self, work: Work) -> Outcome:
        with crashes.Watch(work.job.id, work.cancelled) as watch:
            found = work.step("get the recording", _fetch_recording, work, watch)
            # Older versions of the app stored the recording instead of its id as the result of this step. The owner is
            # not checked, because the recording may have got another owner meanwhile (see `recovery`).
            recording = work.with_retries(recordings.find, getattr(found, "id", found), None)
            recording = work.with_retries(_with_tracks, recording)
            if work.job.url:  # for an upload, the playback copy was started when the job was created
                copying.expect(recording, work.job.options)
            done = work.step("find the place to go on", _resume_point, work.job.id)
            with model_of_job.loaded_for(work) as model:
                reader = work.with_retries(ChunkReader, work, recording)
                with closing(reader), DecodePool(THREADS) as pool:
                    pipeline = ChunkPipeline(work, reader, pool, watch, model)
                    while not done["last"]:
                        done = work.step("transcribe a stretch", _transcribe_watched, watch, work, pipeline, done)
                made = transcribe.provenance(model, **terms.given(work.job.options))
        transcript = work.with_retries(transcripts.assembled, work.job.id)
        provenance = {**made, **({"tracks": reader.tracks} if reader.tracks else {}), **done["facts"]}
        if transcript.lost:
            provenance["seconds_lost"] = round(sum(end - start for start, end, _ in transcript.lost), 1)
        return Outcome(transcript, provenance)


class ChunkReader:
    """Read a recording in consecutive chunks of samples that are cut at pauses.

    A cut depends only on the recording and the chunk's start, so a restarted job cuts at the same places as before.
    """

    def __init__(self, work: Work, recording: Recording) -> None:
        apart = bool(work.job.options.get("channels_are_speakers"))
        self.declared_seconds = recording.duration or 0.0
        self._work, self._path, self._apart = work, recording.path, apart and recording.channels > 1
        several, choice = tracks.of_rows(recording.tracks), str(work.job.options.get("track") or "")
        self._track, self._names = tracks.picked(several, choice)
        self.tracks = tracks.summary(several, choice) if several else None
        self._reader: Reader | None = None
        self._kept = np.zeros((1, 0), np.float32)  # decoded samples after the last cut
        self._at = 0  # position of the first sample of `_kept` in the recording

    def read_chunk(self, start: int, longest: float) -> tuple[Samples, bool]:
        """Return the chunk from sample `start` of at most `longest` seconds, and whether it is the last chunk.

        The chunk has the shape (channels, samples). The last one may be longer by the share `vad.TAIL_TOLERANCE`.
        Raises Cancelled if the job is cancelled during the reading, NotFound if the file is missing, and the other
        errors of `decoder.Reader`.
        """
        try:
            reader = self._reader if self._reader is not None and start == self._at else self._open(start)
            return self._read(reader, start, longest)
        except BaseException:
            self.close()  # after an error, the reader's position is unknown
            raise

    def _read(self, reader: Reader, start: int, longest: float) -> tuple[Samples, bool]:
        wanted = int(longest * (1 + vad.TAIL_TOLERANCE) * RATE)
        have = self._kept.shape[1]
        # Read in parts into one array, because a single read would briefly hold three copies of a 24 MB chunk.
        samples = np.empty((len(self._kept), max(have, wanted + 1)), np.float32)
        samples[:, :have] = self._kept
        # The loop tries to read one sample more than `wanted`, to find out whether this chunk is the last one.
        while have <= wanted:
            part = reader.read(min(READ_SECONDS, (wanted + 1 - have) / RATE), self._check_cancelled)
            if not part.shape[1]:
                break
            samples[:, have : have + part.shape[1]] = part
            have += part.shape[1]
        samples, last = samples[:, :have], have <= wanted
        cut = have if last else vad.cut(mix_down(samples[:, : int(longest * RATE) + 1]), longest)
        self._kept, self._at = samples[:, cut:].copy(), start + cut
        return samples[:, :cut], last

    def _open(self, start: int) -> Reader:
        self.close()
        try:
            self._reader = reader = Reader(
                self._path, self._apart, track=self._track, check_cancelled=self._check_cancelled
            )
        except FileNotFoundError as error:  # the file was deleted after the job was created
            raise NotFound("The recording is no longer kept.") from error
        if start:
            self._seek(reader, start / RATE)
        self._kept, self._at = reader.read(0), start
        return reader

    def _seek(self, reader: Reader, start: float) -> None:
        """Skip the first `start` seconds, and report progress, because skipping many hours takes a minute or more."""
        while (left := start - reader.position) > 0:
            far = f"{reader.position / 60:.0f} of {start / 60:.0f} min read"
            records.update_progress(self._work.job, stage=f"Finding where to continue: {far}")
            if not reader.skip(min(left, 60.0), self._check_cancelled):
                break
        records.update_progress(self._work.job, stage=None)

    def _check_cancelled(self) -> None:
        if self._work.cancelled():
            raise Cancelled()

    @property
    def channels(self) -> int:
        """Return how many channels are transcribed separately."""
        return len(self._kept)

    def mixing(self) -> dict[str, Any]:
        """Return how many channels were mixed to one, and a description of the mix; empty if no channels were mixed."""
        if self._reader is None:
            return {}
        facts: dict[str, Any] = {"mixed_channels": self._reader.mixed} if self._reader.mixed > 1 else {}
        return facts | ({"mix": self._reader.mix} if self._reader.mix else {})

    def speaker(self, channel: int) -> str:
        """Return the name of the speaker in channel number `channel`, counted from 0."""
        return tracks.speaker_of(self._names, channel)

    @property
    def lost(self) -> list[tuple[float, float, str]]:
        return list(self._reader.lost) if self._reader else []

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """A chunk of a recording: its start and end in seconds, and a transcription of each channel."""

    start: float
    end: float
    last: bool
    lost: list[tuple[float, float, str]]  # in the last chunk: all undecodable spans (start, end, reason)
    channels: int
    facts: dict[str, Any]  # for the provenance: how many channels were mixed, and how
    transcriptions: Iterable[transcribe.Transcription]  # one per channel, in order


class ChunkPipeline:
    """Transcribe chunks in order, prefetching the next one while the current one finishes."""

    def __init__(
        self, work: Work, reader: ChunkReader, pool: DecodePool, watch: crashes.Watch, model: loaded.Model | None = None
    ) -> None:
        self._work, self.reader, self._pool, self._watch, self._model = work, reader, pool, watch, model
        self._plan = model.plan if model else None
        self._prefetched: Chunk | None = None

    def next_chunk(self, start: float, language: str | None, languages: Sequence[str | None] = ()) -> Chunk:
        """Return the chunk at `start` seconds, whose transcription is started now unless it was prefetched.

        `language` is the previous chunk's language, and `languages` are those of its channels, if known. Raises what
        `ChunkReader.read_chunk` raises.
        """
        prefetched = self._prefetched
        chunk = prefetched if prefetched and prefetched.start == start else self._submit(start, language, languages)
        # Nothing is prefetched during the first chunk, which uses all threads so that the first words appear soon.
        if chunk.last or not start or language is None or self._watch.one_by_one:
            self._prefetched = None
        elif prefetched is None or prefetched.start != chunk.end:
            self._prefetched = self._submit(chunk.end, language, languages)
        return chunk

    @property
    def prefetched_seconds(self) -> float:
        """Return how many seconds of the next chunk have already been decoded."""
        chunk = self._prefetched
        return sum(each.seconds_done for each in chunk.transcriptions) / chunk.channels if chunk else 0.0

    @property
    def idle(self) -> bool:
        """Return whether no chunk is being prefetched."""
        return self._prefetched is None

    def step_down(self, error: Exception) -> bool:
        """After a graphics card failed, decode fewer windows at once or use the CPU. Return whether to try again."""
        if self._model is None or self._plan is None or not self._model.step_down(self._plan, error):
            return False
        self._plan, self._prefetched = self._model.plan, None
        return True

    def _submit(self, start: float, language: str | None, languages: Sequence[str | None]) -> Chunk:
        # Chunks of more than two channels are shorter, so that they need no more memory than chunks of two channels.
        longest = vad.CHUNK_SECONDS * 2 / max(2, self.reader.channels) if start else vad.FIRST_CHUNK_SECONDS
        samples, last = self.reader.read_chunk(round(start * RATE), longest)
        transcriptions = self._transcribe(samples, language, languages)
        end, lost = start + samples.shape[1] / RATE, self.reader.lost if last else []
        # If a language is known, all channels are submitted at once. Otherwise each channel is submitted when the
        # channel before it is decoded, because a likely language is known then.
        started = list(transcriptions) if language else transcriptions
        return Chunk(start, end, last, lost, len(samples), self.reader.mixing(), started)

    def _transcribe(
        self, samples: Samples, language: str | None, languages: Sequence[str | None]
    ) -> Iterator[transcribe.Transcription]:
        options = self._work.job.options
        named = model_of_job.languages_of(options, self._work.job.model)
        # Each speaker of a call may speak another language. Checkpoints of older versions have no `languages`.
        if len(languages) != len(samples):
            languages = [language if len(samples) == 1 else None] * len(samples)
        for sound, previous in zip(samples, languages, strict=True):
            transcription = transcribe.transcribe(
                sound,
                language=named[0] if len(named) == 1 else None,
                candidates=named,
                previous=previous,
                likely=language,
                translate=bool(options.get("translate")),
                **terms.given(options),
                cancelled=self._work.cancelled,
                pool=self._pool,
                model=self._model,
            )
            yield transcription
            language = language or transcription.language


def _with_tracks(recording: Recording) -> Recording:
    """Return the recording with its tracks, or unchanged if its file is missing or unreadable."""
    with suppress(InputError, FileNotFoundError):
        return recordings.with_tracks(recording)
    return recording


def _fetch_recording(work: Work, watch: crashes.Watch) -> str:
    """Return the id of the job's recording. If the job has only a link, download the recording first."""
    job = work.job
    if job.recording_id is not None:
        return job.recording_id

    def on_progress(done: int, total: int | None) -> None:
        far = f", {done * 100 // total} %" if total else f", {megabytes(done)}"
        records.update_progress(job, stage=f"Downloading{far}")

    part, name = download.download(
        job.url or "",
        folder("incoming"),
        limit_bytes=settings().upload_limit,
        timeout_seconds=settings().download_timeout_seconds,
        allow_private=settings().allow_private_urls,
        on_progress=on_progress,
        cancelled=work.cancelled,
    )
    try:
        watch.enter(0)
        recording = recordings.inspect(part, name, job.owner)
        quotas.reserve_length(job, (recording.duration or 0.0) * quotas.times_decoded(job, recording))
        recordings.keep(part, recording, together=lambda connection: _attach(connection, job, recording))
    finally:
        watch.leave()
        part.unlink(missing_ok=True)
    return recording.id


def _attach(connection: Connection, job: Job, recording: Recording) -> None:
    """Assign the recording to the job. Raises Cancelled if the job was cancelled or deleted meanwhile."""
    facts = {"recording_id": recording.id, "duration": recording.duration, "stage": None}
    facts |= {"dated": recording.dated, "dated_by": recording.dated_by}
    if not records.update_progress(job, connection, **facts):
        raise Cancelled()
    if job.title == titles.of_name(download.name_of(job.url or "")):  # the user has not renamed the job
        records.retitle(connection, job.id, job.title, titles.of_name(recording.name))


def _resume_point(generation_id: str) -> dict[str, Any]:
    """Return the checkpoint of the last chunk that an earlier attempt finished, or a checkpoint at the start.

    This attempt continues after that chunk, or at the start.
    """
    last = transcripts.last_chunk(generation_id)
    if last is None:
        return {"number": 0, "end": 0.0, "last": False, "language": None, "facts": {}, "worked": 0.0}
    return {"number": last["number"], "end": last["end"], **last["notes"]}


def _transcribe_watched(
    watch: crashes.Watch, work: Work, pipeline: ChunkPipeline, before: dict[str, Any]
) -> dict[str, Any]:
    watch.enter(before["number"] + 1)
    try:
        while True:
            try:
                return _transcribe_chunk(work, pipeline, before)
            except RuntimeError as error:  # CTranslate2 raises RuntimeError if a graphics card fails
                if not pipeline.step_down(error):
                    raise
    finally:
        if pipeline.idle:
            watch.leave()


def _transcribe_chunk(work: Work, pipeline: ChunkPipeline, before: dict[str, Any]) -> dict[str, Any]:
    """Transcribe and store one chunk. Return its number, end and notes, without the text, as a small checkpoint."""
    job, began = work.job, time.monotonic()
    number, start = before["number"] + 1, before["end"]
    if kept := transcripts.chunk(job.id, number):  # an earlier attempt stored this chunk just before it was stopped
        return {"number": number, "end": kept["end"], **kept["notes"]}
    worked = before.get("worked", job.worked)  # "worked" is absent if an older version of the app started the job
    named = model_of_job.languages_of(job.options, job.model)
    language = before["language"] or (named[0] if len(named) == 1 else None)
    probability = before.get("language_probability")
    chunk = pipeline.next_chunk(start, language, before.get("languages", ()))
    quotas.check_decoded(job, chunk.end, pipeline.reader.declared_seconds)
    length = chunk.end - start
    segments: list[Segment] = []
    languages: list[str | None] = []
    reported = start

    def report(seconds: float) -> None:
        nonlocal reported
        done = start + min(seconds, length) + pipeline.prefetched_seconds
        if done > reported:
            reported = done
            took, partial = time.monotonic() - began, transcripts.segment_rows(_sorted(segments))
            records.update_progress(job, seconds_done=done, worked=worked + took, partial=partial)

    for channel, transcription in enumerate(chunk.transcriptions):
        with closing(transcription.events()) as events:  # closing the generator stops the decoding if `report` raises
            for segment in events:
                if segment is None:  # a heartbeat while a window is being decoded
                    report((channel * length + transcription.seconds_done) / chunk.channels)
                else:
                    segment = segment.moved(start)
                    segments.append(
                        segment.spoken_by(pipeline.reader.speaker(channel)) if chunk.channels > 1 else segment
                    )
        languages.append(transcription.language)
        if transcription.language and transcription.language != language:
            language, probability = transcription.language, transcription.language_probability
    if work.cancelled():
        raise Cancelled()
    took = time.monotonic() - began
    notes = {
        "worked": worked + took,
        "last": chunk.last,
        "language": language,
        "languages": languages,
        "language_probability": probability,
        "lost": chunk.lost,
        "facts": {"channels": chunk.channels, **chunk.facts},
    }
    rows = transcripts.segment_rows(_sorted(segments))
    transcripts.save_chunk(
        job, number, start, chunk.end, rows, notes, seconds_done=chunk.end + pipeline.prefetched_seconds
    )
    metrics.audio_seconds.labels(ON_DEVICE).inc(length)
    metrics.work_seconds.labels(ON_DEVICE).inc(took)
    return {"number": number, "end": chunk.end, **notes}


def _sorted(segments: list[Segment]) -> list[Segment]:
    return sorted(segments, key=lambda segment: (segment.start, segment.end))
