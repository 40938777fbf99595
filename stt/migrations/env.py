"""Run by alembic: the connection is given by `stt.schema`, which also holds the lock."""

from alembic import context

from stt.database import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True
)
with context.begin_transaction():
    context.run_migrations()
