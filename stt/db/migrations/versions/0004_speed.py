"""Add an index that finds the last finished jobs of a model, which predict the duration of the next job."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_index("transcriptions_by_finished", "transcriptions", ["model", "state", "finished"])
