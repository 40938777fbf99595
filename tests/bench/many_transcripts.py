"""Generate a history of any size: `generate(owner, 100_000)` writes it into the database of this process.

Word frequencies are as in speech: few words are frequent, most are rare (Zipf). Lengths vary from a few words to hours.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import sqlalchemy as sa

from stt.db.engine import database
from stt.db.tables import transcriptions, transcripts
from tests import audio

DAY = 24 * 3600
MODELS = [
    ("whisper-base", "on-device"),
    ("#g1_nova-2-general", "provider"),
    ("aai/universal", "provider"),
    ("openai/gpt-4o-transcribe", "provider"),
]
LANGUAGES = ["en", "en", "en", "en", "de", "fr", "es", "zh", None]
STATES = ["done"] * 46 + ["failed", "failed", "cancelled", "done"]
BLOCK = 2000  # transcripts written in one transaction


def vocabulary(random: np.random.Generator, size: int = 30_000) -> list[str]:
    """Return `size` words, most frequent first: those of LibriSpeech, then invented words of two to five syllables."""
    spoken = " ".join(audio.librispeech().values()).lower().split()
    known = sorted(set(spoken), key=lambda word: (-spoken.count(word), word))
    syllables = [a + b for a in "bcdfghklmnprstvw" for b in ("a", "e", "i", "o", "u", "an", "er", "ing", "ol", "ut")]
    invented = {"".join(random.choice(syllables, random.integers(2, 6))) for _ in range(size)}
    return [*known, *sorted(invented - set(known), key=lambda word: (len(word), word))][:size]


def rows(owner: str, count: int, seed: int = 1) -> Iterator[tuple[dict, dict]]:
    """Yield `count` pairs of rows for the tables `transcriptions` and `transcripts`, oldest first."""
    random = np.random.default_rng(seed)
    words = np.array(vocabulary(random), dtype=object)
    probabilities = 1 / (np.arange(len(words)) + 2.7)
    probabilities /= probabilities.sum()
    lengths = np.clip(random.lognormal(np.log(220), 1.0, count), 3, 20_000).astype(int)
    began = time.time() - 3 * 365 * DAY
    for number, length in enumerate(lengths):
        spoken = random.choice(words, length, p=probabilities)
        sentences = [" " + " ".join(spoken[at : at + 14]).capitalize() + "." for at in range(0, length, 14)]
        model, engine = MODELS[random.integers(len(MODELS))]
        duration = length / 2.5
        state = STATES[random.integers(len(STATES))]
        language = LANGUAGES[random.integers(len(LANGUAGES))]
        created = began + number * 3 * 365 * DAY / count
        name = f"many-{owner}-{seed}-{number}"
        job = dict(
            id=name, owner=owner, title=f"{' '.join(random.choice(words, 3)).capitalize()} {number}", model=model,
            engine=engine, options={"language": language}, state=state, attempt=1, priority=number + 1, created=created,
            queued=created, started=created, finished=created + duration / 10, worked=duration / 10, duration=duration,
            seconds_done=duration, language=language, words=int(length), confidence=float(random.beta(9, 1.5)),
            cost=duration * 0.00009 if engine == "provider" else None,
            provenance={"model": model, "engine": engine, "weights_sha256": "0" * 64, "beam_size": 1},
        )  # fmt: skip
        segments = [
            {"start": at * 5.6, "end": at * 5.6 + 5.5, "text": text, "words": [], "speaker": None}
            for at, text in enumerate(sentences)
        ]
        transcript = {"segments": segments, "duration": duration, "language": language}
        yield job, {"id": name, "text": "".join(sentences).strip(), "transcript": transcript}


def generate(owner: str, count: int, seed: int = 1) -> None:
    """Write `count` transcripts of `owner` into the tables, whose triggers index them as they do real transcripts."""
    block: list[tuple[dict, dict]] = []
    generated = rows(owner, count, seed)
    while block := [row for _, row in zip(range(BLOCK), generated, strict=False)]:
        with database().begin() as connection:
            connection.execute(sa.insert(transcriptions), [job for job, _ in block])
            connection.execute(sa.insert(transcripts), [transcript for _, transcript in block])
