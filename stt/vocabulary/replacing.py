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


@dataclass(frozen=True, slots=True)
class _Rule:
    """A replacement, prepared for comparison with texts.

    `keys` are the keys of the words to replace. `edges` is the punctuation before and after them in `term.replaces`,
    and `new_edges` the punctuation before and after the words of `term.text`. `repeated` has the indexes in `term.text`
    at which the first of the words to replace occurs.
    """

    term: Term
    keys: tuple[str, ...]
    edges: tuple[str, str]
    new_edges: tuple[str, str]
    repeated: tuple[int, ...]

    def span(self, text: str, found: Sequence[_Core], done: int) -> tuple[int, int] | None:
        """Return the start and the end of the part of `text` to replace: the words `found` and punctuation.

        If the rule has no punctuation on a side, punctuation of the new text that is already there is included, so that
        it is not doubled. Returns None if the rule does not fit, or if the part would begin before the index `done`.
        """
        start, end = found[0].start, found[-1].end
        if tuple(core.key for core in found) != self.keys:
            return None
        (before, after), (new_before, new_after) = self.edges, self.new_edges
        if not (start - len(before) >= done and _has(text, start - len(before), before) and _has(text, end, after)):
            return None
        if not before and start - len(new_before) >= done and _has(text, start - len(new_before), new_before):
            before = new_before
        if not after and _has(text, end, new_after):
            after = new_after
        return start - len(before), end + len(after)

    def is_made(self, text: str, start: int) -> bool:
        """Return whether the words at index `start` are already part of the new text ("Mr." with `Mr → Mr.`)."""
        return any(place <= start and text.startswith(self.term.text, start - place) for place in self.repeated)


def replaced(transcript: Transcript, terms: Iterable[Term]) -> tuple[Transcript, dict[Term, int]]:
    """Return the transcript with the replacements of `terms` made, and how often each replacement was made.

    Case and accents are ignored. If several replacements are possible at a word, the one that replaces the most words
    is made. Possessive endings are kept: "Cyril's" becomes "Cyrille's". If the text to replace begins or ends with
    punctuation, the transcript must have it, too: `C# → C sharp` does not change "Vitamin C".
    """
    by_first: dict[str, list[_Rule]] = {}
    for term in terms:
        if rule := _rule(term):
            by_first.setdefault(rule.keys[0], []).append(rule)
    if not by_first:
        return transcript, {}
    for rules in by_first.values():
        rules.sort(key=lambda rule: (-len(rule.keys), -len("".join(rule.edges))))
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


def _rule(term: Term) -> _Rule | None:
    if not term.replaces or not (old := _cores(term.replaces)):
        return None
    new = _cores(term.text)
    repeated = tuple(core.start for core in new if core.key == old[0].key)
    return _Rule(term, tuple(core.key for core in old), _edges(term.replaces, old), _edges(term.text, new), repeated)


def _rewrite(text: str, by_first: dict[str, list[_Rule]], counts: Counter[Term]) -> str:
    cores = _cores(text)
    parts: list[str] = []
    at = done = 0
    while at < len(cores):
        length = 1
        for rule in by_first.get(cores[at].key, ()):
            if span := rule.span(text, cores[at : at + len(rule.keys)], done):
                length = len(rule.keys)
                if not rule.is_made(text, cores[at].start):
                    parts += [text[done : span[0]], rule.term.text]
                    done = span[1]
                    counts[rule.term] += 1
                break
        at += length
    return "".join([*parts, text[done:]])


def _edges(text: str, cores: Sequence[_Core]) -> tuple[str, str]:
    """Return the punctuation before and after the words of a text."""
    return (text[: cores[0].start], text[cores[-1].end :]) if cores else ("", "")


def _has(text: str, at: int, edge: str) -> bool:
    """Return whether `edge` is at index `at` of a text. Different apostrophes are equal."""
    return fold(text[at : at + len(edge)]) == fold(edge)


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
