"""Test that the first page imports no large library, because the first visitor waits for its imports."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Browser

from tests.server import ROOT, Server
from tests.waiting import until

# Delay the imports of the job engine and of the on-device model by 600 s, so that they do not count. Normally the first
# begins some seconds after the start, when a busy machine may still be loading the page, and the second a second after
# the page is drawn, when this process may not have seen that yet.
START = """
from stt import lifecycle
lifecycle.HEAD_START = lifecycle.DRAWING = 600.0
from streamlit.web.cli import main
main()
"""
LARGE = {"av", "ctranslate2", "dbos", "numpy", "onnxruntime", "pandas", "psycopg", "pyarrow", "requests"}


def _listens(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def test_first_page_imports_no_large_library(browser: Browser, tmp_path: Path):
    server = Server(tmp_path / "data")
    command = [sys.executable, "-X", "importtime", "-c", START, "run", "streamlit_app.py"]
    with open(server.log, "wb") as log:
        process = subprocess.Popen(
            [*command, "--server.port", str(server.port)], cwd=ROOT, env=server.environment, stdout=log, stderr=log
        )
    page = browser.new_page()
    try:
        # Check only whether the port is open, because a request for /healthz would start the job engine.
        until(lambda: _listens(server.port), 60)
        page.goto(server.url)
        page.get_by_role("button", name="Try the sample").wait_for()
        page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    finally:
        page.close()
        process.kill()
        process.wait()
    imported = set(re.findall(r"^import time:.*\| +(\w+)$", server.log.read_text(), re.MULTILINE))
    assert {"streamlit", "sqlalchemy"} <= imported
    assert imported & LARGE == set()
