"""Who may write to a job, and indexes that keep the cost of a new job the same however many wait."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("transcriptions", sa.Column("claim", sa.BigInteger))
    op.create_index("transcriptions_by_turn", "transcriptions", ["state", "engine", "turn"])
    op.create_index("transcriptions_by_owner_turn", "transcriptions", ["owner", "engine", "state", "turn"])
