"""Add leases of jobs, and indexes that make the cost of a new job independent of the queue's length."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("transcriptions", sa.Column("claim", sa.BigInteger))
    op.create_index("transcriptions_by_turn", "transcriptions", ["state", "engine", "turn"])
    op.create_index("transcriptions_by_owner_turn", "transcriptions", ["owner", "engine", "state", "turn"])
