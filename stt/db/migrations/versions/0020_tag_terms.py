"""Add a vocabulary for each tag, in addition to the owner's main vocabulary."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.add_column("vocabulary", sa.Column("tag", sa.String(60)))
