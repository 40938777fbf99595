"""The durable workflow of a job, from its first step to its end.

Results of steps are checkpoints in the database of the job engine: ids, numbers and plain dictionaries, as JSON. A
version that replays the checkpoints of an older one finds nothing in them that depends on a class.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context
from dataclasses import replace
from typing import Any

from dbos import DBOS, StepOptions

from stt import errors, kinds
from stt.cluster import workers
from stt.db.engine import AWAY
from stt.engines.base import Engine, Outcome
from stt.errors import Cancelled, NotFound, SttError
from stt.ops import metrics
from stt.store import quotas, records, submissions
from stt.store.patience import PASSING, patiently
from stt.store.records import Job

log = logging.getLogger("stt.jobs.service")


@DBOS.workflow(name=workers.JOB_WORKFLOW)
@workers.track_running
def transcription(generation_id: str) -> None:
    """One job from its first step to its end, whatever happens in between."""
    job = None
    try:
        attempt = int(str(DBOS.workflow_id).rpartition("-")[2])
        # An older version's answer was the job itself, as it was then.
        if not _step("begin", _begin, generation_id, attempt):
            return
        job = patiently(_claimed, generation_id, attempt)
        outcome = _engine(job).run(_Work(job))
        _step("finish", _finish, job, outcome)
    except Cancelled:
        log.info("stopped: %s", generation_id)
        if job is not None:
            patiently(_give_back, job)
    except SttError as error:
        log.warning("failed %s: %s %s", generation_id, type(error).__name__, error.detail)
        _step("fail", fail, generation_id, job, error)
    except Exception as error:
        log.exception("failed %s", generation_id)
        _step("fail", fail, generation_id, job, SttError(detail=repr(error)))
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
    answer = DBOS.run_step(options, _answer, function, *args)
    if isinstance(answer, dict) and answer.keys() == {"error"}:
        raise errors.from_dict(answer["error"])
    return answer


def _answer(function: Callable[..., Any], *args: Any) -> Any:
    """What a step answers, or what is wrong, as JSON can hold it."""
    try:
        return function(*args)
    except PASSING:
        raise
    except SttError as error:
        return {"error": {**error.to_dict(), "detail": error.detail}}


def _begin(generation_id: str, attempt: int) -> bool:
    """Whether the job is being worked on now; not if it was cancelled or deleted while it waited."""
    # A step that a killed server had begun runs again: then the job is already working.
    return records.begin(generation_id, attempt)


def _claimed(generation_id: str, attempt: int) -> Job:
    """The job as this process may write to it; asked at every start, so it is no step.

    The number is the moment at which this process took the job from its queue, by the clock of the database. Raises
    Cancelled where another process has it by now, or it was deleted or started anew.
    """
    try:
        job = records.load(generation_id, None)
    except NotFound:
        raise Cancelled() from None
    for _ in range(2):
        # Outside the workflow, where the answer would be remembered for those who come after.
        work = Context().run(DBOS.get_workflow_status, f"{job.id}-{attempt}")
        if work is None or work.status != "PENDING" or work.executor_id != DBOS.executor_id or not work.dequeued_at:
            raise Cancelled()
        if job.attempt != attempt:
            raise Cancelled()
        if records.claim(job, work.dequeued_at):
            return replace(job, claim=work.dequeued_at)
        # A higher number than ours, and yet it is ours: the clock of the database was set back.
        records.unclaim(job)
    raise Cancelled()


def fail(generation_id: str, job: Job | None, error: SttError) -> None:
    """Call the job failed; `job` as this process holds it, or None where nobody does."""
    if job is None:
        records.move(generation_id, kinds.OPEN, kinds.FAILED, error=error.to_dict(), finished=time.time(), stage=None)
        with suppress(NotFound):
            _give_back(records.load(generation_id, None))
    else:
        records.fail(job, error)
        _give_back(job)


def _give_back(job: Job) -> None:
    """If this attempt has ended without a result, what it did not take counts no longer."""
    try:
        now = records.load(job.id, None)
    except NotFound:  # deleted, which gave it back
        return
    if now.attempt == job.attempt and now.state in (kinds.FAILED, kinds.CANCELLED):
        quotas.give_back(now, sent=submissions.was_sent(now) or submissions.id_of(now.id) is not None)


def _finish(job: Job, outcome: Outcome) -> None:
    values = {"cost": outcome.cost, "provenance": outcome.provenance}
    values |= {} if outcome.worked is None else {"worked": outcome.worked}
    if records.finish(job, outcome.transcript, raw=outcome.raw, **values):
        metrics.job_seconds.labels(job.engine).observe(time.time() - job.queued)
    quotas.settle(job, outcome.seconds or outcome.transcript.duration, outcome.dollars)


class _Work:
    """A job as its engine sees it (see `engines.Work`)."""

    def __init__(self, job: Job) -> None:
        self.job = job

    def step(self, name: str, function: Callable[..., Any], *args: Any) -> Any:
        return _step(name, function, *args)

    def patiently(self, function: Callable[..., Any], *args: Any, **values: Any) -> Any:
        return patiently(function, *args, **values)

    def cancelled(self) -> bool:
        try:
            ended = not records.is_current(self.job)
        except AWAY:
            return False  # asked again soon
        if ended:
            log.info("cancelled, or taken over by another process: %s", self.job.id)
        return ended


def _engine(job: Job) -> Engine:
    if job.engine == kinds.PROVIDER:
        from stt.engines.provider import Provider

        return Provider()
    from stt.engines.on_device import OnDevice  # loads PyAV and CTranslate2: only when there is something to do

    return OnDevice()
