"""Mark all texts as outdated in the search index, because folding now covers more letters."""

from __future__ import annotations

from alembic import op

from stt.db import fulltext_index

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    fulltext_index.outdate(op.get_bind())
