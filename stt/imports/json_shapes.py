"""Read transcripts in the JSON of this app, Whisper, whisperX, OpenAI, whisper.cpp, Deepgram and AssemblyAI."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from stt.aiml import insights, results
from stt.errors import BadTranscript
from stt.files.json_values import clean, items, number, share
from stt.imports.times import LONGEST, NO_TIME, NOTES, Given, Notes, in_order
from stt.transcript import scripts
from stt.transcript.languages import LANGUAGES
from stt.transcript.model import Transcript, Word, separated
from stt.transcript.retiming import realigned

NOT_TAKEN = "Summaries, chapters and other findings of the file are not taken over."
MOST_LOST, LONGEST_REASON = 1000, 200  # maximum number of spans of lost sound, and characters of the reason of each
TEXT_WINS = "Segments whose words differ from their text, which is kept: {}."
_BY_NAME = {name.lower(): code for code, name in LANGUAGES.items()}


@dataclass(frozen=True, slots=True)
class Found:
    """The transcript in a JSON text. `shape` is the name of the tool whose JSON has this structure."""

    transcript: Transcript
    shape: str


def read(text: str, notes: Notes) -> Found:
    """Return the transcript in a JSON text, and count fixes in `notes`.

    Raises BadTranscript if the JSON is invalid or has no known structure, and TooLarge if the transcript has too many
    segments or words.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadTranscript("This JSON is not valid.", guidance="Export the transcript again.") from error
    if isinstance(value, list):
        value = {"segments": value}
    value = value if isinstance(value, dict) else {}
    inner = value.get("transcript")
    own = inner if isinstance(inner, dict) else value
    if isinstance(own.get("transcription"), list):
        own = {"segments": list(map(_of_cpp, items(own["transcription"]))), **_cpp_language(own)}
    if _is_segments(own.get("segments")) and (own["segments"] or not results.is_openai(own)):
        if "timed" in own:
            notes.add(NOTES, len(items(value.get("notes"))))
        return _of_segments(own, notes, "STT Studio" if "timed" in own else "Whisper")
    found = results.read(value)
    if found.transcript is None:
        raise BadTranscript(
            "This JSON has no transcript in a known format.",
            guidance="Import the JSON of STT Studio, Whisper, whisperX, Deepgram, AssemblyAI or OpenAI.",
        )
    notes.add(NO_TIME, sum(1 for _ in _impossible(value)))
    if results.is_openai(value):
        return Found(replace(found.transcript, language=_language(value.get("language"))), "OpenAI")
    deepgram = any(isinstance(part, dict) and "results" in part for part in (value, value.get("result")))
    return Found(found.transcript, "Deepgram" if deepgram else "AssemblyAI")


def _of_segments(own: dict[str, Any], notes: Notes, shape: str) -> Found:
    entries = [entry for entry in own["segments"] if isinstance(entry, dict)]
    every, _ = _words(own.get("words"), None, notes)  # OpenAI's JSON has one list of words outside of the segments
    if every and not any(entry.get("words") for entry in entries):
        given = list(_with_words_beside(entries, every))
        shape = "OpenAI"
    else:
        given = [_segment(entry, *_words(entry.get("words"), entry.get("speaker"), notes), notes) for entry in entries]
        shape = "whisperX" if "word_segments" in own else shape
    timed = any(each.start is not None or each.end is not None or each.words for each in given)
    if own.get("timed") is False:
        timed, given = False, [replace(each, start=0.0, end=0.0, words=()) for each in given]
    elif not timed:
        given = [replace(each, start=0.0, end=0.0) for each in given]
    segments = separated(in_order(given, notes))
    notes.add(NOT_TAKEN, bool(own.get("extras")))
    reached = max((segment.end for segment in segments), default=0.0)
    duration = number(own.get("duration")) or 0.0
    return Found(
        Transcript(
            segments,
            max(duration if duration <= LONGEST else 0.0, reached),
            _language(own.get("language")),
            share(own.get("language_probability")),
            timed,
            tuple(_lost(own.get("lost"))),
        ),
        shape,
    )


def _lost(value: Any) -> Iterator[tuple[float, float, str]]:
    """Yield the valid spans of lost sound, (start, end, reason), in this app's JSON."""
    for row in value[:MOST_LOST] if isinstance(value, list) else ():
        if isinstance(row, list) and len(row) == 3:
            start, end, why = _time(row[0]), _time(row[1]), " ".join(clean(row[2]).split())[:LONGEST_REASON]
            if start is not None and end is not None and start <= end and why:
                yield start, end, why


def _segment(entry: dict[str, Any], words: list[Word], letters: str, notes: Notes) -> Given:
    text = clean(entry.get("text"))
    start, end, speaker = number(entry.get("start")), number(entry.get("end")), _speaker(entry.get("speaker"))
    if words and text and not text[0].isspace() and not scripts.is_unspaced(text[0]):
        text = f" {text}"  # the text of a segment with timed words begins with a space, like its first word
    if words and "".join(word.text for word in words) != text:
        notes.add(TEXT_WINS, letters != "".join(text.split()))
        first = start if start is not None else words[0].start
        last = end if end is not None else words[-1].end
        words = list(realigned([_spaced(word) for word in words], text, first, max(first, last), speaker))
    if words:  # extend the segment to cover its words, because the times of words are more precise
        start = words[0].start if start is None else min(start, words[0].start)
        end = max([*(word.end for word in words), *([] if end is None else [end])])
    begins = entry.get("begins") if isinstance(entry.get("begins"), bool) else None
    return Given(start, end, text, tuple(words), speaker, _language(entry.get("language")), begins)


def _with_words_beside(entries: list[dict[str, Any]], words: list[Word]) -> Iterator[Given]:
    """Yield the segments of OpenAI's JSON, each with those of `words` that begin before the next segment.

    OpenAI's words have no punctuation, so they differ from the text. This difference is not counted as a fix.
    """
    at = 0
    starts = [number(entry.get("start")) for entry in entries]
    for entry, (_, following) in zip(entries, pairwise([*starts, math.inf]), strict=True):
        upto = at
        while upto < len(words) and following is not None and words[upto].start < following - 0.001:
            upto += 1
        yield _segment(entry, words[at:upto], "", Notes())
        at = upto


def _words(value: Any, speaker: Any, notes: Notes) -> tuple[list[Word], str]:
    """Return the words that have a start time, and the concatenated text of all words without white space.

    Words without a start time are left out. They get times later, when the segment's text is aligned with its words.
    """
    found, letters = [], []
    for item in items(value):
        text = clean(item.get("word")) or clean(item.get("text"))
        if not text.strip():
            continue
        letters.append("".join(text.split()))
        start, end = (_time(item.get(name)) for name in ("start", "end"))
        notes.add(NO_TIME, (start is None) + (end is None))
        if start is None:
            continue
        sure = next((share(item[name]) for name in ("confidence", "probability", "score") if name in item), None)
        who = _speaker(item.get("speaker")) or _speaker(speaker)
        found.append(Word(text, start, start if end is None else end, sure, who, item.get("overlapped") is True))
    return found, "".join(letters)


def _time(value: Any) -> float | None:
    time = number(value)
    return time if time is not None and time <= LONGEST else None


def _spaced(word: Word) -> Word:
    return word if word.text[:1].isspace() else replace(word, text=f" {word.text}")


def _speaker(value: Any) -> str | None:
    """Return the name of a speaker: "Speaker 1" for whisperX's "SPEAKER_00" or the number 0, other names unchanged."""
    name = " ".join(clean(value).split())[:100]
    if name.startswith("SPEAKER_") and name[8:].isdecimal() and len(name) <= 12:
        return f"Speaker {int(name[8:]) + 1}"
    return name or insights.speaker(value, 1)


def _language(value: Any) -> str | None:
    """Return the code of a language given as its code or English name (OpenAI); None if it is unknown."""
    name = clean(value).strip().lower()
    code = name.replace("_", "-").split("-")[0]
    return code if code in LANGUAGES else _BY_NAME.get(name)


def _is_segments(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(s, dict) and isinstance(s.get("text"), str) for s in value)


def _of_cpp(entry: dict[str, Any]) -> dict[str, Any]:
    offsets = entry.get("offsets")
    times = [number(offsets.get(name)) for name in ("from", "to")] if isinstance(offsets, dict) else [None, None]
    start, end = (None if time is None else time / 1000 for time in times)
    return {"text": clean(entry.get("text")), "start": start, "end": end}


def _cpp_language(own: dict[str, Any]) -> dict[str, Any]:
    result = own.get("result")
    return {"language": result.get("language")} if isinstance(result, dict) else {}


def _impossible(value: Any) -> Iterator[Any]:
    """Yield the `start` and `end` values in a JSON value that are not valid times."""
    open_values = [value]
    while open_values:
        each = open_values.pop()
        if isinstance(each, dict):
            yield from (each[name] for name in ("start", "end") if name in each and number(each[name]) is None)
        parts = each.values() if isinstance(each, dict) else each if isinstance(each, list) else ()
        open_values += [part for part in parts if isinstance(part, dict | list)]
