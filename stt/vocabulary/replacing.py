"""Replace words of a transcript by the terms of a vocabulary.

Only whole words are replaced, never a part of a word. A term gets the times of the words that it replaces.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from stt.transcript import scripts
from stt.transcript.folding import fold
from stt.transcript.model import Segment, Transcript
from stt.transcript.retiming import rewritten
from stt.vocabulary.terms import Term

_POSSESSIVES = ("'s", "’s")


@dataclass(frozen=True, slots=True)
class _Core:
    """A word, stripped of the punctuation around it and of a possessive ending.

    The word is at [start:end] of its text. `key` is the word after `fold`, which removes case and accents.
    """

    start: int
    end: int
    key: str


def replaced(transcript: Transcript, terms: Iterable[Term]) -> tuple[Transcript, dict[Term, int]]:
    """Return the transcript with the replacements of `terms` made, and how often each replacement was made.

    Case and accents are ignored. If several replacements are possible at a word, the one that replaces the most words
    is made. Possessive endings are kept: "Cyril's" becomes "Cyrille's".
    """
    by_first: dict[str, list[tuple[tuple[str, ...], Term]]] = {}
    for term in terms:
        if term.replaces and (keys := tuple(core.key for core in _cores(term.replaces))):
            by_first.setdefault(keys[0], []).append((keys, term))
    if not by_first:
        return transcript, {}
    for rules in by_first.values():
        rules.sort(key=lambda rule: -len(rule[0]))
    counts: Counter[Term] = Counter()
    segments: list[Segment] = []
    for segment in transcript.segments:
        text = "".join(word.text for word in segment.words) or segment.text
        new = _rewrite(text, by_first, counts)
        segments += [segment] if new == text else rewritten([segment], " ".join(new.split()))
    return (replace(transcript, segments=tuple(segments)), dict(counts)) if counts else (transcript, {})


def bare_words(text: str) -> list[str]:
    """Return the words of a text without adjacent punctuation and possessive endings."""
    return [text[core.start : core.end] for core in _cores(text)]


def _rewrite(text: str, by_first: dict[str, list[tuple[tuple[str, ...], Term]]], counts: Counter[Term]) -> str:
    cores = _cores(text)
    keys = [core.key for core in cores]
    parts: list[str] = []
    at = done = 0
    while at < len(cores):
        term, length = _rule(keys, at, by_first)
        if term is None:
            at += 1
            continue
        start, end = cores[at].start, cores[at + length - 1].end
        if text[start:end] != term.text:
            parts += [text[done:start], term.text]
            done = end
            counts[term] += 1
        at += length
    return "".join([*parts, text[done:]])


def _rule(
    keys: Sequence[str], at: int, by_first: dict[str, list[tuple[tuple[str, ...], Term]]]
) -> tuple[Term | None, int]:
    for wanted, term in by_first.get(keys[at], ()):
        if tuple(keys[at : at + len(wanted)]) == wanted:
            return term, len(wanted)
    return None, 0


def _cores(text: str) -> list[_Core]:
    """Return the words of a text without adjacent punctuation and possessive endings."""
    found = []
    for match in scripts.PIECE.finditer(text):
        start, end = match.span()
        while start < end and _is_punctuation(text[start]):
            start += 1
        while start < end and _is_punctuation(text[end - 1]):
            end -= 1
        if end - start > 2 and text[start:end].endswith(_POSSESSIVES):
            end -= 2
        if start < end:
            found.append(_Core(start, end, fold(text[start:end])))
    return found


def _is_punctuation(character: str) -> bool:
    return unicodedata.category(character)[0] in "PSC"
