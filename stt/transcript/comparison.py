"""Compare transcripts word by word: each word is the same, changed, missing or added."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stt.transcript import scripts
from stt.transcript.alignment import ADDED, CHANGED, MISSING, SAME, Alignment, Kind
from stt.transcript.model import Transcript

MAX_WORDS = 200_000  # maximum words of a text to compare, about 20 hours of speech
MAX_CELLS = 200  # maximum words of one text in a passage

_SPACELESS = scripts.SPACELESS
_DASHES = "\\-\u2010-\u2015\u2026\u2e3a\u2e3b/"
_DOTS = r"\.\.\.(?=\w)"
# By default, words are also split at dashes, slashes and ellipses, so that "well-known" equals "well known".
_WORDS = re.compile(
    rf"\s*(?:{scripts.UNIT}|(?:(?!{_DOTS})[^\s{_SPACELESS}{_DASHES}])*(?:[{_DASHES}]+|{_DOTS})"
    rf"|[^\s{_SPACELESS}{_DASHES}]+)"
)
_EXACT_WORDS = re.compile(rf"\s*(?:{scripts.PIECE.pattern})")
_ENDS_ALONE = re.compile(rf"(?:[{_SPACELESS}{_DASHES}]|\.\.\.)\Z")
_STARTS_ALONE = re.compile(rf"[\s{_SPACELESS}]")
# "1,000" in the notations of many countries, without decimals, also "1.000" and "1,00,000".
_GROUPED = re.compile(r"(?<![\d.,:])(?!0)\d{1,3}(?:(?:,\d{2,3})*,\d{3}|(?:\.\d{3})+)(?!\d)")
# "10:30" equals "10.30", because some countries write a time of day with a dot.
_DECIMAL = re.compile("(?<=\\d)[.,:\u066b](?=\\d)")


@dataclass(frozen=True, slots=True)
class Token:
    """A word to compare. `text` is the word with its leading space and punctuation, `key` the form that is compared.

    `start` is in seconds, or None if unknown.
    """

    text: str
    key: str
    start: float | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """A word of one text in the comparison.

    If `kind` is "changed" in a text that is not the reference, the reference has the word `was` in its place. If `kind`
    is "missing", `text` is the word of the reference. `start` is in seconds, or None if unknown.
    """

    kind: Kind
    text: str
    start: float | None = None
    was: str = ""


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of the comparison. `sides` has the aligned words of each text; `sides[0]` is the reference.

    `start` is the first known start of a word in seconds, or None.
    """

    start: float | None
    sides: tuple[tuple[Cell, ...], ...]


def tokens(transcript: Transcript, *, exact: bool = False) -> list[Token]:
    """Return the words of a transcript, at most MAX_WORDS. With `exact`, case and punctuation make words different."""
    return _tokens(_timed_texts(transcript), exact)


def tokens_of_text(text: str, *, exact: bool = False) -> list[Token]:
    """Return the words of a text without times, at most MAX_WORDS.

    With `exact`, case and punctuation make words different.
    """
    return _tokens(iter([(text, None)]), exact)


def _timed_texts(transcript: Transcript) -> Iterator[tuple[str, float | None]]:
    for segment in transcript.segments:
        pieces = [(word.text, word.start) for word in segment.words] or [(segment.text, segment.start)]
        for number, (text, start) in enumerate(pieces):
            apart = " " if number == 0 and text and not _STARTS_ALONE.match(text) else ""
            yield apart + text, start if transcript.timed else None


def _tokens(texts: Iterator[tuple[str, float | None]], exact: bool) -> list[Token]:
    found: list[Token] = []
    split = _EXACT_WORDS if exact else _WORDS
    pieces: list[str] = []  # the pieces that form the current word
    keyed, begun = 0, None  # how many of `pieces` form the key of the current word; start of the word, seconds
    for whole, start in texts:
        for text in split.findall(whole.rstrip()):  # `rstrip`, because the pattern is slow on trailing spaces
            key = _key(text, exact)
            # Some engines split "don't" into two words, which are joined here. A dash or an emoji alone is not a word
            # and is added to the word before it.
            if pieces and not (key and _begins(text, pieces, keyed)):
                pieces.append(text)
                keyed = len(pieces) if key else keyed
            elif key:
                if pieces:
                    found.append(Token("".join(pieces), _key("".join(pieces[:keyed]), exact), begun))
                if len(found) == MAX_WORDS:
                    return found
                pieces, keyed, begun = [text], 1, start
    if pieces:
        found.append(Token("".join(pieces), _key("".join(pieces[:keyed]), exact), begun))
    return found


def _begins(text: str, pieces: Sequence[str], keyed: int) -> bool:
    """Return whether the piece `text` begins a word, and does not continue the current word (see `_tokens`).

    It also begins one after punctuation that is apart from the current word, as in "Yes ...what".
    """
    if _STARTS_ALONE.match(text) or _ENDS_ALONE.search(pieces[-1][-3:]):
        return True
    return any(map(_STARTS_ALONE.match, pieces[keyed:]))


def _key(text: str, exact: bool) -> str:
    """Return the form of a word that is compared, or "" if the word has no letter and no digit.

    Unless `exact`, this is the word in lower case without punctuation, except the separator in a number or a time.
    """
    word = text.strip()
    if exact:
        return unicodedata.normalize("NFC", word) if any(map(_counts, word)) else ""
    folded = unicodedata.normalize("NFKC", word).casefold()
    if folded.isascii() and folded.isalnum():
        return folded
    number = _GROUPED.sub(lambda grouped: re.sub("[.,]", "", grouped[0]), folded)
    return ".".join("".join(filter(_counts, part)) for part in _DECIMAL.split(number))


def _counts(character: str) -> bool:
    """Return whether a character is a letter, a digit or a combining mark, as in Indic and Arabic scripts."""
    return unicodedata.category(character)[0] in "LNM"


def passages(
    base: Sequence[Token],
    others: Sequence[tuple[Sequence[Token], Alignment]],
    first: int = 0,
    last: int | None = None,
    *,
    one_recording: bool = True,
) -> list[Passage]:
    """Return words `first` to `last` (exclusive) of the reference `base` and the words aligned with them, in passages.

    `others` are the other texts, each with its alignment to `base`. Most passages have 25 to 60 words of `base`.
    With `one_recording`, all texts are of one recording, so a word without a time gets the time of the word aligned
    with it.
    """
    last = len(base) if last is None else min(last, len(base))
    starts = _passage_starts(base, first, last)
    columns: list[list[list[Cell]]] = [[[] for _ in starts] for _ in (base, *others)]
    differs: set[int] = set()
    times: dict[int, float] = {}  # index in `base` -> start of the aligned word of another text
    for column, (other, alignment) in zip(columns[1:], others, strict=True):
        for at, cell in _cells(base, other, alignment, one_recording):
            if cell.kind in (CHANGED, MISSING):
                differs.add(at)
            if cell.start is not None and cell.kind != ADDED and one_recording:
                times.setdefault(at, cell.start)
            if first <= at < max(last, first + 1):
                column[bisect_right(starts, at) - 1].append(cell)
    for at in range(first, last):
        word = base[at]
        start = word.start if word.start is not None else times.get(at)
        cell = Cell(CHANGED if at in differs else SAME, word.text, start)
        columns[0][bisect_right(starts, at) - 1].append(cell)
    return [part for sides in zip(*columns, strict=True) for part in _drawable(sides)]


def _passage_starts(base: Sequence[Token], first: int, last: int) -> list[int]:
    """Return the indices in `base` at which passages begin.

    A passage ends at the first sentence end after 25 words, or after 60 words.
    """
    starts = [first]
    for at in range(first, last - 1):
        length = at + 1 - starts[-1]
        if length >= 60 or (length >= 25 and scripts.ends_sentence(base[at].text, base[at + 1].text)):
            starts.append(at + 1)
    return starts


def _cells(
    base: Sequence[Token], other: Sequence[Token], alignment: Alignment, one_recording: bool
) -> Iterator[tuple[int, Cell]]:
    """Yield the words of `other`, and the words of `base` that `other` lacks, each with an index in `base`.

    The index is that of the aligned word. An added word has no aligned word, and gets the index of the last word of
    `base` before it.
    """
    last_start: float | None = None  # latest known start; a word without a time gets it
    for run in alignment.runs:
        for step in range(max(run.last - run.first, run.end - run.start)):
            at = run.first + step if run.kind != ADDED else max(run.first - 1, 0)
            if run.kind == MISSING:
                word, start, was = base[at], None, ""
            else:
                word = other[run.start + step]
                start, was = word.start, base[at].text.strip() if run.kind == CHANGED else ""
            if start is None and one_recording and run.kind != ADDED:
                start = base[at].start
            last_start = start if start is not None else last_start
            yield at, Cell(run.kind, word.text, last_start, was)


def _drawable(sides: Sequence[list[Cell]]) -> Iterator[Passage]:
    """Yield one passage, or several if a text has more than MAX_CELLS words. `sides` has the words of each text."""
    for cut in range(0, max(map(len, sides)), MAX_CELLS):
        parts = tuple(tuple(side[cut : cut + MAX_CELLS]) for side in sides)
        start = next((cell.start for part in parts for cell in part if cell.start is not None), None)
        yield Passage(start, parts)
