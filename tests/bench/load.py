"""Simulate 50 visitors who upload, poll, read and listen for a minute during a transcription, all on this machine.

    python -m tests.bench.load [--visitors 50] [--seconds 60]

Print how long the requests of each kind took, how many failed, and how many seconds of audio were transcribed.
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
from tests.conftest import reset_caches
from tests.integration.test_limits import job
from tests.server import ROOT, Server

MODEL = "#g1_whisper-base"


@dataclass(frozen=True)
class LoadResult:
    """Represent the results: locust's row for each kind of request (times in ms), and the long job before and after."""

    rows: list[dict[str, str]]
    failures: list[dict[str, str]]
    before: Job
    after: Job

    @property
    def failed(self) -> int:
        return sum(int(row["Failure Count"]) for row in self.rows)


def run(folder: Path, visitors: int, seconds: int, *, first_visit: bool = True) -> LoadResult:
    """Start the app on `folder`, create the visitors and the long recording, and run locust.

    If `first_visit`, each visitor loads all scripts and styles of the page, which on a later visit come from the cache.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STT_DATA_DIR", str(folder / "data"))
        reset_caches()
        try:
            with Server(folder / "data") as server:
                configuration = {"visitors": [create_visitor() for _ in range(visitors)], "sound": str(audio.AUSTEN[1])}
                configuration["first visit"] = first_visit
                (folder / "visitors.json").write_text(json.dumps(configuration))
                generation_id = start_transcription(server, folder, seconds)
                before = records.load(generation_id, None)
                rows, failures = locust(server, folder, visitors, seconds)
                return LoadResult(rows, failures, before, records.load(generation_id, None))
        finally:
            reset_caches()


def create_visitor() -> dict[str, str]:
    """Create a visitor with a transcript of a short talk, and a token."""
    name = access.new_visitor()
    owner = access.owner_of(name)
    assert owner is not None
    recording = recordings.take_in(audio.JFK, owner)
    new_job = job(owner, minutes=11 / 60, title="Talk", recording_id=recording.id, state=kinds.WORKING)
    records.insert(new_job)
    words = audio.JFK_WORDS.split() * 20  # 440 words, about three minutes of speech
    segments = tuple(
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
    records.finish(new_job, Transcript(segments, len(words) * 0.4, language="en"))
    return {"cookie": access.cookie_for(name), "token": tokens.create("Load", owner), "generation_id": new_job.id}


def start_transcription(server: Server, folder: Path, seconds: int) -> str:
    """Start a transcription for another visitor that lasts longer than the measurement, and wait until it has begun."""
    sound = np.tile(audio.samples(audio.JFK), 2 * seconds + 20)  # 22 * seconds + 220 s of audio
    with open(audio.write(folder / "long.wav", sound), "rb") as file:
        response = requests.post(
            f"{server.url}/v1/stt/create",
            headers={"Authorization": f"Bearer {create_visitor()['token']}"},
            data={"model": MODEL},
            files={"audio": file},
            timeout=120,
        )
    generation_id = response.json()["generation_id"]
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
    completed = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert completed.returncode == 0, completed.stderr
    return read(folder / "load_stats.csv"), read(folder / "load_failures.csv")


def read(path: Path) -> list[dict[str, str]]:
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--visitors", type=int, default=50)
    parser.add_argument("--seconds", type=int, default=60)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        result = run(Path(folder), arguments.visitors, arguments.seconds)
    print_table(
        f"Response times with {arguments.visitors} visitors for {arguments.seconds} s, ms",
        ["request", "count", "failed", "median", "95th percentile", "maximum"],
        [
            (row["Name"], row["Request Count"], row["Failure Count"], row["50%"], row["95%"], row["100%"])
            for row in result.rows
        ],
    )
    done = result.after.seconds_done - result.before.seconds_done
    print(f"\nTranscribed during the load: {done:.0f} s of audio. Total run time: {time.monotonic() - began:.0f} s.")
    for failure in result.failures:
        print(failure)


if __name__ == "__main__":
    main()
