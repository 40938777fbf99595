"""Add the passages of transcripts that are transcribed again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.create_table(
        "passages",
        sa.Column("id", sa.String(40), sa.ForeignKey("transcriptions.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("start", sa.Float, nullable=False),
        sa.Column("end", sa.Float, nullable=False),
        sa.Column("model", sa.String(100), nullable=False),
        sa.Column("options", sa.JSON, nullable=False),
        sa.Column("percent", sa.Integer, nullable=False),
        sa.Column("stage", sa.String(200)),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("error", sa.JSON),
        sa.Column("result", sa.JSON),
        sa.Column("at", sa.Float, nullable=False),
    )
    op.create_index("ix_passages_state", "passages", ["state"])
