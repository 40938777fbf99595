"""Test that `/healthz` answers while the job engine is still being loaded."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import builtins, sys
from stt.ops import health
found, importing = set(), builtins.__import__
def asks(name, *more, **named):
    module = importing(name, *more, **named)
    if "sqlalchemy.orm.base" in sys.modules and not found:
        found.add(None)
        found.add(health.database_answers())
        found.discard(None)
    return module
assert health.database_answers() and "sqlalchemy.orm" not in sys.modules
builtins.__import__ = asks
import sqlalchemy.orm
assert found == {True}, found
"""


def test_database_check_works_while_another_thread_imports_the_orm(tmp_path: Path):
    """Check the database while the ORM is imported. `sqlalchemy.select(1)` would use the incomplete ORM and fail."""
    environment = {"STT_DATA_DIR": str(tmp_path), "PATH": ""}
    found = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
