"""The durable job: `create`, `get`, `cancel`, `retry`. Pages, routes and code call these and nothing below them.

Every job is a DBOS workflow. Its steps are remembered, so a killed server goes on where it was.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dbos import DBOS, SetEnqueueOptions, SetWorkflowID, StepOptions
from pydantic import SecretStr

from stt import (
    executors,
    health,
    keys,
    limits,
    links,
    metrics,
    models,
    queues,
    recordings,
    records,
    remote,
    retention,
    spoken,
    storage,
    upkeep,
)
from stt.access import LOCAL
from stt.catalog import LOCAL as LOCAL_MODEL
from stt.database import AWAY, database, job_engine_arguments
from stt.engines import Engine, Outcome
from stt.errors import Cancelled, NotFound, StorageAway, SttError
from stt.polling import backoff, pause
from stt.recordings import Link, Recording
from stt.records import Job
from stt.settings import settings
from stt.transcript import Transcript

log = logging.getLogger("stt.jobs")

# A fixed version: a new version of the code takes over the jobs of the old one.
APPLICATION_VERSION = "1"

PATIENCE = 120.0  # seconds
PASSING = (*AWAY, StorageAway)  # what a job waits for

_starting = threading.Lock()
_started = False
_heart: executors.Heart | None = None


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
    source: Recording | Link | Path | str,
    *,
    model: str = LOCAL_MODEL,
    options: dict[str, Any] | None = None,
    owner: str = LOCAL,
    title: str | None = None,
    key: SecretStr | None = None,
) -> str:
    """Record a job, start it and return its generation id.

    `source` is a recording that was taken in, the path of a file, which is copied, or a link, which the provider
    fetches itself and this server downloads for its own engine. A text is a link if it begins with `http`, else a
    path: what comes from outside must be given as `Link`. `options` are those of the model in
    `stt.catalog`; on this machine `language` (a code; missing means detect), `translate` (to English) and
    `channels_are_speakers`. `key` is the visitor's own for the AI/ML API; without it the server's is used.
    Raises InputError for a file, link or option that cannot be used, NotFound for somebody else's recording, KeyMissing,
    LimitReached.
    """
    start()
    chosen, engine = models.choose(model, key)
    cleaned = models.options_for(chosen, model, options or {})
    url, recording = None, None
    if isinstance(source, Recording):
        if source.owner != owner:
            raise NotFound("There is no such recording.")
        recording = source
    elif isinstance(source, Link) or (isinstance(source, str) and source.lower().startswith(("http:", "https:"))):
        url = source.url if isinstance(source, Link) else source
        if engine == models.ON_DEVICE:  # its name is looked up in the job, as that may take long
            url = links.acceptable(url, allow_private=settings().stt_allow_private_urls)
        else:
            url = links.well_formed(url)
    else:
        recording = recordings.take_in(Path(source), owner)
    name, duration = (recording.name, recording.duration) if recording else (links.name_of(url), None)
    now = time.time()
    job = Job(
        id=recordings.new_id(),
        owner=owner,
        recording_id=recording.id if recording else None,
        url=url,
        title=title or Path(name).stem or name,
        model=chosen.id,
        engine=engine,
        options=cleaned,
        state=records.QUEUED,
        stage=None,
        attempt=1,
        turn=queues.next_turn(owner, engine, duration),
        created=now,
        queued=now,
        started=None,
        finished=None,
        worked=0.0,
        expected=None,
        duration=duration,
        seconds_done=0.0,
        language=None,
        words=None,
        confidence=None,
        cost=None,
        error=None,
        provenance=None,
    )
    try:
        with limits.admission(job, own_key=key is not None):
            records.insert(job, keys.seal(key) if key and engine == models.PROVIDER else None)
    except SttError:
        if recording is not None and recording is not source:  # the copy that was made above
            recordings.remove(recording.id, owner)
        raise
    _enqueue(job)
    log.info("queued %s", job.id)  # with the id of the request, if it was one
    return job.id


def get(generation_id: str, *, owner: str = LOCAL) -> Progress:
    """State, text so far, and the transcript when it is done. Raises NotFound, also when it is somebody else's."""
    job = records.load(generation_id, owner)
    if job.state == records.DONE:
        transcript = spoken.transcript_of(generation_id)
        return Progress(job, transcript.text, transcript)
    return Progress(job, spoken.text_so_far(generation_id), None)


def cancel(generation_id: str, *, owner: str = LOCAL) -> None:
    """Stop a job; its text so far is kept. Its work ends at once, but for the window being decoded. Raises NotFound."""
    records.load(generation_id, owner)
    records.move(generation_id, records.OPEN, records.CANCELLED, finished=time.time(), stage=None)


def retry(generation_id: str, *, owner: str = LOCAL, key: SecretStr | None = None) -> str:
    """Run a failed or cancelled job again, from the last finished stretch. Returns its id.

    `key` is the visitor's own for the AI/ML API now; without it the job keeps the one it had.
    Raises NotFound, LimitReached.
    """
    start()
    job = records.load(generation_id, owner)
    if job.state not in (records.FAILED, records.CANCELLED):
        return generation_id
    turn = queues.next_turn(owner, job.engine, job.duration)
    again = replace(job, attempt=job.attempt + 1, turn=turn, queued=time.time())
    new_key = {"sealed_key": keys.seal(key)} if key and job.engine == models.PROVIDER else {}
    with limits.admission(again, own_key=bool(new_key) or remote.sealed_key(generation_id) is not None):
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
            claim=None,
            **new_key,
        )
    if moved:
        _enqueue(again)
    return generation_id


def start() -> None:
    """Start the job engine of this process; once is enough, more does nothing. Raises SetupError."""
    global _started, _heart
    with _starting:
        if _started:
            return
        database()
        executor = executors.name()
        recordings.clean_incoming()
        DBOS(
            config={
                "name": "stt-studio",
                "system_database_url": settings().stt_database_url or f"sqlite:///{storage.data_folder() / 'jobs.db'}",
                "application_version": APPLICATION_VERSION,
                "executor_id": executor,
                "log_level": "WARNING",
                "db_engine_kwargs": {"connect_args": job_engine_arguments()},
            }
        )
        if settings().stt_database_url:
            executors.sign_of_life(executor)  # before it takes work, so that nobody thinks it dead
        if settings().stt_role == "web":
            DBOS.listen_queues([])  # this process hands out work and takes none
        DBOS.launch()
        for queue, count in queues.at_once().items():
            # Somebody is looking at the page, but ten looks into a queue in a second take a fortieth of a core.
            often = 0.1 if queue == queues.SHORT_HERE else 0.2  # seconds
            DBOS.register_queue(queue, worker_concurrency=count, polling_interval_sec=often)
        retention.schedule()
        upkeep.schedule(_mend)
        if settings().stt_database_url:
            _heart = executors.Heart(executor)
        _started = True
        health.engine.set()
    _mend()


def hand_over() -> None:
    """Give the work of this process back to the queues: it ends now, and others on the database go on with it."""
    if _heart is not None:
        _heart.stop()
        executors.hand_back(_heart.executor)


def stop(patience: int = 0) -> None:
    """Stop the job engine, after at most `patience` seconds for jobs to end.

    Open jobs go on from their last finished stretch at the next start.
    """
    global _started, _heart
    with _starting:
        if _started:
            if _heart is not None:
                _heart.stop()
                _heart = None
            DBOS.destroy(workflow_completion_timeout_sec=patience)
            _started = False
            health.engine.clear()


def _enqueue(job: Job) -> None:
    with SetWorkflowID(f"{job.id}-{job.attempt}"), SetEnqueueOptions(priority=job.turn):
        DBOS.enqueue_workflow(queues.queue_of(job.engine, job.duration), transcription, job.id)


def _mend() -> None:
    """Set right what a killed process left between two databases' transactions.

    Jobs that were recorded but never started are started. Jobs whose work has ended without a word, because no
    database could be reached for long, failed.
    """
    jobs = records.open_jobs()
    for at in range(0, len(jobs), 500):
        block = {f"{job.id}-{job.attempt}": job for job in jobs[at : at + 500]}
        known = DBOS.list_workflows(workflow_ids=list(block), load_input=False, load_output=False)
        for work in known:
            job = block.pop(work.workflow_id)
            # Asked again, as most have ended with a word since they were listed above.
            if work.status not in ("ENQUEUED", "PENDING", "DELAYED") and records.is_open(job):
                log.warning("ended without a word: %s", job.id)
                _fail(job.id, None, SttError("This server was stopped in the middle of it."))
        for job in block.values():
            _enqueue(job)


@DBOS.workflow(name=executors.WORK)
@executors.noticed
def transcription(generation_id: str) -> None:
    """One job from its first step to its end, whatever happens in between."""
    job = None
    try:
        job = _step("begin", _begin, generation_id)
        if job is None:
            return
        work = _Work(job)
        job = work.job = work.patiently(_claimed, job)
        outcome = _engine(job).run(work)
        _step("finish", _finish, job, outcome)
    except Cancelled:
        log.info("stopped: %s", generation_id)
    except SttError as error:
        log.warning("failed %s: %s %s", generation_id, type(error).__name__, error.detail)
        _step("fail", _fail, generation_id, job, error)
    except Exception as error:
        log.exception("failed %s", generation_id)
        _step("fail", _fail, generation_id, job, SttError(detail=repr(error)))
    except BaseException:  # how DBOS ends the work of a process that does not hold the job any more
        log.info("taken over by another process: %s", generation_id)
        raise


def _step(name: str, function: Callable[..., Any], *args: Any) -> Any:
    """A step that outlives a restart of the database and a full disk: tried again for about two minutes."""
    options = StepOptions(
        name=name,
        retries_allowed=True,
        interval_seconds=0.5,
        backoff_rate=2.0,
        max_attempts=9,
        should_retry=lambda error: isinstance(error, PASSING),
    )
    return DBOS.run_step(options, function, *args)


def _begin(generation_id: str) -> Job | None:
    """The job, now being worked on; None if it was cancelled or deleted while it waited."""
    # A step that a killed server had begun runs again: then the job is already working.
    if records.move(generation_id, records.OPEN, records.WORKING, started=time.time()):
        return records.load(generation_id, None)
    return None


def _claimed(job: Job) -> Job:
    """The job as this process may write to it; asked at every start, so it is no step.

    The number is the moment at which this process took the job from its queue, by the clock of the database. Raises
    Cancelled where another process has it by now.
    """
    for _ in range(2):
        # Outside the workflow, where the answer would be remembered for those who come after.
        work = Context().run(DBOS.get_workflow_status, f"{job.id}-{job.attempt}")
        if work is None or work.status != "PENDING" or work.executor_id != DBOS.executor_id or not work.dequeued_at:
            raise Cancelled()
        if records.claim(job, work.dequeued_at):
            return replace(job, claim=work.dequeued_at)
        # A higher number than ours, and yet it is ours: the clock of the database was set back.
        records.unclaim(job)
    raise Cancelled()


def _fail(generation_id: str, job: Job | None, error: SttError) -> None:
    if job is None:
        records.move(generation_id, records.OPEN, records.FAILED, error=error.to_dict(), finished=time.time(), stage=None)
    else:
        records.fail(job, error)


def _finish(job: Job, outcome: Outcome) -> None:
    values = {"cost": outcome.cost, "provenance": outcome.provenance}
    values |= {} if outcome.worked is None else {"worked": outcome.worked}
    if records.finish(job, outcome.transcript, raw=outcome.raw, **values):
        metrics.job_seconds.labels(job.engine).observe(time.time() - job.queued)
    limits.settle(job, outcome.transcript.duration, outcome.cost)


class _Work:
    """A job as its engine sees it (see `engines.Work`)."""

    def __init__(self, job: Job) -> None:
        self.job = job

    def step(self, name: str, function: Callable[..., Any], *args: Any) -> Any:
        return _step(name, function, *args)

    def patiently(self, function: Callable[..., Any], *args: Any, **values: Any) -> Any:
        ends = time.monotonic() + PATIENCE
        for wait in backoff():
            try:
                return function(*args, **values)
            except PASSING:
                if time.monotonic() + wait > ends:
                    raise
                pause(wait)

    def cancelled(self) -> bool:
        try:
            ended = not records.is_current(self.job)
        except AWAY:
            return False  # asked again soon
        if ended:
            log.info("cancelled, or taken over by another process: %s", self.job.id)
        return ended


def _engine(job: Job) -> Engine:
    if job.engine == models.PROVIDER:
        from stt.provider import Provider

        return Provider()
    from stt.on_device import OnDevice  # loads PyAV and CTranslate2: only when there is something to do

    return OnDevice()
