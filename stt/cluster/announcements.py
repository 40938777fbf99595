"""Announce to all processes on one PostgreSQL database that a workflow was queued.

A process that receives the announcements need not poll an idle queue often (see `stt.compat.dbos_queues`). An
announcement that is lost only makes a workflow wait until the next poll of its idle queue.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Any, cast

import sqlalchemy as sa

from stt.cluster import processes
from stt.compat import dbos_queues
from stt.db.engine import DB_UNAVAILABLE, database

CHANNEL = "stt_queued"  # PostgreSQL's channel; the payload is the name of a queue, or of a process that checks itself
CHECK_INTERVAL = 30.0  # time between two checks that announcements still arrive, seconds
CHECK_TIMEOUT = 5.0  # maximum time until a process receives what it announced itself, seconds
RECONNECT_SECONDS = 5.0  # time between two attempts to connect, seconds
STOP_SECONDS = 2.0  # maximum time that `stop` waits, because an attempt to connect may take longer
_WAIT = 0.5  # interval at which the thread checks whether it is being stopped, seconds

log = logging.getLogger("stt.cluster.announcements")


def announce(payload: str) -> None:
    """Send an announcement. If the database is unavailable, nothing is sent and no error is raised."""
    try:
        with database().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.select(sa.func.pg_notify(CHANNEL, payload)))
    except DB_UNAVAILABLE as error:
        log.warning("queued work was not announced: %s", type(error).__name__)


class Listener:
    """A thread that receives announcements, and wakes the threads that poll the queues, until `stop` is called."""

    def __init__(self) -> None:
        self._ended, self._receiving = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="announcements", daemon=True)
        self._thread.start()

    def is_receiving(self) -> bool:
        """Return whether this process has recently received what it announced itself."""
        return self._receiving.is_set()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                self._listen()
            except Exception as error:  # for example without a database; the loop tries again  # noqa: BLE001
                log.warning("announcements of queued work are not received: %s", type(error).__name__)
            self._receiving.clear()
            self._ended.wait(RECONNECT_SECONDS)

    def _listen(self) -> None:
        """Receive announcements until `stop` is called.

        Raises TimeoutError if this process does not receive what it announces: a pooler such as PgBouncer may pass on
        no announcements, and a network may drop a connection silently.
        """
        with database().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            driver = cast(Any, connection.connection.driver_connection)
            connection.detach()  # the connection is closed after use, and takes no place in the pool
            connection.exec_driver_sql(f"LISTEN {CHANNEL}")
            checked = -CHECK_INTERVAL
            answered = True
            while not self._ended.is_set():
                now = time.monotonic()
                if not answered and now > checked + CHECK_TIMEOUT:
                    raise TimeoutError
                if answered and now > checked + CHECK_INTERVAL:
                    checked, answered = now, False
                    announce(processes.NAME)
                for notice in driver.notifies(timeout=_WAIT):
                    if notice.payload != processes.NAME:
                        dbos_queues.wake(notice.payload)
                        continue
                    answered = True
                    self._receiving.set()
