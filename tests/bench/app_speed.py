"""What the app adds to the engine, and how it holds up for an hour: `python -m tests.bench.app_speed`.

All parts take twenty minutes; name some to measure only those:

throughput  Real speech through a whole job (intake, queue, database, checkpoints, word times), through the engine
            alone, and through faster-whisper's defaults, in turns.
cancel      From the cancellation of a long job until it has ended, and until nothing works on it any more, beside
            another one and alone.
clip        An 11 s clip, from pressing the button to its text on the page.
hour        A 60-minute recording: first words, longest wait for news, peak memory of the server.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import threading
import time
from collections import defaultdict
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from statistics import median

import numpy as np
import psutil
from playwright.sync_api import Page, sync_playwright

from tests import audio
from tests.bench.engine_speed import in_turns
from tests.bench.table import print_table
from tests.browser.conftest import add_files
from tests.chromium import launch
from tests.conftest import forget
from tests.server import Server
from tests.waiting import until

RUNS, CLIPS = 5, 7
NEWS = """(title) => {
  window.news = []; window.percents = [];
  let text = '', percent = 0;
  new MutationObserver(() => {
    const rows = [...document.querySelectorAll('.st-key-jobs [class*=st-key-job-]')];
    const row = rows.find((one) => one.textContent.includes(title));
    const now = [row?.querySelector('.stt-so-far')?.textContent ?? '', row?.querySelector('progress')?.value ?? 0];
    if (now[0] && now[0] !== text) { text = now[0]; window.news.push(performance.now() / 1000); }
    if (now[1] && now[1] !== percent) { percent = now[1]; window.percents.push(performance.now() / 1000); }
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


def throughput(folder: Path) -> list[list[str]]:
    """Measure a job from its creation to its end, with all that the app does in between."""
    os.environ["STT_DATA_DIR"] = str(folder / "data")
    from stt import lifecycle
    from stt.jobs import service
    from stt.whisper import transcribe
    from tests.bench.accuracy import defaults, joined

    sound = joined(list(audio.librispeech()))
    path = audio.write(folder / "speech.flac", sound)

    def job(_: np.ndarray) -> None:
        generation_id = service.create(path)
        while service.get(generation_id).job.pending:
            time.sleep(0.1)  # five times as often as a page asks; fifty questions a second took 4 % of the processor
        assert service.get(generation_id).transcript is not None

    lifecycle.check()
    service.start()
    engines = {
        "defaults": defaults,
        "the engine alone": lambda sound: list(transcribe.transcribe(sound)),
        "whole app": job,
    }
    times = in_turns(engines, sound, RUNS)
    service.stop()
    clock = {name: [one for one, _ in seen] for name, seen in times.items()}
    return [
        [
            f"{len(sound) / audio.RATE:.0f} s of speech: {name}",
            f"{median(seen):.2f}",
            f"{_ratio(clock['defaults'], seen):.2f}",
            f"{_ratio(seen, clock['the engine alone']):.2f}",
        ]
        for name, seen in clock.items()
    ]


def cancel(folder: Path) -> list[list[str]]:
    forget()
    os.environ["STT_DATA_DIR"] = str(folder / "data")
    from dbos import DBOS

    from stt import lifecycle
    from stt.jobs import service
    from stt.store import transcripts
    from stt.whisper.loading.device import THREADS

    path = audio.write(folder / "long.flac", speech(600))
    lifecycle.check()
    service.start()
    times: dict[str, list[float]] = defaultdict(list)
    for _ in range(CLIPS):
        ids = [service.create(path) for _ in range(2)]
        for generation_id in ids:
            until(lambda here=generation_id: transcripts.text_so_far(here))
        for generation_id, where, others in zip(ids, ("beside another job", "alone"), (THREADS, 0), strict=True):
            began = time.monotonic()
            service.cancel(generation_id)
            DBOS.retrieve_workflow(f"{generation_id}-1").get_result(polling_interval_sec=0.02)
            times[f"{where}: the job has ended"].append(time.monotonic() - began)
            until(lambda others=others: lanes() <= others, every=0.01)
            times[f"{where}: its last window is decoded"].append(time.monotonic() - began)
    service.stop()
    return [
        [what, f"{median(seen):.2f}", f"longest of {len(seen)}: {max(seen):.2f}, to reach: 2"]
        for what, seen in times.items()
    ]


def lanes() -> int:
    """Return how many threads decode or are ready to."""
    return sum(thread.name.startswith("decode_") for thread in threading.enumerate())


def _ratio(ones: list[float], others: list[float]) -> float:
    return median(one / other for one, other in zip(ones, others, strict=True))


def clip_on_the_page(page: Page) -> list[list[str]]:
    """To the whole text, not to the first words of it."""
    from stt.whisper import transcribe

    sound = audio.samples(audio.JFK)
    alone, shown = [], []
    for run in range(CLIPS + 1):
        if run:
            page.get_by_role("button", name="Clear finished").click()
            page.locator(".st-key-jobs .stt-so-far").wait_for(state="detached")
        add_files(page, audio.JFK)
        page.evaluate(NEWS, audio.JFK.stem)
        began = page.evaluate("performance.now() / 1000")
        page.get_by_role("button", name="Transcribe", exact=True).click()
        page.locator(".st-key-jobs .stt-so-far").wait_for()
        page.locator(".st-key-jobs").get_by_role("button", name="Read").wait_for()
        shown.append(page.evaluate("window.news.at(-1)") - began)
        began = time.monotonic()
        list(transcribe.transcribe(sound))
        alone.append(time.monotonic() - began)
    alone, shown = alone[1:], shown[1:]  # the first run loads the models
    added = median(there - here for here, there in zip(alone, shown, strict=True))
    return [
        ["11 s clip, the engine alone, s", f"{median(alone):.2f}", ""],
        ["from the button to its text on the page, s", f"{median(shown):.2f}", f"+{added:.2f}, to reach: +0.8"],
    ]


def an_hour(page: Page, server: Server, folder: Path, minutes: float) -> list[list[str]]:
    path = audio.write(folder / "hour.mp3", speech(minutes * 60))
    page.locator("input[type=file]").first.set_input_files(str(path))
    page.locator("[class*=st-key-chosen-]", has_text="hour.mp3").wait_for(timeout=60_000)
    page.evaluate(NEWS, path.stem)
    peak = Peak(server.process.pid)
    began = page.evaluate("performance.now() / 1000")
    page.get_by_role("button", name="Transcribe", exact=True).click()
    page.locator(".st-key-jobs [class*=st-key-job-]", has_text="hour").get_by_role("button", name="Read").wait_for(
        timeout=30 * 60_000
    )
    news, percents = page.evaluate("window.news"), page.evaluate("window.percents")
    words, any_news = _gaps(news), _gaps(sorted(news + [at for at in percents if at > news[0]]))
    took = news[-1] - began
    return [
        [f"{minutes:.0f} min recording: first words on the page, s", f"{news[0] - began:.1f}", "to reach: 4"],
        ["longest wait for more text or percent, s", f"{max(any_news):.1f}", "to reach: 6"],
        ["longest wait for more text, s", f"{max(words):.1f}", f"median {median(words):.1f}, to reach: 6"],
        ["peak memory of the server and its decoders, MB", f"{peak.stop():.0f}", "to reach: 900"],
        ["times real time, all in", f"{minutes * 60 / took:.1f}", ""],
    ]


def _gaps(times: list[float]) -> list[float]:
    return [later - earlier for earlier, later in pairwise(times)]


class Peak:
    """The largest memory of a process and of those that it started, MB, looked at four times a second.

    Of its children counts what each has for itself: the rest is shared with the others.
    """

    def __init__(self, pid: int) -> None:
        self.process, self.most, self.ended = psutil.Process(pid), 0.0, threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()

    def _watch(self) -> None:
        while not self.ended.wait(0.25):
            size = self.process.memory_info().rss
            for child in self.process.children(recursive=True):
                with suppress(psutil.Error):
                    size += child.memory_full_info().uss
            self.most = max(self.most, size / (1 << 20))

    def stop(self) -> float:
        self.ended.set()
        self.thread.join()
        return self.most


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", help="throughput, cancel, clip, hour; default: all")
    parser.add_argument("--minutes", type=float, default=60.0, help="length of the hour")
    arguments = parser.parse_args()
    parts = arguments.parts or ["throughput", "cancel", "clip", "hour"]
    if "throughput" in parts:
        with tempfile.TemporaryDirectory() as name:
            rows = throughput(Path(name))
        headers = ["what", "seconds", "times faster than the defaults", "time of the engine alone"]
        print_table("Throughput; to reach: 1.3 times faster, aim 1.8; 1.05 of the engine alone", headers, rows)
    if "cancel" in parts:
        with tempfile.TemporaryDirectory() as name:
            print_table("From Cancel on, seconds (medians)", ["what", "measured", ""], cancel(Path(name)))
    rows = []
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        browser = launch(playwright.chromium)
        with Server(folder / "served") as server:
            page = browser.new_page()
            page.goto(server.url)
            if "clip" in parts:
                rows += clip_on_the_page(page)
                page.get_by_role("button", name="Clear finished").click()
            if "hour" in parts:
                rows += an_hour(page, server, folder, arguments.minutes)
        browser.close()
    if rows:
        print_table("On the page (medians)", ["what", "measured", ""], rows)


if __name__ == "__main__":
    main()
