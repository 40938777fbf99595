"""The AI/ML API as an engine: create once, remember the id, poll until it is done."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from stt import catalog, keys, metrics, models, polling, records, recordings, results
from stt.aiml import Client
from stt.engines import Outcome, Work
from stt.errors import (
    AnswerUnreadable,
    Cancelled,
    CreateUnsure,
    GenerationFailed,
    ProviderBusy,
    ProviderDown,
    ResultGone,
    TookTooLong,
)
from stt.records import Job
from stt.settings import settings

KEPT = 3600.0  # seconds for which the provider keeps a result
MARGIN = 120.0  # seconds before that at which waiting ends


ENDED = (ResultGone, GenerationFailed, AnswerUnreadable)  # nothing more will come of that generation id


class Provider:
    name = models.PROVIDER

    def run(self, work: Work) -> Outcome:
        created = work.step("create", _create, work)
        try:
            answer = _result(work, created)
            reading = results.read(answer, work.job.duration)
            if reading.error is not None:
                work.patiently(records.keep_raw, work.job.id, answer)
                raise reading.error
        except ENDED:
            work.patiently(records.report, work.job.id, remote_id=None)  # a retry has to create anew
            raise
        assert reading.transcript is not None
        took = time.time() - created["at"]
        seconds = reading.transcript.duration or work.job.duration or 0.0
        return Outcome(
            reading.transcript,
            provenance={"engine": "AI/ML API", "model": work.job.model, "generation_id": created["id"]},
            cost=_cost(work.job, reading.transcript.extras.get("cost"), seconds),
            raw=answer,
            worked=took,
        )


def client_for(job: Job) -> Client:
    """A client with the job's key. Raises KeyMissing."""
    return Client(
        settings().aiml_base_url,
        keys.unseal(records.sealed_key(job.id)),
        creates_at_once=settings().stt_provider_creates_at_once,
    )


def _create(work: Work) -> dict[str, Any]:
    """Submit the job: at most once an attempt, even if this server is killed at any moment.

    From the moment that the last byte may be on its way the attempt counts as sent. Found so after a restart, without
    an id, nobody knows whether the provider took it, so the user decides.
    """
    job = work.job
    if known := records.remote_id(job.id):
        return {"id": known, "at": time.time()}  # an earlier attempt was cut short: its result is paid for
    if records.was_sent(job):
        raise CreateUnsure("This server was stopped just while it handed the recording to the provider.")
    client = client_for(job)
    model = models.known().find(job.model)
    options = catalog.clean_options(model, job.options, unknown="drop")
    if job.recording_id is None:
        records.mark_sent(job)
        with _measured("create"):
            created = client.create(job.model, options, url=job.url, cancelled=work.cancelled)
    else:
        recording = recordings.find(job.recording_id, job.owner)

        def on_progress(sent: int, total: int) -> None:
            if sent >= total:
                records.mark_sent(job)
            records.report(job.id, stage=f"Uploading to the provider, {sent * 100 // max(total, 1)} %")

        with _measured("create"):
            created = client.create(
                job.model,
                options,
                path=recording.path,
                name=recording.name,
                on_progress=on_progress,
                cancelled=work.cancelled,
            )
    records.report(job.id, remote_id=created, stage="Queued at the provider")
    return {"id": created, "at": time.time()}


def _result(work: Work, created: dict[str, Any]) -> dict[str, Any]:
    """Poll until the job has ended; the whole answer.

    Nothing of this is a checkpoint: how long to wait follows from the time since the create, so a restarted job
    goes on where it was. Raises what `Client.get` raises, TookTooLong and Cancelled.
    """
    job, client = work.job, work.patiently(client_for, work.job)
    expected = polling.expected_seconds(job.duration or 0.0, work.patiently(records.past, job.model))
    schedule = polling.Schedule(expected)
    limit = min(max(settings().stt_provider_limit, 2 * (job.duration or 0.0)), KEPT - MARGIN)
    trouble: Exception | None = None
    while (elapsed := time.time() - created["at"]) < limit:
        polling.pause(min(schedule.wait(elapsed), limit - elapsed))
        if work.cancelled():
            raise Cancelled()
        try:
            with _measured("get"):
                answer = client.get(created["id"])
        except (ProviderBusy, ProviderDown) as error:  # passes, or the job's own limit ends it
            trouble = error
            continue
        reading = results.read(answer, job.duration)
        if reading.status != "running":
            return answer
        trouble = None
        work.patiently(records.report, job.id, stage=_stage(reading.word), expected=expected)
    raise trouble or TookTooLong(f"No result after {limit / 60:.0f} minutes.")


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


def _cost(job: Job, billed: Any, seconds: float) -> float | None:
    """US dollars: what the provider says it billed, else by its price."""
    if isinstance(billed, int | float):
        return float(billed)
    known = models.known().cost(job.model, seconds)
    return known.dollars if known else None
