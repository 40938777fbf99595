"""A sign-in is bound to the cookie that came with it. Those from before are bound to nothing: people sign in once
more.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("sign_ins", sa.Column("session", sa.String(64)))
