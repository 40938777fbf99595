"""Compare the time until the first page is usable with `streamlit hello`: `python -m tests.bench.first_page`."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from playwright.sync_api import Page, sync_playwright

from tests.bench.table import print_table
from tests.chromium import launch
from tests.server import ROOT, Server, free_port
from tests.waiting import until

RUNS = 8
# Script for the page that records when an element appears. Playwright would check for the element only twice a second.
RECORD_SEEN = """new MutationObserver(() => { if (document.querySelector("%s")) window.seen ??= Date.now(); })
    .observe(document, { childList: true, subtree: true });"""


def seconds_until(page: Page, port: int, selector: str, began: float) -> float:
    def listening() -> bool:  # check the port, because failed page loads would slow the start
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    page.add_init_script(RECORD_SEEN % selector)
    until(listening, every=0.01)
    page.goto(f"http://localhost:{port}", wait_until="commit")
    page.locator(selector).first.wait_for()
    return page.evaluate("window.seen") / 1000 - began


def hello(page: Page, folder: Path) -> float:
    port = free_port()
    began = time.time()
    command = [sys.executable, "-m", "streamlit", "hello", "--server.port", str(port), "--server.headless", "true"]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        return seconds_until(page, port, "h1", began)
    finally:
        process.kill()
        process.wait()


def ours(page: Page, folder: Path) -> float:
    server = Server(Path(tempfile.mkdtemp(dir=folder)) / "data")
    began = time.time()
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.port", str(server.port)]
    process = subprocess.Popen(
        command, cwd=ROOT, env=server.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        return seconds_until(page, server.port, "input[type=file]", began)
    finally:
        process.kill()
        process.wait()


def main() -> None:
    times: dict[str, list[float]] = {"streamlit hello": [], "STT Studio": []}
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = launch(playwright.chromium)
        for _ in range(RUNS):
            for name, run in (("streamlit hello", hello), ("STT Studio", ours)):
                page = browser.new_page()
                times[name].append(run(page, Path(folder)))
                page.close()
        browser.close()
    reference = median(times["streamlit hello"])
    print_table(
        "Time from the start command to the usable first page, seconds (medians)",
        ["program", "seconds", "ratio"],
        [[name, f"{median(measured):.2f}", f"{median(measured) / reference:.2f}"] for name, measured in times.items()],
    )


if __name__ == "__main__":
    main()
