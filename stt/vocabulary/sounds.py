"""Compare how words sound, by their spelling. The rules are approximate and made for European languages.

Letters without a rule are compared unchanged.
"""

from __future__ import annotations

import re
from functools import lru_cache

from stt.transcript import scripts
from stt.transcript.folding import fold

_CLOSE = ("bpvfw", "dt0", "gkcjq", "szxc1", "mn", "lr")  # groups of similar consonants
_VOWELS = frozenset("aeiouy")
_SOFT = _VOWELS | frozenset("hw")  # letters whose omission adds less to the distance
_START = re.compile("^(?:wr|kn|gn|ps)")
_SPELLINGS = [  # patterns and their sounds; 0 stands for "th", 1 for "sh"
    (re.compile(pattern), sound)
    for pattern, sound in (
        *(("ph", "f"), ("gh", "g"), ("ck", "k"), ("sch|sh", "1"), ("ch", "c"), ("th", "0"), ("qu", "kw"), ("x", "ks")),
        *(("c(?=[eiy])", "s"), ("c", "k"), ("q", "k"), (r"(.)\1+", r"\1"), ("(?<=.)e$", "")),
    )
]
_GROUP = {ord(letter): group[0] for group in _CLOSE[::-1] for letter in group} | dict.fromkeys(map(ord, "aeiouyh"))


@lru_cache(maxsize=20_000)
def key(text: str) -> str:
    """Return a rough spelling of `text` by its sound, without spaces.

    Combining marks are kept: in Indic scripts, vowel signs are such marks. The result is empty if `text` has no letters
    and no digits.
    """
    found = "".join(scripts.runs(fold(text))).replace("_", "")
    found = _START.sub(lambda match: match[0][1], found)
    for pattern, sound in _SPELLINGS:
        found = pattern.sub(sound, found)
    return found


def skeleton(sound: str) -> str:
    """Return the consonants of a key, similar ones replaced by the same letter (see _CLOSE), for a fast comparison."""
    return sound.translate(_GROUP)


def distance(one: str, other: str) -> float:
    """Return how differently two words sound, 0 (alike) to 1, given their keys (see `key`)."""
    row = [0.0]
    for letter in other:
        row.append(row[-1] + _gap(letter))
    for a in one:
        new = [row[0] + _gap(a)]
        for place, b in enumerate(other):
            new.append(min(row[place] + _swap(a, b), row[place + 1] + _gap(a), new[-1] + _gap(b)))
        row = new
    return min(1.0, row[-1] / max(len(one), len(other), 1))


def _gap(letter: str) -> float:
    return 0.5 if letter in _SOFT else 1.0


@lru_cache(maxsize=4096)
def _swap(a: str, b: str) -> float:
    if a == b:
        return 0.0
    if a in _VOWELS and b in _VOWELS:
        return 0.4
    return 0.5 if any(a in group and b in group for group in _CLOSE) else 1.0
