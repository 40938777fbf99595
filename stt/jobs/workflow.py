"""Run a job as a durable workflow, from its first step to its end.

The results of steps are stored as checkpoints in the job engine's database. They are ids, numbers and plain
dictionaries, as JSON. No checkpoint depends on a class, so newer code can replay the checkpoints of an older version.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from dbos import DBOS, StepOptions

from stt import errors, kinds
from stt.background.diarization import search
from stt.cluster import workers
from stt.compat.dbos import outside_workflow
from stt.db.engine import DB_UNAVAILABLE
from stt.engines.base import Arguments, Engine, Outcome, Result
from stt.errors import Cancelled, NotFound, SttError
from stt.ops import metrics
from stt.store import quotas, records, submissions
from stt.store.records import Job
from stt.store.retrying import TRANSIENT_ERRORS, with_retries
from stt.vocabulary import terms
from stt.vocabulary.replacing import replaced
from stt.webhooks import delivering

log = logging.getLogger("stt.jobs.service")


@DBOS.workflow(name=workers.JOB_WORKFLOW)
@workers.track_running
def transcription(generation_id: str) -> None:
    """Run one job and record its end, also after an error."""
    job = None
    try:
        attempt = int(str(DBOS.workflow_id).rpartition("-")[2])
        # The step also returns True if an earlier process marked the job as working and was killed. In checkpoints of
        # older versions, the result is the job, which also counts as true.
        if not _step("begin", records.begin, generation_id, attempt):
            return
        job = with_retries(_acquire_lease, generation_id, attempt)
        if job.state != kinds.DONE:  # it is done if an earlier process was killed just after it had finished the job
            outcome = _engine(job).run(_JobContext(job))
            _step("finish", _finish, job, outcome)
        search.expect(job)
    except Cancelled:
        log.info("cancelled: %s", generation_id)
        if job is not None:
            with_retries(_release_quota, job)
    except SttError as error:
        workers.check_stopping()
        log.warning("failed %s: %s %s", generation_id, type(error).__name__, error.detail)
        _step("fail", fail, generation_id, job, error)
    except Exception as error:
        workers.check_stopping()
        log.exception("failed %s", generation_id)
        _step("fail", fail, generation_id, job, SttError(detail=repr(error)))
    except workers.Stopping:
        log.info("continues at the next start: %s", generation_id)
        raise
    except BaseException:  # DBOS raises it in a workflow that was reassigned to another worker
        log.info("reassigned to another worker: %s", generation_id)
        raise
    delivering.job_ended(generation_id)


def _step(name: str, function: Callable[..., Any], *args: Any, **values: Any) -> Any:
    """Run `function` as a step of the workflow, and return its result or raise its SttError.

    Transient errors are retried for about two minutes, so that a database restart or a full disk does not fail the job.
    """
    options = StepOptions(
        name=name,
        retries_allowed=True,
        interval_seconds=0.5,
        backoff_rate=2.0,
        max_attempts=9,
        should_retry=lambda error: isinstance(error, TRANSIENT_ERRORS),
    )
    answer = DBOS.run_step(options, _answer, function, *args, **values)
    if isinstance(answer, dict) and answer.keys() == {"error"}:
        raise errors.from_dict(answer["error"])
    return answer


def _answer(function: Callable[..., Any], *args: Any, **values: Any) -> Any:
    """Return a step's result, or its SttError as a dictionary that can be stored as JSON."""
    try:
        return function(*args, **values)
    except TRANSIENT_ERRORS:
        raise
    except SttError as error:
        return {"error": {**error.to_dict(), "detail": error.detail}}


def _acquire_lease(generation_id: str, attempt: int) -> Job:
    """Acquire the job's lease for this process and return the job with its fencing token.

    This function is not run as a step, because every start of the workflow needs a new lease.
    The fencing token is the time at which this process dequeued the job, by the database's clock. Raises Cancelled if
    another process has acquired the lease, or the job was deleted or retried.
    """
    try:
        job = records.load(generation_id, None)
    except NotFound:
        raise Cancelled() from None
    for _ in range(2):
        # Call this outside the workflow, which would store the result as a checkpoint.
        work = outside_workflow(DBOS.get_workflow_status, f"{job.id}-{attempt}")
        if work is None or work.status != "PENDING" or work.executor_id != DBOS.executor_id or not work.dequeued_at:
            raise Cancelled()
        if job.attempt != attempt:
            raise Cancelled()
        if records.acquire_lease(job, work.dequeued_at):
            return replace(job, claim=work.dequeued_at)
        # The stored token is newer, although the job is assigned to this worker: the database's clock was set back.
        records.release_lease(job)
    raise Cancelled()


def fail(generation_id: str, job: Job | None, error: SttError) -> None:
    """Mark a job as failed. `job` is the job with this process's lease, or None if this process holds no lease."""
    if job is None:
        records.transition(
            generation_id, kinds.OPEN, kinds.FAILED, error=error.to_dict(), finished=time.time(), stage=None
        )
        with suppress(NotFound):
            _release_quota(records.load(generation_id, None))
    else:
        records.fail(job, error)
        _release_quota(job)


def _release_quota(job: Job) -> None:
    """Release the part of the quota that a job reserved but did not use, if this attempt failed or was cancelled."""
    try:
        now = records.load(job.id, None)
    except NotFound:  # the job was deleted, which released its quota
        return
    if now.attempt == job.attempt and now.state in (kinds.FAILED, kinds.CANCELLED):
        quotas.release(now, sent=submissions.was_submitted(now) or submissions.provider_id(now.id) is not None)


def _finish(job: Job, outcome: Outcome) -> None:
    corrected, made = replaced(outcome.transcript, terms.of(job.options))
    replacements = ", ".join(f"{term.line} ({times})" for term, times in made.items())
    provenance = outcome.provenance | ({"replacements": replacements} if made else {})
    values: dict[str, Any] = {"cost": outcome.cost, "provenance": provenance}
    values |= {"corrected": corrected} if made else {}
    values |= {} if outcome.worked is None else {"worked": outcome.worked}
    # Settle before finishing, so that a finished job always has its usage recorded. After a crash between settling and
    # finishing, the step settles again. After a crash once the job is finished, the chunks are deleted, so that the
    # outcome of the repeated step has no length.
    if records.is_current(job):
        quotas.settle(job, outcome.seconds or outcome.transcript.duration, outcome.dollars)
    if records.finish(job, outcome.transcript, raw=outcome.raw, **values):
        metrics.job_seconds.labels(job.engine).observe(max(0.0, time.time() - job.queued))


class _JobContext:
    """Give an engine access to its job (see `stt.engines.base.Work`)."""

    def __init__(self, job: Job) -> None:
        self.job = job

    def step(
        self, name: str, function: Callable[Arguments, Result], *args: Arguments.args, **values: Arguments.kwargs
    ) -> Result:
        result: Result = _step(name, function, *args, **values)
        return result

    def with_retries(
        self, function: Callable[Arguments, Result], *args: Arguments.args, **values: Arguments.kwargs
    ) -> Result:
        return with_retries(function, *args, **values)

    def cancelled(self) -> bool:
        workers.check_stopping()
        try:
            ended = not records.is_current(self.job)
        except DB_UNAVAILABLE:
            return False  # the state is unknown for now; the engine soon asks again
        if ended:
            log.info("cancelled, or reassigned to another worker: %s", self.job.id)
        return ended


def _engine(job: Job) -> Engine:
    if job.engine == kinds.PROVIDER:
        from stt.engines.provider import Provider

        return Provider()
    if job.engine == kinds.ALIGNMENT:
        from stt.engines.alignment import Alignment

        return Alignment()
    from stt.engines.on_device import OnDevice  # imported only when needed, because it loads PyAV and CTranslate2

    return OnDevice()
