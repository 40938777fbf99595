"""Run the scheduled tasks and delete finished DBOS workflows, every five minutes on one of the machines.

The job engine needs workflows only to recover from a crash; job records are stored elsewhere. If finished workflows
were kept, the tables of DBOS would grow with every job and contain titles that people deleted long ago.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from dbos import DBOS

from stt.compat.dbos import outside_workflow
from stt.store.erasure import FINISHED_STATUSES

SCHEDULE = "upkeep"
CRON = "*/5 * * * *"
KEEP_SECONDS = 1800.0  # time for which a workflow is kept after its end, seconds, so that a failure can be examined
BATCH = 500  # maximum number of workflows that one call deletes

log = logging.getLogger("stt.jobs.maintenance")
_tasks: list[Callable[[], object]] = []


@DBOS.workflow(name="upkeep")
def upkeep(_scheduled: datetime, _context: Any) -> None:
    """Run the scheduled tasks. If the process is killed, this workflow starts again and may run a task twice.

    The tasks run outside the workflow, because the workflow would store their results as checkpoints.
    """
    outside_workflow(run_tasks)


def run_tasks() -> None:
    """Run the scheduled tasks and purge finished workflows."""
    for task in _tasks:
        task()
    if count := purge_finished(KEEP_SECONDS):
        log.info("deleted %d finished workflows", count)


def schedule(*tasks: Callable[[], object]) -> None:
    """Schedule the purge of finished workflows, and the `tasks` that run before it. The job engine must be running."""
    _tasks[:] = tasks
    DBOS.apply_schedules([{"schedule_name": SCHEDULE, "workflow_fn": upkeep, "schedule": CRON, "context": None}])


def purge_finished(seconds: float) -> int:
    """Delete the workflows that ended more than `seconds` seconds ago; return the number of deleted workflows."""
    before = datetime.fromtimestamp(time.time() - seconds, UTC).isoformat()
    count = 0
    while old := DBOS.list_workflows(
        status=list(FINISHED_STATUSES), completed_before=before, limit=BATCH, load_input=False, load_output=False
    ):
        DBOS.delete_workflows([work.workflow_id for work in old])
        count += len(old)
    return count
