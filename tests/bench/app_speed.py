"""Measure the overhead of the app over the engine, and an hour-long recording: `python -m tests.bench.app_speed`.

All four parts together take twenty minutes. To measure only some, name them as arguments:

throughput  Transcribe real speech with a whole job (intake, queue, database, checkpoints, word times), with the engine
            alone, and with faster-whisper's defaults, in turns.
cancel      Measure the time from the cancellation of a long job until the job has ended, and until no thread works on
            it any more, while a second job runs and without one.
clip        Measure the time from pressing Transcribe until the text of an 11 s clip is on the page.
hour        Transcribe a 60-minute recording: time to the first words, longest wait for an update, peak server memory.
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
from tests.conftest import reset_caches
from tests.server import Server
from tests.waiting import until

RUNS, CLIPS = 5, 7
RECORD_UPDATES = """(title) => {
  window.textTimes = []; window.progressTimes = [];
  let text = '', percent = 0;
  new MutationObserver(() => {
    const rows = [...document.querySelectorAll('.st-key-jobs [class*=st-key-job-]')];
    const row = rows.find((one) => one.textContent.includes(title));
    const now = [row?.querySelector('.stt-so-far')?.textContent ?? '', row?.querySelector('progress')?.value ?? 0];
    if (now[0] && now[0] !== text) { text = now[0]; window.textTimes.push(performance.now() / 1000); }
    if (now[1] && now[1] !== percent) { percent = now[1]; window.progressTimes.push(performance.now() / 1000); }
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
}"""


def speech(seconds: float) -> np.ndarray:
    """Return `seconds` of LibriSpeech utterances with short pauses, repeated as often as needed."""
    clips = [audio.samples(audio.utterance(name)) for name in audio.librispeech()]
    parts, length = [], 0
    while length < seconds * audio.RATE:
        for clip in clips:
            parts += [clip, audio.silence(0.5)]
            length += len(clip) + audio.RATE // 2
    return np.concatenate(parts)[: int(seconds * audio.RATE)]


def throughput(folder: Path) -> list[list[str]]:
    """Compare whole jobs, from creation to end, with the engine alone and with faster-whisper's defaults."""
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
            time.sleep(0.1)  # seconds; 50 polls per second would take 4 % of the processor time
        assert service.get(generation_id).transcript is not None

    lifecycle.check()
    service.start()
    engines = {
        "defaults": defaults,
        "engine alone": lambda sound: list(transcribe.transcribe(sound)),
        "complete app": job,
    }
    times = in_turns(engines, sound, RUNS)
    service.stop()
    wall_times = {name: [wall for wall, _ in measured] for name, measured in times.items()}
    return [
        [
            f"{len(sound) / audio.RATE:.0f} s of speech: {name}",
            f"{median(measured):.2f}",
            f"{_median_ratio(wall_times['defaults'], measured):.2f}",
            f"{_median_ratio(measured, wall_times['engine alone']):.2f}",
        ]
        for name, measured in wall_times.items()
    ]


def cancel(folder: Path) -> list[list[str]]:
    reset_caches()
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
        for generation_id, condition, others in zip(
            ids, ("during another job", "without another job"), (THREADS, 0), strict=True
        ):
            began = time.monotonic()
            service.cancel(generation_id)
            DBOS.retrieve_workflow(f"{generation_id}-1").get_result(polling_interval_sec=0.02)
            times[f"until the job has ended, {condition}"].append(time.monotonic() - began)
            until(lambda others=others: decode_threads() <= others, every=0.01)
            times[f"until work stops, {condition}"].append(time.monotonic() - began)
    service.stop()
    return [
        [what, f"{median(measured):.2f}", f"maximum of {len(measured)}: {max(measured):.2f}, goal: 2"]
        for what, measured in times.items()
    ]


def decode_threads() -> int:
    """Return the number of decoder threads, including idle ones."""
    return sum(thread.name.startswith("decode_") for thread in threading.enumerate())


def _median_ratio(times: list[float], references: list[float]) -> float:
    return median(measured / reference for measured, reference in zip(times, references, strict=True))


def clip_on_the_page(page: Page) -> list[list[str]]:
    """Measure the time from pressing Transcribe until all words of a clip are on the page, not only the first ones."""
    from stt.whisper import transcribe

    sound = audio.samples(audio.JFK)
    alone, shown = [], []
    for run in range(CLIPS + 1):
        if run:
            page.get_by_role("button", name="Clear finished").click()
            page.locator(".st-key-jobs .stt-so-far").wait_for(state="detached")
        add_files(page, audio.JFK)
        page.evaluate(RECORD_UPDATES, audio.JFK.stem)
        began = page.evaluate("performance.now() / 1000")
        page.get_by_role("button", name="Transcribe", exact=True).click()
        page.locator(".st-key-jobs .stt-so-far").wait_for()
        page.locator(".st-key-jobs").get_by_role("button", name="Read").wait_for()
        shown.append(page.evaluate("window.textTimes.at(-1)") - began)
        began = time.monotonic()
        list(transcribe.transcribe(sound))
        alone.append(time.monotonic() - began)
    alone, shown = alone[1:], shown[1:]  # leave out the first run, which loads the models
    overhead = median(page_time - engine_time for engine_time, page_time in zip(alone, shown, strict=True))
    return [
        ["11 s clip: engine alone, s", f"{median(alone):.2f}", ""],
        [
            "11 s clip: from the click to the text on the page, s",
            f"{median(shown):.2f}",
            f"overhead {overhead:.2f}, goal: 0.8",
        ],
    ]


def hour_on_the_page(page: Page, server: Server, folder: Path, minutes: float) -> list[list[str]]:
    path = audio.write(folder / "hour.mp3", speech(minutes * 60))
    page.locator("input[type=file]").first.set_input_files(str(path))
    page.locator("[class*=st-key-chosen-]", has_text="hour.mp3").wait_for(timeout=60_000)
    page.evaluate(RECORD_UPDATES, path.stem)
    peak = Peak(server.process.pid)
    began = page.evaluate("performance.now() / 1000")
    page.get_by_role("button", name="Transcribe", exact=True).click()
    page.locator(".st-key-jobs [class*=st-key-job-]", has_text="hour").get_by_role("button", name="Read").wait_for(
        timeout=30 * 60_000
    )
    text_updates, percent_updates = page.evaluate("window.textTimes"), page.evaluate("window.progressTimes")
    text_gaps, update_gaps = (
        _gaps(text_updates),
        _gaps(sorted(text_updates + [at for at in percent_updates if at > text_updates[0]])),
    )
    duration = text_updates[-1] - began
    return [
        [f"{minutes:.0f} min recording: time to the first words, s", f"{text_updates[0] - began:.1f}", "goal: 4"],
        ["longest wait for an update of text or progress, s", f"{max(update_gaps):.1f}", "goal: 6"],
        ["longest wait for an update of text, s", f"{max(text_gaps):.1f}", f"median {median(text_gaps):.1f}, goal: 6"],
        ["peak memory of the server with its decoder processes, MB", f"{peak.stop():.0f}", "goal: 900"],
        ["total speed, times real time", f"{minutes * 60 / duration:.1f}", ""],
    ]


def _gaps(times: list[float]) -> list[float]:
    return [later - earlier for earlier, later in pairwise(times)]


class Peak:
    """Measure the peak memory of a process and its child processes in MB, four times a second.

    For child processes only unshared memory is added, because memory shared with the parent would be counted twice.
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
    parser.add_argument("parts", nargs="*", help="parts to measure: throughput, cancel, clip, hour; default: all")
    parser.add_argument(
        "--minutes", type=float, default=60.0, help="length of the long recording in minutes; default: %(default)s"
    )
    arguments = parser.parse_args()
    parts = arguments.parts or ["throughput", "cancel", "clip", "hour"]
    if "throughput" in parts:
        with tempfile.TemporaryDirectory() as name:
            rows = throughput(Path(name))
        headers = ["run", "seconds", "speedup over the defaults", "ratio to the engine alone"]
        print_table("Throughput (goal: speedup 1.3, ideally 1.8; ratio to the engine alone 1.05)", headers, rows)
    if "cancel" in parts:
        with tempfile.TemporaryDirectory() as name:
            print_table("Cancel latency, seconds", ["measurement", "median", "maximum and goal"], cancel(Path(name)))
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
                rows += hour_on_the_page(page, server, folder, arguments.minutes)
        browser.close()
    if rows:
        print_table("On the page (medians)", ["measurement", "value", "notes"], rows)


if __name__ == "__main__":
    main()
