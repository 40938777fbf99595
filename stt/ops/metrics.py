"""Export metrics of this server in the Prometheus text format, for `/metrics`."""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import partial

import sqlalchemy as sa
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric

from stt.db.engine import DB_UNAVAILABLE, database
from stt.db.tables import transcriptions
from stt.errors import SetupError
from stt.kinds import ALIGNMENT, ON_DEVICE, PROVIDER

TYPE = "text/plain; version=0.0.4"
LONG = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200)  # upper limits of histogram buckets, seconds

UP = "Whether the database answers"

registry = CollectorRegistry()
counter, histogram = partial(Counter, registry=registry), partial(Histogram, registry=registry)
audio_seconds = counter("stt_audio_seconds", "Seconds of audio transcribed by this process", ["engine"])
work_seconds = counter(
    "stt_work_seconds", "Seconds spent transcribing the audio of stt_audio_seconds_total", ["engine"]
)
job_seconds = histogram(
    "stt_job_seconds", "From queued to done, by the process that finished it", ["engine"], buckets=LONG
)
provider_calls = counter("stt_provider_calls", "Calls to the provider", ["kind", "answer"])
provider_latency = histogram("stt_provider_seconds", "How long the provider took to answer", ["kind"])


class _Jobs:
    """Collect the number of jobs by state and engine, and the age of the oldest queued job, from the database.

    If the database is unavailable, this collector exports only `stt_database_up` with the value 0. The other metrics,
    which this process counts itself, are still exported.
    """

    def collect(self) -> Iterable[Metric]:
        try:
            counts, oldest = _jobs()
        except (*DB_UNAVAILABLE, SetupError):
            yield GaugeMetricFamily("stt_database_up", UP, 0)
            return
        yield GaugeMetricFamily("stt_database_up", UP, 1)
        jobs = GaugeMetricFamily("stt_jobs", "Jobs by state and engine", labels=["state", "engine"])
        for state, engine, count in counts:
            jobs.add_metric([state, engine], count)
        yield jobs
        age = GaugeMetricFamily(
            "stt_queue_age_seconds", "How long the oldest waiting job has waited", labels=["engine"]
        )
        for engine in (ON_DEVICE, PROVIDER, ALIGNMENT):
            age.add_metric([engine], time.time() - oldest[engine] if engine in oldest else 0.0)
        yield age


def _jobs() -> tuple[list[tuple[str, str, int]], dict[str, float]]:
    """Return the number of jobs by state and engine, and the time when each engine's oldest queued job was queued."""
    t = transcriptions.c
    with database().connect() as connection:
        counts = connection.execute(sa.select(t.state, t.engine, sa.func.count()).group_by(t.state, t.engine)).all()
        waiting = sa.select(t.engine, sa.func.min(t.queued)).where(t.state == "queued").group_by(t.engine)
        return [tuple(row) for row in counts], dict(connection.execute(waiting).all())


registry.register(_Jobs())


def page() -> bytes:
    return generate_latest(registry)
