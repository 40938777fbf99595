"""What starting the application leaves out, so that the first page is there soon."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOOKED = """
from importlib import metadata
import streamlit_app
from streamlit.components.v2.component_manager import BidiComponentManager

looked = []
metadata.distributions = lambda: looked.append(True) or ()
BidiComponentManager().discover_and_register_components(start_file_watching=False)
assert not looked
"""


def test_no_package_is_looked_through_for_components(tmp_path: Path):
    environment = {**os.environ, "STT_DATA_DIR": str(tmp_path)}
    assert subprocess.run([sys.executable, "-c", LOOKED], cwd=ROOT, env=environment, check=False).returncode == 0
