"""A transcript of 100,000 words in the browser: `python -m tests.bench.long_transcript [words]`.

From the address to the first words that can be clicked; then scrolled from its beginning to its end, searched and
corrected. The same with ten words, for what the page itself takes.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from playwright.sync_api import Page, sync_playwright

from tests import transcripts
from tests.bench.table import print_table
from tests.browser.conftest import ARGUMENTS
from tests.server import Server

VISITOR = "bench"
RUNS = 5
SCROLL = """async () => {
  const text = document.querySelector('.stt-transcript');
  let box = text;
  while (box && !/auto|scroll/.test(getComputedStyle(box).overflowY)) box = box.parentElement;
  box ??= document.scrollingElement;
  const frames = [];
  const began = performance.now();
  let last = began;
  for (let i = 0; i < 240; i += 1) {
    box.scrollTop = (box.scrollHeight * i) / 240;
    await new Promise(requestAnimationFrame);
    const now = performance.now();
    frames.push(now - last);
    last = now;
  }
  frames.sort((a, b) => a - b);
  return [frames[120], frames[228], frames.at(-1)];
}"""
SEARCH = """() => {
  const find = document.querySelector('.stt-find');
  const began = performance.now();
  find.value = 'the';
  find.oninput();
  return performance.now() - began;
}"""


def opened(page: Page, address: str) -> float:
    """Return the seconds from opening the page to clickable words."""
    page.goto("about:blank")
    began = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.locator(".stt-word").first.wait_for()
    return time.perf_counter() - began


def corrected(page: Page) -> float:
    """Return the seconds from Save to the corrected text on the page."""
    page.evaluate("document.querySelector('.stt-edit').click()")
    page.locator(".stt-field").fill(f"Corrected at {time.time()}.")
    began = time.perf_counter()
    page.locator(".stt-save").click()
    page.locator(".stt-editor").wait_for(state="detached")
    return time.perf_counter() - began


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    rows = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("google-chrome"), args=ARGUMENTS
        )
        with Server(Path(folder) / "data") as server, transcripts.sharing_data_with(server):
            for words in (10, count):
                made = transcripts.put(f"visitor:{VISITOR}", transcripts.long_talk(words))
                page = transcripts.page_of(browser, server, VISITOR)
                address = f"{server.url}/transcript?id={made}"
                opened(page, address)
                first = [opened(page, address) for _ in range(RUNS)]
                middle, slow, slowest = page.evaluate(SCROLL)
                searched = page.evaluate(SEARCH)
                heap = page.evaluate("performance.memory.usedJSHeapSize") / 2**20
                saved = corrected(page)
                rows.append(
                    [f"{words:,}", f"{median(first):.2f}", f"{min(first):.2f}", f"{middle:.0f} / {slow:.0f} / {slowest:.0f}",
                     f"{searched:.0f}", f"{saved:.2f}", f"{heap:.0f}"]
                )  # fmt: skip
                page.context.close()
        browser.close()
    headers = [
        "words",
        "opens in, s",
        "fastest",
        "frame while scrolling, ms: median / 95 % / longest",
        "search, ms",
        "save, s",
        "heap, MB",
    ]
    print_table("A long transcript", headers, rows)


if __name__ == "__main__":
    main()
