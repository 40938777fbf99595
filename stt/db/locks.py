"""Numbers of PostgreSQL's advisory locks, chosen at random so that other applications do not use them."""

from __future__ import annotations

FAILOVER_LOCK = 7_318_841  # held by the worker that requeues the jobs of dead workers
QUOTA_LOCK = 7_318_842  # held while a job is checked against the quotas and its usage is counted
MIGRATION_LOCK = 7_318_843  # held while tables are migrated
SEARCH_LOCK = 7_826_001  # held while the functions of the full-text index are created
