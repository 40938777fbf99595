"""Run the migrations for alembic. `stt.db.migrate` provides the connection, in a transaction that holds the lock."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=False)
context.run_migrations()
