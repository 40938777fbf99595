"""Bind sign-ins to their cookies. Older sign-ins have no cookie, so users sign in once more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("sign_ins", sa.Column("session", sa.String(64)))
