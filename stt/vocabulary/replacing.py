"""Replace words of a transcript by the terms of a vocabulary.

Only whole words are replaced, never a part of a word. A term gets the times of the words that it replaces.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from stt.transcript.folding import fold
from stt.transcript.model import Segment, Transcript
from stt.transcript.retiming import rewritten
from stt.vocabulary.terms import Term
from stt.vocabulary.words import Core, cores, separators


@dataclass(frozen=True, slots=True)
class _Rule:
    """A replacement, prepared for comparison with texts.

    `keys` are the keys of the words to replace. `edges` is the punctuation before and after them in `term.replaces`,
    and `new_edges` the punctuation before and after the words of `term.text`. `separators` is the punctuation between
    the words to replace (see `words.separators`). `repeated` has the indexes in `term.text` at which the first of the
    words to replace occurs.
    """

    term: Term
    keys: tuple[str, ...]
    edges: tuple[str, str]
    new_edges: tuple[str, str]
    separators: tuple[str, ...]
    repeated: tuple[int, ...]

    def span(self, text: str, found: Sequence[Core], done: int) -> tuple[int, int] | None:
        """Return the start and the end of the part of `text` to replace: the words `found` and punctuation.

        If the rule has no punctuation on a side, punctuation of the new text that is already there is included, so that
        it is not doubled. Returns None if the rule does not fit, or if the part would begin before the index `done`. A
        rule does not fit if punctuation would be lost between the words, such as the end of a sentence.
        """
        start, end = found[0].start, found[-1].end
        if tuple(core.key for core in found) != self.keys:
            return None
        if any(one and one != own for one, own in zip(separators(text, found), self.separators, strict=True)):
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


def _rule(term: Term) -> _Rule | None:
    if not term.replaces or not (old := cores(term.replaces)):
        return None
    new = cores(term.text)
    repeated = tuple(core.start for core in new if core.key == old[0].key)
    keys, between = tuple(core.key for core in old), tuple(separators(term.replaces, old))
    return _Rule(term, keys, _edges(term.replaces, old), _edges(term.text, new), between, repeated)


def _rewrite(text: str, by_first: dict[str, list[_Rule]], counts: Counter[Term]) -> str:
    found = cores(text)
    parts: list[str] = []
    at = done = 0
    while at < len(found):
        length = 1
        for rule in by_first.get(found[at].key, ()):
            if span := rule.span(text, found[at : at + len(rule.keys)], done):
                length = len(rule.keys)
                if not rule.is_made(text, found[at].start):
                    parts += [text[done : span[0]], rule.term.text]
                    done = span[1]
                    counts[rule.term] += 1
                break
        at += length
    return "".join([*parts, text[done:]])


def _edges(text: str, found: Sequence[Core]) -> tuple[str, str]:
    """Return the punctuation before and after the words of a text."""
    return (text[: found[0].start], text[found[-1].end :]) if found else ("", "")


def _has(text: str, at: int, edge: str) -> bool:
    """Return whether `edge` is at index `at` of a text. Different apostrophes are equal."""
    return fold(text[at : at + len(edge)]) == fold(edge)
