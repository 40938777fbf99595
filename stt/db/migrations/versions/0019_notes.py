"""Add notes on transcripts, and a column for whether a share link shows the notes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_table(
        "notes",
        sa.Column("id", sa.String(40), sa.ForeignKey("transcriptions.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("note", sa.String(40), primary_key=True),
        sa.Column("start", sa.Float, nullable=False),
        sa.Column("end", sa.Float),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("colour", sa.String(12)),
        sa.Column("created", sa.Float, nullable=False),
    )
    op.add_column("shares", sa.Column("notes", sa.Boolean, nullable=False, server_default=sa.false()))
