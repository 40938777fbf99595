"""Run the migrations for alembic. `stt.db.migrate` provides a connection whose lock excludes other migrations."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=False)
context.run_migrations()
