"""Transcribe a passage as durable work of a queue, one at a time in each process.

It takes a few minutes at most, so a server that is killed begins it again after the next start.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from contextvars import Context
from dataclasses import replace

from dbos import DBOS, SetWorkflowID

from stt.audio import tracks
from stt.audio.decoder import Reader
from stt.cluster import workers
from stt.db.engine import DB_UNAVAILABLE
from stt.errors import Cancelled, InputError, NotFound, SttError, UnsafeRecording
from stt.models import known, shelf
from stt.models.download import Progress as Download
from stt.passages import results
from stt.passages.results import Passage
from stt.speech.samples import Samples
from stt.store import playback_copies, recordings, records
from stt.store.erasure import FINISHED_STATUSES
from stt.store.patience import with_retries
from stt.store.recordings import Recording
from stt.store.records import Job
from stt.transcript.model import Segment, Transcript
from stt.vocabulary import terms
from stt.vocabulary.replacing import replaced
from stt.whisper import transcribe
from stt.whisper.loading import loaded

QUEUE = "passages"
OFTEN = 0.3  # seconds between two looks into the queue
AROUND = 5.0  # seconds before and after the passage that are decoded with it, so that its outer words are whole
REPORT = 0.5  # seconds between two reports of progress
MOST_TRIES = 5  # processes that may end in the middle of one passage

log = logging.getLogger("stt.passages.decoding")


def enqueue(passage: Passage) -> None:
    """Queue a passage; one whose work ended without telling is marked as failed. The job engine must run."""
    Context().run(_enqueue, passage)


def reconcile() -> None:
    """Queue passages that were recorded and never queued, and end those whose work ended without telling."""
    for passage in results.open_passages():
        enqueue(passage)


def _enqueue(passage: Passage) -> None:
    status = DBOS.get_workflow_status(passage.work)
    if status is not None and status.status in FINISHED_STATUSES:
        results.fail(passage, SttError("The server stopped while it transcribed this passage."))
    if status is None:
        with SetWorkflowID(passage.work):
            DBOS.enqueue_workflow(QUEUE, transcribe_passage, passage.id, passage.attempt)


@DBOS.workflow(name=workers.PASSAGE_WORKFLOW)
@workers.track_running
def transcribe_passage(generation_id: str, attempt: int) -> None:
    """Transcribe one passage, and record its end. A process killed in between begins again."""
    passage: Passage | None = with_retries(results.of, generation_id)
    if passage is None or passage.attempt != attempt or not passage.is_open:
        return
    try:
        segments = _transcribe(passage)
        if with_retries(results.finish, passage, segments):
            log.info("transcribed a passage of %s", generation_id)
    except (Cancelled, NotFound):
        log.info("a passage is not wanted any more: %s", generation_id)
    except SttError as error:
        log.warning("no passage of %s: %s %s", generation_id, type(error).__name__, error.detail)
        with_retries(results.fail, passage, error)
    except Exception as error:
        log.exception("no passage of %s", generation_id)
        with_retries(results.fail, passage, SttError(detail=repr(error)))


def _transcribe(passage: Passage) -> tuple[Segment, ...]:
    tries = with_retries(results.begin, passage)
    if not tries:
        raise Cancelled()
    if tries > MOST_TRIES:
        raise UnsafeRecording("This passage cannot be transcribed safely.")
    job: Job = with_retries(records.load, passage.id, None)
    progress = _Progress(passage)
    try:
        recording: Recording = with_retries(recordings.find, job.recording_id or "", None)
        sound, begin = _sound(recording, job, passage, progress)
    except (NotFound, FileNotFoundError) as error:
        raise InputError("The recording of this transcript is no longer kept.") from error
    found = shelf.obtain(passage.model, progress.downloading, progress.check_cancelled)
    with loaded.use(found, progress.check_cancelled, progress.waiting) as model:
        progress.stage = None
        while True:
            plan = model.plan
            try:
                segments = list(_decoded(passage, job, sound, model, progress))
                break
            except RuntimeError as error:  # CTranslate2's, from a graphics card
                if not model.step_down(plan, error):
                    raise
    moved = [segment.moved(begin) for segment in segments]
    own = tuple(part for segment in moved if (part := within(segment, passage.start, passage.end)))
    return replaced(Transcript(own), terms.of(passage.options))[0].segments


def _sound(recording: Recording, job: Job, passage: Passage, progress: _Progress) -> tuple[Samples, float]:
    """Return the sound of a passage with some seconds around, and where it begins, in seconds."""
    track = playback_copies.track_of(recording, job.options)
    which, _ = tracks.picked(tracks.of_rows(recording.tracks), track)
    begin = max(0.0, passage.start - AROUND)
    path = with_retries(getattr, recording, "path")
    with Reader(path, name=recording.name, track=which, check_cancelled=progress.check_cancelled) as reader:
        progress.stage = "Finding the passage"
        if begin:
            reader.skip(begin, progress.check_cancelled)
        begin = reader.position
        samples = reader.read(passage.end + AROUND - begin, progress.check_cancelled)
    mixed: Samples = samples[0] if len(samples) == 1 else samples.mean(axis=0)
    return mixed, begin


def _decoded(passage: Passage, job: Job, sound: Samples, model: loaded.Model, progress: _Progress) -> Iterator[Segment]:
    """Yield the segments of the sound, with times from its start."""
    if not sound.size:
        return
    chosen = ["en"] if known.find(passage.model).english else _codes(passage.options)
    transcription = transcribe.transcribe(
        sound,
        language=chosen[0] if len(chosen) == 1 else None,
        candidates=chosen,
        previous=None if chosen else job.language,
        **terms.given(passage.options),
        cancelled=progress.cancelled,
        model=model,
    )
    length = passage.end - passage.start + 2 * AROUND
    with closing(transcription.events()) as events:
        for segment in events:
            progress(100 * transcription.seconds_done / length)
            if segment is not None:
                yield segment


def _codes(options: dict[str, object]) -> list[str]:
    return [code for code in str(options.get("language") or "").split(",") if code]


def within(segment: Segment, start: float, end: float) -> Segment | None:
    """Return the part of a segment whose words have their middle from `start` to `end` in seconds, with times in it.

    None without such words.
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
    return Segment(words[0].start, max(w.end for w in words), text, tuple(words), language=segment.language)


class _Progress:
    """Record the progress of a passage, and notice that it is not wanted any more."""

    def __init__(self, passage: Passage) -> None:
        self.stage: str | None = None
        self._passage, self._percent = passage, 0
        self._next = 0.0
        self._wanted = True

    def __call__(self, percent: float) -> None:
        self._percent = min(99, int(percent))
        self.check_cancelled()

    def downloading(self, download: Download) -> None:
        self.stage = f"Downloading {known.find(self._passage.model).title}, {download.percent} %"
        self.check_cancelled()

    def waiting(self) -> None:
        self.stage = "Waiting until another model leaves the memory"

    def cancelled(self) -> bool:
        """Return whether somebody has cancelled it, or the transcript was deleted."""
        if self._wanted and time.monotonic() >= self._next:
            self._next = time.monotonic() + REPORT
            with suppress(*DB_UNAVAILABLE):  # it will be back
                self._wanted = results.update(self._passage, percent=self._percent, stage=self.stage)
        return not self._wanted

    def check_cancelled(self) -> None:
        if self.cancelled():
            raise Cancelled()
