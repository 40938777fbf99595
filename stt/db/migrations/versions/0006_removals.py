"""Add a table of removals: deleted data whose erasure is retried until nothing of the data is left."""

from __future__ import annotations

import time

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    removals = op.create_table(
        "removals",
        sa.Column("kind", sa.String(12), primary_key=True),
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("at", sa.Float, nullable=False),
    )
    if op.get_bind().dialect.name == "sqlite":
        now = time.time()
        op.bulk_insert(
            removals,
            [{"kind": "pages", "name": f"{name}:upgrade", "at": now} for name in ("stt.db", "jobs.db")],
        )
