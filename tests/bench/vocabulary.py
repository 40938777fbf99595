"""Measure the recognition of names with a vocabulary: `python -m tests.bench.vocabulary`.

First, the correctly recognised names are counted in thirty recordings: fifteen utterances with rare names or terms by
three speakers on whom no setting was tuned, each plain and as on the telephone. Each is transcribed with all terms of
these recordings as the vocabulary. Second, the wrong words are counted in all utterances of the same speakers,
transcribed with fifty terms of other fields, which do not occur. For comparison, the terms are also given as a prompt,
"Glossary: …", to show the effect of faster-whisper's hotwords. Rescoring was tuned on the terms of the speakers 1688
and 2033, which `--tuning` measures.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass

import jiwer
import numpy as np

from stt.whisper import transcribe
from tests import audio
from tests.bench.accuracy import normalised
from tests.bench.table import print_table

HELD_OUT = {
    "1998-15444-0002": ["rigor mortis"],
    "1998-15444-0003": ["post-mortem", "alimentary canal"],
    "1998-15444-0004": ["gullet", "ligatures"],
    "1998-15444-0007": ["emetic"],
    "1998-15444-0008": ["minims"],
    "1998-15444-0009": ["apomorphine", "morphine"],
    "2414-128291-0001": ["quickeneth"],
    "2414-128291-0002": ["Zarathustra", "kine"],
    "2414-128291-0009": ["kine"],
    "2609-156975-0000": ["Moses"],
    "2609-156975-0002": ["Lincoln"],
    "2609-156975-0004": ["Merneptah", "Hebrews"],
    "2609-156975-0005": ["Hebrews"],
    "2609-156975-0006": ["Hebrew", "coalesced"],
    "2609-156975-0007": ["Ephraim", "Manasseh", "Benjamin", "Judah", "Israel"],
}
TUNING = {
    "1688-142285-0000": ["anon"],
    "1688-142285-0001": ["Margaret", "Hale", "Thornton"],
    "1688-142285-0005": ["Helstone", "shoppy"],
    "1688-142285-0006": ["Hale"],
    "2033-164914-0000": ["wot"],
    "2033-164914-0001": ["reciter", "whomsoever"],
    "2033-164914-0002": ["eunuch"],
    "2033-164914-0003": ["eunuch", "reciter"],
    "2033-164914-0004": ["Allah"],
    "2033-164914-0005": ["Zau al-Makan"],
    "2033-164914-0007": ["distichs"],
    "2033-164914-0008": ["Nuzhat al-Zaman", "whilome", "eunuch"],
}
OTHERS = """Kubernetes PostgreSQL Cyrille Anaïs Wójcik Nguyen Saoirse Siobhan Xiaomi Quetzalcoatl Reykjavik Llanelli
Worcester Ljubljana Szczecin Ouagadougou Djibouti Kierkegaard Nietzsche Dvořák Tchaikovsky Händel Lacan Foucault
Heisenberg Schrödinger Feynman Ramanujan Euler Gauss Terraform Grafana Prometheus Ansible Redis Kafka Django FastAPI
Streamlit pytest ibuprofen metformin amoxicillin warfarin tachycardia sepsis stenosis Bernd Katrin Jörg""".split()
CHANGES: dict[str, Callable[[np.ndarray], np.ndarray]] = {"plain": np.copy, "telephone": audio.telephone}
METHODS = ("no vocabulary", "vocabulary", "terms as a prompt")
MOST_WORSE = 0.3  # goal: maximum rise of the word error rate with a vocabulary, in percentage points


@dataclass
class Count:
    """Count in some recordings the names that are said and those recognised, the spoken words and the word errors."""

    listed: int = 0
    right: int = 0
    words: int = 0
    wrong: int = 0

    def add(self, reference: str, text: str, names: list[str]) -> None:
        found = normalised(text)
        result = jiwer.process_words(reference, found or "nothing")
        self.listed += len(names)
        self.right += sum(f" {normalised(name)} " in f" {found} " for name in names)
        self.words += len(reference.split())
        self.wrong += result.substitutions + result.deletions + result.insertions

    @property
    def rate(self) -> float:
        return 100 * self.wrong / self.words


def text_of(sound: np.ndarray, method: str, terms: list[str]) -> str:
    options = {"vocabulary": {"terms": terms}, "terms as a prompt": {"prompt": f"Glossary: {', '.join(terms)}."}}
    run = transcribe.transcribe(sound, language="en", **options.get(method, {}))
    return "".join(segment.text for segment in run)


def measured(names: dict[str, list[str]], terms: list[str], changes: list[str]) -> dict[str, Count]:
    """Transcribe the utterances of `names` ({utterance: listed names}) with `terms`, and return {method: counts}."""
    found = {method: Count() for method in METHODS}
    for name, listed in names.items():
        for change in changes:
            sound = CHANGES[change](audio.samples(audio.utterance(name)))
            for method, count in found.items():
                count.add(audio.librispeech()[name], text_of(sound, method, terms), listed)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tuning", action="store_true", help="use the speakers on which rescoring was tuned")
    recordings = TUNING if parser.parse_args().tuning else HELD_OUT
    terms = sorted({term for listed in recordings.values() for term in listed})
    found = measured(recordings, terms, list(CHANGES))
    before = found[METHODS[0]]
    missed = before.listed - before.right
    rows = [
        [
            method,
            f"{count.right} of {count.listed}",
            f"{100 * (count.right - before.right) / missed:.0f}",
            f"{count.rate:.2f}",
        ]
        for method, count in found.items()
    ]
    print_table(
        f"{len(recordings) * len(CHANGES)} recordings, {len(terms)} terms (goal: 50 % of the missed names recovered)",
        ["method", "correct names", "missed names recovered, %", "WER, %"],
        rows,
    )
    speakers = {name.split("-")[0] for name in recordings}
    clips: dict[str, list[str]] = {name: [] for name in audio.librispeech() if name.split("-")[0] in speakers}
    found = measured(clips, OTHERS, ["plain"])
    rows = [
        [method, f"{count.rate:.2f}", f"{count.rate - found[METHODS[0]].rate:+.2f}"] for method, count in found.items()
    ]
    print_table(
        f"{len(clips)} recordings, {len(OTHERS)} terms that do not occur (goal: WER at most {MOST_WORSE} points higher)",
        ["method", "WER, %", "difference, points"],
        rows,
    )


if __name__ == "__main__":
    main()
