"""Transcript, Segment and Word: the result of every engine. Times are in seconds."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Any

from stt.transcript import scripts

PAUSE = 3.0  # maximum pause between segments of one language that `Transcript.languages` counts as speech, seconds
# A paragraph ends at a pause of PARAGRAPH_PAUSE seconds at the end of a sentence, and at a pause of twice that length
# within a sentence. It also ends at the first sentence end after LONGEST_PARAGRAPH seconds or MOST_CHARACTERS.
PARAGRAPH_PAUSE, LONGEST_PARAGRAPH, MOST_CHARACTERS = 1.2, 45.0, 900
DOUBTFUL = 0.5  # confidence below which a word is marked for the reader


@dataclass(frozen=True, slots=True)
class Word:
    """A spoken word. `text` includes the space before the word, so a segment's text is the joined texts of its words.

    `start` and `end` are in seconds from the beginning of the recording. `confidence` is 0 to 1, or None if unknown.
    `overlapped` means that another person speaks at the same time, so `speaker` may be wrong.
    """

    text: str
    start: float
    end: float
    confidence: float | None = None
    speaker: str | None = None
    overlapped: bool = False


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of speech by one speaker in one language.

    `words` is empty if the engine gives no word times. `language` is a code such as "en", or None if unknown. `begins`
    is set when a user has edited the paragraphs: the segment begins a paragraph (True) or continues one (False). If
    `begins` is None, paragraphs are derived from speakers and pauses.
    """

    start: float
    end: float
    text: str
    words: tuple[Word, ...] = ()
    speaker: str | None = None
    language: str | None = None
    begins: bool | None = None

    def moved(self, seconds: float) -> Segment:
        """Return the segment with `seconds` added to its times and to those of its words."""
        words = tuple(replace(w, start=w.start + seconds, end=w.end + seconds) for w in self.words)
        return replace(self, start=self.start + seconds, end=self.end + seconds, words=words)

    def spoken_by(self, speaker: str) -> Segment:
        return replace(self, speaker=speaker, words=tuple(replace(w, speaker=speaker) for w in self.words))


@dataclass(frozen=True, slots=True)
class Transcript:
    """The transcript of a recording of `duration` seconds.

    `language` is a code such as "en", and `language_probability` is 0 to 1; each is None if unknown. `lost` lists
    the spans of the recording that could not be decoded, as (start, end, reason). `timed` is False if the engine gives
    no times. `extras` holds further results, such as a summary and topics; see `stt/aiml/insights.py` for its keys.
    """

    segments: tuple[Segment, ...] = ()
    duration: float = 0.0
    language: str | None = None
    language_probability: float | None = None
    timed: bool = True
    lost: tuple[tuple[float, float, str], ...] = ()
    extras: dict[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return joined(segment.text for segment in self.segments)

    @property
    def words(self) -> list[Word]:
        return [word for segment in self.segments for word in segment.words]

    @property
    def word_count(self) -> int:
        return sum(scripts.count(segment.text) for segment in self.segments)

    @property
    def confidence(self) -> float | None:
        """Return the mean confidence (0 to 1) of the words that have a confidence, or None if no word has one."""
        known = [word.confidence for word in self.words if word.confidence is not None]
        return sum(known) / len(known) if known else None

    def spoken_by(self, speaker: str) -> Transcript:
        return replace(self, segments=tuple(segment.spoken_by(speaker) for segment in self.segments))

    @property
    def speakers(self) -> list[str]:
        """Return the speakers in the order in which they first speak."""
        return list(dict.fromkeys(s.speaker for s in self.segments if s.speaker))

    @property
    def languages(self) -> dict[str, float]:
        """Return {language code: seconds spoken}, most seconds first, or {} if no segment has a language.

        The seconds include pauses of up to PAUSE seconds between two segments of one language.
        """
        shares: dict[str, float] = {}
        at, before = 0.0, None
        for segment in self.segments:
            if segment.language:
                follows = segment.language == before and segment.start - at <= PAUSE
                seconds = segment.end - (at if follows else max(at, segment.start))
                shares[segment.language] = shares.get(segment.language, 0.0) + max(0.0, seconds)
            at, before = max(at, segment.end), segment.language
        return dict(sorted(shares.items(), key=lambda share: (-share[1], share[0])))

    def language_between(self, start: float, end: float) -> str | None:
        """Return the language with most speech from `start` to `end` in seconds, or else the transcript's language."""
        near = [segment for segment in self.segments if segment.start <= end and segment.end >= start]
        parts = (replace(each, start=max(start, each.start), end=min(end, each.end)) for each in near)
        return next(iter(replace(self, segments=tuple(parts)).languages), self.language)

    def to_dict(self) -> dict[str, Any]:
        # `dataclasses.asdict` takes five times as long, which is too slow for 100,000 words.
        return {
            "segments": [
                {
                    "start": s.start,
                    "end": s.end,
                    "text": s.text,
                    "words": [
                        {
                            "text": w.text,
                            "start": w.start,
                            "end": w.end,
                            "confidence": w.confidence,
                            "speaker": w.speaker,
                            **({"overlapped": True} if w.overlapped else {}),
                        }
                        for w in s.words
                    ],
                    "speaker": s.speaker,
                    "language": s.language,
                    **({} if s.begins is None else {"begins": s.begins}),
                }
                for s in self.segments
            ],
            "duration": self.duration,
            "language": self.language,
            "language_probability": self.language_probability,
            "timed": self.timed,
            "lost": list(self.lost),
            "extras": deepcopy(self.extras),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Transcript:
        segments = tuple(
            Segment(
                s["start"],
                s["end"],
                s["text"],
                tuple(
                    Word(
                        w["text"],
                        w["start"],
                        w["end"],
                        w.get("confidence"),
                        w.get("speaker"),
                        w.get("overlapped", False),
                    )
                    for w in s.get("words", ())
                ),
                s.get("speaker"),
                s.get("language"),
                s.get("begins"),
            )
            for s in data.get("segments", ())
        )
        lost = tuple((float(a), float(b), str(why)) for a, b, why in data.get("lost", ()))
        return cls(**{**data, "segments": segments, "lost": lost})


def joined(texts: Iterable[str]) -> str:
    """Join texts with spaces. None is added beside another space, or after a character of a script without spaces."""
    whole = ""
    for text in texts:
        if whole and text and not whole[-1].isspace() and not text[0].isspace() and not scripts.is_unspaced(whole[-1]):
            whole += " "
        whole += text
    return whole.strip()


def whole_words(segment: Segment) -> list[Word]:
    """Return the words of a segment as `scripts` defines a word, with times and without outer spaces.

    Engines divide text differently: they split "cold-hearted" into two words, or join two ideographs into one. A word
    that consists of several engine words lasts from the start of the first to the end of the last, and gets their
    lowest confidence. A word that is only a part of an engine word gets a share of the engine word's time in proportion
    to its number of characters.
    """
    parts = [word for word in segment.words if word.text.strip()]
    text = "".join(word.text for word in parts)
    ends = list(accumulate(len(word.text) for word in parts))
    found = []
    for start, end in scripts.word_spans(text):
        first, last = bisect_right(ends, start), bisect_left(ends, end)
        own = parts[first : last + 1]
        begun = _moment(own[0], start - ends[first] + len(own[0].text), ends_here=False)
        ended = _moment(own[-1], end - ends[last] + len(own[-1].text), ends_here=True)
        confidence = min((word.confidence for word in own if word.confidence is not None), default=None)
        overlapped = any(word.overlapped for word in own)
        found.append(Word(text[start:end], begun, max(begun, ended), confidence, own[0].speaker, overlapped))
    return found


def _moment(word: Word, place: int, *, ends_here: bool) -> float:
    """Return the time of the character at index `place` of a word's text, estimated from its position.

    If `place` is the start or the end of the text, return the word's end if `ends_here`, otherwise the word's start.
    """
    lead, length = len(word.text) - len(word.text.lstrip()), len(word.text.rstrip())
    if place <= lead or place >= length:
        return word.end if ends_here else word.start
    return word.start + (word.end - word.start) * (place - lead) / (length - lead)


def all_worded(segments: Sequence[Segment]) -> list[Segment]:
    """Return the segments of a paragraph. If some have words, also return the text of the others as words.

    Where a paragraph has words, the player shows and edits only its words, so other text would be lost.
    """
    if not any(segment.words for segment in segments):
        return list(segments)
    return [segment if segment.words or not segment.text.strip() else with_words(segment) for segment in segments]


def with_words(segment: Segment) -> Segment:
    """Split the text of a segment into words, each with a share of the segment's time in proportion to its length."""
    pieces = [f" {piece}" for piece in segment.text.split()]
    letters = sum(map(len, pieces))
    words, done = [], 0
    for piece in pieces:
        first, done = done, done + len(piece)
        times = [segment.start + (segment.end - segment.start) * at / letters for at in (first, done)]
        words.append(Word(piece, times[0], times[1], None, segment.speaker))
    return replace(segment, text="".join(pieces), words=tuple(words))


def paragraphs(segments: Iterable[Segment]) -> list[Segment]:
    """Merge segments into paragraphs, each returned as one segment.

    Paragraphs that a user edited (`Segment.begins`) are preserved. All other paragraphs end where the speaker or the
    language changes, between text with and text without words, at pauses, and at a maximum length.
    """
    return [
        Segment(
            start=run[0].start,
            end=max(s.end for s in run),
            text=joined(s.text for s in run),
            words=tuple(w for s in all_worded(run) for w in s.words),
            speaker=run[0].speaker,
            language=run[0].language,
        )
        for run in runs(segments)
    ]


def runs(segments: Iterable[Segment]) -> list[list[Segment]]:
    """Group segments into paragraphs, each a list of segments, by the rules of `paragraphs`."""
    gathered: list[list[Segment]] = []
    for segment in segments:
        if gathered and not _breaks(gathered[-1], segment):
            gathered[-1].append(segment)
        else:
            gathered.append([segment])
    return gathered


def separated(segments: Iterable[Segment]) -> tuple[Segment, ...]:
    """Return the segments. Those that would continue an edited paragraph with another speaker get `begins=True`."""
    found: list[Segment] = []
    for segment in segments:
        if segment.begins is False and found and found[-1].speaker != segment.speaker:
            segment = replace(segment, begins=True)
        found.append(segment)
    return tuple(found)


def _worded(run: list[Segment]) -> bool | None:
    """Return whether the segments with text have words; None if there is no text."""
    return next((bool(segment.words) for segment in run if segment.text.strip()), None)


def _breaks(run: list[Segment], following: Segment) -> bool:
    if following.begins is not None:
        return following.begins
    last = run[-1]
    if last.speaker != following.speaker or last.language != following.language:
        return True
    if following.text.strip() and _worded(run) not in (None, bool(following.words)):
        return True
    silence = following.start - last.end
    if not scripts.ends_sentence(last.text, following.text, silence):
        return silence >= 2 * PARAGRAPH_PAUSE
    too_long = last.end - run[0].start >= LONGEST_PARAGRAPH or sum(len(s.text) for s in run) >= MOST_CHARACTERS
    return silence >= PARAGRAPH_PAUSE or too_long
