"""Run the alembic migrations in `stt/db/migrations`, each exactly once, even if several processes start together.

The first process takes a lock on the database and migrates in one transaction; the other processes wait for it, and
then have nothing to do. While machines are upgraded one after the other, older code runs on the newer tables, so a
migration may add tables and columns, but never remove any.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from stt.db import fulltext_index
from stt.db.locks import MIGRATION_LOCK
from stt.errors import SetupError

HEAD = "0021"  # revision of the newest migration; a test compares HEAD with the files in stt/db/migrations/versions
MIGRATIONS = Path(__file__).with_name("migrations")
_versions = sa.Table("alembic_version", sa.MetaData(), sa.Column("version_num", sa.String(32), primary_key=True))

log = logging.getLogger("stt.db.migrate")


def upgrade(engine: sa.Engine, tables: sa.MetaData) -> None:
    """Upgrade the database from any earlier version to the current one without loss, or create its tables.

    `tables` are the current tables: in an empty database they are created directly, without importing alembic. Raises
    SetupError if a newer version of the code has migrated the database.
    """
    if version(engine) == HEAD:
        return
    with _exclusive_transaction(engine) as connection:
        if _version(connection) == HEAD:  # another process has migrated meanwhile
            return
        if sa.inspect(connection).get_table_names():
            _migrate(connection)
        else:
            _create_tables(connection, tables)
        fulltext_index.prepare(connection)


def version(engine: sa.Engine) -> str | None:
    """Return the revision of the last migration of the database; None if the database records no revision."""
    with engine.connect() as connection:
        return _version(connection)


def _version(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def _create_tables(connection: sa.Connection, tables: sa.MetaData) -> None:
    tables.create_all(connection)
    _versions.create(connection)
    connection.execute(_versions.insert().values(version_num=HEAD))
    log.info("created the tables of version %s", HEAD)


def _migrate(connection: sa.Connection) -> None:
    # Importing alembic takes 0.2 s, so it is imported only for a migration. Alembic and dbos both import parts of
    # SQLAlchemy. If two threads import alembic and dbos concurrently, one thread may find a partially imported module
    # and fail, so import dbos first.
    import dbos  # noqa: F401
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    before = _version(connection)
    try:
        command.upgrade(config, HEAD)
    except CommandError as error:
        raise SetupError(
            "A newer version of STT Studio has changed this database.",
            guidance="Start that version, or a newer one. Nothing was changed.",
            detail=str(error),
        ) from error
    log.info("migrated the tables from version %s to %s", before, HEAD)


@contextlib.contextmanager
def _exclusive_transaction(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Yield a connection with an open transaction that holds a lock, so that no other process migrates meanwhile."""
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MIGRATION_LOCK)))
            yield connection
        return
    with engine.connect() as plain:
        connection = plain.execution_options(isolation_level="AUTOCOMMIT")
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")  # a migration may recreate a referenced table
        # Python's sqlite3 begins no transaction for CREATE or ALTER, so begin one here, which also locks the database.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.exec_driver_sql("ROLLBACK")
            raise
        else:
            connection.exec_driver_sql("COMMIT")
        finally:
            connection.exec_driver_sql("PRAGMA foreign_keys=ON")
