"""Add recovery codes, browsers that use another history, merged histories, and dismissed hints."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "recovery_codes",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("owner", sa.String(200), nullable=False, index=True),
        sa.Column("hash", sa.String(64), nullable=False, unique=True),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("used", sa.Float),
    )
    op.create_table(
        "browsers",
        sa.Column("visitor", sa.String(60), primary_key=True),
        sa.Column("owner", sa.String(200), nullable=False, index=True),
        sa.Column("since", sa.Float, nullable=False),
    )
    op.create_table(
        "merges",
        sa.Column("owner", sa.String(200), primary_key=True),
        sa.Column("into", sa.String(200), nullable=False),
    )
    op.create_table(
        "dismissals",
        sa.Column("owner", sa.String(200), primary_key=True),
        sa.Column("hint", sa.String(40), primary_key=True),
    )
