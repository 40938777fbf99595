"""Every few minutes, on one of the machines: what the job engine remembers of ended work is forgotten.

It is there to go on after a crash, and the record of a job is elsewhere. Kept, it would grow with every job, and hold
the titles of what people have long deleted.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextvars import Context
from datetime import UTC, datetime
from typing import Any

from dbos import DBOS

SCHEDULE = "upkeep"
OFTEN = "*/5 * * * *"
KEPT = 1800.0  # seconds after its end: long enough to look at what has just gone wrong
ENDED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
BLOCK = 500  # forgotten in one transaction

log = logging.getLogger("stt.jobs.maintenance")
_more: list[Callable[[], object]] = []


@DBOS.workflow(name="upkeep")
def upkeep(_scheduled: datetime, _context: Any) -> None:
    """Nothing of it is a step: it does no harm twice, and what it forgets must not be remembered."""
    Context().run(run)


def run() -> None:
    for task in _more:
        task()
    if forgotten := forget(KEPT):
        log.info("forgot how %d jobs went", forgotten)


def schedule(*tasks: Callable[[], object]) -> None:
    """Do this from now on, and `tasks` before. The job engine must run."""
    _more[:] = tasks
    DBOS.apply_schedules([{"schedule_name": SCHEDULE, "workflow_fn": upkeep, "schedule": OFTEN, "context": None}])


def forget(seconds: float) -> int:
    """Forget all work that ended longer ago than this; how much."""
    before = datetime.fromtimestamp(time.time() - seconds, UTC).isoformat()
    count = 0
    while old := DBOS.list_workflows(
        status=ENDED, completed_before=before, limit=BLOCK, load_input=False, load_output=False
    ):
        DBOS.delete_workflows([work.workflow_id for work in old])
        count += len(old)
    return count
