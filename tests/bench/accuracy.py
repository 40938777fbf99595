"""Compare word errors and dropped words with faster-whisper's defaults: `python -m tests.bench.accuracy`.

This app's engine and faster-whisper transcribe the same sound: forty utterances of LibriSpeech test-other, over five
minutes. They are joined in three orders: grouped by speaker, and shuffled with each of two seeds (arguments, default 1
and 2). The settings were tuned on the speaker 1688 and on the two other recordings of `tests/speech`: plain, faster,
slower, in noise and as on the telephone. `--speakers 1688` measures that speaker. `--mixed` leaves each utterance plain
or makes it faster, noisy or telephone-like at random, as in a meeting where some people call in. Instruction sets round
differently, which can change the text, so the two newest that the machine has are measured.
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

HELD_OUT_SPEAKERS = "1998,2033,2414,2609"  # comma-separated speakers on which no setting was tuned
LONGEST_DROP = 5.0  # seconds; goal for the longest run of dropped words
Order = list[str]


def normalised(text: str) -> str:
    """Return lower-case text without punctuation, with "mister" for "mr" and "missus" for "mrs"."""
    text = re.sub(r"[^a-z0-9' ]", " ", text.lower().replace("’", "'").replace("-", " "))
    return " ".join({"mr": "mister", "mrs": "missus"}.get(word, word) for word in text.split())


def orders(seeds: list[int], speakers: set[str]) -> dict[str, Order]:
    """Return {title of an order: utterances in this order}, of `speakers` or, if empty, of all speakers."""
    names = [name for name in audio.librispeech() if not speakers or name.split("-")[0] in speakers]
    found = {"grouped by speaker": names}
    for seed in seeds:
        found[f"shuffled, seed {seed}"] = random.Random(seed).sample(names, len(names))
    return found


def joined(names: Order, mixed: bool = False) -> np.ndarray:
    rng = random.Random(len(names))
    sounds = [audio.samples(audio.utterance(name)) for name in names]
    return np.concatenate([rng.choice(CHANGES)(sound) if mixed else sound for sound in sounds])


def faster(sound: np.ndarray) -> np.ndarray:
    at = np.arange(0, len(sound), 1.2)
    return np.interp(at, np.arange(len(sound)), sound).astype(np.float32)


def in_noise(sound: np.ndarray) -> np.ndarray:
    return sound + audio.noise(len(sound) / audio.RATE + 1, 0.01)[: len(sound)]


CHANGES = (np.copy, faster, in_noise, audio.telephone)


@cache
def library() -> WhisperModel:
    """Return faster-whisper's model with the app's weights, in int8 and otherwise with the library's defaults."""
    return WhisperModel(str(weights.find(settings()).folder), device="cpu", compute_type="int8")


def defaults(sound: np.ndarray) -> str:
    """Return the text of `WhisperModel.transcribe` without options."""
    return "".join(segment.text for segment in library().transcribe(sound)[0])


def ours(sound: np.ndarray) -> str:
    """Return the text as a job transcribes it: chunk by chunk, in the first language detected in a chunk."""
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
    """Return the word error rate in %, the number of dropped words, and the longest drop in seconds.

    A drop is a run of dropped words. Its length is estimated from the mean word duration in their utterances.
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
    """Return table rows: one for each engine in each order, and one for each engine over all orders."""
    engines: dict[str, Callable[[np.ndarray], str]] = {"defaults": defaults, "STT Studio": ours}
    rows: list[list[object]] = []
    results: dict[str, list] = {engine: [] for engine in engines}
    for title, names in orders.items():
        sound = joined(names, mixed)
        rates = {}
        for engine, decode in engines.items():
            rates[engine], dropped, longest = measured(names, decode(sound))
            difference = f"{rates[engine] - rates['defaults']:+.2f}"
            rows.append([title, engine, f"{rates[engine]:.2f}", difference, dropped, f"{longest:.1f}"])
            results[engine].append((rates[engine], dropped, longest))
    # All orders have the same words, so the mean of their error rates is the error rate over all orders.
    means = {engine: mean(rate for rate, _, _ in measurements) for engine, measurements in results.items()}
    for engine, measurements in results.items():
        difference, (_, dropped, longest) = f"{means[engine] - means['defaults']:+.2f}", zip(*measurements, strict=True)
        rows.append(["all orders", engine, f"{means[engine]:.2f}", difference, sum(dropped), f"{max(longest):.1f}"])
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seeds", nargs="*", type=int, default=[1, 2])
    parser.add_argument(
        "--speakers", default=HELD_OUT_SPEAKERS, help="comma-separated speaker numbers; default: %(default)s"
    )
    parser.add_argument(
        "--mixed", action="store_true", help="leave each utterance plain or make it faster, noisy or telephone-like"
    )
    parser.add_argument("--sets", help="comma-separated instruction sets; default: the two newest of this machine")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.here:
        speakers = set(filter(None, arguments.speakers.split(",")))
        print(json.dumps(rows_of(orders(arguments.seeds, speakers), arguments.mixed)))
        return
    options = [*map(str, arguments.seeds), "--speakers", arguments.speakers, *["--mixed"] * arguments.mixed]
    rows = []
    for isa in arguments.sets.split(",") if arguments.sets else instruction_sets.available()[-2:]:
        output = instruction_sets.run(isa, "-m", "tests.bench.accuracy", "--here", *options)
        rows += [[isa, *row] for row in json.loads(output)]
    print_table(
        f"Word errors (goal: WER at most 0.5 points above the defaults, no drop of over {LONGEST_DROP:.0f} s)",
        ["instruction set", "order", "engine", "WER, %", "difference, points", "dropped words", "longest drop, s"],
        rows,
    )


if __name__ == "__main__":
    main()
