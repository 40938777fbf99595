"""Define the tables of recordings, and of the data derived from their sound."""

from __future__ import annotations

import sqlalchemy as sa

from stt.db.tables.metadata import metadata

recordings = sa.Table(
    "recordings",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("owner", sa.String(200), nullable=False, index=True),
    sa.Column("name", sa.Text, nullable=False),  # file name from the visitor's browser; never used as a path
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("kind", sa.String(40)),
    sa.Column("mime", sa.String(60)),
    sa.Column("size", sa.BigInteger),
    sa.Column("duration", sa.Float),
    sa.Column("channels", sa.Integer),
    sa.Column("sample_rate", sa.Integer),
    sa.Column("dated", sa.Float),  # date at which the recording was made
    sa.Column("dated_by", sa.String(12)),  # kind of the date in `dated` (see `stt.files.dates`)
    # The sound tracks (see `stt.audio.tracks`): empty if there is only one, NULL in rows of older versions.
    sa.Column("tracks", sa.JSON),
    # Whether browsers can play and seek the original (see `stt.audio.containers.seekable`); NULL in rows of older
    # versions.
    sa.Column("seekable", sa.Boolean),
)


waveforms = sa.Table(
    "waveforms",
    metadata,
    sa.Column("id", sa.ForeignKey("recordings.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("track", sa.String(12), primary_key=True),  # a number or "all"; empty for the default track
    sa.Column("loudness", sa.LargeBinary, nullable=False),  # one byte per time step; 255 is the loudest
)


# States of the playback copies of recordings (see `stt.store.playback_copies`).
copies = sa.Table(
    "copies",
    metadata,
    sa.Column("id", sa.ForeignKey("recordings.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("track", sa.String(12), primary_key=True),  # a number or "all"; empty for the default track
    sa.Column("state", sa.String(12), nullable=False),
    sa.Column("percent", sa.Integer, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("at", sa.Float, nullable=False),  # time of the last change
    sa.Column("size", sa.BigInteger),
    sa.Column("error", sa.JSON(none_as_null=True)),
)


# Segmentation and voiceprints of each chunk of a recording's track (see `stt.speakers.analyse`).
analyses = sa.Table(
    "analyses",
    metadata,
    sa.Column("id", sa.ForeignKey("recordings.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("track", sa.String(12), primary_key=True),  # a number or "all"; empty for the default track
    sa.Column("number", sa.Integer, primary_key=True),  # the chunk's number, from 0
    sa.Column("analysis", sa.JSON, nullable=False),
    sa.Column("last", sa.Boolean, nullable=False),  # whether this chunk is the last one of the track
)
