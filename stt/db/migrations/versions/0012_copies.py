"""Add playback copies, and a column for whether browsers can seek a recording without a copy."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("recordings", sa.Column("seekable", sa.Boolean))
    op.create_table(
        "copies",
        sa.Column("id", sa.String(40), sa.ForeignKey("recordings.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("track", sa.String(12), primary_key=True),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("percent", sa.Integer, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("size", sa.BigInteger),
        sa.Column("error", sa.JSON(none_as_null=True)),
    )
