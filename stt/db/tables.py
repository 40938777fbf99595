"""The tables. A change here is a migration in `stt/db/migrations` too: a test holds them equal.

Times of day are seconds since 1970 (UTC), lengths are seconds of audio, sizes bytes.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from stt.transcript import titles

metadata = sa.MetaData()  # a change here is a file in stt/migrations too: a test holds them equal
recordings = sa.Table(
    "recordings",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("owner", sa.String(200), nullable=False, index=True),
    sa.Column("name", sa.Text, nullable=False),  # as the visitor's browser said it: never a path here
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("kind", sa.String(40)),
    sa.Column("mime", sa.String(60)),
    sa.Column("size", sa.BigInteger),
    sa.Column("duration", sa.Float),
    sa.Column("channels", sa.Integer),
    sa.Column("sample_rate", sa.Integer),
    sa.Column("dated", sa.Float),  # the recording's own date
    sa.Column("dated_by", sa.String(12)),  # what that is (see `stt.containers.dates`)
    sa.Column(
        "tracks", sa.JSON
    ),  # each sound track (`stt.audio.tracks`), empty where there is one; NULL from older versions
    sa.Column(
        "seekable", sa.Boolean
    ),  # browsers play it as it is (see `stt.containers.seekable`); NULL from older versions
)


waveforms = sa.Table(
    "waveforms",
    metadata,
    sa.Column("id", sa.ForeignKey("recordings.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("loudness", sa.LargeBinary, nullable=False),  # a byte for each of the even steps, 255 the loudest
)


# Playback copies, made or in the making (see `stt.store.playback_copies`).
copies = sa.Table(
    "copies",
    metadata,
    sa.Column("id", sa.ForeignKey("recordings.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("track", sa.String(12), primary_key=True),  # a number or "all"; empty for the one that is transcribed
    sa.Column("state", sa.String(12), nullable=False),
    sa.Column("percent", sa.Integer, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("at", sa.Float, nullable=False),  # of the last change
    sa.Column("size", sa.BigInteger),
    sa.Column("error", sa.JSON(none_as_null=True)),
)


_NO_KEY = sa.text("title_key IS NULL")


def _title_key(context: Any) -> bytes:
    return titles.key(context.get_current_parameters()["title"])


transcriptions = sa.Table(
    "transcriptions",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True),  # the search index knows transcriptions by it
    sa.Column("id", sa.String(40), nullable=False, unique=True),  # the generation id
    sa.Column("owner", sa.String(200), nullable=False),
    sa.Column("recording_id", sa.String(40), index=True),
    sa.Column("url", sa.Text),  # a link, until it is downloaded, or for good when the provider fetches it
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("model", sa.String(100), nullable=False),
    sa.Column("engine", sa.String(40), nullable=False),
    sa.Column("options", sa.JSON, nullable=False),
    sa.Column("state", sa.String(12), nullable=False),
    sa.Column("stage", sa.String(200)),  # what a working job is doing, in words
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("turn", sa.Integer, nullable=False),  # its place in fair queueing: lower goes first
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("queued", sa.Float, nullable=False),
    sa.Column("started", sa.Float),
    sa.Column("finished", sa.Float),
    sa.Column("worked", sa.Float, nullable=False),  # seconds of work on what is done so far
    sa.Column("duration", sa.Float),
    sa.Column("expected", sa.Float),  # seconds that such a job usually takes, where no progress is known
    sa.Column("seconds_done", sa.Float, nullable=False),
    sa.Column("partial", sa.JSON),  # segments of the stretch that is being worked on
    sa.Column("language", sa.String(20)),
    sa.Column("words", sa.Integer),
    sa.Column("confidence", sa.Float),
    sa.Column("cost", sa.Float),
    sa.Column("error", sa.JSON),
    sa.Column("sealed_key", sa.Text),  # the visitor's own key, encrypted; gone when the job is done
    sa.Column("claim", sa.BigInteger),  # rises with each process that takes the job: only the newest one may write
    sa.Column("sent", sa.Integer),  # the attempt whose create may have reached the provider
    sa.Column("remote_id", sa.Text),  # the provider's generation id, while its result may still be had
    sa.Column("provenance", sa.JSON),
    sa.Column("maker", sa.String(100)),  # the process that queues this attempt (see `stt.cluster.processes`)
    sa.Column("own_key", sa.Boolean),  # the visitor pays for it; null where an older version did not say
    sa.Column("dated", sa.Float),  # the recording's own date
    sa.Column("dated_by", sa.String(12)),
    sa.Column(
        "title_key", sa.LargeBinary, default=_title_key
    ),  # sorts as the title; null until `stt.db.title_order` fills it in
    # All that the history sorts, filters and adds up, so that 100,000 records are gone through without their texts.
    # PostgreSQL bounds the length of what it indexes, and titles have no bound.
    sa.Index(
        "transcriptions_by_owner",
        *("owner", "created", "state", "title_key", "model", "engine", "language"),
        *("duration", "words", "confidence", "cost", "dated", "number"),
    ).ddl_if(dialect="sqlite"),
    sa.Index("transcriptions_by_owner_only", "owner", "created").ddl_if(dialect="postgresql"),
    sa.Index("transcriptions_without_key", "number", sqlite_where=_NO_KEY, postgresql_where=_NO_KEY),
    sa.Index("transcriptions_by_model", "model", "owner"),
    sa.Index("transcriptions_by_language", "language", "owner"),
    sa.Index("transcriptions_by_finished", "model", "state", "finished"),
    sa.Index("transcriptions_by_state", "state", "queued"),
    sa.Index("transcriptions_by_turn", "state", "engine", "turn"),
    sa.Index("transcriptions_by_owner_turn", "owner", "engine", "state", "turn"),
)


stretches = sa.Table(
    "stretches",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("start", sa.Float, nullable=False),
    sa.Column("end", sa.Float, nullable=False),
    sa.Column("segments", sa.JSON, nullable=False),
    sa.Column("notes", sa.JSON, nullable=False),  # language, what was lost, whether it is the last
)


transcripts = sa.Table(
    "transcripts",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("text", sa.Text, nullable=False),  # before the large ones: SQLite reads a row from its beginning
    sa.Column("transcript", sa.JSON, nullable=False),
    sa.Column("raw", sa.JSON),  # the provider's own answer
)


# What people change. `transcripts` holds the corrected transcript, so that all readers have it; both rows go with
# what they belong to.
corrections = sa.Table(
    "corrections",
    metadata,
    sa.Column("id", sa.ForeignKey("transcripts.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),  # goes up with every change, never down
    sa.Column("changed", sa.Float, nullable=False),
    sa.Column("machine", sa.JSON(none_as_null=True), nullable=False),  # the transcript as the engine gave it
    sa.Column("aside", sa.JSON(none_as_null=True)),  # the corrected one, while the engine's is restored
)


tags = sa.Table(
    "tags",
    metadata,
    sa.Column("id", sa.ForeignKey("transcriptions.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("tag", sa.String(60), primary_key=True),
)


executors = sa.Table(
    "executors",
    metadata,
    sa.Column("id", sa.String(100), primary_key=True),
    sa.Column("seen", sa.Float, nullable=False),  # by the database's own clock
)


# A process marks a job while it reads or decodes its recording (see `stt.cluster.crashes`).
crashes = sa.Table(
    "crashes",
    metadata,
    sa.Column("id", sa.ForeignKey("transcriptions.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("process", sa.String(100), primary_key=True),
    sa.Column("boot", sa.String(60)),  # of the operating system that the process runs on, where it has a name
    sa.Column("part", sa.Integer, nullable=False),  # the number of the chunk; 0 is the look into a downloaded file
)


# The Idempotency-Keys of the last day. `hash` and `body` are keyed hashes: neither key nor content can be read here.
creates = sa.Table(
    "creates",
    metadata,
    sa.Column("hash", sa.String(64), primary_key=True),  # of owner and key
    sa.Column("body", sa.String(64), nullable=False),
    sa.Column("generation_id", sa.String(40), nullable=False),
    sa.Column("process", sa.String(100), nullable=False),  # at work on it
    sa.Column("done", sa.Boolean, nullable=False),  # the job was made
    sa.Column("at", sa.Float, nullable=False, index=True),
)


tokens = sa.Table(
    "tokens",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("owner", sa.String(200), nullable=False, index=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("hash", sa.String(64), nullable=False, unique=True),  # SHA-256: the token itself is nowhere
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("used", sa.Float),
)


shares = sa.Table(
    "shares",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("transcription_id", sa.ForeignKey("transcriptions.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("hash", sa.String(64), nullable=False, unique=True),  # SHA-256: the token itself is nowhere
    sa.Column("audio", sa.Boolean, nullable=False),
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("ends", sa.Float, nullable=False),
)


# What counts towards the limits of a day. Deleting a transcript does not give its minutes back, so they stand here.
usage = sa.Table(
    "usage",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),  # the generation id
    sa.Column("attempt", sa.Integer, primary_key=True),
    sa.Column("owner", sa.String(200), nullable=False),
    sa.Column("at", sa.Float, nullable=False, index=True),
    sa.Column("seconds", sa.Float, nullable=False),
    sa.Column("dollars", sa.Float, nullable=False),  # on this server's key
    sa.Column("address", sa.String(64)),  # keyed hash of the client's address; goes with the row after two days
)


# What was deleted, and is not gone from everywhere yet (see `stt.store.removals`).
removals = sa.Table(
    "removals",
    metadata,
    sa.Column("kind", sa.String(12), primary_key=True),
    sa.Column("name", sa.String(100), primary_key=True),
    sa.Column("at", sa.Float, nullable=False),  # not before
)


sign_ins = sa.Table(
    "sign_ins",
    metadata,
    sa.Column("visitor", sa.String(60), primary_key=True),
    sa.Column("owner", sa.String(200)),  # who has signed in with this browser; null until its first page
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("session", sa.String(64)),  # SHA-256 of the sign-in cookie that was set with the visitor's name
)


# Recovery codes, and what they have done (see `stt.auth.recovery`).
recovery_codes = sa.Table(
    "recovery_codes",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("owner", sa.String(200), nullable=False, index=True),
    sa.Column("hash", sa.String(64), nullable=False, unique=True),  # SHA-256: the code itself is nowhere
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("used", sa.Float),
)


browsers = sa.Table(
    "browsers",
    metadata,
    sa.Column("visitor", sa.String(60), primary_key=True),
    sa.Column("owner", sa.String(200), nullable=False, index=True),  # whose history this browser has, not its own
    sa.Column("since", sa.Float, nullable=False),
)


merges = sa.Table(
    "merges",
    metadata,
    sa.Column("owner", sa.String(200), primary_key=True),  # whose history was added to another
    sa.Column("into", sa.String(200), nullable=False),
)


dismissals = sa.Table(
    "dismissals",
    metadata,
    sa.Column("owner", sa.String(200), primary_key=True),
    sa.Column("hint", sa.String(40), primary_key=True),  # a hint that is not shown again
)
