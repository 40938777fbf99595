"""Launch DBOS with the queues of this app."""

from __future__ import annotations

from dbos import DBOS

from stt.background.diarization import search
from stt.background.passages import decoding
from stt.background.playback import copying
from stt.cluster import announcements, workers
from stt.compat import dbos_queues
from stt.db.job_database import job_engine_arguments
from stt.files import paths
from stt.jobs import checkpoints, queues
from stt.settings import settings
from stt.webhooks import delivering

# DBOS continues only jobs of the same application version. The fixed version lets newer code continue older jobs.
APPLICATION_VERSION = "1"
_listener: announcements.Listener | None = None


def launch(worker: str) -> None:
    """Launch DBOS under the name `worker`. It resumes this worker's interrupted workflows and polls the queues."""
    global _listener
    DBOS(
        config={
            "name": "stt-studio",
            "system_database_url": settings().database_url or f"sqlite:///{paths.data_folder() / 'jobs.db'}",
            "application_version": APPLICATION_VERSION,
            "executor_id": worker,
            "log_level": "WARNING",
            "serializer": checkpoints.Serializer(),
            "db_engine_kwargs": {"connect_args": job_engine_arguments()},
        }
    )
    if settings().database_url:
        workers.send_heartbeat(worker)  # before it takes jobs: a worker without heartbeats counts as dead
    if settings().role == "web":
        DBOS.listen_queues([])  # a web process takes no jobs from the queues
    _poll_idle_queues_rarely()
    DBOS.launch()
    for queue, count in queues.worker_limits().items():
        often = 0.1 if queue == queues.SHORT_QUEUE else 0.2  # seconds; visitors wait for short jobs
        DBOS.register_queue(queue, worker_concurrency=count, polling_interval_sec=often)
    for queue, count, interval in (
        (copying.QUEUE, 1, copying.POLLING_INTERVAL),
        (delivering.QUEUE, delivering.AT_ONCE, delivering.OFTEN),
        (search.QUEUE, 1, search.POLLING_INTERVAL),
        (decoding.QUEUE, 1, decoding.POLLING_INTERVAL),
    ):
        DBOS.register_queue(queue, worker_concurrency=count, polling_interval_sec=interval)
    if settings().database_url and settings().role != "web" and _listener is None:
        _listener = announcements.Listener()


def destroy(seconds: int) -> None:
    """Stop what `launch` started, after waiting at most this long for workflows to end."""
    global _listener
    DBOS.destroy(workflow_completion_timeout_sec=seconds)
    if _listener is not None:
        _listener.stop()
        _listener = None


def _poll_idle_queues_rarely() -> None:
    if settings().database_url:
        dbos_queues.poll_idle_queues_rarely(_receives_announcements, announcements.announce)
    else:
        dbos_queues.poll_idle_queues_rarely(lambda: True)  # no other process uses a SQLite database


def _receives_announcements() -> bool:
    return _listener is not None and _listener.is_receiving()
