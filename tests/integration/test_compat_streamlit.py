"""Test what this project assumes about Streamlit while it runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.server import ROOT

SCAN_SCRIPT = """
from importlib import metadata
import streamlit_app
from streamlit.components.v2.component_manager import BidiComponentManager

looked = []
metadata.distributions = lambda: looked.append(True) or ()
BidiComponentManager().discover_and_register_components(start_file_watching=False)
print("looked" if looked else "did not look")
"""
ERROR_SCRIPT = """
import streamlit.error_util as streamlits
from streamlit import config
from stt.ops import logs
config.get_config_options()
logs.set_up()
try:
    raise ValueError("what somebody said")
except ValueError as error:
    streamlits._log_uncaught_app_exception(error)
"""


def run_script(script: str, data: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "STT_DATA_DIR": str(data)}
    command = [sys.executable, "-c", script]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True)


def test_streamlit_scans_packages_with_the_function_that_is_replaced(tmp_path: Path):
    assert run_script(SCAN_SCRIPT, tmp_path).stdout == "did not look\n"
    streamlit_alone = SCAN_SCRIPT.replace("import streamlit_app", "import streamlit")
    assert run_script(streamlit_alone, tmp_path).stdout == "looked\n"


def test_streamlit_logs_an_exception_in_a_page_with_loggers_of_its_name(tmp_path: Path):
    """Check that one line is logged, without the message of the exception. Streamlit alone would log the traceback."""
    done = run_script(ERROR_SCRIPT, tmp_path)
    (line,) = done.stderr.splitlines()
    assert json.loads(line)["error"] == "ValueError" and "what somebody said" not in done.stderr + done.stdout
