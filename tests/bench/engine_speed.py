"""Speed of the engine alone against faster-whisper's defaults: `python -m tests.bench.engine_speed`.

Everything is run in turns, so that what else the machine does falls on all alike; medians of the turns.
Processor time is shown too: on a busy machine it says more than the clock.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from statistics import median

import numpy as np

from stt.whisper import memory
from tests import audio
from tests.bench.accuracy import defaults, joined, library, ours
from tests.bench.table import print_table

Timed = dict[str, list[tuple[float, float]]]
Hear = Callable[[np.ndarray], object]


def timed(hear: Hear, sound: np.ndarray) -> tuple[float, float]:
    """Return seconds of wall time and of processor time."""
    clock, processor = time.perf_counter(), time.process_time()
    hear(sound)
    return time.perf_counter() - clock, time.process_time() - processor


def in_turns(engines: dict[str, Hear], sound: np.ndarray, turns: int) -> Timed:
    """Engine -> the times of every turn; one turn before warms up.

    The library runs in a process of its own, where nothing that we set in ours changes its speed.
    """
    times: Timed = {name: [] for name in engines}
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as elsewhere:
        for turn in range(turns + 1):
            for name, hear in engines.items():
                theirs = hear in (defaults, dependable)
                seen = elsewhere.submit(timed, hear, sound).result() if theirs else timed(hear, sound)
                if turn:
                    times[name].append(seen)
    return times


def rows(times: Timed, length: float) -> list[list[str]]:
    """Name, seconds, times real time, how many times the defaults' speed by the clock and by the processor."""
    peer = times["defaults"]
    found = []
    for name, seen in times.items():
        clock = median(one for one, _ in seen)
        faster = median(other[0] / one[0] for one, other in zip(seen, peer, strict=True))
        cheaper = median(other[1] / one[1] for one, other in zip(seen, peer, strict=True))
        found.append(
            [name, f"{clock:.2f}", f"{length / clock:.1f}", f"{faster:.2f}", f"{cheaper:.2f}", f"{1 / faster:.2f}"]
        )
    return found


def dependable(sound: np.ndarray) -> None:
    """Run the library one window after the other at beam 1, with VAD and word times."""
    for _ in library().transcribe(sound, beam_size=1, vad_filter=True, word_timestamps=True)[0]:
        pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--clip-turns", type=int, default=9)
    arguments = parser.parse_args()
    memory.tune()  # as the app does when it starts
    engines: dict[str, Callable[[np.ndarray], object]] = {
        "defaults": defaults,
        "library, beam 1, words": dependable,
        "STT Studio": ours,
    }
    headers = ["engine", "seconds", "times real time", "faster (clock)", "faster (processor)", "time of defaults"]
    clip = audio.samples(audio.JFK)
    times = in_turns(engines, clip, arguments.clip_turns)
    print_table("11 s clip, language to detect; to reach: 0.7 of the defaults' time", headers, rows(times, 11.0))
    sound = joined(list(audio.librispeech()))
    length = len(sound) / audio.RATE
    times = in_turns(engines, sound, arguments.turns)
    print_table(f"{length:.0f} s of speech; to reach: 1.3 times faster, aim 1.8", headers, rows(times, length))


if __name__ == "__main__":
    main()
