"""Run single statements: `one`, `single`, `rows`, `value` and `values` read, `write` changes.

Each takes a connection of the pool, and `write` a transaction. Several statements that belong together share one of
`database()` (see `stt.db.engine`), as `insert_missing` does. Raise what SQLAlchemy does: DB_UNAVAILABLE while the
database does not answer, IntegrityError where a constraint forbids a change.
"""

from __future__ import annotations

from typing import Any, TypeVar, TypeVarTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from stt.db.engine import database

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


def one(query: sa.Select[*Ts]) -> sa.Row[*Ts] | None:
    """Return the first row, or None."""
    with database().connect() as connection:
        return connection.execute(query).first()


def single(query: sa.Select[*Ts]) -> sa.Row[*Ts]:
    """Return the only row, such as that of a sum or count."""
    with database().connect() as connection:
        return connection.execute(query).one()


def rows(query: sa.Select[*Ts]) -> list[sa.Row[*Ts]]:
    """Return all rows."""
    with database().connect() as connection:
        return list(connection.execute(query))


def value(query: sa.Select[T]) -> T | None:
    """Return the first column of the first row, or None without a row."""
    with database().connect() as connection:
        return connection.execute(query).scalar()


def values(query: sa.Select[T]) -> list[T]:
    """Return the first column of all rows."""
    with database().connect() as connection:
        return list(connection.execute(query).scalars())


def write(statement: sa.Insert | sa.Update | sa.Delete) -> int:
    """Change rows in a transaction and return how many were changed."""
    with database().begin() as connection:
        return connection.execute(statement).rowcount


def insert_missing(connection: sa.Connection, table: sa.Table, row: dict[str, Any]) -> None:
    """Insert a row in this transaction, unless there is one with its primary key."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    connection.execute(insert(table).values(row).on_conflict_do_nothing())
