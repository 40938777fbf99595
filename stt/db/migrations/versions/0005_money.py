"""Add crash marks, Idempotency-Keys, the creator of a job, whose API key pays for it, and the client's address."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("transcriptions", sa.Column("maker", sa.String(100)))
    op.add_column("transcriptions", sa.Column("own_key", sa.Boolean))
    op.add_column("usage", sa.Column("address", sa.String(64)))
    op.create_table(
        "crashes",
        sa.Column("id", sa.String(40), sa.ForeignKey("transcriptions.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("process", sa.String(100), primary_key=True),
        sa.Column("boot", sa.String(60)),
        sa.Column("part", sa.Integer, nullable=False),
    )
    op.create_table(
        "creates",
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("body", sa.String(64), nullable=False),
        sa.Column("generation_id", sa.String(40), nullable=False),
        sa.Column("process", sa.String(100), nullable=False),
        sa.Column("done", sa.Boolean, nullable=False),
        sa.Column("at", sa.Float, nullable=False, index=True),
    )
    # Record whether each job used the visitor's own key, then delete the keys of jobs that ended without a result.
    op.execute("UPDATE transcriptions SET own_key = (sealed_key IS NOT NULL) WHERE engine = 'provider'")
    op.execute("UPDATE transcriptions SET sealed_key = NULL WHERE state IN ('failed', 'cancelled')")
