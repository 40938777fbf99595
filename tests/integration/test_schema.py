"""Test that tables of earlier versions are migrated once and without loss."""

from __future__ import annotations

import gzip
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from stt import kinds
from stt.db import migrate
from stt.db.engine import database
from stt.db.tables import metadata, tags
from stt.errors import SetupError
from stt.library import history
from stt.store import records, transcripts
from tests.conftest import reset_caches
from tests.postgres import postgres
from tests.server import ROOT

DATABASES = Path(__file__).parents[1] / "databases"
ANN = "visitor:ann"
START = "import logging\nlogging.basicConfig(level=logging.INFO)\nfrom stt.db.engine import database\ndatabase()"


def first_sql() -> str:
    """Return SQL that creates a database of the first version, with five transcriptions."""
    return (DATABASES / "first.sql").read_text()


@pytest.fixture(params=["sqlite", "postgresql"])
def first(request: pytest.FixtureRequest, data: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Use a database of the first version in this process."""
    if request.param == "sqlite":
        data.mkdir()
        with sqlite3.connect(data / "stt.db") as old:
            old.executescript(first_sql())
        yield
        return
    with postgres() as address:
        with psycopg.connect(address, autocommit=True) as old:
            old.execute(re.sub("^(BEGIN TRANSACTION|COMMIT);$", "", first_sql(), flags=re.M).encode())
        monkeypatch.setenv("STT_DATABASE_URL", address)
        reset_caches()
        yield
        reset_caches()


def differences() -> list:
    """Return the differences that alembic finds between the database and the tables in code."""
    with database().connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), metadata)
    # These differences are expected: search tables, two indexes that only one database has, and alembic's table.
    known = ("search", "transcriptions_by_owner", "transcriptions_by_owner_only", "alembic_version")
    return [d for d in found if not str(getattr(d[1], "name", d)).startswith(known)]


def test_a_new_database_has_the_tables_of_the_code(data: Path):
    assert differences() == []
    assert migrate.version(database()) == migrate.HEAD
    config = Config()
    config.set_main_option("script_location", str(migrate.MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == migrate.HEAD


@pytest.fixture
def empty(either_database: None) -> None:
    """Use an empty database, first on SQLite and then on PostgreSQL."""


def described(connection: sa.Connection) -> dict[str, list]:
    """Return the triggers and all tables with columns, keys and indexes. Columns are sorted, as their order varies."""
    inspector = sa.inspect(connection)
    found = {}
    for table in sorted({*inspector.get_table_names(), "search"} - {"another"}):
        columns = sorted((c["name"], str(c["type"]), c["nullable"]) for c in inspector.get_columns(table))
        indexes = sorted((i["name"], i["column_names"], i["unique"]) for i in inspector.get_indexes(table))
        unique = sorted(u["column_names"] for u in inspector.get_unique_constraints(table))
        keys = sorted(
            (k["constrained_columns"], k["referred_table"], k["options"]) for k in inspector.get_foreign_keys(table)
        )
        found[table] = [columns, inspector.get_pk_constraint(table)["constrained_columns"], indexes, unique, keys]
    sqlite = connection.dialect.name == "sqlite"
    triggers = "SELECT sql FROM sqlite_master WHERE type = 'trigger'" if sqlite else (
        "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal"
    )  # fmt: skip
    return {**found, "triggers": sorted(connection.execute(sa.text(triggers)).scalars())}


def test_newly_created_tables_equal_the_migrated_ones(empty: None):
    with database().begin() as connection:
        at_once = described(connection)
        version = migrate.version(database())
        metadata.drop_all(connection)
        connection.execute(sa.text("DROP TABLE alembic_version"))
        connection.execute(sa.text("DROP TABLE search"))
        # An empty database gets its tables at once, without migrations. This table makes it not empty.
        connection.execute(sa.text("CREATE TABLE another (x INTEGER)"))
    reset_caches()
    with database().connect() as connection:
        assert described(connection) == at_once
    assert (
        migrate.version(database()) == version == migrate.HEAD and "transcriptions" in at_once and at_once["triggers"]
    )


def test_the_first_database_is_upgraded_without_loss(first: None):
    assert differences() == []
    assert [(job.title, job.state) for job in records.jobs_of("local")] == [
        ("austen-0870.wav", "failed"), ("austen-0870.wav", "queued"), ("jfk.flac", "done"),
    ]  # fmt: skip
    emma, john = records.jobs_of(ANN)[::-1]
    assert (emma.title, emma.words, john.state) == ("Émma ✓ 100 %", 12, "working")
    transcript = transcripts.transcript_of(emma.id)
    assert "cold-hearted and rather selfish" in transcript.text and len(transcript.words) == 12
    assert transcripts.chunks_of(john.id)[0]["end"] == 4.0 and "leisure" in transcripts.text_so_far(john.id)
    assert [job.id for job in history.find(ANN, text="selfish")] == [emma.id]
    assert history.find("local", text="selfish") == []
    failed = records.jobs_of("local", states=(kinds.FAILED,))[0]
    assert failed.error and failed.error["message"] == "It failed."
    with database().connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM recordings")).scalar() == 5
        numbers = connection.execute(sa.text("SELECT number FROM transcriptions ORDER BY created")).scalars().all()
    assert numbers == [1, 2, 3, 4, 5]
    existing = records.jobs_of("local")[0]  # its copy below shows that rows can be inserted
    records.insert(
        existing.__class__(**{**{f: getattr(existing, f) for f in existing.__dataclass_fields__}, "id": "new"})
    )
    assert len(records.jobs_of("local")) == 4


def test_database_without_a_version_is_adopted_as_it_is(data: Path):
    data.mkdir()
    (data / "stt.db").write_bytes(gzip.decompress((DATABASES / "unversioned.db.gz").read_bytes()))
    assert differences() == []
    jfk = next(job for job in records.jobs_of("local") if job.state == "done")
    assert [job.id for job in history.find("local", text="fellow")] == [jfk.id]
    with database().connect() as connection:
        assert connection.execute(sa.select(tags.c.tag).where(tags.c.id == jfk.id)).scalars().all() == ["speech"]
        assert connection.execute(sa.text("SELECT count(*) FROM tokens")).scalar() == 1


def test_processes_that_start_together_migrate_once(first: None):
    processes = [
        subprocess.Popen([sys.executable, "-c", START], cwd=ROOT, env=os.environ, stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    logs = [process.communicate(timeout=60)[1] for process in processes]
    assert [process.returncode for process in processes] == [0] * 4, logs
    assert sum("migrated the tables from version None" in text for text in logs) == 1
    assert len(records.jobs_of("local")) == 3 and differences() == []


def test_interrupted_upgrade_leaves_the_database_unchanged(first: None):
    script = (
        "import os\nfrom stt.db import migrate as schema; from stt.db import fulltext_index as search_index\n"
        "search_index.prepare = lambda connection: os._exit(9)\n"  # the process ends in the middle of the upgrade
        "from stt.db.engine import database\ndatabase()"
    )
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=os.environ, check=False).returncode == 9
    assert len(records.jobs_of("local")) == 3 and len(records.jobs_of(ANN)) == 2 and differences() == []


def test_database_of_a_newer_version_is_refused(data: Path):
    with database().begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    reset_caches()
    with pytest.raises(SetupError, match="newer version"):
        database()
