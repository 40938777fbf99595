"""Convert subtitle cues (SubRip, WebVTT, SubStation Alpha) to segments with times and speakers.

The cues of WebVTT may also have times of words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from stt.imports.references.reader import LABEL
from stt.imports.references.subtitles import Cue
from stt.imports.times import Given, seconds
from stt.transcript.model import Word
from stt.whisper.forced_alignment.plan import shares, words_of

LONGEST_NAME = 100  # maximum length of a speaker's name, characters


def segments(cues: Iterable[Cue]) -> list[Given]:
    """Return a segment for each cue. The speaker is the cue's voice tag or name field.

    If no cue has a speaker or times of words, the speakers are taken from labels in the texts (see `labelled`).
    """
    found = [_segment(cue, cue.voice[:LONGEST_NAME] or None) for cue in cues]
    return found if any(each.speaker or each.words for each in found) else labelled(found)


def _segment(cue: Cue, speaker: str | None) -> Given:
    start, end = seconds(cue.start), seconds(cue.end)
    words = _words(cue, start, end, speaker) if cue.marks and start is not None and end is not None else ()
    return Given(start, end, "".join(word.text for word in words) or cue.text, words, speaker)


def _words(cue: Cue, start: float, end: float, speaker: str | None) -> tuple[Word, ...]:
    """Return the words of a cue with estimated times.

    `cue.marks` are times between words. The words between two marks divide the time between the marks.
    """
    marks = [(0, start), *((place, time) for place, clock in cue.marks if (time := seconds(clock)) is not None)]
    runs: list[list[str]] = [[] for _ in marks]
    at, number = 0, 0
    for text in words_of(cue.text):
        first = cue.text.index(text.strip()[:1], at)
        while number + 1 < len(marks) and marks[number + 1][0] <= first:
            number += 1
        runs[number].append(text)
        at = first + len(text.strip())
    found: list[Word] = []
    for run, (_, begun), (_, ended) in zip(runs, marks, [*marks[1:], (0, end)], strict=True):
        times = shares(run, begun, max(begun, ended))
        found += [Word(text, *time, None, speaker) for text, time in zip(run, times, strict=True)]
    return tuple(found)


def labelled(given: list[Given]) -> list[Given]:
    """Return the segments with labels such as "Anna: " moved from `text` to `speaker`, if the labels are names.

    Labels are treated as names if every segment has one, or if the first segment has one and some label occurs twice.
    A segment without a label gets the speaker of the segment before it.
    """
    labels = [LABEL.match(each.text) for each in given]
    names = [label[0].strip().rstrip(":").strip() if label else "" for label in labels]
    count = Counter(filter(None, names))
    if not given or not names[0] or not ((len(given) > 1 and all(names)) or max(count.values()) > 1):
        return given
    found, speaker = [], ""
    for each, name, label in zip(given, names, labels, strict=True):
        speaker = name or speaker
        text = each.text[label.end() :] if label else each.text
        found.append(replace(each, text=text, speaker=speaker))
    return found
