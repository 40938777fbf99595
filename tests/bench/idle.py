"""Measure the processor time of an idle server, compared with `streamlit hello`: `python -m tests.bench.idle`.

All servers run at the same time, without visitors: ours with SQLite and with PostgreSQL. Goal: less than 3 % of a core
with SQLite.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import psutil

from tests.bench.table import print_table
from tests.postgres import postgres
from tests.server import Server, free_port

START = 8  # seconds after the start that are not measured: what is done at the start, and until queues are idle
TURNS, SECONDS = 5, 6


def cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        postgres() as address,
        Server(Path(folder) / "sqlite") as on_sqlite,
        Server(Path(folder) / "postgresql", STT_DATABASE_URL=address) as on_postgresql,
    ):
        command = [sys.executable, "-m", "streamlit", "hello", "--server.headless", "true"]
        hello = subprocess.Popen(
            [*command, "--server.port", str(free_port())],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            servers = {
                "streamlit hello": psutil.Process(hello.pid),
                "STT Studio with SQLite": psutil.Process(on_sqlite.process.pid),
                "STT Studio with PostgreSQL": psutil.Process(on_postgresql.process.pid),
            }
            percent: dict[str, list[float]] = {name: [] for name in servers}
            time.sleep(START)
            for _ in range(TURNS):
                before = {name: cpu_seconds(process) for name, process in servers.items()}
                time.sleep(SECONDS)
                for name, process in servers.items():
                    percent[name].append(100 * (cpu_seconds(process) - before[name]) / SECONDS)
        finally:
            hello.kill()
            hello.wait()
    print_table(
        "Processor time of an idle server (medians)",
        ["program", "% of a core"],
        [[name, f"{median(shares):.1f}"] for name, shares in percent.items()],
    )


if __name__ == "__main__":
    main()
