"""Add diarizations, and the voices that owners store."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "diarizations",
        sa.Column("id", sa.String(40), sa.ForeignKey("transcriptions.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("percent", sa.Integer, nullable=False),
        sa.Column("stage", sa.String(200)),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("asked", sa.Integer),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("error", sa.JSON(none_as_null=True)),
        sa.Column("result", sa.JSON(none_as_null=True)),
        sa.Column("names", sa.JSON(none_as_null=True)),
        sa.Column("placed", sa.JSON(none_as_null=True)),
        sa.Column("refused", sa.JSON(none_as_null=True)),
        sa.Column("undo", sa.JSON(none_as_null=True)),
    )
    op.create_index("diarizations_by_state", "diarizations", ["state"])
    op.create_table(
        "analyses",
        sa.Column("id", sa.String(40), sa.ForeignKey("recordings.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("track", sa.String(12), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("analysis", sa.JSON, nullable=False),
        sa.Column("last", sa.Boolean, nullable=False),
    )
    op.create_table(
        "voices",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("owner", sa.String(200), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("voiceprint", sa.JSON, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
    )
    op.create_index("ix_voices_owner", "voices", ["owner"])
