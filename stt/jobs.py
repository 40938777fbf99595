"""The durable job: `create`, `get`, `cancel`, `retry`. Pages, routes and code call these and nothing below them.

Every job is a DBOS workflow. Its steps are remembered, so a killed server goes on where it was.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dbos import DBOS, SetEnqueueOptions, SetWorkflowID

from stt import records, recordings
from stt.access import LOCAL
from stt.database import data_folder, database
from stt.engines import Engine
from stt.errors import BadOption, Cancelled, SttError
from stt.recordings import Recording
from stt.records import Job
from stt.settings import settings
from stt.transcript import Transcript

log = logging.getLogger("stt.jobs")

ON_DEVICE_MODEL = "local/whisper-base"
QUEUE = "on-device"
# A fixed version: a new version of the code takes over the jobs of the old one.
APPLICATION_VERSION = "1"
EXECUTOR = "local"

_starting = threading.Lock()
_started = False


@dataclass(frozen=True, slots=True)
class Progress:
    """What `get` answers. `text` is the text so far; `transcript` is there once `state` is `done`."""

    job: Job
    text: str
    transcript: Transcript | None

    @property
    def state(self) -> str:
        return self.job.state


def create(
    source: Recording | Path | str,
    *,
    model: str = ON_DEVICE_MODEL,
    options: dict[str, Any] | None = None,
    owner: str = LOCAL,
    title: str | None = None,
) -> str:
    """Record a job, start it and return its generation id.

    `source` is a recording that was taken in, or the path of a file, which is copied. `options` of the on-device
    model: `language` (a code; missing means detect), `translate` (to English), `channels_are_speakers`.
    Raises InputError for a file or an option that cannot be used.
    """
    start()
    recording = source if isinstance(source, Recording) else recordings.take_in(Path(source), owner)
    now = time.time()
    job = Job(
        id=recordings.new_id(),
        owner=owner,
        recording_id=recording.id,
        url=None,
        title=title or Path(recording.name).stem or recording.name,
        model=model,
        engine=_engine(model).name,
        options=_checked(options or {}),
        state=records.QUEUED,
        stage=None,
        attempt=1,
        turn=records.next_turn(owner),
        created=now,
        queued=now,
        started=None,
        finished=None,
        worked=0.0,
        duration=recording.duration,
        seconds_done=0.0,
        language=None,
        words=None,
        confidence=None,
        cost=None,
        error=None,
        provenance=None,
    )
    records.insert(job)
    _enqueue(job)
    return job.id


def get(generation_id: str, *, owner: str = LOCAL) -> Progress:
    """State, text so far, and the transcript when it is done. Raises NotFound, also when it is somebody else's."""
    job = records.load(generation_id, owner)
    if job.state == records.DONE:
        transcript = records.transcript_of(generation_id)
        return Progress(job, transcript.text, transcript)
    return Progress(job, records.text_so_far(generation_id), None)


def cancel(generation_id: str, *, owner: str = LOCAL) -> None:
    """Stop a job; its text so far is kept. The work itself ends within two seconds. Raises NotFound."""
    records.load(generation_id, owner)
    records.move(generation_id, records.OPEN, records.CANCELLED, finished=time.time(), stage=None)


def retry(generation_id: str, *, owner: str = LOCAL) -> str:
    """Run a failed or cancelled job again, from the last finished stretch. Returns its id. Raises NotFound."""
    start()
    job = records.load(generation_id, owner)
    again = replace(job, attempt=job.attempt + 1, turn=records.next_turn(owner), queued=time.time())
    moved = records.move(
        generation_id,
        (records.FAILED, records.CANCELLED),
        records.QUEUED,
        attempt=again.attempt,
        turn=again.turn,
        queued=again.queued,
        error=None,
        finished=None,
        partial=None,
    )
    if moved:
        _enqueue(again)
    return generation_id


def start() -> None:
    """Start the job engine of this process; once is enough, more does nothing. Raises SetupError."""
    global _started
    with _starting:
        if _started:
            return
        database()
        recordings.clean_incoming()
        DBOS(
            config={
                "name": "stt-studio",
                "system_database_url": settings().stt_database_url or f"sqlite:///{data_folder() / 'jobs.db'}",
                "application_version": APPLICATION_VERSION,
                "executor_id": EXECUTOR,
                "log_level": "WARNING",
            }
        )
        DBOS.launch()
        # A short interval: somebody is looking at the page. It costs one indexed query each time.
        DBOS.register_queue(QUEUE, worker_concurrency=settings().stt_jobs_at_once, polling_interval_sec=0.1)
        _started = True
    _enqueue_forgotten()


def warm() -> None:
    """Load the on-device model in the background: somebody is about to use it."""
    from stt import whisper

    whisper.warm()


def stop() -> None:
    """Stop the job engine. Open jobs go on from their last finished stretch at the next start."""
    global _started
    with _starting:
        if _started:
            DBOS.destroy(workflow_completion_timeout_sec=0)
            _started = False


def _enqueue(job: Job) -> None:
    with SetWorkflowID(f"{job.id}-{job.attempt}"), SetEnqueueOptions(priority=job.turn):
        DBOS.enqueue_workflow(QUEUE, transcription, job.id)


def _enqueue_forgotten() -> None:
    """Start jobs that were recorded by a server that was killed before it could start them."""
    for job in records.open_jobs():
        if DBOS.get_workflow_status(f"{job.id}-{job.attempt}") is None:
            _enqueue(job)


@DBOS.workflow(name="transcription")
def transcription(generation_id: str) -> None:
    """One job from its first step to its end, whatever happens in between."""
    try:
        if not DBOS.run_step({"name": "begin"}, _begin, generation_id):
            return
        job = records.load(generation_id, None)
        outcome = _engine(job.model).run(_Work(job))
        DBOS.run_step({"name": "finish"}, _finish, job, outcome)
    except Cancelled:
        log.info("cancelled %s", generation_id)
    except SttError as error:
        log.warning("failed %s: %s %s", generation_id, type(error).__name__, error.detail)
        DBOS.run_step({"name": "fail"}, records.fail, generation_id, error)
    except Exception as error:
        log.exception("failed %s", generation_id)
        DBOS.run_step({"name": "fail"}, records.fail, generation_id, SttError(detail=repr(error)))


def _begin(generation_id: str) -> bool:
    # A step that a killed server had begun runs again: then the job is already working.
    return records.move(generation_id, records.OPEN, records.WORKING, started=time.time())


def _finish(job: Job, outcome) -> None:
    records.finish(
        job.id,
        outcome.transcript,
        raw=outcome.raw,
        cost=outcome.cost,
        provenance=outcome.provenance,
    )


class _Work:
    """A job as its engine sees it (see `engines.Work`)."""

    def __init__(self, job: Job) -> None:
        self.job = job

    def step(self, name: str, function: Callable[..., Any], *args: Any) -> Any:
        return DBOS.run_step({"name": name}, function, *args)

    def sleep(self, seconds: float) -> None:
        DBOS.sleep(seconds)
        if self.cancelled():
            raise Cancelled()

    def cancelled(self) -> bool:
        return not records.is_current(self.job)


def _engine(model: str) -> Engine:
    if model == ON_DEVICE_MODEL:
        from stt.on_device import OnDevice  # loads PyAV and CTranslate2: only when there is something to do

        return OnDevice()
    raise BadOption(f"There is no model “{model[:100]}” here.")


def _checked(options: dict[str, Any]) -> dict[str, Any]:
    known = {"language": str, "translate": bool, "channels_are_speakers": bool}
    for name, value in options.items():
        if name not in known or not isinstance(value, known[name]):
            raise BadOption(f"Whisper on this machine does not take the setting “{name[:60]}”.")
    return {name: value for name, value in options.items() if value}
