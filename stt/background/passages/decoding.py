"""Transcribe passages in durable workflows from a queue. Each process transcribes one passage at a time.

The transcription takes a few minutes at most, so it has no checkpoints, and starts over if the process is killed.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any

import numpy as np
from dbos import DBOS

from stt.audio import tracks
from stt.audio.decoder import Reader
from stt.background import attempts
from stt.background.passages import results
from stt.background.passages.results import Passage
from stt.cluster import workers
from stt.compat.dbos import outside_workflow
from stt.errors import InputError, NotFound
from stt.kinds import ON_DEVICE
from stt.models import known, shelf
from stt.models.download import Progress as Download
from stt.speech.samples import Samples, mix_down
from stt.store import playback_copies, recordings, records, transcripts
from stt.store.recordings import Recording
from stt.store.records import Job
from stt.store.retrying import with_retries
from stt.transcript.languages import LANGUAGES
from stt.transcript.model import Segment, Transcript
from stt.vocabulary import terms
from stt.vocabulary.replacing import replaced
from stt.whisper import transcribe
from stt.whisper.loading import loaded

QUEUE = "passages"
POLLING_INTERVAL = 0.3  # polling interval of the queue, seconds
AROUND = 5.0  # seconds of sound that are decoded before and after the passage, so that no word is cut off
MOST_TRIES = 5  # maximum number of starts for one passage; decoding starts again whenever its process is killed

log = logging.getLogger("stt.background.passages.decoding")


def enqueue(passage: Passage) -> None:
    """Queue the workflow of an open passage, unless the workflow exists already. The job engine must be running.

    If the workflow has ended without recording the end of the transcription, mark the passage as failed.
    """
    outside_workflow(_enqueue, passage)


def reconcile() -> None:
    """Queue the passages that were recorded but never queued.

    Mark a passage as failed if its workflow has ended without recording the end of the transcription.
    """
    for passage in results.open_passages():
        enqueue(passage)


def _enqueue(passage: Passage) -> None:
    attempts.enqueue(passage, QUEUE, transcribe_passage)


@DBOS.workflow(name=workers.PASSAGE_WORKFLOW)
@workers.track_running
def transcribe_passage(generation_id: str, attempt: int) -> None:
    """Transcribe one passage and record the new words or the error. If the process is killed, start over."""
    passage: Passage | None = with_retries(results.of, generation_id)
    if passage is None or passage.attempt != attempt or not passage.is_open:
        return
    with attempts.failing(passage, "passage", log):
        segments = _transcribe(passage)
        if with_retries(results.finish, passage, segments):
            log.info("transcribed a passage of %s", generation_id)


def _transcribe(passage: Passage) -> tuple[Segment, ...]:
    with_retries(attempts.begin, passage, MOST_TRIES)
    job: Job = with_retries(records.load, passage.id, None)
    progress = _Progress(passage)
    try:
        recording: Recording = with_retries(recordings.find, job.recording_id, None)
        sound, names, begin = _sound(recording, job, passage, progress)
    except (NotFound, FileNotFoundError) as error:
        raise InputError("The recording of this transcript is no longer kept.") from error
    found = shelf.obtain(passage.model, progress.downloading, progress.check_cancelled)
    with loaded.use(found, progress.check_cancelled, progress.waiting) as model:
        progress.stage = None
        while True:
            plan = model.plan
            try:
                segments = list(_decoded(passage, job, sound, names, model, progress))
                break
            except RuntimeError as error:  # CTranslate2 raises it if decoding on a graphics card fails
                if not model.step_down(plan, error):
                    raise
    moved = [segment.moved(begin) for segment in sorted(segments, key=lambda segment: segment.start)]
    own = tuple(part for segment in moved if (part := within(segment, passage.start, passage.end)))
    return replaced(Transcript(own), terms.of(passage.options))[0].segments


def _sound(recording: Recording, job: Job, passage: Passage, progress: _Progress) -> tuple[Samples, list[str], float]:
    """Return the samples of a passage and of AROUND seconds before and after it, with the time of the first sample.

    The samples have the shape (channels, n). There is one channel, unless the job treats each channel or each track as
    a speaker. The list has the names of the tracks that are speakers (see `tracks.speaker_of`). The time is in seconds
    from the start of the recording.
    """
    which, names = tracks.picked(tracks.of_rows(recording.tracks), playback_copies.track_of(recording, job.options))
    begin = max(0.0, passage.start - AROUND)
    path = with_retries(getattr, recording, "path")
    options = options_of(job)
    apart, names = bool(options.get("channels_are_speakers")), names if options.get("track") == tracks.ALL else []
    with Reader(path, apart, name=recording.name, track=which, check_cancelled=progress.check_cancelled) as reader:
        progress.stage = "Finding the passage"
        if begin:
            reader.skip(begin, progress.check_cancelled)
        begin = reader.position
        samples = reader.read(passage.end + AROUND - begin, progress.check_cancelled)
    return samples if apart or names else mix_down(samples)[np.newaxis], names, begin


def options_of(job: Job) -> dict[str, Any]:
    """Return the options of a job that say which channels and tracks of its passages are transcribed separately.

    Those of a job of a provider are mixed, because the provider gave other names to its channels.
    """
    if job.engine != ON_DEVICE:
        return {}
    return {name: value for name, value in job.options.items() if name in ("track", "channels_are_speakers")}


def _decoded(
    passage: Passage, job: Job, sound: Samples, names: Sequence[str], model: loaded.Model, progress: _Progress
) -> Iterator[Segment]:
    """Decode `sound`, shape (channels, n), and yield the segments of each channel, with times from its start, seconds.

    If there are several channels, each is a speaker (see `tracks.speaker_of`).
    """
    if not sound.size:
        return
    codes = str(passage.options.get("language") or "").split(",")
    chosen = ["en"] if known.find(passage.model).english else list(filter(None, codes))
    transcript: Transcript = with_retries(transcripts.transcript_of, job.id)
    language = transcript.language_between(passage.start, passage.end)
    length = passage.end - passage.start + 2 * AROUND
    for channel, samples in enumerate(sound):
        transcription = transcribe.transcribe(
            samples,
            language=chosen[0] if len(chosen) == 1 else None,
            candidates=chosen,
            # Not `previous`, because the passage may be transcribed again just because its language was wrong.
            likely=language if language in LANGUAGES else None,
            translate=bool(job.options.get("translate")),
            **terms.given(passage.options),
            cancelled=progress.cancelled,
            model=model,
        )
        with closing(transcription.events()) as events:
            for segment in events:
                progress(100 * (channel + transcription.seconds_done / length) / len(sound))
                if segment is not None:
                    yield segment.spoken_by(tracks.speaker_of(names, channel)) if len(sound) > 1 else segment


def within(segment: Segment, start: float, end: float) -> Segment | None:
    """Return a copy of a segment with only the words between `start` and `end` (seconds); None if there are none.

    A word is included if its middle is between `start` and `end`. The times of the words are clipped to this range.
    """

    def kept(at: float) -> float:
        return round(min(end, max(start, at)), 3)

    words = [
        replace(word, start=kept(word.start), end=kept(word.end))
        for word in segment.words
        if start <= (word.start + word.end) / 2 < end
    ]
    if not words:
        return None
    text = "".join(word.text for word in words)
    return Segment(words[0].start, max(w.end for w in words), text, tuple(words), segment.speaker, segment.language)


class _Progress(attempts.Progress):
    """Record the progress of the transcription of a passage, with the model's download and the wait for memory."""

    def __init__(self, passage: Passage) -> None:
        super().__init__(passage)
        self._model = passage.model

    def downloading(self, download: Download) -> None:
        self.set_stage(f"Downloading {known.find(self._model).title}, {download.percent} %")

    def waiting(self) -> None:
        self.stage = "Waiting for memory that another model uses"
