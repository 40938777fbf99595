"""Add the table of waveforms, unless an app version from before the first migration has created it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    if sa.inspect(op.get_bind()).has_table("waveforms"):
        return
    op.create_table(
        "waveforms",
        sa.Column("id", sa.String(40), sa.ForeignKey("recordings.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("loudness", sa.LargeBinary, nullable=False),
    )
