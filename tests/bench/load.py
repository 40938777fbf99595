"""50 visitors who upload, poll, read and listen for a minute, while one transcription runs; all on this machine.

    python -m tests.bench.load [--visitors 50] [--seconds 60]

Prints how long each kind of request took, how many failed, and how far the transcription came meanwhile.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import requests

from stt import kinds
from stt.auth import tokens
from stt.auth import visitors as access
from stt.store import recordings, records
from stt.store.records import Job
from stt.transcript.model import Segment, Transcript, Word
from tests import audio
from tests.bench.table import print_table
from tests.conftest import forget
from tests.integration.test_limits import job
from tests.server import ROOT, Server

MODEL = "#g1_whisper-base"


@dataclass(frozen=True)
class Loaded:
    """What came of it: a row of figures for each kind of request (times in ms), and of the transcription beside."""

    rows: list[dict[str, str]]
    failures: list[dict[str, str]]
    before: Job
    after: Job

    @property
    def failed(self) -> int:
        return sum(int(row["Failure Count"]) for row in self.rows)


def run(folder: Path, visitors: int, seconds: int, *, first_visit: bool = True) -> Loaded:
    """Start the app on `folder`, make the visitors and the long recording, and let locust loose.

    On a first visit a browser loads all scripts and styles, which it keeps after.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STT_DATA_DIR", str(folder / "data"))
        forget()
        try:
            with Server(folder / "data") as server:
                told = {"visitors": [make_visitor() for _ in range(visitors)], "sound": str(audio.AUSTEN[1])}
                told["first visit"] = first_visit
                (folder / "visitors.json").write_text(json.dumps(told))
                running = start_transcription(server, folder, seconds)
                before = records.load(running, None)
                rows, failures = locust(server, folder, visitors, seconds)
                return Loaded(rows, failures, before, records.load(running, None))
        finally:
            forget()


def make_visitor() -> dict[str, str]:
    """Create a visitor with a transcript of a short talk, and a token."""
    name = access.new_visitor()
    owner = access.owner_of(name)
    assert owner is not None
    recording = recordings.take_in(audio.JFK, owner)
    made = job(owner, minutes=11 / 60, title="Talk", recording_id=recording.id, state=kinds.WORKING)
    records.insert(made)
    words = audio.JFK_WORDS.split() * 20  # 440 words, about three minutes of speech
    spoken = tuple(
        Segment(
            start * 0.4,
            (start + 22) * 0.4,
            " ".join(words[start : start + 22]),
            tuple(
                Word(f" {w}", (start + i) * 0.4, (start + i) * 0.4 + 0.3, 0.9)
                for i, w in enumerate(words[start : start + 22])
            ),
        )
        for start in range(0, len(words), 22)
    )
    records.finish(made, Transcript(spoken, len(words) * 0.4, language="en"))
    return {"cookie": access.cookie_for(name), "token": tokens.create("Load", owner), "generation_id": made.id}


def start_transcription(server: Server, folder: Path, seconds: int) -> str:
    """Have somebody else's recording transcribed, long enough to run all the while; wait until it has begun."""
    sound = np.tile(audio.samples(audio.JFK), 2 * seconds + 20)  # over 20 times as long as the visitors stay
    with open(audio.write(folder / "long.wav", sound), "rb") as file:
        made = requests.post(
            f"{server.url}/v1/stt/create",
            headers={"Authorization": f"Bearer {make_visitor()['token']}"},
            data={"model": MODEL},
            files={"audio": file},
            timeout=120,
        )
    generation_id = made.json()["generation_id"]
    while not records.load(generation_id, None).seconds_done:
        time.sleep(0.1)
    return generation_id


def locust(
    server: Server, folder: Path, visitors: int, seconds: int
) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    command = [
        *(
            sys.executable,
            "-m",
            "locust",
            "--headless",
            "--only-summary",
            "-f",
            str(Path(__file__).with_name("visitors.py")),
        ),
        *("--host", server.url, "--users", str(visitors), "--spawn-rate", str(max(5, visitors // 5))),
        *(
            "--run-time",
            f"{seconds}s",
            "--stop-timeout",
            "20",
            "--csv",
            str(folder / "load"),
            "--exit-code-on-error",
            "0",
        ),
    ]
    environment = {**os.environ, "VISITORS": str(folder / "visitors.json")}
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return read(folder / "load_stats.csv"), read(folder / "load_failures.csv")


def read(path: Path) -> list[dict[str, str]]:
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--visitors", type=int, default=50)
    parser.add_argument("--seconds", type=int, default=60)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        loaded = run(Path(folder), chosen.visitors, chosen.seconds)
    print_table(
        f"{chosen.visitors} visitors for {chosen.seconds} s (ms)",
        ["request", "times", "failed", "median", "95 %", "longest"],
        [
            (row["Name"], row["Request Count"], row["Failure Count"], row["50%"], row["95%"], row["100%"])
            for row in loaded.rows
        ],
    )
    done = loaded.after.seconds_done - loaded.before.seconds_done
    print(f"\nBeside them {done:.0f} s of audio were transcribed; {time.monotonic() - began:.0f} s in all.")
    for failure in loaded.failures:
        print(failure)


if __name__ == "__main__":
    main()
