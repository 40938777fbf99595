"""Add revisions of transcripts, which can be undone one by one. Corrections before this migration have no revisions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_table(
        "revisions",
        sa.Column("id", sa.String(40), sa.ForeignKey("transcripts.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("of", sa.Integer),
        sa.Column("typing", sa.String(64)),
        sa.Column("whole", sa.Boolean, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("content", sa.JSON, nullable=False),
        sa.UniqueConstraint("id", "key"),
    )
