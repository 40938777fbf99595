"""Run single statements: `one`, `single`, `rows`, `value` and `values` read rows, `write` changes rows.

Each of these functions takes a connection from the pool; `write` also opens a transaction. Several statements in one
transaction need `database().begin()` (see `stt.db.engine`). `insert_missing` takes the connection of such a transaction
as an argument. The functions raise errors of SQLAlchemy: those in DB_UNAVAILABLE while the database does not answer,
and IntegrityError if a constraint forbids a change.
"""

from __future__ import annotations

from typing import Any, TypeVar, TypeVarTuple

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from stt.db.engine import database

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


def one(query: sa.Select[*Ts]) -> sa.Row[*Ts] | None:
    """Return the first row of the result, or None if there is no row."""
    with database().connect() as connection:
        return connection.execute(query).first()


def single(query: sa.Select[*Ts]) -> sa.Row[*Ts]:
    """Return the only row of the result, such as the row of a sum or count."""
    with database().connect() as connection:
        return connection.execute(query).one()


def rows(query: sa.Select[*Ts]) -> list[sa.Row[*Ts]]:
    """Return all rows of the result."""
    with database().connect() as connection:
        return list(connection.execute(query))


def value(query: sa.Select[T]) -> T | None:
    """Return the first column of the first row, or None if there is no row."""
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
    """Insert `row` in this transaction, unless the table has a row with the same primary key."""
    from sqlalchemy.dialects import postgresql  # imported only when needed, because this import would delay pages

    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    connection.execute(insert(table).values(row).on_conflict_do_nothing())
