"""Access the database: SQLite in the data folder, or PostgreSQL.

`tables` defines the tables, `engine` the connection pool of this process, `queries` runs single statements, `migrate`
and `migrations` upgrade a database, `locks` numbers the advisory locks. `fulltext` searches, `fulltext_index` maintains
the index. `job_database` configures the connections of the job engine, `undo` repeats clean-up that failed because the
database was unavailable.
"""
