"""Test that the first page works while the slow imports of the application still run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.server import ROOT

# Run the queries of the first page while another thread is in the middle of importing SQLAlchemy's ORM for DBOS.
FIRST_PAGE_QUERIES = """
import sys, threading
from stt.store import recordings; from stt.store import records
from stt.db.engine import database

class Slow:
    def find_spec(self, name, path=None, target=None):
        if name == "sqlalchemy.orm.interfaces":
            reached.set()
            go_on.wait()

reached, go_on = threading.Event(), threading.Event()
database()
sys.meta_path.insert(0, Slow())
threading.Thread(target=__import__, args=("sqlalchemy.orm",), daemon=True).start()
assert reached.wait(30)
try:
    assert records.jobs_of("a", ids=[]) == records.jobs_of("a", states=records.OPEN) == records.jobs_of("a", limit=1) == []
    assert recordings.unused_ids("a") == recordings.find_all([], "a") == recordings.find_all(["b"], "a") == []
finally:
    go_on.set()
"""


def exit_code(script: str, data: Path) -> int:
    environment = {**os.environ, "STT_DATA_DIR": str(data)}
    return subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environment, check=False).returncode


def test_first_page_queries_the_database_while_the_job_engine_is_imported(tmp_path: Path):
    assert exit_code(FIRST_PAGE_QUERIES, tmp_path) == 0
