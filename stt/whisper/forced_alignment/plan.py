"""Guess when each word of a text is spoken, before the sound is looked at."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from stt.transcript import alignment, scripts
from stt.transcript.model import Segment, Transcript, joined, whole_words

FASTEST = 30.0  # characters per second; text that would be faster is not in the sound
MIN_UNFIT = 4  # words; fewer may well be spoken faster
MIN_ANCHOR_RUN = 3  # consecutive equal words; shorter runs may be equal by chance if much around them differs
NEAR = 4  # words; runs with no more differences than this on either side are no chance
MIN_UNWRITTEN = 4  # words of the decoding that the text lacks; fewer are repetitions and hesitations
LONGEST_TRUSTED = 28.0  # seconds; a segment that one window cannot hold is aligned by the decoding
UNFIT, UNWRITTEN = "does_not_fit", "without_text"  # names of findings in `Transcript.extras`


@dataclass(frozen=True, slots=True)
class Guess:
    """A word of the text, `text` with its leading space, and about when it is spoken (seconds).

    `firm`: a window may begin with it. `earliest` and `latest` bound its times. `fits` is False if the sound has no
    room for it: it is not aligned.
    """

    text: str
    segment: int
    start: float
    end: float
    firm: bool = False
    earliest: float = 0.0
    latest: float = math.inf
    fits: bool = True

    @property
    def middle(self) -> float:
        return (self.start + self.end) / 2


@dataclass(frozen=True, slots=True)
class Placed:
    """When a word is spoken (seconds), and how probable Whisper finds it there, 0 to 1."""

    start: float
    end: float
    probability: float


@dataclass(frozen=True, slots=True)
class Unwritten:
    """Speech that the text lacks, with what was decoded there; empty if only speech was detected."""

    start: float
    end: float
    text: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """The words of a text in order, and the speech without text, as far as a decoding shows it."""

    words: tuple[Guess, ...]
    unwritten: tuple[Unwritten, ...] = ()


def trusted(transcript: Transcript) -> bool:
    """Return whether the times of all segments can be kept: they are there, and one window holds each segment."""
    return transcript.timed and all(s.words or 0 < s.end - s.start <= LONGEST_TRUSTED for s in transcript.segments)


def from_segments(segments: Sequence[Segment]) -> Plan:
    """Return a plan in which each word stays within its segment. Segments with words keep these: they are left out."""
    found: list[Guess] = []
    for number, segment in enumerate(segments):
        if segment.words:
            continue
        texts = words_of(segment.text)
        times = shares(texts, segment.start, segment.end)
        found += [
            Guess(text, number, *time, place == 0, segment.start, segment.end)
            for place, (text, time) in enumerate(zip(texts, times, strict=True))
        ]
    return Plan(tuple(found))


def from_decoding(segments: Sequence[Segment], decoded: Transcript) -> Plan:
    """Return a plan in which words that the decoding has, too, are where it has them, and others in between."""
    given = [(text, number) for number, segment in enumerate(segments) for text in words_of(segment.text)]
    # As the given text is split: engines join two ideographs into one word, and split "cold-hearted" in two.
    spoken = [word for segment in decoded.segments for word in whole_words(segment) if key(word.text)]
    keyed = [(place, letters) for place, (text, _) in enumerate(given) if (letters := key(text))]
    same = alignment.same([key(word.text) for word in spoken], [letters for _, letters in keyed])
    anchors = {keyed[mine][0]: theirs for mine, theirs in _certain(same, len(keyed), len(spoken)).items()}
    found = [Guess(text, number, 0.0, 0.0) for text, number in given]
    for place, theirs in anchors.items():
        found[place] = replace(found[place], start=spoken[theirs].start, end=spoken[theirs].end)
    unwritten: list[Unwritten] = []
    edges = [(-1, -1), *sorted(anchors.items()), (len(given), len(spoken))]
    for (before, theirs), (after, next_theirs) in pairwise(edges):
        start = spoken[theirs].end if theirs >= 0 else 0.0
        end = spoken[next_theirs].start if next_theirs < len(spoken) else max(decoded.duration, start)
        between, end = range(before + 1, after), max(start, end)
        texts = [found[place].text for place in between]
        skipped = spoken[theirs + 1 : next_theirs]
        fits = len(texts) < MIN_UNFIT or len("".join(texts)) <= FASTEST * (end - start)
        if skipped and fits and texts:  # the sound between is only as long as the decoding's words
            start, end = max(start, skipped[0].start - 0.2), min(end, skipped[-1].end + 0.2)
        for place, (one, other) in zip(between, shares(texts, start, end), strict=True):
            found[place] = replace(found[place], start=one, end=other, fits=fits)
        if len(skipped) >= MIN_UNWRITTEN and len(skipped) - len(texts) * fits >= max(MIN_UNWRITTEN, len(skipped) / 2):
            text = joined(word.text for word in skipped)
            unwritten.append(Unwritten(skipped[0].start, skipped[-1].end, text))
        if after < len(given):
            # Between two anchors nothing is uncertain, so that a window may begin here.
            firm = not texts or not fits
            found[after] = replace(found[after], firm=firm)
    return Plan(tuple(found), tuple(unwritten))


def words_of(text: str) -> list[str]:
    """Return the words of a text with their leading spaces, that of the first word, too, as Whisper's have them."""
    text = text.strip()
    text = text if scripts.is_unspaced(text[:1]) else f" {text}"
    spans = scripts.word_spans(text)
    if not spans:
        return [text] if text.strip() else []
    edges = [0, *(end for _, end in spans[:-1]), len(text)]
    return [text[start:end] for start, end in pairwise(edges)]


def _certain(same: dict[int, int], mine: int, theirs: int) -> dict[int, int]:
    """Return the pairs of equal words without runs that may be equal by chance."""
    runs: list[list[tuple[int, int]]] = []
    for pair in sorted(same.items()):
        if runs and pair == (runs[-1][-1][0] + 1, runs[-1][-1][1] + 1):
            runs[-1].append(pair)
        else:
            runs.append([pair])
    kept: dict[int, int] = {}
    edges = [[(-1, -1)], *runs, [(mine, theirs)]]
    for before, run, after in zip(edges, edges[1:], edges[2:], strict=False):
        gaps = (
            run[0][0] - before[-1][0] - 1,
            run[0][1] - before[-1][1] - 1,
            after[0][0] - run[-1][0] - 1,
            after[0][1] - run[-1][1] - 1,
        )
        if len(run) >= MIN_ANCHOR_RUN or max(gaps) <= NEAR:
            kept.update(run)
    return kept


def key(word: str) -> str:
    """Return what is compared of a word: letters, digits and marks, without case."""
    folded = unicodedata.normalize("NFKC", word).casefold()
    return "".join(letter for letter in folded if unicodedata.category(letter)[0] in "LNM")


def shares(texts: Iterable[str], start: float, end: float) -> list[tuple[float, float]]:
    """Divide the time from `start` to `end` by characters."""
    ends = list(accumulate(len(text.strip()) or 1 for text in texts))
    moments = [start, *(start + (end - start) * each / ends[-1] for each in ends)]
    return list(pairwise(moments))
