"""Store a waveform for each track. Old waveforms are measured again when they are requested."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.drop_table("waveforms")
    op.create_table(
        "waveforms",
        sa.Column("id", sa.String(40), sa.ForeignKey("recordings.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("track", sa.String(12), primary_key=True),
        sa.Column("loudness", sa.LargeBinary, nullable=False),
    )
