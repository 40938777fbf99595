"""The AI/ML API as an engine: create once, remember the id, poll until it is done."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from stt import backoff, kinds
from stt.aiml import catalog, offered, pacing, results
from stt.aiml.client import Client
from stt.audio import tracks
from stt.auth import keys
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

KEPT = 3600.0  # seconds for which the provider keeps a result
MARGIN = 120.0  # seconds before that at which waiting ends
NEW = 10.0  # seconds in which an id may not be known yet on all of the provider's machines
PATIENCE = 3.0  # seconds in which one poll is repeated before the job says that there is trouble

ENDED = (ResultExpired, GenerationFailed, AnswerUnreadable)  # nothing more will come of that generation id

_creating: WeakValueDictionary[str, threading.Lock] = WeakValueDictionary()


class Provider:
    name = kinds.PROVIDER

    def run(self, work: Work) -> Outcome:
        offered.refresh()
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
                work.with_retries(submissions.save_provider_id, work.job.id, None)  # a retry has to create anew
            if isinstance(error, ResultExpired) and work.job.recording_id is None:
                error.guidance = "Results are kept there for one hour. Retry hands over the link again."
            raise
        assert reading.transcript is not None
        # Nobody's word alone: a file may say that it is short, and an answer too.
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
            },
            cost=cost,
            raw=answer,
            seconds=seconds,
            dollars=dollars,
            worked=took,
        )


def client_for(job: Job) -> Client:
    """A client with the job's key. Raises KeyMissing."""
    return Client(
        settings().aiml_base_url,
        keys.unseal(submissions.sealed_key(job.id)),
        creates_at_once=settings().provider_max_uploads,
    )


def _create(work: Work) -> dict[str, Any]:
    """Submit the job: at most once an attempt, even if this server is killed at any moment.

    From the moment that the last byte may be on its way, and until the provider has surely turned it away, the
    attempt counts as sent. Found so after a restart, without an id, nobody knows whether the provider took it, so the
    user decides. Answers the id and the time `at` which it came; `old` if an earlier attempt made it.
    """
    job = work.job
    # A retry of a job that was cancelled while its create was under way waits for what comes of that.
    with _creating.setdefault(job.id, threading.Lock()):
        if known := submissions.provider_id(job.id):
            return {"id": known, "at": time.time(), "old": True}  # its result is paid for
        if submissions.was_submitted(job):
            raise SubmissionUncertain("This server was stopped just while it handed the recording to the provider.")
        client = client_for(job)
        at = 0.0

        def keep(created: str) -> None:
            nonlocal at
            at = time.time()  # before the database, which may have to be waited for
            work.with_retries(submissions.save_provider_id, job.id, created)

        options = catalog.clean_options(offered.known().find(job.model), job.options, unknown="drop")
        with _source(work) as source, _measured("create"):
            created = client.create(
                job.model,
                options,
                **source,
                on_wait=lambda why: _wait(job, why),
                on_created=keep,
                cancelled=work.cancelled,
                patience=settings().provider_timeout_seconds,
            )
    work.with_retries(records.update_progress, job, stage="Queued at the provider")
    return {"id": created, "at": at}


@contextmanager
def _source(work: Work) -> Iterator[dict[str, Any]]:
    """What `Client.create` is to hand over, a link or a file, and how it tells of its progress.

    Of a recording with several tracks it is the chosen one alone: the provider might take another.
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
        records.update_progress(
            job, stage="Uploaded, waiting for the provider's answer" if recording else "Handing over the link"
        )
        submissions.mark_submitted(job)  # the last block goes out after this

    told = {"on_progress": on_progress}
    if recording is None:
        yield {"url": job.url, **told}
    elif not recording.tracks:
        yield {"path": recording.path, "name": recording.name, **told}
    else:
        from stt.engines.track_file import (
            track_file,  # brings PyAV, which a process that only answers requests does not need
        )

        records.update_progress(job, stage="Taking out the track")
        with track_file(recording, str(job.options.get("track") or ""), check_cancelled) as path:
            yield {"path": path, "name": f"{Path(recording.name).stem}.flac", **told}


def _tracks(job: Job) -> dict[str, str]:
    """Which track was handed over, for the provenance; empty where there is one."""
    with suppress(NotFound):  # deleted meanwhile
        recording = recordings.find(job.recording_id, None) if job.recording_id else None
        if recording is not None and (several := tracks.of_rows(recording.tracks)):
            return {"tracks": tracks.summary(several, str(job.options.get("track") or ""))}
    return {}


def _wait(job: Job, why: ProviderError) -> None:
    """The create was surely not accepted, and is sent again after a wait."""
    submissions.unmark_submitted(job)
    records.update_progress(job, stage=_trouble(why))


def _result(work: Work, created: dict[str, Any]) -> tuple[dict[str, Any], float | None]:
    """Poll until the job has ended; the whole answer, and how long it took, in seconds, where that is known.

    Nothing of this is a checkpoint: how long to wait follows from the time since the create, so a restarted job
    goes on where it was, and asks at least once. Raises what `Client.get` raises, ProviderTimeout and Cancelled.
    """
    job, client = work.job, work.with_retries(client_for, work.job)
    expected = pacing.expected_seconds(job.duration or 0.0, work.with_retries(records.recent_durations, job.model))
    schedule = pacing.Schedule(expected)
    limit = min(max(settings().provider_timeout_seconds, 2 * (job.duration or 0.0)), KEPT - MARGIN)
    if expected:  # the row counts from the start of the upload
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
                answer = client.get(created["id"], patience=PATIENCE)
                reading = results.read(answer, job.duration)
                if isinstance(reading.error, ProviderBusy | ProviderDown) and not reading.over:  # in a good answer
                    raise reading.error
        except (ProviderBusy, ProviderDown, ResultExpired) as error:  # passes, or the job's own limit ends it
            if isinstance(error, ResultExpired) and (created.get("old") or time.time() - created["at"] > NEW):
                raise
            waits = waits if trouble is not None else backoff.backoff()
            trouble = error
            work.with_retries(records.update_progress, job, stage=_trouble(error), expected=expected)
            continue
        now = time.time()
        if reading.status != "running":
            took = now - created["at"]
            # After a restart, or an earlier attempt, nobody knows when it was done.
            known = not created.get("old") and now - seen <= max(2 * pacing.SLOWEST, took / 4)
            return answer, took if known else None
        seen, trouble = now, None
        work.with_retries(records.update_progress, job, stage=_stage(reading.word), expected=expected)
    raise AssertionError("polls never end")


def _pause(work: Work, seconds: float) -> None:
    """Sleep; notices within ten seconds, without asking the database all the time, that the job is not wanted."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        backoff.pause(min(left, pacing.SLOWEST))
        if work.cancelled():
            raise Cancelled()


@contextmanager
def _measured(kind: str) -> Iterator[None]:
    """Count a call to the provider by how it ended, and time it."""
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


def _trouble(why: ProviderError) -> str:
    if isinstance(why, ProviderBusy):
        return "The provider is busy, waiting to go on"
    return "The provider does not answer, trying again"


def _cost(job: Job, billed: Any, seconds: float) -> tuple[float | None, float | None]:
    """US dollars: what the provider says it billed, else by its price; and the larger of both, for the limits."""
    known = offered.known().cost(job.model, seconds)
    priced = known.dollars if known else None
    if not isinstance(billed, int | float):
        return priced, priced
    return float(billed), max(float(billed), priced or 0.0)
