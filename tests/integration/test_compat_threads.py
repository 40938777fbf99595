"""Test what this project assumes about the end of a Python program."""

from __future__ import annotations

import subprocess
import sys

from tests.server import ROOT

PROGRAM = """
from concurrent.futures import ThreadPoolExecutor
from stt.compat import threads

pool = ThreadPoolExecutor()
pool.submit(print, "while it runs").result()

def fail():
    raise ValueError("logged")

threads.before_exit(lambda: pool.submit(print, "before its exit").result())
threads.before_exit(fail)
"""


def test_function_before_exit_runs_while_thread_pools_still_work():
    ended = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines() == ["while it runs", "before its exit"]
    assert ended.stderr.count("ValueError: logged") == 1
