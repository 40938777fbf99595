"""Define the tables of transcripts, and of people's corrections, notes, tags and share links."""

from __future__ import annotations

import sqlalchemy as sa

from stt.db.tables.metadata import metadata

transcripts = sa.Table(
    "transcripts",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    # This column is before the larger ones, because SQLite reads a row from its start.
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("transcript", sa.JSON, nullable=False),
    sa.Column("raw", sa.JSON),  # the provider's response as it was received
)


# Corrections by people, and replacements by the vocabulary. The table `transcripts` holds the corrected transcript,
# which is what all code reads.
corrections = sa.Table(
    "corrections",
    metadata,
    sa.Column("id", sa.ForeignKey("transcripts.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),  # number of corrections so far
    sa.Column("changed", sa.Float, nullable=False),
    sa.Column("machine", sa.JSON(none_as_null=True), nullable=False),  # the transcript as the engine returned it
    sa.Column("aside", sa.JSON(none_as_null=True)),  # the corrected transcript, while the engine's one is restored
)


# The newest editing steps of a transcript (see `stt.editing`), stored for undo and for sending to other tabs.
revisions = sa.Table(
    "revisions",
    metadata,
    sa.Column("id", sa.ForeignKey("transcripts.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),  # the transcript's revision after this step
    sa.Column("key", sa.String(64), nullable=False),  # key of the request; another request with this key is ignored
    sa.Column("kind", sa.String(12), nullable=False),  # edit, undo or redo
    sa.Column("of", sa.Integer),  # the first revision of the step that is undone or redone
    sa.Column("typing", sa.String(64)),  # the same in all revisions of a text typed without a break; undone together
    sa.Column("whole", sa.Boolean, nullable=False),  # whether other tabs must reload all paragraphs; now always false
    sa.Column("size", sa.Integer, nullable=False),  # approximate size of `content`, characters
    sa.Column("content", sa.JSON, nullable=False),  # the splices, with the segments that each replaces
    sa.UniqueConstraint("id", "key"),
)


# Notes on a transcript (see `stt.notes`). `start` and `end` are seconds from the start of the recording.
notes = sa.Table(
    "notes",
    metadata,
    sa.Column("id", sa.ForeignKey("transcriptions.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("note", sa.String(40), primary_key=True),
    sa.Column("start", sa.Float, nullable=False),
    sa.Column("end", sa.Float),  # end of the highlighted span; NULL for a mark at a moment
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("colour", sa.String(12)),
    sa.Column("created", sa.Float, nullable=False),
)


# The passage of a transcript that is transcribed again, and its new text (see `stt.background.passages`).
passages = sa.Table(
    "passages",
    metadata,
    sa.Column("id", sa.ForeignKey("transcriptions.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("state", sa.String(12), nullable=False, index=True),
    sa.Column("start", sa.Float, nullable=False),  # `start` and `end` are seconds from the start of the recording
    sa.Column("end", sa.Float, nullable=False),
    sa.Column("model", sa.String(100), nullable=False),
    sa.Column("options", sa.JSON, nullable=False),
    sa.Column("percent", sa.Integer, nullable=False),
    sa.Column("stage", sa.String(200)),
    sa.Column("tries", sa.Integer, nullable=False),  # how many times processes have begun this attempt
    sa.Column("error", sa.JSON(none_as_null=True)),
    sa.Column("result", sa.JSON(none_as_null=True)),  # new segments, until a person accepts or discards them
    sa.Column("at", sa.Float, nullable=False),  # time of the last change
)


tags = sa.Table(
    "tags",
    metadata,
    sa.Column("id", sa.ForeignKey("transcriptions.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("tag", sa.String(60), primary_key=True),
)


shares = sa.Table(
    "shares",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("transcription_id", sa.ForeignKey("transcriptions.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("hash", sa.String(64), nullable=False, unique=True),  # SHA-256: the token itself is not stored
    sa.Column("audio", sa.Boolean, nullable=False),
    sa.Column("notes", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("ends", sa.Float, nullable=False),
)
