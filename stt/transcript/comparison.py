"""Two texts of one recording laid word against word: same, changed, missing, added; and the word error rate."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import jiwer

from stt.transcript import scripts
from stt.transcript.model import Transcript

Kind = Literal["same", "changed", "missing", "added"]
SAME: Final = "same"
CHANGED: Final = "changed"
MISSING: Final = "missing"
ADDED: Final = "added"
MOST_WORDS = 200_000  # of a text are compared, some 20 hours of speech
WHOLE = 20_000  # words; longer texts are aligned in pieces, since the work grows with the square of the length
PIECE = 5_000  # words of a piece
ANCHOR = 6  # words in a row that occur once in either text: there it is cut
MOST_CELLS = 200  # words of one side of a passage

_KINDS: dict[str, Kind] = {"equal": SAME, "substitute": CHANGED, "delete": MISSING, "insert": ADDED}
_SPACELESS = scripts.SPACELESS
_DASHES = "\\-\u2010-\u2015/"
# "well-known" and "well known" are said alike: unless signs count, what is compared are the parts of a word.
_WORDS = re.compile(rf"\s*(?:{scripts.UNIT}|[^\s{_SPACELESS}{_DASHES}]*[{_DASHES}]+|[^\s{_SPACELESS}{_DASHES}]+)")
_EXACT_WORDS = re.compile(rf"\s*(?:{scripts.PIECE.pattern})")
_ENDS_ALONE = re.compile(rf"[{_SPACELESS}{_DASHES}]")
_STARTS_ALONE = re.compile(rf"[\s{_SPACELESS}]")


@dataclass(frozen=True, slots=True)
class Token:
    """A word to compare. `text` keeps the space before it and its punctuation, `key` is what is compared.

    `start` in seconds, None where no time is known.
    """

    text: str
    key: str
    start: float | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """Words `first` to `last` (exclusive) of the reference that lie against `start` to `end` of the other text."""

    kind: Kind
    first: int
    last: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Alignment:
    """The runs cover both texts in order. `words` counts the reference; `rough` means cut where nothing agreed."""

    runs: tuple[Run, ...]
    words: int
    changed: int
    missing: int
    added: int
    rough: bool = False

    @property
    def errors(self) -> int:
        return self.changed + self.missing + self.added

    @property
    def word_error_rate(self) -> float | None:
        """Changed, missing and added words for each word of the reference: 0 is equal, over 1 is possible."""
        return self.errors / self.words if self.words else None


@dataclass(frozen=True, slots=True)
class Cell:
    """A word as a column shows it. `was` is the reference's word where this one is changed."""

    kind: Kind
    text: str
    start: float | None = None
    was: str = ""


@dataclass(frozen=True, slots=True)
class Passage:
    """Some words of each text that lie against each other; `sides[0]` is the reference's."""

    start: float | None
    sides: tuple[tuple[Cell, ...], ...]

    @property
    def differs(self) -> bool:
        return any(cell.kind != SAME for side in self.sides for cell in side)


def tokens(transcript: Transcript, *, exact: bool = False) -> list[Token]:
    """The words of a transcript, at most MOST_WORDS. `exact` lets capitals and punctuation count."""
    return _tokens(_timed_texts(transcript), exact)


def tokens_of_text(text: str, *, exact: bool = False) -> list[Token]:
    """The words of a text without times, at most MOST_WORDS."""
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
    pieces: list[str] = []  # of the word being gathered
    keyed, begun = 0, None  # how many of them make its key, and when it starts
    for whole, start in texts:
        for text in split.findall(whole.rstrip()):  # spaces at the end would be read again from each of them
            key = _key(text, exact)
            # Some engines cut "don't" into two words; and a dash or an emoji alone is no word to compare.
            if pieces and (not key or not (_STARTS_ALONE.match(text) or _ENDS_ALONE.match(pieces[-1][-1]))):
                pieces.append(text)
                keyed = len(pieces) if key else keyed
            elif key:
                if pieces:
                    found.append(Token("".join(pieces), _key("".join(pieces[:keyed]), exact), begun))
                if len(found) == MOST_WORDS:
                    return found
                pieces, keyed, begun = [text], 1, start
    if pieces:
        found.append(Token("".join(pieces), _key("".join(pieces[:keyed]), exact), begun))
    return found


def _key(text: str, exact: bool) -> str:
    word = text.strip()
    if exact:
        return unicodedata.normalize("NFC", word) if any(map(_counts, word)) else ""
    folded = unicodedata.normalize("NFKC", word).casefold()
    return folded if folded.isascii() and folded.isalnum() else "".join(filter(_counts, folded))


def _counts(character: str) -> bool:
    """Letters, digits, and the marks that Indic and Arabic scripts put on letters."""
    return unicodedata.category(character)[0] in "LNM"


def align(reference: Sequence[str], hypothesis: Sequence[str]) -> Alignment:
    """Lay the keys of two texts against each other with the fewest changes.

    Texts of more than WHOLE words are cut into pieces where they agree, which a second is enough for.
    """
    runs: list[Run] = []
    rough = False
    for first, last, start, end, blind in _pieces(reference, hypothesis):
        runs += _aligned(reference[first:last], hypothesis[start:end], first, start)
        rough |= blind
    count = dict.fromkeys((SAME, CHANGED, MISSING, ADDED), 0)
    for run in runs:
        count[run.kind] += max(run.last - run.first, run.end - run.start)
    return Alignment(tuple(runs), len(reference), count[CHANGED], count[MISSING], count[ADDED], rough)


_SPLIT_AT_SPACES = jiwer.Compose([jiwer.ReduceToListOfListOfWords()])


def _aligned(reference: Sequence[str], hypothesis: Sequence[str], first: int, start: int) -> list[Run]:
    if not reference or not hypothesis:
        kind: Kind = MISSING if reference else ADDED
        run = Run(kind, first, first + len(reference), start, start + len(hypothesis))
        return [run] if reference or hypothesis else []
    found = jiwer.process_words(
        " ".join(reference),
        " ".join(hypothesis),
        reference_transform=_SPLIT_AT_SPACES,
        hypothesis_transform=_SPLIT_AT_SPACES,
    )
    return [
        Run(
            _KINDS[chunk.type],
            first + chunk.ref_start_idx,
            first + chunk.ref_end_idx,
            start + chunk.hyp_start_idx,
            start + chunk.hyp_end_idx,
        )
        for chunk in found.alignments[0]
    ]


def _pieces(a: Sequence[str], b: Sequence[str]) -> Iterator[tuple[int, int, int, int, bool]]:
    """Ranges of `a` and `b` to align for themselves, and whether they were cut without anything in common."""
    i = j = 0
    anchors = _anchors(a, b) if max(len(a), len(b)) > WHOLE else []
    for x, y in [*anchors, (len(a), len(b))]:
        if max(x - i, y - j) < PIECE and x < len(a):
            continue
        parts = -(-max(x - i, y - j) // WHOLE) if (x - i) * (y - j) > WHOLE**2 else 1
        for part in range(parts):
            yield (
                i + (x - i) * part // parts,
                i + (x - i) * (part + 1) // parts,
                j + (y - j) * part // parts,
                j + (y - j) * (part + 1) // parts,
                parts > 1,
            )
        i, j = x, y


def _anchors(a: Sequence[str], b: Sequence[str]) -> list[tuple[int, int]]:
    """Places (in `a`, in `b`) where ANCHOR words begin that occur once in either: the longest chain in order."""
    in_a, in_b = _unique(a), _unique(b)
    pairs = [(i, in_b[words]) for words, i in in_a.items() if words in in_b]
    ends: list[int] = []  # the least last place in `b` of a chain of each length
    tops: list[int] = []  # the pair at its end
    before: list[int | None] = []
    for number, (_, j) in enumerate(pairs):
        at = bisect_left(ends, j)
        before.append(tops[at - 1] if at else None)
        ends[at : at + 1], tops[at : at + 1] = [j], [number]
    chain: list[tuple[int, int]] = []
    last = tops[-1] if tops else None
    while last is not None:
        chain.append(pairs[last])
        last = before[last]
    return chain[::-1]


def _unique(keys: Sequence[str]) -> dict[tuple[str, ...], int]:
    places: dict[tuple[str, ...], int] = {}
    for place, words in enumerate(zip(*(keys[shift:] for shift in range(ANCHOR)), strict=False)):
        places[words] = -1 if words in places else place
    return {words: place for words, place in places.items() if place >= 0}


def matrix(texts: Sequence[Sequence[str]], align: Callable[..., Alignment] = align) -> list[list[float | None]]:
    """Word error rates of every text (column) against every other as the reference (row)."""
    rates: list[list[float | None]] = [[0.0 if text else None for _ in texts] for text in texts]
    for row, reference in enumerate(texts):
        for column in range(row):
            errors = align(reference, texts[column]).errors  # as many one way as the other
            rates[row][column] = errors / len(reference) if reference else None
            rates[column][row] = errors / len(texts[column]) if texts[column] else None
    return rates


def passages(
    base: Sequence[Token],
    others: Sequence[tuple[Sequence[Token], Alignment]],
    first: int = 0,
    last: int | None = None,
    *,
    one_recording: bool = True,
) -> list[Passage]:
    """Words `first` to `last` (exclusive) of `base` beside the same passages of the others, some 40 words each.

    `one_recording` lets a word without a time take that of the word beside it.
    """
    last = len(base) if last is None else min(last, len(base))
    starts = _passage_starts(base, first, last)
    columns: list[list[list[Cell]]] = [[[] for _ in starts] for _ in (base, *others)]
    differs: set[int] = set()
    heard: dict[int, float] = {}  # when another text says the word, for a base without times
    for column, (other, alignment) in zip(columns[1:], others, strict=True):
        for at, cell in _cells(base, other, alignment, one_recording):
            if cell.kind in (CHANGED, MISSING):
                differs.add(at)
            if cell.start is not None and cell.kind != ADDED and one_recording:
                heard.setdefault(at, cell.start)
            if first <= at < max(last, first + 1):
                column[bisect_right(starts, at) - 1].append(cell)
    for at in range(first, last):
        word = base[at]
        start = word.start if word.start is not None else heard.get(at)
        cell = Cell(CHANGED if at in differs else SAME, word.text, start)
        columns[0][bisect_right(starts, at) - 1].append(cell)
    return [part for sides in zip(*columns, strict=True) for part in _drawable(sides)]


def _passage_starts(base: Sequence[Token], first: int, last: int) -> list[int]:
    """Where passages begin: after a sentence's end once there are 25 words, after 60 words anyhow."""
    starts = [first]
    for at in range(first, last - 1):
        length = at + 1 - starts[-1]
        if length >= 60 or (length >= 25 and scripts.ends_sentence(base[at].text, base[at + 1].text)):
            starts.append(at + 1)
    return starts


def _cells(
    base: Sequence[Token], other: Sequence[Token], alignment: Alignment, one_recording: bool
) -> Iterator[tuple[int, Cell]]:
    """The words of `other`, and those it misses, each with the place in `base` that it lies at."""
    heard: float | None = None  # the last known time: what is missing is to be heard after it
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
            heard = start if start is not None else heard
            yield at, Cell(run.kind, word.text, heard, was)


def _drawable(sides: Sequence[list[Cell]]) -> Iterator[Passage]:
    """A passage; in several parts where one side has hundreds of words that the reference has not."""
    for cut in range(0, max(map(len, sides)), MOST_CELLS):
        parts = tuple(tuple(side[cut : cut + MOST_CELLS]) for side in sides)
        start = next((cell.start for part in parts for cell in part if cell.start is not None), None)
        yield Passage(start, parts)
