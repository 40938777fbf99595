"""Guess when each word of a text is spoken, before it is aligned with the sound."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from stt.transcript import alignment, scripts
from stt.transcript.model import Segment, Transcript, joined, whole_words

FASTEST = 30.0  # maximum speed of speech, characters per second; text that would be faster was not spoken
MIN_UNFIT = 4  # minimum number of consecutive words that are checked against FASTEST; shorter runs always fit
# A run of words that are equal in the text and in the decoding gets the times of the decoding if it has at least
# MIN_ANCHOR_RUN words. A shorter run may be equal by chance, so it gets these times only if at most NEAR words differ
# before the run and at most NEAR words after it.
MIN_ANCHOR_RUN = 3
NEAR = 4
# Minimum number of consecutive decoded words that are reported as missing from the text. Shorter runs are mostly
# repetitions and hesitations.
MIN_UNWRITTEN = 4
# Maximum length, in seconds, of a segment that keeps its times although it has no word times. A longer segment may not
# fit into Whisper's window of 30 s.
LONGEST_TRUSTED = 28.0
UNFIT, UNWRITTEN = "does_not_fit", "without_text"  # keys of the lists of passages in `Transcript.extras`


@dataclass(frozen=True, slots=True)
class Guess:
    """A word of the text, including its leading space, and its approximate times in seconds.

    `segment` is the number of the word's segment. `firm` is True if `start` is reliable, so that a window may begin
    with the word. `earliest` and `latest` bound the word's times. `fits` is False if the word is in a run of words that
    would be spoken faster than FASTEST. Such a word is not aligned.
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
    """The times of a word in seconds, and the probability that Whisper gives to the word at these times, 0 to 1."""

    start: float
    end: float
    probability: float


@dataclass(frozen=True, slots=True)
class Unwritten:
    """A span of speech that the text lacks. `text` is the decoding of the span, or empty if it was not decoded."""

    start: float
    end: float
    text: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """The words of a text in order, and the speech that a decoding has but the text lacks."""

    words: tuple[Guess, ...]
    unwritten: tuple[Unwritten, ...] = ()


def trusted(transcript: Transcript) -> bool:
    """Return whether all segments can keep their times: each has word times, or a length that fits into one window."""
    return transcript.timed and all(s.words or 0 < s.end - s.start <= LONGEST_TRUSTED for s in transcript.segments)


def from_segments(segments: Sequence[Segment]) -> Plan:
    """Return a plan in which each word stays within its segment.

    Segments that have word times are omitted from the plan, because they keep their word times.
    """
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
    """Return a plan for the words of `segments`.

    Words that are equal in `segments` and `decoded` get the times of `decoded`. All other words share the time between
    the equal words.
    """
    given = [(text, number) for number, segment in enumerate(segments) for text in words_of(segment.text)]
    # Split the decoding in the same way as the given text, because engines join two ideographs into one word, and split
    # "cold-hearted" into two words.
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
        if skipped and fits and texts:  # other words were decoded; the words of the text get their time
            start, end = max(start, skipped[0].start - 0.2), min(end, skipped[-1].end + 0.2)
        for place, (one, other) in zip(between, shares(texts, start, end), strict=True):
            found[place] = replace(found[place], start=one, end=other, fits=fits)
        if len(skipped) >= MIN_UNWRITTEN and len(skipped) - len(texts) * fits >= max(MIN_UNWRITTEN, len(skipped) / 2):
            text = joined(word.text for word in skipped)
            unwritten.append(Unwritten(skipped[0].start, skipped[-1].end, text))
        if after < len(given):
            # A window may begin with this anchor if the words before it (back to the previous anchor) are not aligned,
            # or if there are none, because then its start is reliable.
            firm = not texts or not fits
            found[after] = replace(found[after], firm=firm)
    return Plan(tuple(found), tuple(unwritten))


def words_of(text: str) -> list[str]:
    """Return the words of a text with leading spaces as in Whisper's output.

    The first word also has a leading space, unless its script has no spaces.
    """
    text = text.strip()
    text = text if scripts.is_unspaced(text[:1]) else f" {text}"
    spans = scripts.word_spans(text)
    if not spans:
        return [text] if text.strip() else []
    edges = [0, *(end for _, end in spans[:-1]), len(text)]
    return [text[start:end] for start, end in pairwise(edges)]


def _certain(same: dict[int, int], mine: int, theirs: int) -> dict[int, int]:
    """Return the pairs in `same`, except pairs in runs that may be equal by chance (see MIN_ANCHOR_RUN).

    `same` maps the index of a word in the text to the index of the equal word in the decoding. `mine` is the number of
    words in the text, and `theirs` in the decoding.
    """
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
    """Return a key to compare words by: the letters, digits and combining marks of a word, case-folded."""
    folded = unicodedata.normalize("NFKC", word).casefold()
    return "".join(letter for letter in folded if unicodedata.category(letter)[0] in "LNM")


def shares(texts: Iterable[str], start: float, end: float) -> list[tuple[float, float]]:
    """Divide the time from `start` to `end` among the texts, in proportion to their numbers of characters."""
    ends = list(accumulate(len(text.strip()) or 1 for text in texts))
    moments = [start, *(start + (end - start) * each / ends[-1] for each in ends)]
    return list(pairwise(moments))
