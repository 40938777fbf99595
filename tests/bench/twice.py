"""Measure a recording repeated after a gap of silence, noise or music: `python -m tests.bench.twice`.

Ten recordings are measured with each kind and length of gap, under the two newest instruction sets of the machine.
Goal: at most twice as many wrong words as in the recording alone, no passage dropped, no word under 20 ms, no word in
the gap.
"""

from __future__ import annotations

import argparse
import json
from functools import cache

import jiwer
import numpy as np

from stt.whisper import transcribe
from tests import audio, instruction_sets
from tests.bench.accuracy import normalised
from tests.bench.table import print_table

GAPS = {"silence": audio.silence, "noise": audio.noise, "music": audio.chords}
RECORDINGS = (
    "jfk", "austen-0870", "1688-142285-0001", "1688-142285-0007", "1998-15444-0001", "1998-15444-0003",
    "2033-164914-0002", "2414-128291-0001", "2414-128291-0004", "2609-156975-0002",
)  # fmt: skip
EDGE = 0.6  # seconds at the start and at the end of the gap in which a word does not count as in the gap


def recording(name: str) -> tuple[np.ndarray, str]:
    """Return the samples and the text of one of RECORDINGS."""
    if name == "jfk":
        return audio.samples(audio.JFK), audio.JFK_WORDS
    if name.startswith("austen"):
        return audio.samples(audio.AUDIO / f"{name}.wav"), audio.AUSTEN_WORDS[name]
    return audio.samples(audio.utterance(name)), audio.librispeech()[name]


def measured(sound: np.ndarray, reference: str, gap: tuple[float, float] = (0, 0)) -> dict[str, int]:
    """Transcribe `sound`, and return the numbers of words that are wrong, under 20 ms long, and in the gap.

    "dropped" is the number of words in the longest run of dropped words.
    """
    words = [word for segment in transcribe.transcribe(sound, language="en") for word in segment.words]
    found = jiwer.process_words(reference, normalised("".join(word.text for word in words)) or "nothing")
    dropped = [part.ref_end_idx - part.ref_start_idx for part in found.alignments[0] if part.type == "delete"]
    return {
        "wrong": found.substitutions + found.deletions + found.insertions,
        "dropped": max(dropped, default=0),
        "under 20 ms": sum(word.end - word.start < 0.02 for word in words),
        "in the gap": sum(gap[0] + EDGE < word.start and word.end < gap[1] - EDGE for word in words),
    }


@cache
def wrong_alone(name: str) -> int:
    return measured(*recording(name))["wrong"]


def twice(name: str, kind: str, seconds: float) -> dict[str, int]:
    """Measure a recording repeated after a gap, and add twice the number of wrong words of the recording alone."""
    sound, text = recording(name)
    alone = len(sound) / audio.RATE
    found = measured(np.concatenate([sound, GAPS[kind](seconds), sound]), f"{text} {text}", (alone, alone + seconds))
    return {"wrong alone, doubled": 2 * wrong_alone(name), **found}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--recordings", default=",".join(RECORDINGS), help="comma-separated recordings; default: all ten"
    )
    parser.add_argument(
        "--gaps", default="4,15", help="comma-separated lengths of the gap in seconds; default: %(default)s"
    )
    parser.add_argument("--kinds", default=",".join(GAPS), help="comma-separated kinds of gap; default: %(default)s")
    parser.add_argument("--sets", help="comma-separated instruction sets; default: the two newest of this machine")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.here:
        for name in arguments.recordings.split(","):
            for kind in arguments.kinds.split(","):
                for gap in arguments.gaps.split(","):
                    print(json.dumps([name, kind, gap, twice(name, kind, float(gap))]), flush=True)
        return
    rows = []
    options = ["--recordings", arguments.recordings, "--gaps", arguments.gaps, "--kinds", arguments.kinds]
    for isa in arguments.sets.split(",") if arguments.sets else instruction_sets.available()[-2:]:
        output = instruction_sets.run(isa, "-m", "tests.bench.twice", "--here", *options)
        for name, kind, gap, found in map(json.loads, output.splitlines()):
            rows.append([name, kind, gap, isa, *found.values()])
    rows.sort()
    title = "Words of a recording repeated after a gap (goal: no more wrong than alone, 0 under 20 ms, 0 in the gap)"
    print_table(title, ["recording", "gap", "gap, s", "instruction set", "wrong alone, doubled", "wrong", "longest drop, words",
                        "under 20 ms", "in the gap"], rows)  # fmt: skip


if __name__ == "__main__":
    main()
