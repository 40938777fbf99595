"""Measure the speed of the engine alone against faster-whisper's defaults: `python -m tests.bench.engine_speed`.

The engines run in turns, so that other load on the machine affects all of them. The figures are medians over the turns.
Processor time is also shown, because on a busy machine it is more meaningful than wall time.
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
Engine = Callable[[np.ndarray], object]


def timed(engine: Engine, sound: np.ndarray) -> tuple[float, float]:
    """Run `engine` on `sound`, and return the seconds of wall time and of processor time."""
    clock, processor = time.perf_counter(), time.process_time()
    engine(sound)
    return time.perf_counter() - clock, time.process_time() - processor


def in_turns(engines: dict[str, Engine], sound: np.ndarray, turns: int) -> Timed:
    """Return {engine: its (wall, processor) seconds in each turn}. A first turn loads the models and is not included.

    faster-whisper runs in a separate process, so that the process options that the app sets cannot change its speed.
    """
    times: Timed = {name: [] for name in engines}
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as library_process:
        for turn in range(turns + 1):
            for name, engine in engines.items():
                is_library = engine in (defaults, library_with_word_times)
                measured = library_process.submit(timed, engine, sound).result() if is_library else timed(engine, sound)
                if turn:
                    times[name].append(measured)
    return times


def rows(times: Timed, length: float) -> list[list[str]]:
    """Return rows: name, seconds, times real time, how many times faster than the defaults by wall and by processor
    time, and wall time as a share of the defaults' time."""
    reference = times["defaults"]
    found = []
    for name, measured in times.items():
        wall = median(one for one, _ in measured)
        wall_speedup = median(other[0] / one[0] for one, other in zip(measured, reference, strict=True))
        processor_speedup = median(other[1] / one[1] for one, other in zip(measured, reference, strict=True))
        found.append(
            [
                name,
                f"{wall:.2f}",
                f"{length / wall:.1f}",
                f"{wall_speedup:.2f}",
                f"{processor_speedup:.2f}",
                f"{1 / wall_speedup:.2f}",
            ]
        )
    return found


def library_with_word_times(sound: np.ndarray) -> None:
    """Run faster-whisper window by window with beam size 1, VAD and word times."""
    for _ in library().transcribe(sound, beam_size=1, vad_filter=True, word_timestamps=True)[0]:
        pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--clip-turns", type=int, default=9)
    arguments = parser.parse_args()
    memory.tune()  # set the process options that the app sets at its start
    engines: dict[str, Callable[[np.ndarray], object]] = {
        "defaults": defaults,
        "faster-whisper, beam 1, VAD, word times": library_with_word_times,
        "STT Studio": ours,
    }
    headers = ["engine", "seconds", "times real time", "speedup", "speedup (processor time)", "ratio to the defaults"]
    clip = audio.samples(audio.JFK)
    times = in_turns(engines, clip, arguments.clip_turns)
    print_table("11 s clip, language detected (goal: 0.7 of the defaults' time)", headers, rows(times, 11.0))
    sound = joined(list(audio.librispeech()))
    length = len(sound) / audio.RATE
    times = in_turns(engines, sound, arguments.turns)
    print_table(f"{length:.0f} s of speech (goal: speedup 1.3, ideally 1.8)", headers, rows(times, length))


if __name__ == "__main__":
    main()
