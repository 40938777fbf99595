"""The tables, and the one connection pool of this process: SQLite in the data folder, or PostgreSQL.

Times of day are seconds since 1970 (UTC), lengths are seconds of audio, sizes bytes.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from stt.db import fulltext_index, json_pieces, migrate
from stt.db.tables import metadata
from stt.files.paths import data_folder
from stt.settings import settings

# What is raised while the database restarts, is out of reach or has no room left, or gave us up (`PG_CONNECT_ARGS`).
DB_UNAVAILABLE = (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.InternalError)
# libpq: a connection that leads nowhere, after a network cut say, is given up within half a minute. The other way round
# PostgreSQL gives up whoever stands still in the middle of a change: its locks would keep the others from taking over.
PG_CONNECT_ARGS = {
    "options": "-c idle_in_transaction_session_timeout=15s",
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,  # ms
}
OVERWRITE = "PRAGMA secure_delete=ON"  # what SQLite deletes, it overwrites with zeros
_create_lock = threading.Lock()
_attempt: Future[sa.Engine] | None = None  # to make the pool: whoever asks meanwhile shares how it ends

_JSON: Any = {"json_serializer": json_pieces.dumps, "json_deserializer": json_pieces.loads}


def database() -> sa.Engine:
    """The connection pool; tables are made, or brought up to date, at first use. Raises SetupError."""
    global _attempt
    if _create_engine.cache_info().currsize:
        return _create_engine()
    with _create_lock:
        mine = _attempt is None or _attempt.done()
        attempt = Future() if _attempt is None or _attempt.done() else _attempt
        _attempt = attempt
    if mine:  # only one may make the tables
        try:
            attempt.set_result(_create_engine())
        except BaseException as error:  # noqa: BLE001
            attempt.set_exception(error)
    return attempt.result()


@lru_cache
def _create_engine() -> sa.Engine:
    address = settings().stt_database_url
    if address:
        engine = sa.create_engine(
            _with_driver(address),
            pool_pre_ping=True,
            pool_size=10,
            max_overflow=20,
            connect_args=PG_CONNECT_ARGS,
            hide_parameters=True,
            **_JSON,
        )
    else:
        # SQLite sorts and compacts in files without a name. /tmp may be memory, and on another disk.
        os.environ.setdefault("SQLITE_TMPDIR", str(data_folder()))
        engine = sa.create_engine(
            f"sqlite:///{data_folder() / 'stt.db'}",
            connect_args={"timeout": 30},
            pool_size=10,
            max_overflow=30,
            hide_parameters=True,  # an error never quotes a transcript
            **_JSON,
        )
        sa.event.listen(engine, "connect", _tune_sqlite)
    try:
        migrate.upgrade(engine, metadata)
    finally:
        engine.dispose()  # its connection has another isolation level now
    return engine


@contextmanager
def advisory_lock(number: int, *, wait: bool = True) -> Iterator[bool]:
    """Hold a lock of PostgreSQL over all machines inside; whether it is held, which `wait=False` does not promise.

    It has a connection of its own without a transaction, which PostgreSQL would end while something slow is done
    inside (see PG_CONNECT_ARGS). SQLite has one process, and no such lock.
    """
    if database().dialect.name != "postgresql":
        yield True
        return
    with database().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if wait:
            connection.execute(sa.select(sa.func.pg_advisory_lock(number)))
        elif not connection.execute(sa.select(sa.func.pg_try_advisory_lock(number))).scalar():
            yield False
            return
        try:
            yield True
        finally:
            try:
                connection.execute(sa.select(sa.func.pg_advisory_unlock(number)))
            except DB_UNAVAILABLE:
                connection.invalidate()  # which frees the lock; what was done inside stays done


def _with_driver(address: str) -> str:
    """PostgreSQL through psycopg 3, which comes with dbos."""
    for prefix in ("postgresql://", "postgres://"):
        if address.startswith(prefix):
            return "postgresql+psycopg://" + address[len(prefix) :]
    return address


def _tune_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # WAL: pages read while a job writes. NORMAL: safe against a killed process, quick.
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute(OVERWRITE)
    # Wait for other writers at the beginning of a transaction: SQLite does not wait in a statement that finds the
    # database compacted meanwhile, and has to read the schema again first.
    connection.isolation_level = "IMMEDIATE"
    fulltext_index.teach(connection)
