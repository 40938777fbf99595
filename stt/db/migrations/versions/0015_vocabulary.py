"""Add a vocabulary for each owner, and the corrections from which terms are suggested."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "vocabulary",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("owner", sa.String(200), nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("replaces", sa.Text),
    )
    op.create_index("ix_vocabulary_owner", "vocabulary", ["owner"])
    op.create_table(
        "word_corrections",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("owner", sa.String(200), nullable=False),
        sa.Column("before", sa.Text, nullable=False),
        sa.Column("after", sa.Text, nullable=False),
        sa.Column("times", sa.Integer, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("refused", sa.Boolean, nullable=False),
    )
    op.create_index("ix_word_corrections_owner", "word_corrections", ["owner"])
