"""Set the sort keys of titles (see `stt.transcript.titles`) in rows that older code has written without a key."""

from __future__ import annotations

import logging
import threading
import time

import sqlalchemy as sa

from stt.db import queries
from stt.db.engine import DB_UNAVAILABLE, database
from stt.db.tables import transcriptions
from stt.transcript import titles

BATCH = 500  # maximum number of rows in one transaction; other writers to SQLite wait until the transaction ends
FILL_SECONDS = 240.0  # seconds after which a run of `fill_missing` begins no new batch; the next run continues
_t = transcriptions.c

log = logging.getLogger("stt.db.title_order")


def start_fill() -> None:
    """Set missing sort keys in the background, so that the first page after an upgrade does not wait."""
    if _missing(0, 1):
        threading.Thread(target=_fill_unless_unavailable, name="title-order", daemon=True).start()


def fill_missing(seconds: float = FILL_SECONDS) -> int:
    """Set missing sort keys for at most `seconds`; return how many rows were processed."""
    deadline, last, count = time.monotonic() + seconds, 0, 0
    while time.monotonic() < deadline and (rows := _missing(last, BATCH)):
        with database().begin() as connection:
            for number, title in rows:  # a title that was changed meanwhile is skipped; the next run retries
                same = sa.and_(_t.number == number, _t.title == title, _t.title_key.is_(None))
                connection.execute(transcriptions.update().where(same).values(title_key=titles.key(title)))
        last, count = rows[-1][0], count + len(rows)
    if count:
        log.info("set the sort keys of %d titles", count)
    return count


def _missing(after: int, limit: int) -> list[tuple[int, str]]:
    query = sa.select(_t.number, _t.title).where(_t.title_key.is_(None), _t.number > after)
    return [(row.number, row.title) for row in queries.rows(query.order_by(_t.number).limit(limit))]


def _fill_unless_unavailable() -> None:
    try:
        fill_missing()
    except DB_UNAVAILABLE as error:
        log.warning("sort keys of titles could not be set yet: %s", type(error).__name__)
