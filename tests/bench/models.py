"""Measure the memory of one and of two models, and the time to the first words: `python -m tests.bench.models`.

Goal: two models in use take at most the sum of both plus 100 MB; the first words with base come no later than in the
last version of the app that had only one model. Tiny.en comes from its wheel, base from its packages. Each figure
is measured in a separate process.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from tests import audio, hub
from tests.bench.table import print_table
from tests.hub import Hub
from tests.server import ROOT

MODELS = ("local/whisper-tiny.en", "local/whisper-base")
MEGABYTE = 1 << 20


def peak() -> int:
    """Return the peak memory of this process in bytes."""
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) * 1024


def use(names: list[str]) -> dict[str, float]:
    """Transcribe 11 s three times with each model, all models at once. Return two sizes in bytes:

    "grown" is the growth of the peak memory, "counted" the size of the models as the app counts it.
    """
    from stt.models import shelf
    from stt.whisper import decoding, memory, transcribe  # noqa: F401 — libraries are not memory of the models
    from stt.whisper.loading import loaded

    memory.tune()
    sound = audio.samples(audio.JFK)
    before = peak()

    def work(name: str) -> None:
        with loaded.use(shelf.obtain(name, lambda progress: None, lambda: None)) as model:
            for _ in range(3):
                list(transcribe.transcribe(sound, language="en", model=model))

    threads = [threading.Thread(target=work, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counted = sum(model.memory for model in loaded.in_memory())
    return {"grown": peak() - before, "counted": counted}


def first_words() -> dict[str, float]:
    """Return the seconds until base yields the first segment: "new" includes loading the model, "loaded" does not."""
    from stt.whisper import transcribe

    sound, seconds = audio.samples(audio.JFK), []
    for _ in range(4):
        began = time.monotonic()
        next(iter(transcribe.transcribe(sound, language="en")))
        seconds.append(time.monotonic() - began)
    return {"new": seconds[0], "loaded": statistics.median(seconds[1:])}


def _run(environment: dict[str, str], *arguments: str) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.bench.models", "--here", *arguments]
    completed = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return json.loads(completed.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--here", nargs="*", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.here is not None:
        print(json.dumps(use(arguments.here) if arguments.here else first_words()))
        return
    tiny = {"Systran/faster-whisper-tiny.en": hub.tiny_en()}
    with tempfile.TemporaryDirectory() as data, Hub(tiny) as hub_server:
        environment = {**os.environ, "STT_DATA_DIR": data, "HF_ENDPOINT": hub_server.url, "STT_MODELS": "local/*"}
        for name in MODELS:
            _run(environment, name)  # download the model before the measurements
        alone = {name: _run(environment, name) for name in MODELS}
        both = _run(environment, *MODELS)
        words = _run(environment)
    rows = [
        [name, *(f"{found[kind] / MEGABYTE:.0f} MB" for kind in ("grown", "counted"))] for name, found in alone.items()
    ]
    rows.append(["both at once", *(f"{both[kind] / MEGABYTE:.0f} MB" for kind in ("grown", "counted"))])
    total = sum(found["grown"] for found in alone.values())
    print_table(
        "Memory of models in use (goal: both at once at most the sum plus 100 MB)",
        ["models", "growth of peak memory", "size counted by the app"],
        rows,
    )
    print(f"Both: {(both['grown'] - total) / MEGABYTE:+.0f} MB compared with the sum.")
    print(
        f"First words with base: {words['new']:.2f} s in a new process, {words['loaded']:.2f} s with the model loaded."
    )


if __name__ == "__main__":
    main()
