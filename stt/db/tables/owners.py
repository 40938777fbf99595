"""Define the tables of owners: their tokens, sign-ins, vocabulary, voices and recovery codes."""

from __future__ import annotations

import sqlalchemy as sa

from stt.db.tables.metadata import metadata

# Voices that an owner has asked to store.
voices = sa.Table(
    "voices",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("owner", sa.String(200), nullable=False, index=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("voiceprint", sa.JSON, nullable=False),
    sa.Column("created", sa.Float, nullable=False),
)


# Names and terms of an owner (see `stt.vocabulary`). When two histories are merged, all terms of both are kept.
vocabulary = sa.Table(
    "vocabulary",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("owner", sa.String(200), nullable=False, index=True),
    sa.Column("tag", sa.String(60)),  # the tag whose list has the term; NULL for the owner's main list
    sa.Column("place", sa.Integer, nullable=False),  # position of the term in its list
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("replaces", sa.Text),
)


# Words that an owner has corrected. After three identical corrections, the corrected form `after` is suggested as a
# term for the vocabulary.
word_corrections = sa.Table(
    "word_corrections",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("owner", sa.String(200), nullable=False, index=True),
    sa.Column("before", sa.Text, nullable=False),
    sa.Column("after", sa.Text, nullable=False),
    sa.Column("times", sa.Integer, nullable=False),
    sa.Column("at", sa.Float, nullable=False),  # time of the last correction
    sa.Column("refused", sa.Boolean, nullable=False),  # whether the owner has rejected `after` as a term
)


tokens = sa.Table(
    "tokens",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("owner", sa.String(200), nullable=False, index=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("hash", sa.String(64), nullable=False, unique=True),  # SHA-256: the token itself is not stored
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("used", sa.Float),
    sa.Column("read_only", sa.Boolean, nullable=False, server_default=sa.false()),
)


sign_ins = sa.Table(
    "sign_ins",
    metadata,
    sa.Column("visitor", sa.String(60), primary_key=True),
    sa.Column("owner", sa.String(200)),  # user who signed in with this browser; NULL until the first page after sign-in
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("session", sa.String(64)),  # SHA-256 of the sign-in cookie that was set together with the visitor cookie
)


# Recovery codes, which open an owner's history in another browser (see `stt.auth.recovery`).
recovery_codes = sa.Table(
    "recovery_codes",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("owner", sa.String(200), nullable=False, index=True),
    sa.Column("hash", sa.String(64), nullable=False, unique=True),  # SHA-256: the code itself is not stored
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("used", sa.Float),
)


browsers = sa.Table(
    "browsers",
    metadata,
    sa.Column("visitor", sa.String(60), primary_key=True),
    # The owner whose history this browser uses in place of its own.
    sa.Column("owner", sa.String(200), nullable=False, index=True),
    sa.Column("since", sa.Float, nullable=False),
)


merges = sa.Table(
    "merges",
    metadata,
    sa.Column("owner", sa.String(200), primary_key=True),  # the owner whose history was added to the history of `into`
    sa.Column("into", sa.String(200), nullable=False),
)


dismissals = sa.Table(
    "dismissals",
    metadata,
    sa.Column("owner", sa.String(200), primary_key=True),
    sa.Column("hint", sa.String(40), primary_key=True),  # name of a hint that is not shown again
)
