"""Queue jobs as DBOS workflows, and reconcile job rows with workflows after a crash."""

from __future__ import annotations

import logging

from dbos import DBOS, SetEnqueueOptions, SetWorkflowID

from stt.cluster import processes
from stt.compat import dbos_queues
from stt.errors import SttError
from stt.jobs import queues, workflow
from stt.store import records
from stt.store.records import Job

log = logging.getLogger("stt.jobs.queueing")


def enqueue(job: Job) -> None:
    with SetWorkflowID(f"{job.id}-{job.attempt}"), SetEnqueueOptions(priority=job.priority):
        dbos_queues.enqueue(queues.queue_for(job), workflow.transcription, job.id)


def reconcile() -> None:
    """Reconcile job rows with DBOS workflows after a crash. No transaction writes both a row and its workflow.

    A job that was recorded but never queued is queued, unless the process that recorded it is alive. If the database is
    unavailable when a workflow ends, the workflow cannot update the row of its job; such a job is marked as failed.
    """
    jobs, alive = records.open_jobs(), processes.alive()
    for start_at in range(0, len(jobs), 500):
        block = {f"{job.id}-{job.attempt}": job for job in jobs[start_at : start_at + 500]}
        known = DBOS.list_workflows(workflow_ids=list(block), load_input=False, load_output=False)
        for work in known:
            job = block.pop(work.workflow_id)
            # Check again, because the job may have ended since it was listed above.
            if work.status not in ("ENQUEUED", "PENDING", "DELAYED") and records.is_open(job):
                log.warning("workflow finished without updating job %s", job.id)
                workflow.fail(job.id, None, SttError("The server stopped during this job."))
        makers = records.creators([job.id for job in block.values()]) if block else {}
        for job in block.values():
            if makers.get(job.id) not in alive:
                enqueue(job)
