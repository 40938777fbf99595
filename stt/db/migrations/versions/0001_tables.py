"""Create all tables, or complete those of a database that is older than the migrations.

Such a database records no revision, and may lack some of the tables and columns. Existing rows are kept.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from stt.db import fulltext_index

revision = "0001"
down_revision = None

ONLY = {"transcriptions_by_owner": "sqlite", "transcriptions_by_owner_only": "postgresql"}  # indexes of one dialect

tables = sa.MetaData()  # the tables at this revision; later migrations change them

sa.Table(
    "recordings",
    tables,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("owner", sa.String(200), nullable=False, index=True),
    sa.Column("name", sa.Text, nullable=False),
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
    tables,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("id", sa.String(40), nullable=False, unique=True),
    sa.Column("owner", sa.String(200), nullable=False),
    sa.Column("recording_id", sa.String(40), index=True),
    sa.Column("url", sa.Text),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("model", sa.String(100), nullable=False),
    sa.Column("engine", sa.String(40), nullable=False),
    sa.Column("options", sa.JSON, nullable=False),
    sa.Column("state", sa.String(12), nullable=False),
    sa.Column("stage", sa.String(200)),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("turn", sa.Integer, nullable=False),
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("queued", sa.Float, nullable=False),
    sa.Column("started", sa.Float),
    sa.Column("finished", sa.Float),
    sa.Column("worked", sa.Float, nullable=False),
    sa.Column("duration", sa.Float),
    sa.Column("expected", sa.Float),
    sa.Column("seconds_done", sa.Float, nullable=False),
    sa.Column("partial", sa.JSON),
    sa.Column("language", sa.String(20)),
    sa.Column("words", sa.Integer),
    sa.Column("confidence", sa.Float),
    sa.Column("cost", sa.Float),
    sa.Column("error", sa.JSON),
    sa.Column("sealed_key", sa.Text),
    sa.Column("sent", sa.Integer),
    sa.Column("remote_id", sa.Text),
    sa.Column("provenance", sa.JSON),
    sa.Index(
        "transcriptions_by_owner",
        *("owner", "created", "state", "title", "model", "engine", "language"),
        *("duration", "words", "confidence", "cost", "number"),
    ).ddl_if(dialect="sqlite"),
    sa.Index("transcriptions_by_owner_only", "owner", "created").ddl_if(dialect="postgresql"),
    sa.Index("transcriptions_by_model", "model", "owner"),
    sa.Index("transcriptions_by_language", "language", "owner"),
    sa.Index("transcriptions_by_state", "state", "queued"),
)
sa.Table(
    "stretches",
    tables,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("start", sa.Float, nullable=False),
    sa.Column("end", sa.Float, nullable=False),
    sa.Column("segments", sa.JSON, nullable=False),
    sa.Column("notes", sa.JSON, nullable=False),
)
sa.Table(
    "transcripts",
    tables,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("transcript", sa.JSON, nullable=False),
    sa.Column("raw", sa.JSON),
)
sa.Table(
    "corrections",
    tables,
    sa.Column("id", sa.ForeignKey("transcripts.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("changed", sa.Float, nullable=False),
    sa.Column("machine", sa.JSON, nullable=False),
    sa.Column("aside", sa.JSON),
)
sa.Table(
    "tags",
    tables,
    sa.Column("id", sa.ForeignKey("transcriptions.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("tag", sa.String(60), primary_key=True),
)
sa.Table(
    "executors",
    tables,
    sa.Column("id", sa.String(100), primary_key=True),
    sa.Column("seen", sa.Float, nullable=False),
)
sa.Table(
    "tokens",
    tables,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("owner", sa.String(200), nullable=False, index=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("hash", sa.String(64), nullable=False, unique=True),
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("used", sa.Float),
)
sa.Table(
    "shares",
    tables,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("transcription_id", sa.ForeignKey("transcriptions.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("hash", sa.String(64), nullable=False, unique=True),
    sa.Column("audio", sa.Boolean, nullable=False),
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("ends", sa.Float, nullable=False),
)
sa.Table(
    "usage",
    tables,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("attempt", sa.Integer, primary_key=True),
    sa.Column("owner", sa.String(200), nullable=False),
    sa.Column("at", sa.Float, nullable=False, index=True),
    sa.Column("seconds", sa.Float, nullable=False),
    sa.Column("dollars", sa.Float, nullable=False),
)
sa.Table(
    "sign_ins",
    tables,
    sa.Column("visitor", sa.String(60), primary_key=True),
    sa.Column("owner", sa.String(200)),
    sa.Column("at", sa.Float, nullable=False),
)


def upgrade() -> None:
    connection = op.get_bind()
    there = sa.inspect(connection)
    old = None
    if there.has_table("transcriptions") and "number" not in {c["name"] for c in there.get_columns("transcriptions")}:
        old = _put_aside(connection)
    tables.create_all(connection)
    if old is not None:
        _copy(connection, old)
    _complete(connection)
    _index_texts(connection)


def _put_aside(connection: sa.Connection) -> sa.Table:
    """Rename an old table `transcriptions`, which has no column `number`, and drop its indexes."""
    for index in sa.inspect(connection).get_indexes("transcriptions"):
        if (name := index["name"]) is not None:
            op.drop_index(name, table_name="transcriptions")
    op.rename_table("transcriptions", "transcriptions_old")
    return sa.Table("transcriptions_old", sa.MetaData(), autoload_with=connection)


def _copy(connection: sa.Connection, old: sa.Table) -> None:
    """Copy every row to the new table, numbered in order of creation."""
    names = [column.name for column in transcriptions.columns if column.name in old.columns]
    rows = sa.select(*(old.c[name] for name in names)).order_by(old.c.created, old.c.id)
    connection.execute(transcriptions.insert().from_select(names, rows, include_defaults=False))
    old.drop(connection)


def _complete(connection: sa.Connection) -> None:
    """Add the columns and indexes that an old table may lack."""
    connection.execute(
        sa.text("DROP INDEX IF EXISTS transcriptions_listed")
    )  # the predecessor of the index transcriptions_by_owner
    there = sa.inspect(connection)
    for table in tables.sorted_tables:
        have = {column["name"] for column in there.get_columns(table.name)}
        for column in table.columns:
            if column.name not in have:
                op.add_column(table.name, sa.Column(column.name, column.type))  # every missing column may be NULL
        indexed = {index["name"]: index["column_names"] for index in there.get_indexes(table.name)}
        for index in table.indexes:
            if ONLY.get(str(index.name), connection.dialect.name) != connection.dialect.name:
                continue
            columns = [column.name for column in index.columns]
            if indexed.get(str(index.name), columns) != columns:  # an older index has the same name, but other columns
                op.drop_index(str(index.name), table_name=table.name)
            index.create(connection, checkfirst=True)


def _index_texts(connection: sa.Connection) -> None:
    """Add existing rows to the search index. The index's triggers only see rows that are written later."""
    fulltext_index.prepare(connection)
    indexed = sa.text("SELECT count(*) FROM search")
    if not connection.execute(indexed).scalar():
        connection.execute(sa.text("DELETE FROM search"))
        if connection.dialect.name == "sqlite":
            connection.execute(
                sa.text(
                    "INSERT INTO search(rowid, owner, title, text) SELECT number, '_' || hex(owner), stt_words(title),"
                    " coalesce((SELECT stt_words(text) FROM transcripts WHERE transcripts.id = transcriptions.id), '')"
                    " FROM transcriptions"
                )
            )
        else:
            connection.execute(sa.text("UPDATE transcriptions SET title = title"))
            connection.execute(sa.text("UPDATE transcripts SET text = text"))
