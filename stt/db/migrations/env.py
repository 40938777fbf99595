"""Run by alembic. `stt.db.migrate` gives the connection, inside a transaction of its own that also holds the lock."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=False)
context.run_migrations()
