"""Search knows more letters to be alike: the words of all texts are made anew, in the background."""

from __future__ import annotations

from alembic import op

from stt.db import fulltext_index

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    fulltext_index.outdate(op.get_bind())
