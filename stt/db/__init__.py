"""The database: SQLite in the data folder, or PostgreSQL.

`tables` are the tables, `engine` the connection pool of this process, `migrate` and `migrations` bring a database up
to date, `locks` numbers the advisory locks. `fulltext` searches, `fulltext_index` keeps the index. `job_database` is
the job engine's own connection, `undo` takes back what could not be finished while the database was away.
"""
