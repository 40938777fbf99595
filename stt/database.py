"""The tables, and the one connection pool of this process: SQLite in the data folder, or PostgreSQL.

Times of day are seconds since 1970 (UTC), lengths are seconds of audio, sizes bytes.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import sqlalchemy as sa

from stt.errors import DataFolderError
from stt.settings import settings

metadata = sa.MetaData()

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
)

transcriptions = sa.Table(
    "transcriptions",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),  # the generation id
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
    sa.Column("worked", sa.Float, nullable=False),  # seconds of work so far, over all attempts and restarts
    sa.Column("duration", sa.Float),
    sa.Column("expected", sa.Float),  # seconds that such a job usually takes, where no progress is known
    sa.Column("seconds_done", sa.Float, nullable=False),
    sa.Column("partial", sa.JSON),  # segments of the stretch that is being worked on
    sa.Column("language", sa.String(20)),
    sa.Column("words", sa.Integer),
    sa.Column("confidence", sa.Float),
    sa.Column("cost", sa.Float),
    sa.Column("error", sa.JSON),
    sa.Column("sealed_key", sa.Text),  # the visitor's own key, encrypted; gone when the job ends
    sa.Column("sent", sa.Integer),  # the attempt whose create may have reached the provider
    sa.Column("remote_id", sa.Text),  # the provider's generation id, while its result may still be had
    sa.Column("provenance", sa.JSON),
    sa.Index("transcriptions_by_owner", "owner", "created"),
    sa.Index("transcriptions_by_state", "state", "queued"),
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
    sa.Column("transcript", sa.JSON, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("raw", sa.JSON),  # the provider's own answer
)


@lru_cache
def database() -> sa.Engine:
    """The connection pool; tables are made at first use. Raises DataFolderError."""
    address = settings().stt_database_url
    if address:
        engine = sa.create_engine(_with_driver(address), pool_pre_ping=True, pool_size=10, max_overflow=20)
    else:
        engine = sa.create_engine(
            f"sqlite:///{data_folder() / 'stt.db'}", connect_args={"timeout": 30}, pool_size=10, max_overflow=30
        )
        sa.event.listen(engine, "connect", _tune_sqlite)
    metadata.create_all(engine)
    return engine


def data_folder() -> Path:
    """The data folder, made if missing. Raises DataFolderError if it cannot be written."""
    folder = settings().data_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise DataFolderError(f"The data folder {folder} cannot be written: {error.strerror}.") from error
    return folder


def _with_driver(address: str) -> str:
    """PostgreSQL through psycopg 3, which comes with dbos."""
    for prefix in ("postgresql://", "postgres://"):
        if address.startswith(prefix):
            return "postgresql+psycopg://" + address[len(prefix) :]
    return address


def _tune_sqlite(connection, _record) -> None:
    # WAL: pages read while a job writes. NORMAL: safe against a killed process, quick.
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA foreign_keys=ON")
