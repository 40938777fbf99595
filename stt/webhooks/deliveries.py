"""Store webhook deliveries: a row for each ended attempt of a job and for each test, with the last response to it."""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from stt import kinds
from stt.background.diarization import results
from stt.db import queries
from stt.db.engine import database
from stt.db.tables import transcriptions, webhook_deliveries, webhook_jobs
from stt.errors import LimitReached, NotFound
from stt.store import records
from stt.store.records import Job

WAITING, DELIVERED, FAILED = "waiting", "delivered", "failed"
KEPT = 50  # number of newest deliveries kept per owner; older deliveries are kept only while they wait
# Seconds after its due time at which a delivery that still waits is queued again, because its process may have been
# killed.
OVERDUE = 120.0
EVENTS = {kinds.DONE: "completed", kinds.FAILED: "failed", kinds.CANCELLED: "cancelled"}
TEST = "webhook.test"
_d, _w, _t = webhook_deliveries.c, webhook_jobs.c, transcriptions.c


@dataclass(frozen=True, slots=True)
class Delivery:
    """A notification: the `event`, the `body` in JSON, and the outcome.

    `attempts` counts all requests, and `tries` only those since the delivery was created or last restarted. `status` is
    the HTTP status of the last response, or None; `answer` is the text of that response, or the error. `created`,
    `finished` and `due` (the time of the next request) are in seconds since 1970.
    """

    id: str
    owner: str
    generation_id: str | None
    url: str
    event: str
    body: str
    created: float
    state: str
    attempts: int
    tries: int
    status: int | None
    answer: str | None
    due: float | None
    finished: float | None


_COLUMNS = [_d[field.name] for field in fields(Delivery)]


def find(delivery_id: str, owner: str | None) -> Delivery:
    """Return a delivery of `owner`, or of any owner if `owner` is None.

    Raises NotFound if there is no such delivery.
    """
    query = sa.select(*_COLUMNS).where(_d.id == delivery_id)
    row = queries.one(query if owner is None else query.where(_d.owner == owner))
    if row is None:
        raise NotFound("There is no such delivery.")
    return Delivery(*row)


def of(owner: str) -> list[Delivery]:
    """Return the owner's newest deliveries, at most KEPT, newest first."""
    query = sa.select(*_COLUMNS).where(_d.owner == owner).order_by(_d.created.desc(), _d.id).limit(KEPT)
    return [Delivery(*row) for row in queries.rows(query)]


def note_end(generation_id: str) -> str | None:
    """Record a delivery for the end of a job and return the delivery's id.

    Return None if the job does not exist, has no webhook or has not ended, or if its delivery is recorded already. A
    job whose diarization still runs has not ended.
    """
    try:
        job = records.load(generation_id, None)
    except NotFound:
        return None
    if job.state not in EVENTS or (
        job.state == kinds.DONE and results.is_awaited(job, results.search_of(generation_id))
    ):
        return None
    with database().begin() as connection:
        records.lock(connection, generation_id)
        this = sa.and_(_w.id == generation_id, _w.reported < job.attempt)
        url = connection.execute(sa.select(_w.url).where(this)).scalar()
        update = webhook_jobs.update().where(this).values(reported=job.attempt)
        if url is None or connection.execute(update).rowcount != 1:
            return None
        return _insert(connection, job.owner, url, f"transcription.{EVENTS[job.state]}", _data(job), generation_id)


def note_test(owner: str, url: str) -> str:
    """Record a delivery that tests the webhook URL `url`, with empty `data`; return the delivery's id.

    Raises LimitReached if KEPT deliveries of the owner are waiting already.
    """
    with database().begin() as connection:
        if connection.execute(_waiting(sa.literal(owner))).scalar_one() >= KEPT:
            raise LimitReached(
                f"{KEPT} messages are waiting to be sent.",
                guidance="Wait until one of them was delivered or has failed.",
            )
        return _insert(connection, owner, url, TEST, {})


def waiting_with(delivery_id: str) -> int:
    """Return how many deliveries of this delivery's owner are waiting, including this one."""
    owner = sa.select(_d.owner).where(_d.id == delivery_id).scalar_subquery()
    return queries.value(_waiting(owner)) or 0


def unrecorded() -> list[str]:
    """Return the ids of ended jobs with a webhook whose delivery is not recorded.

    Either a process was killed before it recorded the delivery, or recording failed, or diarization still runs.
    """
    ended = sa.and_(_t.state.in_(EVENTS), _w.reported < _t.attempt)
    return queries.values(sa.select(_t.id).join(webhook_jobs, _w.id == _t.id).where(ended))


def overdue() -> list[Delivery]:
    late = sa.and_(_d.state == WAITING, _d.due < time.time() - OVERDUE)
    return [Delivery(*row) for row in queries.rows(sa.select(*_COLUMNS).where(late))]


def restart(delivery_id: str, owner: str) -> Delivery:
    """Set a delivery to waiting again, set `tries` to 0, and return the delivery.

    Raises NotFound if the owner has no such delivery, or if the delivery is waiting already.
    """
    values = {"state": WAITING, "tries": 0, "due": time.time(), "finished": None}
    mine = sa.and_(_d.id == delivery_id, _d.owner == owner, _d.state != WAITING)
    if queries.write(webhook_deliveries.update().where(mine).values(values)) != 1:
        raise NotFound("This delivery is not there, or on its way.")
    return find(delivery_id, owner)


def record(delivery: Delivery, state: str, status: int | None, answer: str, due: float | None) -> bool:
    """Record the outcome of an attempt, and return True.

    Return False, and record nothing, if another process has recorded this attempt, or the delivery was deleted.
    """
    values: dict[str, Any] = {"state": state, "status": status, "answer": answer, "due": due}
    values |= {"attempts": delivery.attempts + 1, "tries": delivery.tries + 1}
    values |= {} if state == WAITING else {"finished": time.time()}
    this = sa.and_(_d.id == delivery.id, _d.attempts == delivery.attempts, _d.state == WAITING)
    return queries.write(webhook_deliveries.update().where(this).values(values)) == 1


def _waiting(owner: sa.ColumnElement[str]) -> sa.Select[int]:
    return sa.select(sa.func.count()).where(_d.owner == owner, _d.state == WAITING)


def _insert(
    connection: sa.Connection, owner: str, url: str, event: str, data: dict[str, Any], generation_id: str | None = None
) -> str:
    now = time.time()
    message = {"type": event, "timestamp": datetime.fromtimestamp(now, UTC).isoformat(), "data": data}
    row: dict[str, Any] = {"id": f"msg_{secrets.token_urlsafe(20)}", "owner": owner, "generation_id": generation_id}
    row |= {"url": url, "event": event, "body": json.dumps(message), "state": WAITING, "attempts": 0, "tries": 0}
    connection.execute(webhook_deliveries.insert().values(**row, created=now, due=now))
    newest = sa.select(_d.id).where(_d.owner == owner).order_by(_d.created.desc(), _d.id).limit(KEPT)
    old = sa.and_(_d.owner == owner, _d.state != WAITING, _d.id.not_in(newest))
    connection.execute(webhook_deliveries.delete().where(old))
    return str(row["id"])


def _data(job: Job) -> dict[str, Any]:
    """Return the `data` of the message about an ended job.

    The transcript is not included. The receiver can request it with the job's id and a token.
    """
    data: dict[str, Any] = {"generation_id": job.id, "status": EVENTS[job.state], "model": job.model}
    data["duration"] = job.duration
    if job.error is not None:
        data["error"] = {"name": job.error["kind"], "message": job.error["message"]}
    return data
