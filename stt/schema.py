"""The database brought to the newest schema: once, also when several processes start together.

A change of a table is a new file in `stt/migrations/versions/`; see CURRENT.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

CURRENT = "0001"  # the newest revision in migrations/versions; a test holds them equal
LOCK = 7_318_842  # the advisory lock of who migrates; any number that nobody else uses


def upgrade(engine: sa.Engine) -> None:
    """Make or change the tables, if they are not current. Other processes wait meanwhile."""
    with engine.connect() as connection:
        if _revision(connection) == CURRENT:
            return
    with engine.begin() as connection:
        # The lock ends with the transaction, whatever happens.
        if engine.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
        else:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        if _revision(connection) != CURRENT:
            _run(connection)


def _revision(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(sa.text("select version_num from alembic_version")).scalar()


def _run(connection: sa.Connection) -> None:
    from alembic import command  # a tenth of a second that a current database need not wait for
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
