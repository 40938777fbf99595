"""Transcribe with the AI/ML API: create a generation once, store its id, and poll until it has ended."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from dbos import DBOS

from stt import backoff, kinds
from stt.aiml import offered, pacing, results
from stt.aiml.catalog import Model
from stt.aiml.client import Client
from stt.aiml.options import clean_options, with_vocabulary
from stt.audio import tracks
from stt.auth import keys
from stt.compat.dbos import outside_workflow
from stt.engines.base import Outcome, Work
from stt.errors import (
    AnswerUnreadable,
    Cancelled,
    GenerationFailed,
    NotFound,
    ProviderBusy,
    ProviderDown,
    ProviderError,
    ProviderTimeout,
    ResultExpired,
    SubmissionUncertain,
)
from stt.ops import metrics
from stt.settings import settings
from stt.store import recordings, records, submissions
from stt.store.records import Job
from stt.vocabulary import terms

KEPT = 3600.0  # seconds for which the provider keeps a result
MARGIN = 120.0  # polling ends this many seconds before the result expires
NEW = 10.0  # seconds for which a new id may be unknown to some of the provider's servers
LIST_TIMEOUT = 10.0  # maximum seconds for which a job waits for a list of models that has its model
RETRY_SECONDS = 3.0  # seconds for which one poll is retried before the job reports trouble

ENDED = (ResultExpired, GenerationFailed, AnswerUnreadable)  # errors after which the generation id is useless


class Provider:
    """The engine that submits a job to the provider and polls for its result."""

    name = kinds.PROVIDER

    def run(self, work: Work) -> Outcome:
        """Return the outcome of a job.

        Raises Cancelled if the job is cancelled, and ProviderError if there is no result. Subclasses of ProviderError
        are KeyMissing (there is no usable key) and SubmissionUncertain (the provider may have accepted the job).
        """
        offered.refresh(LIST_TIMEOUT, work.job.model)
        created = work.step("create", _create, work)
        reading = None
        try:
            answer, took = _result(work, created)
            reading = results.read(answer, work.job.duration)
            if reading.error is not None:
                work.with_retries(submissions.save_raw, work.job.id, answer)
                raise reading.error
        except ProviderError as error:
            if isinstance(error, ENDED) or (reading is not None and reading.over):
                work.with_retries(submissions.save_provider_id, work.job.id, None)  # a retry then creates a new one
            if isinstance(error, ResultExpired) and work.job.recording_id is None:
                error.guidance = "The provider keeps results for one hour. Retry sends the link again."
            raise
        assert reading.transcript is not None
        # Use the longest of three durations, because a file or a response may declare a duration that is too short.
        seconds = max(reading.transcript.duration, reading.seconds, work.job.duration or 0.0)
        cost, dollars = _cost(work.job, reading.transcript.extras.get("cost"), seconds)
        metrics.audio_seconds.labels(kinds.PROVIDER).inc(seconds)
        metrics.work_seconds.labels(kinds.PROVIDER).inc(took or 0.0)
        return Outcome(
            reading.transcript,
            provenance={
                "engine": "AI/ML API",
                "model": work.job.model,
                "generation_id": created["id"],
                **work.with_retries(_tracks, work.job),
                **_vocabulary(work.job),
            },
            cost=cost,
            raw=answer,
            seconds=seconds,
            dollars=dollars,
            worked=took,
        )


def client_for(job: Job) -> Client:
    """Return a client with the API key of the job or the server. Raises KeyMissing if there is no usable key."""
    return Client(
        settings().aiml_base_url,
        keys.unseal(submissions.sealed_key(job.id)),
        max_creates=settings().provider_max_uploads,
    )


def _create(work: Work) -> dict[str, Any]:
    """Submit the job, at most once per attempt even if this server is killed at any moment.

    The job is marked as submitted before its last byte is sent. The mark is removed only if the provider has certainly
    refused the job. If a restarted server finds the mark without an id, it is uncertain whether the provider accepted
    the job. In that case SubmissionUncertain is raised, and the user decides whether to submit the job again.

    Returns a dict: `id` is the generation id, and `at` is the time when this attempt got the id, in seconds since 1970.
    `old` is True if an earlier attempt created the generation, and otherwise absent.
    """
    job = work.job
    # If a job is cancelled during its create request and then retried, the retry waits for the end of that request.
    while submissions.provider_id(job.id) is None and _earlier_attempt_runs(job):
        backoff.pause(1.0, work.cancelled)
    if known := submissions.provider_id(job.id):
        return {"id": known, "at": time.time(), "old": True}  # the generation is already paid for
    if submissions.was_submitted(job):
        raise SubmissionUncertain("This server was stopped just while it handed the recording to the provider.")
    client = client_for(job)
    at = 0.0

    def keep(created: str) -> None:
        nonlocal at
        at = time.time()  # taken before the write below, because that may have to wait for the database
        work.with_retries(submissions.save_provider_id, job.id, created)

    options, _ = _options(job, offered.known().find(job.model))
    with _source(work) as source, _measured("create"):
        try:
            created = client.create(
                job.model,
                options,
                **source,
                on_wait=lambda why: _wait(work, why),
                on_created=keep,
                cancelled=work.cancelled,
                retry_seconds=settings().provider_timeout_seconds,
            )
        except ProviderError as error:
            if not isinstance(error, SubmissionUncertain | GenerationFailed):  # it has certainly refused the job
                work.with_retries(submissions.unmark_submitted, job)
            raise
    work.with_retries(records.update_progress, job, stage="Queued at the provider")
    return {"id": created, "at": at}


def _earlier_attempt_runs(job: Job) -> bool:
    """Return whether a worker still runs an earlier attempt at the job, which may be in its create request."""
    earlier = [f"{job.id}-{number}" for number in range(1, job.attempt)]
    listed = partial(DBOS.list_workflows, workflow_ids=earlier, status="PENDING", load_input=False, load_output=False)
    return bool(earlier) and bool(outside_workflow(listed))


@contextmanager
def _source(work: Work) -> Iterator[dict[str, Any]]:
    """Yield keyword arguments for `Client.create`: a progress callback, and the link or the file with its name.

    If there are several tracks, only the chosen track is sent, because the provider might pick another one.
    """
    job = work.job
    recording = recordings.find(job.recording_id, None) if job.recording_id else None

    def check_cancelled() -> None:
        if work.cancelled():
            raise Cancelled()

    def on_progress(sent: int, total: int) -> None:
        if sent < total:
            records.update_progress(job, stage=f"Uploading to the provider, {sent * 100 // total} %")
            return
        check_cancelled()  # the client does not check before it sends a link, or a file that is a single block
        records.update_progress(
            job, stage="Uploaded, waiting for the provider's answer" if recording else "Handing over the link"
        )
        submissions.mark_submitted(job)  # the mark is set before the last block is sent

    callback = {"on_progress": on_progress}
    if recording is None:
        yield {"url": job.url, **callback}
    elif not recording.tracks:
        yield {"path": recording.path, "name": recording.name, **callback}
    else:
        from stt.engines.track_file import (
            track_file,  # imports PyAV, which a process that only serves requests does not need
        )

        records.update_progress(job, stage="Extracting the track")
        with track_file(recording, str(job.options.get("track") or ""), check_cancelled) as path:
            yield {"path": path, "name": f"{Path(recording.name).stem}.flac", **callback}


def _options(job: Job, model: Model) -> tuple[dict[str, Any], list[str]]:
    """Return the parameters to send, with the job's vocabulary, and the vocabulary terms that the model cannot take."""
    options = clean_options(model, job.options, unknown="drop")
    return with_vocabulary(model, options, terms.texts(terms.of(job.options)))


def _vocabulary(job: Job) -> dict[str, str]:
    """Return for the provenance which vocabulary terms were sent; empty if the provider no longer lists the model."""
    if (model := offered.known().get(job.model)) is None:
        return {}
    _, left = _options(job, model)
    sent = [text for text in terms.texts(terms.of(job.options)) if text not in left]
    facts = {"vocabulary": ", ".join(sent), "vocabulary_left_out": ", ".join(left)}
    return {name: value for name, value in facts.items() if value}


def _tracks(job: Job) -> dict[str, str]:
    """Return for the provenance which track was sent; empty if the recording has one track or was deleted."""
    with suppress(NotFound):  # the recording was deleted meanwhile
        recording = recordings.find(job.recording_id, None) if job.recording_id else None
        if recording is not None and (several := tracks.of_rows(recording.tracks)):
            return {"tracks": tracks.summary(several, str(job.options.get("track") or ""))}
    return {}


def _wait(work: Work, why: ProviderError) -> None:
    """Record that the provider certainly did not accept the create request; `Client.create` then waits and retries."""
    work.with_retries(submissions.unmark_submitted, work.job)
    work.with_retries(records.update_progress, work.job, stage=_stage_of_error(why))


def _result(work: Work, created: dict[str, Any]) -> tuple[dict[str, Any], float | None]:
    """Poll until the generation has ended. Return the response, and the seconds that the generation took if known.

    Polling stores no checkpoints. The waiting times depend on the time since the create, so a restarted job continues
    the same schedule. A restarted job polls at least once. Raises what `Client.get` raises, ProviderTimeout if there is
    no result within the time limit, and Cancelled if the job is cancelled.
    """
    job, client = work.job, work.with_retries(client_for, work.job)
    expected = pacing.expected_seconds(job.duration or 0.0, work.with_retries(records.recent_durations, job.model))
    schedule = pacing.Schedule(expected)
    limit = min(max(settings().provider_timeout_seconds, 2 * (job.duration or 0.0)), KEPT - MARGIN)
    if expected:  # progress is counted from the start of the job, so the time of the upload is added
        expected += max(0.0, created["at"] - (job.started or created["at"]))
    seen = created["at"]
    trouble: ProviderError | None = None
    waits = backoff.backoff()
    for tries in count():
        if (elapsed := time.time() - created["at"]) < limit:
            wait = schedule.wait(elapsed)
            if trouble is not None:
                wait = max(wait, next(waits), trouble.wait, client.pace.delay())
            _pause(work, min(wait, limit - elapsed))
        elif tries:
            raise trouble or ProviderTimeout(f"No result after {limit / 60:.0f} minutes.")
        try:
            with _measured("get"):
                answer = client.get(created["id"], retry_seconds=RETRY_SECONDS)
                reading = results.read(answer, job.duration)
                if (
                    isinstance(reading.error, ProviderBusy | ProviderDown) and not reading.over
                ):  # the response has status 200, but contains an error
                    raise reading.error
        except (ProviderBusy, ProviderDown, ResultExpired) as error:  # treated as transient: poll until `limit`
            if isinstance(error, ResultExpired) and (created.get("old") or time.time() - created["at"] > NEW):
                raise
            waits = waits if trouble is not None else backoff.backoff()
            trouble = error
            work.with_retries(records.update_progress, job, stage=_stage_of_error(error), expected=expected)
            continue
        now = time.time()
        if reading.status != "running":
            took = now - created["at"]
            # The time of completion is unknown if polling had a gap, because of a restart or between two attempts, and
            # if the clock was set back.
            known = not created.get("old") and 0.0 <= now - seen <= max(2 * pacing.SLOWEST, took / 4)
            return answer, took if known and took >= 0.0 else None
        seen, trouble = now, None
        work.with_retries(records.update_progress, job, stage=_stage(reading.word), expected=expected)
    raise AssertionError("polls never end")


def _pause(work: Work, seconds: float) -> None:
    """Sleep for `seconds`. Raises Cancelled within ten seconds after the job is cancelled.

    `work.cancelled`, which queries the database, is called only every `pacing.SLOWEST` seconds.
    """
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        backoff.pause(min(left, pacing.SLOWEST))
        if work.cancelled():
            raise Cancelled()


@contextmanager
def _measured(kind: str) -> Iterator[None]:
    """Count the call to the provider in the `with` block by its outcome, and measure its duration."""
    answer, began = "ok", time.monotonic()
    try:
        yield
    except Exception as error:
        answer = type(error).__name__
        raise
    finally:
        metrics.provider_calls.labels(kind, answer).inc()
        metrics.provider_latency.labels(kind).observe(time.monotonic() - began)


def _stage(word: str) -> str:
    waiting = word.lower() in ("", "waiting", "queued")
    return "Queued at the provider" if waiting else "The provider is transcribing"


def _stage_of_error(why: ProviderError) -> str:
    if isinstance(why, ProviderBusy):
        return "The provider is busy, waiting to go on"
    return "The provider does not answer, trying again"


def _cost(job: Job, billed: Any, seconds: float) -> tuple[float | None, float | None]:
    """Return two amounts in US dollars: one for the user, and one for quotas.

    The first is the billed amount `billed`, or the price of `seconds` of audio if the response has no billed amount.
    The second is the larger of the billed amount and this price. The price is None if it is unknown, or if the provider
    no longer lists the model.
    """
    model = offered.known().get(job.model)
    priced = model.cost(seconds) if model else None
    if not isinstance(billed, int | float):
        return priced, priced
    return float(billed), max(float(billed), priced or 0.0)
