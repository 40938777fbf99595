"""Add vocabularies of tags."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.add_column("vocabulary", sa.Column("tag", sa.String(60)))
