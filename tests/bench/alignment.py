"""Measure how far aligned words are from their decoded times: `python -m tests.bench.alignment`.

The recording is the forty utterances of the accuracy benchmark, shuffled and joined. Its transcription has the
reference times. Three texts are aligned: the decoded text without its times; the same with a tenth of its words
replaced, removed or added at random; and the words of LibriSpeech, in lower case and without punctuation. The words of
a text are aligned window by window, with the window boundaries of the transcription. Only words that are both in the
text and in the transcription are measured.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Sequence

import numpy as np

from stt.settings import settings
from stt.speech import vad
from stt.transcript import alignment
from stt.transcript.model import Segment, Transcript, Word
from stt.whisper import transcribe, weights
from stt.whisper.forced_alignment import plan, result, windows
from stt.whisper.forced_alignment.aligner import placed
from stt.whisper.forced_alignment.plan import UNFIT, key
from stt.whisper.loading import loaded
from tests import audio
from tests.bench.accuracy import HELD_OUT_SPEAKERS, joined, orders
from tests.bench.table import print_table

GOAL = 0.2  # seconds; goal for the median distance between aligned and reference times
CHANGED = 0.1  # share of the words at which `changed` makes an error


def changed(words: Sequence[str], seed: int) -> list[str]:
    """Return the words after replacing, removing or adding a word at about one in ten of them, at random."""
    rng = random.Random(seed)
    found: list[str] = []
    for word in words:
        kind = rng.choice(("replaced", "removed", "added")) if rng.random() < CHANGED else ""
        other = rng.choice(words)
        found += {"": [word], "replaced": [other], "removed": [], "added": [word, other]}[kind]
    return found


def aligned(model: loaded.Model, sound: np.ndarray, given: Transcript, guide: Transcript) -> Transcript:
    """Align the text of `given` as a job does, but in one chunk. `guide` is a transcription with times."""
    seconds = len(sound) / audio.RATE
    planned = plan.from_decoding(given.segments, guide)
    spans = windows.windows(planned.words, 0, len(planned.words), 0.0, seconds)
    probabilities = vad.speech_probabilities(sound)
    with model.whole.session(lambda: None, short=False) as session:
        found = placed(session, sound, probabilities, 0.0, planned.words, spans, "en")
    return result.finished(given, planned, found, seconds)


def measured(known_words: Sequence[Word], found: Transcript) -> list[object]:
    """Return a row: measured words, 50th, 90th and 99th percentile of distances in s, words marked as not spoken."""
    words = found.words
    same = alignment.same([key(word.text) for word in known_words], [key(word.text) for word in words])
    distances = [abs(words[index].start - known_words[known].start) for index, known in same.items()]
    marked = sum(len(str(row["text"]).split()) for row in found.extras.get(UNFIT, ()))
    return [len(distances), *(f"{np.percentile(distances, share):.2f}" for share in (50, 90, 99)), marked]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    names = orders([arguments.seed], set(HELD_OUT_SPEAKERS.split(",")))[f"shuffled, seed {arguments.seed}"]
    sound = joined(names)
    seconds = len(sound) / audio.RATE
    model = loaded.of(weights.find(settings()))
    decoded = Transcript(tuple(transcribe.transcribe(sound, language="en", model=model)), seconds, "en")
    words = [word.text.strip() for word in decoded.words]
    texts = {
        "the decoded text": " ".join(words),
        "a tenth of its words replaced, removed or added": " ".join(changed(words, arguments.seed)),
        "the words of LibriSpeech, without case and punctuation": " ".join(audio.librispeech()[name] for name in names),
    }
    rows = []
    for title, text in texts.items():
        began = time.monotonic()
        found = aligned(model, sound, Transcript((Segment(0.0, 0.0, text),), timed=False), decoded)
        rows.append([title, *measured(decoded.words, found), f"{seconds / (time.monotonic() - began):.0f}"])
    print_table(
        f"Distance between aligned and decoded word starts, seconds ({seconds:.0f} s of speech; goal: median {GOAL})",
        ["text", "words", "median", "90 %", "99 %", "words marked as not spoken", "times real time"],
        rows,
    )


if __name__ == "__main__":
    main()
