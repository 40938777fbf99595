"""Find the words of a text without their punctuation, and the punctuation between them that must not be lost."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from stt.transcript import scripts
from stt.transcript.folding import fold

POSSESSIVES = ("'s", "’s")
# Characters that may stand between the words of a term without separating them. The dots and double hyphens are between
# the parts of foreign names in Chinese and Japanese.
_JOINERS = "'’‘`´&＆/・･·‧•＝゠"
_HYPHENS = "-\u2010\u2011\uff0d"
# Abbreviations before a capital letter, besides those that `scripts.ends_sentence` knows. Before a digit, any word
# may be one ("No. 5"), but before a capital letter, "no." ends a sentence.
_ABBREVIATIONS = frozenset("abs bd co mio mrd op str".split())


@dataclass(frozen=True, slots=True)
class Core:
    """A word, stripped of the punctuation around it and of a possessive ending.

    The word is at [start:end] of its text. `key` is the word after `fold`, which removes case and accents.
    """

    start: int
    end: int
    key: str


def cores(text: str) -> list[Core]:
    """Return the words of a text without adjacent punctuation and possessive endings."""
    found = []
    for match in scripts.PIECE.finditer(text):
        start, end = match.span()
        while start < end and _is_punctuation(text[start]):
            start += 1
        while start < end and _is_punctuation(text[end - 1]):
            end -= 1
        if end - start > 2 and text[start:end].endswith(POSSESSIVES):
            end -= 2
        if start < end:
            found.append(Core(start, end, fold(text[start:end])))
    return found


def bare_words(text: str) -> list[str]:
    """Return the words of a text without adjacent punctuation and possessive endings."""
    return [text[core.start : core.end] for core in cores(text)]


def separators(text: str, found: Sequence[Core]) -> list[str]:
    """Return the separator between each two consecutive words of `found`, the words of `text` or a part of them.

    A separator is punctuation that would be missed: a stop, a comma, a dash, a bracket. It is "" if there are only
    spaces, a hyphen, an apostrophe or the dot of an abbreviation between the words, as in "Dr. Cole".
    """
    return [_separator(text, one, other) for one, other in pairwise(found)]


def _separator(text: str, one: Core, other: Core) -> str:
    """Return the separator between two consecutive words of `text`."""
    start = one.end + (2 if text[one.end : other.start].startswith(POSSESSIVES) else 0)
    gap = text[start : other.start]
    if not gap or gap.isspace():
        return ""
    if gap[0] == "." and gap[1:2] != "." and _abbreviates(text, one, start):
        gap = gap[1:]
    elif sum(map(gap.count, _HYPHENS)) == 1:  # more hyphens are a dash, and so is one between two spaces
        gap = gap.strip(_HYPHENS)
    return fold("".join(c for c in gap if not (c.isspace() or c in _JOINERS or unicodedata.category(c)[0] == "C")))


def _abbreviates(text: str, word: Core, stop: int) -> bool:
    """Return whether the stop at index `stop`, directly after `word`, ends an abbreviation and not a sentence."""
    following = text[stop + 1 : stop + 61]
    if following.lstrip()[:1].isdecimal():
        return True
    if scripts.is_spaceless(text[word.start]):  # each character is a word, so an abbreviation has several
        return not scripts.ends_sentence(text[max(0, stop - 60) : stop + 1], following)
    written = text[word.start : stop]
    if (len(written) == 1 and written.isalpha() and written != "I") or word.key in _ABBREVIATIONS:
        return True
    return not scripts.ends_sentence(text[max(word.start, stop - 60) : stop + 1], following)


def _is_punctuation(character: str) -> bool:
    return unicodedata.category(character)[0] in "PSC"
