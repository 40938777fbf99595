"""Measure the database size of an hour of transcribed speech: `python -m tests.bench.sizes [--hours 40]`.

Each transcript is one hour, with times and a confidence for each word, as the on-device engine gives them. Word
frequencies are as in speech (`many_transcripts`). The growth of the whole database is measured: text, words, search
index and records. Audio is not stored in the database.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from stt import kinds
from stt.db.engine import database
from stt.store import records
from stt.store.records import Job
from stt.transcript.model import Transcript
from tests.bench.many_transcripts import vocabulary
from tests.bench.table import print_table
from tests.conftest import reset_caches
from tests.postgres import postgres

HOUR = 3600.0
WORDS_PER_SECOND = 2.5


def transcript(random: np.random.Generator, words: np.ndarray) -> Transcript:
    """Return a transcript of an hour of random `words`, in segments of about six seconds."""
    probabilities = 1 / (np.arange(len(words)) + 2.7)
    spoken = random.choice(words, int(HOUR * WORDS_PER_SECOND), p=probabilities / probabilities.sum())
    times = np.sort(random.uniform(0, HOUR, len(spoken) + 1))
    segments = []
    for at in range(0, len(spoken), 15):
        part = [
            {
                "text": f" {word}", "start": round(float(times[n]), 2), "end": round(float(times[n + 1]), 2),
                "confidence": round(float(random.beta(9, 1.5)), 4), "speaker": None,
            }
            for n, word in enumerate(spoken[at : at + 15], start=at)
        ]  # fmt: skip
        text = "".join(word["text"] for word in part)
        segments.append(
            {"start": part[0]["start"], "end": part[-1]["end"], "text": text, "words": part, "speaker": None}
        )
    return Transcript.from_dict(
        {"segments": segments, "duration": HOUR, "language": "en", "language_probability": 0.99}
    )


def fill(hours: int) -> None:
    random = np.random.default_rng(1)
    words = np.array(vocabulary(random), dtype=object)
    facts = dict.fromkeys(Job.__dataclass_fields__) | {"owner": "local", "title": "An hour", "model": "base"}
    facts |= {
        "engine": "on-device",
        "options": {},
        "state": kinds.WORKING,
        "attempt": 1,
        "priority": 1,
        "worked": 300.0,
    }
    for number in range(hours):
        job = Job(
            **(facts | {"id": f"hour-{number}", "created": time.time(), "queued": time.time(), "seconds_done": 0.0})
        )
        records.insert(job)
        assert records.finish(job, transcript(random, words))


def size() -> int:
    """Return the size of the whole database in bytes."""
    with database().connect() as connection:
        if connection.dialect.name == "postgresql":
            return connection.execute(sa.text("SELECT pg_database_size(current_database())")).scalar_one()
        pages, page_size = (
            connection.execute(sa.text(f"PRAGMA {name}")).scalar_one() for name in ("page_count", "page_size")
        )
        return pages * page_size


def measure(hours: int) -> dict[str, float]:
    """Return {database: megabytes per hour of speech}."""
    found = {}
    with tempfile.TemporaryDirectory() as folder, postgres() as address, pytest.MonkeyPatch.context() as patch:
        for name, url in (("SQLite", ""), ("PostgreSQL", address)):
            patch.setenv("STT_DATA_DIR", str(Path(folder) / name))
            patch.setenv("STT_DATABASE_URL", url)
            reset_caches()
            before = size()
            fill(hours)
            found[name] = (size() - before) / hours / 1e6
        reset_caches()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=int, default=40)
    found = measure(parser.parse_args().hours)
    print_table("Database size of an hour of speech", ["database", "MB"], [[k, f"{v:.2f}"] for k, v in found.items()])


if __name__ == "__main__":
    main()
