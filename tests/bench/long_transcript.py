"""Measure a transcript of 100,000 words in the browser: `python -m tests.bench.long_transcript [words]`.

Measure the time from opening the address to the first clickable words, scrolling from beginning to end, search, and
typing. For comparison, a transcript of ten words shows how long the page takes without a long text.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from playwright.sync_api import Page, sync_playwright

from tests import transcripts
from tests.bench.table import print_table
from tests.chromium import launch
from tests.server import Server
from tests.waiting import until

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
KEYS = """() => {
  window.sttKeys = [];
  const note = ({ timeStamp }) =>
    requestAnimationFrame(() => setTimeout(() => window.sttKeys.push(performance.now() - timeStamp)));
  document.addEventListener('keydown', note, true);
}"""
SEARCH = """() => {
  const find = document.querySelector('.stt-find');
  const began = performance.now();
  find.value = 'the';
  find.oninput();
  return performance.now() - began;
}"""


def seconds_to_open(page: Page, address: str) -> float:
    """Return the seconds from opening the URL `address` until the first words can be clicked."""
    page.goto("about:blank")
    began = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.locator(".stt-word").first.wait_for()
    return time.perf_counter() - began


def key_latencies(page: Page) -> list[float]:
    """Type into a paragraph while edits are saved. Return for each key the ms until the next frame, sorted."""
    page.evaluate(KEYS)
    words = page.locator(".stt-words").first
    words.scroll_into_view_if_needed()
    words.focus()
    page.keyboard.type("And so we go on, word by word, as fast as somebody types who is in a hurry. " * 2, delay=60)
    found: list[float] = page.evaluate("window.sttKeys")
    return sorted(found)


def seconds_to_save(page: Page) -> float:
    """Return the seconds from leaving the paragraph until the server has the typed text."""
    page.keyboard.type("Saved. ")
    began = time.perf_counter()
    page.keyboard.press("Escape")
    until(lambda: page.evaluate("!Object.keys(localStorage).some((name) => name.startsWith('stt-edits'))"))
    return time.perf_counter() - began


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    rows = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = launch(playwright.chromium)
        with Server(Path(folder) / "data") as server, transcripts.sharing_data_with(server):
            for words in (10, count):
                generation_id = transcripts.store(f"visitor:{VISITOR}", transcripts.long_talk(words))
                page = transcripts.page_of(browser, server, VISITOR)
                address = f"{server.url}/transcript?id={generation_id}"
                seconds_to_open(page, address)
                first = [seconds_to_open(page, address) for _ in range(RUNS)]
                middle, slow, slowest = page.evaluate(SCROLL)
                searched = page.evaluate(SEARCH)
                heap = page.evaluate("performance.memory.usedJSHeapSize") / 2**20
                keys, seconds = key_latencies(page), seconds_to_save(page)
                rows.append(
                    [f"{words:,}", f"{median(first):.2f}", f"{min(first):.2f}", f"{middle:.0f} / {slow:.0f} / {slowest:.0f}",
                     f"{searched:.0f}", f"{median(keys):.0f} / {keys[int(len(keys) * 0.95)]:.0f} / {keys[-1]:.0f}",
                     f"{seconds:.2f}", f"{heap:.0f}"]
                )  # fmt: skip
                page.context.close()
        browser.close()
    headers = [
        "words",
        "time to open, s (median)",
        "time to open, s (fastest)",
        "frame time while scrolling, ms (median / 95 % / maximum)",
        "search, ms",
        "key latency, ms (median / 95 % / maximum)",
        "time to save, s",
        "script memory, MB",
    ]
    print_table("Long transcript in the browser", headers, rows)


if __name__ == "__main__":
    main()
