"""Add read-only tokens."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.add_column("tokens", sa.Column("read_only", sa.Boolean, nullable=False, server_default=sa.false()))
