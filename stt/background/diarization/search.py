"""Search for the speakers of transcripts in durable workflows from a queue. Each process runs one search at a time.

If the job requests speakers, the search begins when the job is done; otherwise it begins when a person requests it.
Every analysed chunk is a checkpoint: after a process is killed, its search continues with the next chunk, on this
machine or another.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from dbos import DBOS
from sqlalchemy.exc import IntegrityError

from stt import kinds, speakers
from stt.audio import tracks
from stt.audio.decoder import RATE, Reader
from stt.background import attempts
from stt.background.attempts import Progress
from stt.background.diarization import results
from stt.background.diarization.results import Attempt
from stt.cluster import workers
from stt.compat.dbos import outside_workflow
from stt.errors import Cancelled, InputError, NotFound
from stt.settings import settings
from stt.speech.samples import mix_down
from stt.store import playback_copies, recordings, records
from stt.store.recordings import Recording
from stt.store.records import Job
from stt.store.retrying import with_retries

QUEUE = "speakers"
POLLING_INTERVAL = 0.5  # polling interval of the queue, seconds
CHUNK = 300.0  # length of a chunk, seconds: the samples of one chunk and one channel take 19 MB
MOST_TRIES = 10  # maximum number of starts of one search; the search starts again whenever its process is killed
ANALYSIS = 95  # progress of a search when all chunks are analysed, percent

log = logging.getLogger("stt.background.diarization.search")
_end_callbacks: list[Callable[[str], object]] = []


def on_end(*callbacks: Callable[[str], object]) -> None:
    """Set the functions that are called with the transcript's generation id after a search has ended."""
    _end_callbacks[:] = callbacks


def expect(job: Job) -> None:
    """Begin the search for speakers if a finished job requests it, unless an earlier search has ended.

    If the job was cancelled at the last moment, the search begins when its retry is done. Never raises. If the search
    is recorded but cannot be queued, `reconcile` queues it later.
    """
    if not results.wants_speakers(job.options) or job.engine != kinds.ON_DEVICE:
        return
    try:
        if with_retries(records.load, job.id, None).state != kinds.DONE:
            return
        attempt = with_retries(results.next_attempt, job.id, results.number_of(job.options), first=True)
        if attempt is not None:
            outside_workflow(_enqueue, attempt)
    except Exception as error:  # a failed start of the search must not fail the finished job  # noqa: BLE001
        log.warning("could not begin to find speakers: %s", type(error).__name__)


def begin(generation_id: str, requested: int | None) -> None:
    """Begin a search for `requested` speakers. If `requested` is None, the search estimates the number.

    If a search is open already, it continues unchanged, and no other search begins. The job engine must be running.
    Raises NotFound if the transcript does not exist.
    """
    try:
        attempt = results.next_attempt(generation_id, requested)
    except IntegrityError as error:
        raise NotFound("There is no such transcript.") from error
    if attempt is not None:
        outside_workflow(_enqueue, attempt)


def reconcile() -> None:
    """Queue the searches that were recorded but never queued.

    Mark a search as failed if its workflow has ended without recording the end of the search.
    """
    for attempt in results.open_attempts():
        _enqueue(attempt)


def _enqueue(attempt: Attempt) -> None:
    attempts.enqueue(attempt, QUEUE, find_speakers)


@DBOS.workflow(name=workers.SPEAKERS_WORKFLOW)
@workers.track_running
def find_speakers(generation_id: str, number: int) -> None:
    """Run the search with the attempt number `number`, and record its result or its error.

    After the process is killed, this workflow starts again and continues with the first chunk that has no analysis.
    """
    attempt = Attempt(generation_id, number)
    with attempts.failing(attempt, "speakers", log):
        _search(attempt)
    for callback in _end_callbacks:
        callback(generation_id)


def _search(attempt: Attempt) -> None:
    with_retries(attempts.begin, attempt, MOST_TRIES)
    job: Job = with_retries(records.load, attempt.id, None)
    search = with_retries(results.search_of, attempt.id)
    try:
        recording: Recording = with_retries(recordings.find, job.recording_id, None)
    except NotFound as error:
        raise _recording_deleted() from error
    track = playback_copies.track_of(recording, job.options)
    progress = Progress(attempt)
    count, complete = with_retries(results.analysed, recording.id, track)
    if not complete:

        def downloading(percent: int) -> None:
            progress.set_stage(f"Downloading the speaker models, {percent} %")

        models = speakers.load(settings(), downloading, progress.check_cancelled)
        progress.stage = None
        _analyse(recording, track, models, count, progress)
    progress.check_cancelled()
    chunks = with_retries(results.analyses_of, recording.id, track)
    found = speakers.diarize(chunks, search.requested if search else None)
    if not with_retries(results.finish, attempt, found):
        raise Cancelled()
    log.info("found %d speakers in %s", len(found.speakers), attempt.id)


def _recording_deleted() -> InputError:
    return InputError(
        "The recording of this transcript is no longer kept.", guidance="Finding speakers requires the recording."
    )


def _analyse(recording: Recording, track: str, models: speakers.Models, count: int, progress: Progress) -> None:
    """Analyse the chunks of a track from chunk number `count` to the last one, and save each analysis."""
    which, _ = tracks.picked(tracks.of_rows(recording.tracks), track)
    path = with_retries(getattr, recording, "path")
    try:
        reader = Reader(path, name=recording.name, track=which, check_cancelled=progress.check_cancelled)
    except FileNotFoundError as error:
        raise _recording_deleted() from error
    with reader:
        if count:
            reader.skip(count * CHUNK, progress.check_cancelled)
        last = False
        samples = reader.read(CHUNK, progress.check_cancelled)
        while not last:
            start = count * CHUNK
            # A chunk is the last one if no samples follow it.
            following = (
                reader.read(CHUNK, progress.check_cancelled) if samples.shape[1] >= CHUNK * RATE else samples[:, :0]
            )
            last = not following.shape[1]
            seconds = samples.shape[1] / RATE
            total = max(recording.duration or 0.0, start + seconds + following.shape[1] / RATE)
            mixed = mix_down(samples)

            def report(percent: int, start: float = start, seconds: float = seconds, total: float = total) -> None:
                progress(ANALYSIS * (start + seconds * percent / 100) / max(total, 0.1))

            analysis = speakers.analyse(mixed, start, models, report, progress.check_cancelled)
            try:
                with_retries(results.save_analysis, recording.id, track, count, analysis, last)
            except IntegrityError as error:
                raise _recording_deleted() from error
            samples, count = following, count + 1
