"""What the app adds to the engine, and how it holds up for an hour: `python -m tests.bench.app_speed`.

1. The same recording through the engine alone and through a whole job (queue, database, checkpoints).
2. An 11 s clip, from pressing the button to its text on the page.
3. A 60-minute recording: first words, longest wait for news, peak memory of the server.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median

import numpy as np
from playwright.sync_api import Page, sync_playwright

from tests import audio
from tests.bench.table import print_table
from tests.browser.conftest import ARGUMENTS, add_files
from tests.server import Server

RUNS = 3
NEWS = """() => {
  window.news = []; window.last = '';
  new MutationObserver(() => {
    const text = document.querySelector('.st-key-jobs .stt-so-far')?.textContent ?? '';
    if (text && text !== window.last) { window.last = text; window.news.push(performance.now() / 1000); }
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
}"""


def speech(seconds: float) -> np.ndarray:
    """LibriSpeech utterances with short pauses, over and over, of this length."""
    clips = [audio.samples(audio.utterance(name)) for name in audio.librispeech()]
    parts, length = [], 0
    while length < seconds * audio.RATE:
        for clip in clips:
            parts += [clip, audio.silence(0.5)]
            length += len(clip) + audio.RATE // 2
    return np.concatenate(parts)[: int(seconds * audio.RATE)]


def job_against_engine(folder: Path) -> list[list[str]]:
    os.environ["STT_DATA_DIR"] = str(folder / "data")
    from stt import jobs, whisper

    path = audio.write(folder / "five.flac", speech(300))
    sound = audio.samples(path)
    list(whisper.transcribe(sound[: 20 * audio.RATE]))
    jobs.start()
    alone, whole = [], []
    for _ in range(RUNS):
        began = time.monotonic()
        list(whisper.transcribe(sound))
        alone.append(time.monotonic() - began)
        began = time.monotonic()
        generation_id = jobs.create(path)
        while jobs.get(generation_id).job.pending:
            time.sleep(0.02)
        whole.append(time.monotonic() - began)
    jobs.stop()
    ratio = median(w / a for w, a in zip(whole, alone, strict=True))
    return [
        ["5 min of speech, the engine alone", f"{median(alone):.2f}", "1.00"],
        ["the same as a job of the app", f"{median(whole):.2f}", f"{ratio:.2f}"],
    ]


def clip_on_the_page(page: Page) -> list[list[str]]:
    from stt import whisper

    sound = audio.samples(audio.JFK)
    alone, shown = [], []
    for run in range(RUNS + 1):
        if run:
            page.get_by_role("button", name="Clear finished").click()
            page.locator(".st-key-jobs .stt-so-far").wait_for(state="detached")
        add_files(page, audio.JFK)
        page.evaluate(NEWS)
        began = page.evaluate("performance.now() / 1000")
        page.get_by_role("button", name="Transcribe", exact=True).click()
        page.locator(".st-key-jobs .stt-so-far").wait_for()
        page.locator(".st-key-jobs").get_by_role("button", name="Read").wait_for()
        shown.append(page.evaluate("window.news[0]") - began)
        began = time.monotonic()
        list(whisper.transcribe(sound))
        alone.append(time.monotonic() - began)
    alone, shown = alone[1:], shown[1:]  # the first run loads the models
    return [
        ["11 s clip, the engine alone", f"{median(alone):.2f}", ""],
        ["from the button to its text on the page", f"{median(shown):.2f}", f"+{median(shown) - median(alone):.2f} s"],
    ]


def an_hour(page: Page, server: Server, folder: Path, minutes: float) -> list[list[str]]:
    path = audio.write(folder / "hour.mp3", speech(minutes * 60))
    page.locator("input[type=file]").first.set_input_files(str(path))
    page.locator("[class*=st-key-chosen-]", has_text="hour.mp3").wait_for(timeout=60_000)
    page.evaluate(NEWS)
    peak = Peak(server.process.pid)
    began = page.evaluate("performance.now() / 1000")
    page.get_by_role("button", name="Transcribe", exact=True).click()
    page.locator(".st-key-jobs [class*=st-key-job-]", has_text="hour").get_by_role("button", name="Read").wait_for(
        timeout=30 * 60_000
    )
    news = page.evaluate("window.news")
    gaps = [later - earlier for earlier, later in zip(news, news[1:], strict=False)]
    took = news[-1] - began
    return [
        [f"{minutes:.0f} min recording: first words on the page, s", f"{news[0] - began:.1f}", ""],
        ["longest wait for news, s", f"{max(gaps):.1f}", f"median {median(gaps):.1f}"],
        ["peak memory of the server, MB", f"{peak.stop():.0f}", ""],
        ["times real time, all in", f"{minutes * 60 / took:.1f}", ""],
    ]


class Peak:
    """The largest resident memory of a process, MB, looked at four times a second."""

    def __init__(self, pid: int) -> None:
        self.pid, self.most, self.ended = pid, 0.0, threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()

    def _watch(self) -> None:
        while not self.ended.wait(0.25):
            for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
                if line.startswith("VmRSS"):
                    self.most = max(self.most, int(line.split()[1]) / 1024)

    def stop(self) -> float:
        self.ended.set()
        self.thread.join()
        return self.most


def main() -> None:
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    with tempfile.TemporaryDirectory() as name:
        rows = job_against_engine(Path(name))
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        installed = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=installed, args=ARGUMENTS)
        with Server(folder / "served") as server:
            page = browser.new_page()
            page.goto(server.url)
            rows += clip_on_the_page(page)
            page.goto(server.url)
            rows += an_hour(page, server, folder, minutes)
        browser.close()
    print_table("The app and its engine (medians)", ["what", "seconds", "against the engine"], rows)


if __name__ == "__main__":
    main()
