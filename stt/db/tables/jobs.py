"""Define the tables of jobs: their queue, checkpoints, webhooks and usage."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from stt.db.tables.metadata import metadata
from stt.transcript import titles

_WITHOUT_KEY = "transcriptions_without_key"
_NO_KEY = sa.text("title_key IS NULL")


def _title_key(context: Any) -> bytes:
    return titles.key(context.get_current_parameters()["title"])


transcriptions = sa.Table(
    "transcriptions",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True),  # the search index refers to transcriptions by this number
    sa.Column("id", sa.String(40), nullable=False, unique=True),  # the generation id
    sa.Column("owner", sa.String(200), nullable=False),
    sa.Column("recording_id", sa.String(40), index=True),
    sa.Column("url", sa.Text),  # link from which the job was created, if any; kept after the download
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("model", sa.String(100), nullable=False),
    sa.Column("engine", sa.String(40), nullable=False),
    sa.Column("options", sa.JSON, nullable=False),
    sa.Column("state", sa.String(12), nullable=False),
    sa.Column("stage", sa.String(200)),  # text that describes the current step of a working job; may be NULL
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("turn", sa.Integer, key="priority", nullable=False),  # for fair queueing: the lowest number goes first
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("queued", sa.Float, nullable=False),
    sa.Column("started", sa.Float),
    sa.Column("finished", sa.Float),
    sa.Column("worked", sa.Float, nullable=False),  # seconds of work so far; at a provider, seconds until the result
    sa.Column("duration", sa.Float),
    sa.Column("expected", sa.Float),  # for a provider's job: expected seconds from the start to the result
    sa.Column("seconds_done", sa.Float, nullable=False),
    sa.Column("partial", sa.JSON),  # segments of the current chunk that are decoded so far
    sa.Column("language", sa.String(20)),
    sa.Column("words", sa.Integer),
    sa.Column("confidence", sa.Float),
    sa.Column("cost", sa.Float),
    sa.Column("error", sa.JSON),
    sa.Column("sealed_key", sa.Text),  # the visitor's own API key, encrypted; deleted when the job ends
    sa.Column("claim", sa.BigInteger),  # fencing token of the lease: only the worker with this token may write
    sa.Column("sent", sa.Integer),  # number of the attempt whose create request may have reached the provider
    sa.Column("remote_id", sa.Text),  # the provider's id of the job, until the provider no longer has the result
    sa.Column("provenance", sa.JSON),
    sa.Column("maker", sa.String(100)),  # the process that queues this attempt (see `stt.cluster.processes`)
    sa.Column("own_key", sa.Boolean),  # whether the visitor's own key pays; NULL in rows of older versions
    sa.Column("dated", sa.Float),  # date at which the recording was made
    sa.Column("dated_by", sa.String(12)),  # kind of the date in `dated` (see `stt.files.dates`)
    # Sort key of the title; NULL until `stt.db.title_order` sets it in rows of older versions.
    sa.Column("title_key", sa.LargeBinary, default=_title_key),
    # This index of SQLite contains all columns that the history sorts, filters and sums, so that the history need not
    # read the whole rows of 100,000 jobs. PostgreSQL gets a smaller index without titles, because it limits the length
    # of indexed values, and the table does not limit the length of a title.
    sa.Index(
        "transcriptions_by_owner",
        *("owner", "created", "state", "title_key", "model", "engine", "language"),
        *("duration", "words", "confidence", "cost", "dated", "number"),
    ).ddl_if(dialect="sqlite"),
    sa.Index("transcriptions_by_owner_only", "owner", "created").ddl_if(dialect="postgresql"),
    sa.Index(_WITHOUT_KEY, "number", sqlite_where=_NO_KEY),
    sa.Index("transcriptions_by_model", "model", "owner"),
    sa.Index("transcriptions_by_language", "language", "owner"),
    sa.Index("transcriptions_by_finished", "model", "state", "finished"),
    sa.Index("transcriptions_by_state", "state", "queued"),
    sa.Index("transcriptions_by_turn", "state", "engine", "priority"),
    sa.Index("transcriptions_by_owner_turn", "owner", "engine", "state", "priority"),
)


@sa.event.listens_for(transcriptions, "before_create")
def _limit_index(table: sa.Table, connection: sa.Connection, **_options: object) -> None:
    """Make the index `transcriptions_without_key` partial on PostgreSQL, as it is on SQLite.

    The option `postgresql_where` of the index would import the PostgreSQL dialect in every process.
    """
    if connection.dialect.name == "postgresql":
        (index,) = (index for index in table.indexes if index.name == _WITHOUT_KEY)
        index.dialect_options["postgresql"]["where"] = _NO_KEY


chunks = sa.Table(
    "stretches",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("start", sa.Float, nullable=False),
    sa.Column("end", sa.Float, nullable=False),
    sa.Column("segments", sa.JSON, nullable=False),
    sa.Column("notes", sa.JSON, nullable=False),  # such as the language, lost spans, whether the chunk is the last one
)


# The speakers of a transcript, the state of the search for speakers (see `stt.background.diarization`), and people's
# changes of the speakers. `result` is NULL if no search has ended successfully, for example if a provider found the
# speakers.
diarizations = sa.Table(
    "diarizations",
    metadata,
    sa.Column("id", sa.ForeignKey("transcriptions.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("state", sa.String(12), nullable=False),
    sa.Column("percent", sa.Integer, nullable=False),
    sa.Column("stage", sa.String(200)),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),  # how many times processes have begun this attempt
    sa.Column("asked", sa.Integer, key="requested"),  # the requested number of speakers; NULL to estimate the number
    sa.Column("at", sa.Float, nullable=False),  # time of the last change
    sa.Column("revision", sa.Integer, nullable=False),  # number of searches that have added speakers to the transcript
    sa.Column("error", sa.JSON(none_as_null=True)),
    sa.Column("result", sa.JSON(none_as_null=True)),  # a `stt.speakers.Diarization` as a dictionary
    sa.Column("names", sa.JSON(none_as_null=True)),  # names of the speakers in `result`, in the order of their numbers
    sa.Column("placed", sa.JSON(none_as_null=True)),  # speaker names in the display order that a person chose
    sa.Column("refused", sa.JSON(none_as_null=True)),  # rejected suggestions of stored voices: [speaker name, voice id]
    sa.Column("undo", sa.JSON(none_as_null=True)),  # data to undo the last change by a person
    sa.Index("diarizations_by_state", "state"),
)


# Jobs whose end is reported to a webhook, with the URL of the webhook.
webhook_jobs = sa.Table(
    "webhook_jobs",
    metadata,
    sa.Column("id", sa.ForeignKey("transcriptions.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("url", sa.Text, nullable=False),
    # The number of the newest attempt whose end was reported; 0 before the first report.
    sa.Column("told", sa.Integer, key="reported", nullable=False),
)


# Deliveries to webhooks, and the responses of the receivers (see `stt.webhooks.deliveries.Delivery`).
webhook_deliveries = sa.Table(
    "webhook_deliveries",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("owner", sa.String(200), nullable=False, index=True),
    sa.Column("generation_id", sa.ForeignKey("transcriptions.id", ondelete="CASCADE"), index=True),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("event", sa.String(40), nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("status", sa.Integer),
    sa.Column("answer", sa.Text),
    sa.Column("due", sa.Float),
    sa.Column("finished", sa.Float),
)


# URLs to which the ends of an owner's jobs are reported (see `stt.webhooks`). After a merge of two histories, an owner
# may have several rows; the newest row with a URL is used. `url` is NULL if the owner has a secret, but no webhook.
webhooks = sa.Table(
    "webhooks",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("owner", sa.String(200), nullable=False, index=True),
    sa.Column("url", sa.Text),
    sa.Column("secret", sa.Text, nullable=False),  # encrypted (see `stt.auth.keys`)
    sa.Column("created", sa.Float, nullable=False),
)


executors = sa.Table(
    "executors",
    metadata,
    sa.Column("id", sa.String(100), primary_key=True),
    sa.Column("seen", sa.Float, nullable=False),  # time of the last heartbeat, by the database's clock
)


# Marks of jobs: a process marks a job while it reads or decodes the job's recording (see `stt.cluster.crashes`).
crashes = sa.Table(
    "crashes",
    metadata,
    sa.Column("id", sa.ForeignKey("transcriptions.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("process", sa.String(100), primary_key=True),
    sa.Column("boot", sa.String(60)),  # boot id of the operating system, if it has one
    # Number of the chunk from 1, plus 100,000 during an alignment; 0 while a downloaded file is examined.
    sa.Column("part", sa.Integer, nullable=False),
)


# The Idempotency-Keys of the last day, and unanswered calls of OpenAI's clients. `hash` and `body` are keyed hashes,
# from which neither the Idempotency-Key nor the content of the request can be recovered.
creates = sa.Table(
    "creates",
    metadata,
    sa.Column("hash", sa.String(64), primary_key=True),  # keyed hash of the owner and the Idempotency-Key
    sa.Column("body", sa.String(64), nullable=False),  # keyed hash of the content of the request
    sa.Column("generation_id", sa.String(40), nullable=False),
    sa.Column("process", sa.String(100), nullable=False),  # the process that creates the job
    sa.Column("done", sa.Boolean, nullable=False),  # whether the job exists
    sa.Column("at", sa.Float, nullable=False, index=True),
)


# Usage that counts towards daily quotas. Deleting a job does not delete its rows, and therefore frees no quota.
usage = sa.Table(
    "usage",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),  # the generation id
    sa.Column("attempt", sa.Integer, primary_key=True),
    sa.Column("owner", sa.String(200), nullable=False),
    sa.Column("at", sa.Float, nullable=False, index=True),
    sa.Column("seconds", sa.Float, nullable=False),
    sa.Column("dollars", sa.Float, nullable=False),  # cost charged to this server's key
    sa.Column("address", sa.String(64)),  # keyed hash of the client's network address, kept for two days
)


# Deleted data that must still be erased (see `stt.store.removals`).
removals = sa.Table(
    "removals",
    metadata,
    sa.Column("kind", sa.String(12), primary_key=True),
    sa.Column("name", sa.String(100), primary_key=True),
    sa.Column("at", sa.Float, nullable=False),  # earliest time of the removal
)
