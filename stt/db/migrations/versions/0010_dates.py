"""Add dates of recordings, and a sort key for each title. Old titles get their key in the background."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    for table in ("recordings", "transcriptions"):
        op.add_column(table, sa.Column("dated", sa.Float))
        op.add_column(table, sa.Column("dated_by", sa.String(12)))
    op.add_column("transcriptions", sa.Column("title_key", sa.LargeBinary))
    missing = sa.text("title_key IS NULL")
    op.create_index(
        "transcriptions_without_key", "transcriptions", ["number"], sqlite_where=missing, postgresql_where=missing
    )
    if op.get_bind().dialect.name == "sqlite":
        op.drop_index("transcriptions_by_owner", "transcriptions")
        op.create_index(
            "transcriptions_by_owner",
            "transcriptions",
            [
                *("owner", "created", "state", "title_key", "model", "engine", "language"),
                *("duration", "words", "confidence", "cost", "dated", "number"),
            ],
        )
