"""Bias a decoded window towards terms: if words sound like a term, the model scores the term in their place.

CTranslate2 cannot bias its search. With terms in the prompt, Whisper recognises no more names than with rescoring, and
loses words in recordings where the terms do not occur: see `python -m tests.bench.vocabulary`. With rescoring, the
window is decoded as without a vocabulary, and only words that sound like a term can change. So no vocabulary can make
Whisper loop or drop speech.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Protocol

import numpy as np
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

from stt.transcript import scripts
from stt.vocabulary import sounds
from stt.vocabulary.words import POSSESSIVES, cores, separators

# The following constants were tuned on two speakers of LibriSpeech test-other. `tests.bench.vocabulary` evaluates them
# on other speakers.
MAX_DISTANCE = 0.42  # maximum `sounds.distance` between a term and the words that it may replace
BIAS = 15.0  # maximum loss of log probability accepted for a term that sounds the same as the replaced words
BIAS_PER_DISTANCE = 20.0  # reduction of the bias per unit of `sounds.distance`
# The replaced text may have up to FEWER_WORDS words fewer than the term ("Alzaman" for "al Zaman"), or up to MORE_WORDS
# words more ("these stitches" for "distichs").
FEWER_WORDS, MORE_WORDS = 2, 3
# Maximum number of candidates that are scored in a window, per term and in total. The nearest in sound are scored.
MAX_OF_A_TERM, MAX_CANDIDATES = 2, 10
# Maximum number of pairs of a term and words in a window whose `sounds.distance` is computed, which is slow.
MAX_COMPARED = 1000
_FLOOR = 1e-12

# A function that receives the tokens of a text and returns the probability of each token.
Score = Callable[[list[int]], Sequence[float]]


class Tokenizer(Protocol):
    @property
    def eot(self) -> int: ...

    def encode(self, text: str) -> list[int]: ...

    def split_to_word_tokens(self, tokens: list[int]) -> tuple[list[str], list[list[int]]]: ...


@dataclass(frozen=True, slots=True)
class _Word:
    """A word of a window: its `text`, and its tokens `first` to `last` (exclusive).

    `run` is the number of timestamps in the window before the word.
    """

    text: str
    first: int
    last: int
    run: int


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A possible replacement of the tokens `first` to `last` (exclusive) by `text`, which contains `term`.

    `distance` is the `sounds.distance` between the term and the replaced words. `lossy` means that the text lacks
    punctuation between the replaced words, such as the end of a sentence.
    """

    distance: float
    term: str
    first: int
    last: int
    text: str
    lossy: bool

    def overlaps(self, other: _Candidate) -> bool:
        return self.first < other.last and other.first < self.last


class Rescorer:
    """Rescore decoded windows in favour of the terms of a vocabulary. The terms are prepared once."""

    def __init__(self, terms: Sequence[str]) -> None:
        self._terms = [term for term in dict.fromkeys(terms) if sounds.key(term)]
        self._known = frozenset(self._terms)
        self._keys = [sounds.key(term) for term in self._terms]
        self._skeletons = [sounds.skeleton(key) for key in self._keys]
        # The minimum and maximum number of words into which a tokenizer splits each term.
        self._fewest = [len(scripts.runs(term)) for term in self._terms]
        self._most = [_most_words(term) for term in self._terms]
        # The words of each term of several words. They may be in the text that the term replaces, even if listed alone.
        self._parts = [set(term.split()) - {term} for term in self._terms]

    def rescored(self, tokens: Sequence[int], tokenizer: Tokenizer, score: Score) -> list[int]:
        """Return `tokens`, a window's words and timestamps, with words replaced by terms that are probable enough."""
        found = list(tokens)
        if not self._terms or not (candidates := self._candidates(found, tokenizer)):
            return found
        plain = _log(score(_text(found, tokenizer)))
        gains: list[tuple[float, _Candidate, list[int]]] = []
        for candidate in candidates:
            new = tokenizer.encode(candidate.text)
            replaced = found[: candidate.first] + new + found[candidate.last :]
            begin = len(_text(found[: candidate.first], tokenizer))
            probable = _log(score(_text(replaced, tokenizer)))
            gain = float(probable[begin:].sum() - plain[begin:].sum())
            gain += BIAS - BIAS_PER_DISTANCE * candidate.distance
            if gain > 0:
                gains.append((gain, candidate, new))
        taken: list[tuple[_Candidate, list[int]]] = []
        for _, candidate, new in sorted(gains, key=lambda each: -each[0]):
            if not any(candidate.overlaps(other) for other, _ in taken):
                taken.append((candidate, new))
        for candidate, new in sorted(taken, key=lambda each: -each[0].first):
            found[candidate.first : candidate.last] = new
        return found

    def _candidates(self, tokens: list[int], tokenizer: Tokenizer) -> list[_Candidate]:
        """Return the replacements to score, the one that sounds most like the replaced words first."""
        words = list(_words(tokens, tokenizer))
        spans = list(self._spans(words))
        if not spans:
            return []
        parts = [split_word("".join(word.text for word in words[at : at + length])) for at, length in spans]
        keys = [sounds.key(core) for _, core, _ in parts]
        listed = [self._listed(core + after) for _, core, after in parts]
        found: list[_Candidate] = []
        compared = 0
        for place, number in self._near([length for _, length in spans], keys):
            (at, length), (before, core, after), term = spans[place], parts[place], self._terms[number]
            if (core + after).startswith(term) or listed[place] - self._parts[number]:
                continue
            if (different := sounds.distance(keys[place], self._keys[number])) <= MAX_DISTANCE:
                text = before + term + after
                first, last, lossy = words[at].first, words[at + length - 1].last, _loses_punctuation(core, term)
                found.append(_Candidate(different, term, first, last, text, lossy))
            compared += 1
            if compared == MAX_COMPARED:
                break
        # Of equal distances, take the longer span: a wrong last character is as far from the term as a missing one.
        found.sort(key=lambda candidate: (candidate.distance, candidate.first, -candidate.last))
        kept: list[_Candidate] = []
        refused: list[_Candidate] = []
        for candidate in found:
            # If candidates of one term overlap, keep only the nearest, so that no unrelated word is replaced as well.
            if any(candidate.overlaps(other) for other in kept + refused if other.term == candidate.term):
                continue
            if candidate.lossy:
                refused.append(candidate)
            elif sum(other.term == candidate.term for other in kept) < MAX_OF_A_TERM:
                kept.append(candidate)
            if len(kept) == MAX_CANDIDATES:
                break
        return kept

    def _near(self, lengths: Sequence[int], keys: Sequence[str]) -> Iterator[tuple[int, int]]:
        """Yield (number of a span, number of a term) of the pairs that may sound alike, the most alike first.

        `lengths` are the numbers of words in the spans. Only skeletons are compared, in C.
        """
        differences = cdist([sounds.skeleton(key) for key in keys], self._skeletons, scorer=Levenshtein.distance)
        number = np.array(lengths)[:, None]
        size, wanted = np.array([len(key) for key in keys])[:, None], np.array([len(key) for key in self._keys])
        longest = np.maximum(size, wanted)
        near = np.argwhere(
            (differences <= MAX_DISTANCE * longest)
            & (number >= np.array(self._fewest) - FEWER_WORDS)
            & (number <= np.array(self._most) + MORE_WORDS)
            & (wanted <= 2 * size)
            & (size <= 2 * wanted)
        )
        shares = differences[tuple(near.T)] / longest[tuple(near.T)]
        for place, term in near[np.argsort(shares, kind="stable")]:
            yield int(place), int(term)

    def _listed(self, text: str) -> set[str]:
        """Return the words of `text` that are listed terms."""
        return {split_word(word)[1] for word in text.split()} & self._known

    def _spans(self, words: Sequence[_Word]) -> Iterator[tuple[int, int]]:
        """Yield (index of the first word, number of words) of each span of words that a term may replace."""
        longest = max(self._most) + MORE_WORDS
        for at, word in enumerate(words):
            for length in range(1, min(longest, len(words) - at) + 1):
                if words[at + length - 1].run != word.run:
                    break
                yield at, length


def _most_words(term: str) -> int:
    """Return the number of words in a term if each character of a script without spaces is a word.

    Whisper's tokenizer splits Chinese, Japanese, Thai, Lao and Burmese between tokens. A token may be a single
    character, such as a Thai vowel sign, or several. In Khmer, it splits at spaces.
    """
    others = "".join(" " if scripts.is_spaceless(character) else character for character in term)
    return sum(map(scripts.is_spaceless, term)) + len(scripts.runs(others))


def split_word(text: str) -> tuple[str, str, str]:
    """Split one or more words into the punctuation before them, the words, and the possessive and punctuation after."""
    spans = [run.span() for run in scripts.run_pattern().finditer(text)]
    start, end = (spans[0][0], spans[-1][1]) if spans else (len(text), len(text))
    before, core, after = text[:start], text[start:end], text[end:]
    if core.endswith(POSSESSIVES):
        return before, core[:-2], core[-2:] + after
    return before, core, after


def _loses_punctuation(text: str, term: str) -> bool:
    """Return whether `text` has punctuation between its words, such as the end of a sentence, that `term` lacks."""
    inside, own = (Counter(filter(None, separators(each, cores(each)))) for each in (text, term))
    return bool(inside - own)


def _words(tokens: list[int], tokenizer: Tokenizer) -> Iterator[_Word]:
    """Yield the words of a window. No word extends over a timestamp."""
    at = run = 0
    while at < len(tokens):
        end = at
        while end < len(tokens) and tokens[end] < tokenizer.eot:
            end += 1
        if end > at:
            texts, parts = tokenizer.split_to_word_tokens([*tokens[at:end], tokenizer.eot])
            ends = accumulate((len(part) for part in parts[:-1]), initial=at)
            for text, (first, last) in zip(texts[:-1], pairwise(ends), strict=True):
                yield _Word(text, first, last, run)
        at, run = end + 1, run + 1


def _text(tokens: list[int], tokenizer: Tokenizer) -> list[int]:
    """Return the tokens without timestamps."""
    return [token for token in tokens if token < tokenizer.eot]


def _log(probabilities: Sequence[float]) -> np.ndarray:
    return np.asarray(np.log(np.maximum(np.asarray(probabilities, np.float64), _FLOOR)))
