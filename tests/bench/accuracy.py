"""Words wrong and words dropped, against faster-whisper's defaults in the same run: `python -m tests.bench.accuracy`.

Forty utterances of LibriSpeech test-other, over five minutes, joined in three orders: grouped by speaker, and shuffled
with two seeds, given as arguments or else 1 and 2. The settings were tuned on the other speaker and the two other
recordings of `tests/speech`, plain, faster, slower, in noise and as on the telephone. `--speakers 1688` measures others.
`--mixed` changes each utterance in one of these ways by chance, as where people call in. Each instruction set of the
processor rounds differently, so two are measured side by side.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections.abc import Callable
from functools import cache
from statistics import mean

import jiwer
import numpy as np
from faster_whisper import WhisperModel

from stt.settings import settings
from stt.speech import vad
from stt.whisper import transcribe, weights
from tests import audio, instruction_sets
from tests.bench.table import print_table

PROVING = "1998,2033,2414,2609"  # speakers that no setting was tuned on
LONGEST_DROP = 5.0  # seconds of speech; none may be without its words
Order = list[str]


def normalised(text: str) -> str:
    """Lower case, no punctuation, and one spelling of what is written in two ways."""
    text = re.sub(r"[^a-z0-9' ]", " ", text.lower().replace("’", "'").replace("-", " "))
    return " ".join({"mr": "mister", "mrs": "missus"}.get(word, word) for word in text.split())


def orders(seeds: list[int], speakers: set[str]) -> dict[str, Order]:
    """Name of an order -> names of its utterances."""
    names = [name for name in audio.librispeech() if not speakers or name.split("-")[0] in speakers]
    found = {"grouped by speaker": names}
    for seed in seeds:
        found[f"shuffled, seed {seed}"] = random.Random(seed).sample(names, len(names))
    return found


def joined(names: Order, mixed: bool = False) -> np.ndarray:
    chance = random.Random(len(names))
    sounds = [audio.samples(audio.utterance(name)) for name in names]
    return np.concatenate([chance.choice(CHANGES)(sound) if mixed else sound for sound in sounds])


def faster(sound: np.ndarray) -> np.ndarray:
    at = np.arange(0, len(sound), 1.2)
    return np.interp(at, np.arange(len(sound)), sound).astype(np.float32)


def in_noise(sound: np.ndarray) -> np.ndarray:
    return sound + audio.noise(len(sound) / audio.RATE + 1, 0.01)[: len(sound)]


CHANGES = (np.copy, faster, in_noise, audio.telephone)


@cache
def library() -> WhisperModel:
    """Return faster-whisper with its defaults and the same weights in int8."""
    return WhisperModel(str(weights.find(settings()).folder), device="cpu", compute_type="int8")


def defaults(sound: np.ndarray) -> str:
    """Return the result of `WhisperModel.transcribe` without options."""
    return "".join(segment.text for segment in library().transcribe(sound)[0])


def ours(sound: np.ndarray) -> str:
    """Transcribe as a job does: chunk after chunk, with the language of the first chunk that has one."""
    text, language, longest = "", None, vad.FIRST_CHUNK_SECONDS
    while len(sound):
        last = len(sound) <= longest * (1 + vad.TAIL_TOLERANCE) * audio.RATE
        cut = len(sound) if last else vad.cut(sound, longest)
        run = transcribe.transcribe(sound[:cut], language=language)
        text += "".join(segment.text for segment in run)
        language = language or run.language
        sound, longest = sound[cut:], vad.CHUNK_SECONDS
    return text


def measured(names: Order, text: str) -> tuple[float, int, float]:
    """Word error rate in %, words dropped, and the longest speech without its words in seconds.

    The last is from the share of an utterance's words that are dropped in a row.
    """
    words = [(word, name) for name in names for word in audio.librispeech()[name].split()]
    result = jiwer.process_words(" ".join(word for word, _ in words), normalised(text) or "nothing")
    pace = {
        name: len(audio.samples(audio.utterance(name))) / audio.RATE / len(audio.librispeech()[name].split())
        for name in names
    }
    runs = [
        sum(pace[name] for _, name in words[part.ref_start_idx : part.ref_end_idx])
        for part in result.alignments[0]
        if part.type == "delete"
    ]
    return 100 * result.wer, result.deletions, max(runs, default=0.0)


def rows_of(orders: dict[str, Order], mixed: bool) -> list[list[object]]:
    """Measure both engines in each order and in all; a row each."""
    engines: dict[str, Callable[[np.ndarray], str]] = {"defaults": defaults, "STT Studio": ours}
    rows: list[list[object]] = []
    seen: dict[str, list] = {engine: [] for engine in engines}
    for title, names in orders.items():
        sound = joined(names, mixed)
        rates = {}
        for engine, hear in engines.items():
            rates[engine], dropped, longest = measured(names, hear(sound))
            worse = f"{rates[engine] - rates['defaults']:+.2f}"
            rows.append([title, engine, f"{rates[engine]:.2f}", worse, dropped, f"{longest:.1f}"])
            seen[engine].append((rates[engine], dropped, longest))
    # The same words in each order, so the mean is the rate over all.
    means = {engine: mean(rate for rate, _, _ in found) for engine, found in seen.items()}
    for engine, found in seen.items():
        worse, (_, dropped, longest) = f"{means[engine] - means['defaults']:+.2f}", zip(*found, strict=True)
        rows.append(["all orders", engine, f"{means[engine]:.2f}", worse, sum(dropped), f"{max(longest):.1f}"])
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seeds", nargs="*", type=int, default=[1, 2])
    parser.add_argument("--speakers", default=PROVING, help="numbers, comma-separated; default: %(default)s")
    parser.add_argument(
        "--mixed", action="store_true", help="each utterance plain, faster, in noise or on the telephone"
    )
    parser.add_argument("--sets", help="instruction sets, comma-separated; default: the two best of this machine")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.here:
        speakers = set(filter(None, arguments.speakers.split(",")))
        print(json.dumps(rows_of(orders(arguments.seeds, speakers), arguments.mixed)))
        return
    chosen = [*map(str, arguments.seeds), "--speakers", arguments.speakers, *["--mixed"] * arguments.mixed]
    rows = []
    for isa in arguments.sets.split(",") if arguments.sets else instruction_sets.available()[-2:]:
        printed = instruction_sets.run(isa, "-m", "tests.bench.accuracy", "--here", *chosen)
        rows += [[isa, *row] for row in json.loads(printed)]
    print_table(
        f"Words wrong; to reach: at most 0.5 points worse than the defaults, no drop of over {LONGEST_DROP:.0f} s",
        ["instruction set", "order", "engine", "WER in %", "points worse", "words dropped", "longest drop in s"],
        rows,
    )


if __name__ == "__main__":
    main()
