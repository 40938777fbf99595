"""The last finished jobs of a model are found without a look at all of them: they tell how long the next one takes."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_index("transcriptions_by_finished", "transcriptions", ["model", "state", "finished"])
