"""Provide the connection pool of this process, for SQLite in the data folder or for PostgreSQL."""

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

# Errors that are raised if the database restarts, is unreachable or full, or has ended a connection, for example by the
# timeout in PG_CONNECT_ARGS. The pool raises TimeoutError if no connection becomes free: while the database does not
# answer, each attempt to connect takes a place in the pool.
DB_UNAVAILABLE = (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.InternalError, sa.exc.TimeoutError)
# With these settings, libpq drops a dead connection, for example after a network cut, within half a minute. PostgreSQL
# ends a session that is idle in a transaction for 15 s, so that its locks cannot block failover.
PG_CONNECT_ARGS = {
    "options": "-c idle_in_transaction_session_timeout=15s",
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,  # milliseconds; the other times are in seconds
}
OVERWRITE = "PRAGMA secure_delete=ON"  # makes SQLite overwrite deleted content with zeros
_create_lock = threading.Lock()
_attempt: Future[sa.Engine] | None = None  # the attempt to create the pool; concurrent callers share its outcome

_COMMON: Any = {
    "pool_size": 10,
    "hide_parameters": True,  # error messages must not quote parameters, such as a transcript
    "json_serializer": json_pieces.dumps,
    "json_deserializer": json_pieces.loads,
}


def database() -> sa.Engine:
    """Return the connection pool of this process; create or migrate the tables at first use.

    Raises SetupError if the data folder cannot be written, or if a newer version of the app has migrated the database.
    The first use also raises the errors in DB_UNAVAILABLE while the database does not answer.
    """
    global _attempt
    if _create_engine.cache_info().currsize:
        return _create_engine()
    with _create_lock:
        is_first = _attempt is None or _attempt.done()
        attempt = Future() if _attempt is None or _attempt.done() else _attempt
        _attempt = attempt
    if is_first:  # only one thread may create the tables
        try:
            attempt.set_result(_create_engine())
        except BaseException as error:  # noqa: BLE001
            attempt.set_exception(error)
    return attempt.result()


@lru_cache
def _create_engine() -> sa.Engine:
    address = settings().database_url
    if address:
        engine = sa.create_engine(
            _with_driver(address),
            pool_pre_ping=True,
            max_overflow=20,
            connect_args=PG_CONNECT_ARGS,
            **_COMMON,
        )
    else:
        # SQLite sorts and compacts in temporary files. Put these files into the data folder, because /tmp may be a RAM
        # disk, or on another disk with less space.
        os.environ.setdefault("SQLITE_TMPDIR", str(data_folder()))
        engine = sa.create_engine(
            f"sqlite:///{data_folder() / 'stt.db'}",
            connect_args={"timeout": 30},
            max_overflow=30,
            **_COMMON,
        )
        sa.event.listen(engine, "connect", _tune_sqlite)
    try:
        migrate.upgrade(engine, metadata)
    finally:
        engine.dispose()  # an upgrade resets the isolation level that `_tune_sqlite` gave to the connection
    return engine


@contextmanager
def snapshot() -> Iterator[sa.Connection]:
    """Yield a connection for reading, all of whose statements see the database as it is at the first one."""
    if database().dialect.name == "postgresql":
        with database().connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            yield connection
    else:
        with database().connect() as connection:
            connection.exec_driver_sql("BEGIN")  # Python begins no transaction before statements that only read
            yield connection


def lock_sqlite(connection: sa.Connection) -> None:
    """On SQLite, wait for other writers now. Call this before rows are read that the transaction depends on.

    Python begins a transaction only before the first statement that changes rows. Until then, other transactions may
    change what was read. On PostgreSQL, such rows are locked with `with_for_update` instead.
    """
    driver = connection.connection.driver_connection
    if isinstance(driver, sqlite3.Connection) and not driver.in_transaction:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


@contextmanager
def advisory_lock(number: int, *, wait: bool = True) -> Iterator[bool]:
    """Hold the PostgreSQL advisory lock `number` inside the block; yield True.

    With `wait=False`, yield False if another session holds the lock. The connection that holds the lock has no
    transaction, because PostgreSQL terminates sessions that are idle in a transaction (see PG_CONNECT_ARGS). SQLite is
    used by one process only, so nothing is locked there.
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
                connection.invalidate()  # closing the connection releases the lock too, so no error is raised


def _with_driver(address: str) -> str:
    """Return the database URL, changed to use the driver psycopg 3, which is installed together with dbos."""
    for prefix in ("postgresql://", "postgres://"):
        if address.startswith(prefix):
            return "postgresql+psycopg://" + address[len(prefix) :]
    return address


def _tune_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # WAL lets web pages read while a job writes. NORMAL is fast, and no data is lost if the process is killed.
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute(OVERWRITE)
    # With IMMEDIATE, a transaction waits for other writers when it begins. If it began without a lock, a later
    # statement that must re-read the schema after a VACUUM would fail instead of waiting.
    connection.isolation_level = "IMMEDIATE"
    fulltext_index.register_functions(connection)
