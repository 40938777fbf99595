"""Search a paragraph for a text, with the same matches as the find box of the player.

By default, differences in case, accents and similar marks are ignored.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from itertools import pairwise

from stt.transcript import scripts
from stt.transcript.folding import fold


class Finder:
    """Find `text` in other texts.

    If `case` is true, only exactly equal text matches. Otherwise both texts are folded before they are compared (see
    `stt.transcript.folding`). If `words` is true, only whole words match.
    """

    def __init__(self, text: str, *, case: bool, words: bool) -> None:
        self.case, self.words = case, words
        self._text = text if case else fold(text)

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return the spans of `text` that match, without overlaps.

        A span is (index of the first character, index after the last).
        """
        folded, places = (text, list(range(len(text) + 1))) if self.case else _folded(text)
        found, at = [], 0
        while self._text and (at := folded.find(self._text, at)) >= 0:
            end = at + len(self._text)
            begin, stop = places[at], places[end]
            # If a character folds to several characters (ß to ss), either all of these or none belong to a match.
            clean = (not at or places[at - 1] != begin) and (end >= len(folded) or places[end - 1] != stop)
            if clean and not (self.words and self._inside(text, begin, stop)):
                found.append((begin, stop))
                at = end
            else:
                at += 1
        return found

    def among(self, text: str, places: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
        """Return the spans in `places` at which `text` matches, sorted and without overlaps.

        A span is (index of the first character, index after the last).
        """
        found: list[tuple[int, int]] = []
        for begin, end in sorted(places):
            here = text[begin:end] if self.case else fold(text[begin:end])
            if here and here == self._text and begin >= (found[-1][1] if found else 0):
                found.append((begin, end))
        return found

    @staticmethod
    def _inside(text: str, begin: int, end: int) -> bool:
        """Return whether the span begins or ends within a word."""
        edges = ((begin - 1, begin), (end - 1, end))
        return any(
            one >= 0 and other < len(text) and _letter(text[one]) and _letter(text[other]) for one, other in edges
        )


def _letter(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMN" and not scripts.is_spaceless(character)


def _folded(text: str) -> tuple[str, list[int]]:
    """Return the folded text, and for each folded character the index in `text` of the character it was folded from."""
    folded, places = [], []
    starts = [i for i, character in enumerate(text) if not i or not unicodedata.combining(character)]
    for begin, end in pairwise([*starts, len(text)]):
        part = fold(text[begin:end])
        folded.append(part)
        places += [begin] * len(part)
    return "".join(folded), [*places, len(text)]
