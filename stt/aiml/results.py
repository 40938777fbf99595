"""Convert the provider's results, which have several shapes, to a `Transcript`.

The provider returns the shape of Deepgram (`results.channels`, times in seconds), the shape of AssemblyAI (`text` and
`words`, times in milliseconds), or only text. Results are not trusted: any field may be missing, null or of another
type. `stt/aiml/insights.py` reads the rest of a result, such as its summary.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from stt import errors
from stt.aiml import insights
from stt.aiml.error_mapping import failure, status_code
from stt.files.json_values import clean, fields, items, number, share
from stt.transcript import alignment, scripts
from stt.transcript.model import Segment, Transcript, Word, joined

DONE = {"completed"}
# Statuses that the API does not document. They count as completed only if the response holds a result.
DONE_TOO = {"complete", "succeeded", "success", "done", "finished"}
FAILED = {"error", "failed", "canceled", "cancelled"}
LONGEST = 10_000_000.0  # largest valid time, seconds
READABLE = 600  # minimum characters of a segment of a text without times; only the last one may be shorter
# PAUSE: minimum pause after which a new segment begins, seconds.
# LONG: length from which a segment ends at the next comma, seconds; at twice this length, it ends at any word.
PAUSE, LONG = 1.0, 15.0


@dataclass(frozen=True, slots=True)
class Reading:
    """Hold the outcome of one GET request for a job. `word` is the provider's own status ("queued", "generating" …).

    `transcript` is set if `status` is "done", and `error` if it is "failed". The error is GenerationFailed,
    AnswerUnreadable, or the error for a failure that the body of a successful response reports (KeyRefused,
    PaymentRequired, ResultExpired …).
    """

    status: Literal["running", "done", "failed"]
    word: str = ""
    transcript: Transcript | None = None
    error: errors.ProviderError | None = None
    seconds: float = 0.0  # length of the audio: the larger of the provider's figure and the end of the last segment

    @property
    def over(self) -> bool:
        """Return whether the provider reports the job as failed or cancelled. Such a job will never have a result."""
        return self.word.lower() in FAILED


def read(answer: Any, duration: float | None = None) -> Reading:
    """Parse the JSON body of a GET response. `duration` is the length of the recording in seconds. Never raises."""
    if not isinstance(answer, dict):
        return Reading("failed", error=errors.AnswerUnreadable("The answer is not a JSON object."))
    word = clean(answer.get("status"))[:40]
    status = word.lower()
    found = _result(answer)
    if status in FAILED:
        return Reading("failed", word, error=failure(answer, found))
    ended = status in DONE or (found is not None and (not status or status in DONE_TOO))
    if found is None and (answer.get("error") or status_code(answer) >= 400) and (ended or not status):
        return Reading("failed", word, error=failure(answer))
    if not ended:
        return Reading("running", word)
    if isinstance(found, dict) and clean(found.get("status")).lower() in FAILED:
        return Reading("failed", word, error=failure(found))
    transcript = _transcript(found, number(duration))
    if transcript is not None:
        return Reading(
            "done", word, transcript, seconds=max(_reported_length(found), *(s.end for s in transcript.segments), 0.0)
        )
    unreadable = errors.AnswerUnreadable("The job is completed, but its answer has no transcript in a known format.")
    return Reading("failed", word, error=failure(answer) if answer.get("error") else unreadable)


def _reported_length(found: Any) -> float:
    """Return the length of the audio that a result reports, in seconds, or 0 if it reports none."""
    found = next(iter(items(found)), {})
    metadata = found.get("metadata")
    seconds = number(metadata.get("duration") if isinstance(metadata, dict) else found.get("audio_duration")) or 0.0
    return seconds if seconds <= LONGEST else 0.0


def _result(answer: dict[str, Any]) -> Any:
    """Return the result in a response body, or None.

    The result is in the field `result` or `output`, or it is the body itself.
    """
    for name in ("result", "output"):
        if answer.get(name) is not None:
            return answer[name]
    return answer if any(name in answer for name in ("text", "results", "channels")) else None


# The shapes of results


@dataclass(frozen=True, slots=True)
class _Piece:
    """A word, sentence or utterance of the provider. `start` and `end` are in seconds, or None."""

    text: str
    start: float | None = None
    end: float | None = None
    speaker: str | None = None
    channel: int | None = None
    confidence: float | None = None
    language: str | None = None


class _Times:
    """A function that converts a time in the provider's unit to seconds.

    `unit` is the length of the provider's unit in seconds, such as 0.001. `duration` is the length of the
    recording in seconds, if known. The function returns None if the time is invalid or far beyond the recording's end.
    """

    def __init__(self, unit: float, duration: float | None) -> None:
        self.unit = unit
        # The provider may round times or pad the audio, so only times far beyond the end are invalid.
        self.last = min(duration * 1.5 + 60, LONGEST) if duration else LONGEST

    def __call__(self, value: Any) -> float | None:
        seconds = number(value)
        return round(seconds * self.unit, 6) if seconds is not None and seconds * self.unit <= self.last else None


def _transcript(found: Any, known: float | None) -> Transcript | None:
    found = {"text": found} if isinstance(found, str) else next(iter(items(found)), None)
    if found is None:
        return None
    if "results" in found or "channels" in found:
        return _deepgram(found, known)
    if isinstance(found.get("text", 0), str | None) or _pieces(found.get("words"), _Times(0.001, None), 1):
        return _assembly(found, known)
    return None


def _deepgram(found: dict[str, Any], known: float | None) -> Transcript | None:
    results = found.get("results", found)
    results = {} if results is None else results  # the provider may send null if the recording has no speech
    channels = _channels(results.get("channels")) if isinstance(results, dict) else []
    if not isinstance(results, dict) or (not channels and results.get("channels") not in (None, [], {})):
        return None
    duration = known or number(fields(found.get("metadata")).get("duration"))
    times = _Times(1.0, duration)
    utterances = _pieces(results.get("utterances"), times, 1)
    tracks, every_word = [], []
    own_languages: dict[int | None, str | None] = {
        index: _language(_language_code(channel)) for index, channel in enumerate(channels)
    }
    if len(channels) > 1:
        utterances = [replace(u, language=u.language or own_languages.get(u.channel)) for u in utterances]
    for index, channel in enumerate(channels):
        best = insights.alternative(channel)
        words = _pieces(best.get("words"), times, 1)
        layout = fields(best.get("paragraphs"))
        sentences = [
            sentence
            for paragraph in items(layout.get("paragraphs"))
            for sentence in _pieces(paragraph.get("sentences"), times, 1, paragraph.get("speaker"))
        ]
        own = [utterance for utterance in utterances if utterance.channel == index or len(channels) == 1]
        text = clean(best.get("transcript")) or clean(layout.get("transcript"))
        tracks.append(_segments(text, words, [own, sentences]))
        every_word += words
    if len(channels) > 1:
        tracks = [
            [replace(segment, language=segment.language or own_languages[index]) for segment in track]
            for index, track in enumerate(tracks)
        ]
    if sum(map(bool, tracks)) > 1:
        tracks = [[_of_channel(segment, index) for segment in track] for index, track in enumerate(tracks)]
    whole, spoken = _text(s for track in tracks for s in track), _text(utterances)
    if not _covers(whole, spoken) and _covers(spoken, whole):  # the utterances contain more text than the channels
        tracks = [_segments("", every_word, [utterances])]
    return _finished(tracks, duration, [*channels, found], results, utterances, times)


def is_openai(found: dict[str, Any]) -> bool:
    """Return whether a result has OpenAI's shape. Its words have their text in `word`, and times in seconds."""
    words = [word for word in items(found.get("words")) if isinstance(word, dict)]
    return bool(words) and all("word" in word and "text" not in word for word in words)


def _assembly(found: dict[str, Any], known: float | None) -> Transcript:
    """Read a result in AssemblyAI's or OpenAI's shape, or a result that is only text (the same without times)."""
    openai = is_openai(found)
    duration = known or number(found.get("duration" if openai else "audio_duration"))
    times = _Times(1.0 if openai else 0.001, duration)
    utterances = _pieces(found.get("utterances"), times, 0)
    track = _segments(clean(found.get("text")), _pieces(found.get("words"), times, 0), [utterances])
    return _finished([track], duration, [found], found, utterances, times)


def _finished(
    tracks: list[list[Segment]], duration: float | None, holders: list[dict[str, Any]], results: dict[str, Any],
    utterances: list[_Piece], times: _Times,
) -> Transcript:  # fmt: skip
    """Return one transcript with the segments of all `tracks`, sorted by time.

    `holders` is a list of the result's channels, followed by the result itself. Any of these objects may give the
    language; if several do, the language with most speech is that of the transcript. `results` is the object in the
    result that has the summary, the topics and so on.
    """
    segments = sorted((s for track in tracks for s in track), key=lambda segment: segment.start)
    shares: dict[str, float] = {}  # seconds; overlapping speech of several channels counts for each of them
    for segment in segments:
        if segment.language:
            shares[segment.language] = shares.get(segment.language, 0.0) + segment.end - segment.start
    timed = not segments or any(segment.end > 0 for segment in segments)
    if not timed:
        segments = [Segment(0.0, duration or 0.0, part) for part in _readable(_text(segments))]

    def seconds(holder: dict[str, Any]) -> float:
        return shares.get(_language(_language_code(holder)) or "", -1.0)

    at = max(filter(_language_code, holders), key=seconds, default={})  # the first one if no segment has a language
    code, language = _language_code(at), _language(_language_code(at))
    also = insights.read(holders[:-1], holders[-1], results, times) | {
        "utterances": [asdict(utterance) for utterance in utterances],
        "speakers": list(dict.fromkeys(s.speaker for s in segments if s.speaker)),
        "language_code": code if language and code != language else "",
    }
    return Transcript(
        segments=tuple(segments),
        duration=max([duration or 0.0, *(segment.end for segment in segments)]),
        language=language,
        language_probability=share(at.get("language_confidence")),
        timed=timed,
        extras={name: value for name, value in also.items() if value not in (None, "", [], {})},
    )


def _language_code(holder: dict[str, Any]) -> str:
    """Return the language that a channel or a result gives, such as "en" or "en-us", or "" if it gives none."""
    return (clean(holder.get("detected_language")) or clean(holder.get("language_code"))).replace("_", "-").lower()


def _language(code: str) -> str | None:
    """Return the language of a code without its region: "en" for "en-us". The result is None if it is no code."""
    language = code.replace("_", "-").lower().split("-")[0]
    return language if re.fullmatch("[a-z]{2,3}", language) else None


def _readable(text: str) -> Iterator[str]:
    """Split an untimed text into parts that end at sentence ends. Only the last may be under READABLE characters.

    Each part becomes a segment, which a person can read and correct separately.
    """
    begin = 0
    for end in scripts.sentence_ends(text):
        if end - begin >= READABLE:
            yield text[begin:end].strip()
            begin = end
    if rest := text[begin:].strip():
        yield rest


def _channels(value: Any) -> list[dict[str, Any]]:
    """Return channels as a list. `value` may be a list, a single channel, or an object whose values are channels."""
    return items(list(value.values()) if isinstance(value, dict) and "alternatives" not in value else value)


def _of_channel(segment: Segment, index: int) -> Segment:
    """Add the channel's number to the name of the segment's speaker, as in "Speaker A (channel 2)".

    If the segment has no speaker, the channel counts as one speaker, such as "Speaker 2". `index` counts the channels
    from 0; the names count them from 1.
    """
    return segment.spoken_by(f"{segment.speaker} (channel {index + 1})" if segment.speaker else f"Speaker {index + 1}")


def _pieces(value: Any, times: _Times, first: int, speaker: Any = None) -> list[_Piece]:
    """Parse the words, sentences or utterances in `value`. Items without text are left out.

    `first` is added to the numbers of speakers (see `insights.speaker`). `speaker` is the speaker of items that have no
    field `speaker`.
    """
    every = []
    for item in [value] if isinstance(value, dict) else value if isinstance(value, list) else []:
        item = {"text": item} if isinstance(item, str) else fields(item)
        for name in ("punctuated_word", "word", "text", "transcript"):
            if text := " ".join(clean(item.get(name)).split()):
                channel = number(item.get("channel"))
                who = insights.speaker(item.get("speaker", speaker), first)
                start, end, confidence = times(item.get("start")), times(item.get("end")), share(item.get("confidence"))
                channel = int(channel) if channel is not None else None
                language = _language(clean(item.get("language")))
                every.append(_Piece(text, start, end, who, channel, confidence, language))
                break
    return every


# Alignment of the provider's words with the provider's text. No text is lost, even if the words differ from the text.


_TOKEN = re.compile(rf"\s?(?:{scripts.PIECE.pattern})")


def _segments(text: str, words: list[_Piece], layouts: list[list[_Piece]]) -> list[Segment]:
    """Return the segments of one channel, whose text is `text` and whose words with times are `words`.

    `layouts` are possible divisions of the text, such as utterances or sentences. The first layout that contains the
    whole text is used. If there is none, segments end at pauses and at sentence ends. If `text` and `words` differ, the
    segments contain `text`, unless `words` contains every word of `text` and further words.
    """
    text, of_words = " ".join(text.split()), _text(words)
    whole = text if text and (_covers(text, of_words) or not _covers(of_words, text)) else of_words
    layout = next((pieces for pieces in layouts if pieces and _covers(_text(pieces), whole)), None)
    pieces = layout or ([_Piece(whole)] if whole else [])
    if not any(word.start is not None or word.end is not None for word in words):
        return list(_untimed(pieces))
    runs = [_tokens(piece.text) for piece in pieces]
    timed = iter(_timed([token for run in runs for token in run], words))
    segments = []
    for piece, run in zip(pieces, runs, strict=True):
        own = [next(timed) for _ in run]
        if piece.speaker:
            own = [replace(word, speaker=piece.speaker) for word in own]
        for part in _parts(own, at_pauses=layout is None):
            text, end = "".join(word.text for word in part), max(word.end for word in part)
            segments.append(Segment(part[0].start, end, text, tuple(part), part[0].speaker, piece.language))
    return segments


def _untimed(pieces: list[_Piece]) -> Iterator[Segment]:
    clock = 0.0
    for piece in pieces:
        clock = max(clock, piece.start or 0.0)
        yield Segment(clock, max(clock, piece.end or 0.0), piece.text, (), piece.speaker, piece.language)


def _parts(words: list[Word], at_pauses: bool) -> Iterator[list[Word]]:
    """Split words into segments: where the speaker changes and, if `at_pauses`, also at pauses and sentence ends."""
    part: list[Word] = []
    for word in words:
        if part and (part[-1].speaker != word.speaker or (at_pauses and _ends(part, word))):
            yield part
            part = []
        part.append(word)
    if part:
        yield part


def _ends(part: list[Word], following: Word) -> bool:
    """Return whether the segment with the words `part` ends before the word `following`."""
    last, length = part[-1], following.start - part[0].start
    pause = following.start - last.end
    if pause >= PAUSE or length >= 2 * LONG or scripts.ends_sentence(last.text, following.text, pause):
        return True
    return length >= LONG and scripts.ends_clause(last.text)


def _timed(tokens: list[str], words: list[_Piece]) -> list[Word]:
    """Return each token as a `Word` with the times of the provider's word that matches it.

    A token without a match gets the times of the last matching word before it. If there is no such word, the token gets
    the times of the first matching word in the text.
    """
    spoken = [(token, word) for word in words for token in _TOKEN.findall(word.text)]
    matched: list[_Piece | None] = [None] * len(tokens)
    for run in alignment.runs([*map(_bare, tokens)], [_bare(t) for t, _ in spoken]):
        if run.kind in (alignment.SAME, alignment.CHANGED):
            matched[run.first : run.last] = [word for _, word in spoken[run.start : run.end]]
    clock, before = 0.0, next(filter(None, matched), words[0])
    timed: list[Word] = []
    for token, word in zip(tokens, matched, strict=True):
        before = word or before
        clock = max(clock, before.start or 0.0)  # a word must not start before the preceding word
        speaker = before.speaker or (timed[-1].speaker if timed else None)
        timed.append(Word(token, clock, max(clock, before.end or 0.0), word.confidence if word else None, speaker))
    return timed


def _tokens(text: str) -> list[str]:
    """Split a text into tokens: words, each with the space before it, or characters in scripts without spaces."""
    return _TOKEN.findall(text if scripts.is_unspaced(text[:1]) else " " + text)


def _bare(token: str) -> str:
    """Normalise a token for comparison: make it lower case and remove its punctuation."""
    return "".join(c for c in token.strip().lower() if not unicodedata.category(c).startswith("P")) or token.strip()


def _covers(text: str, part: str) -> bool:
    """Return whether `text` contains every word of `part`, at least as many times as `part` does."""
    return Counter(map(_bare, _TOKEN.findall(part))) <= Counter(map(_bare, _TOKEN.findall(text)))


def _text(pieces: Iterable[_Piece | Segment]) -> str:
    return joined(piece.text for piece in pieces)
