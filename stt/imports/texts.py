"""Read transcripts in plain text: paragraphs that may be preceded by a time and a speaker."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from stt.imports.cues import labelled
from stt.imports.references.reader import CLOCK, TIME, headings
from stt.imports.times import Given, seconds
from stt.transcript import scripts
from stt.transcript.model import joined

_FIRST_CLOCK = re.compile(CLOCK)


def segments(lines: Sequence[str]) -> tuple[list[Given], bool]:
    """Return the segments of a text, and whether they have times. Most texts give times in whole seconds."""
    lines = [line.strip() for line in lines if line.strip()]
    names = headings(lines)
    times = [TIME.match(line) for line in lines]
    if any(names):
        starts = [_clock(line) if name else None for line, name in zip(lines, names, strict=True)]
        return _joined(starts, ["" if name else line for line, name in zip(lines, names, strict=True)], names), True
    if any(times) and 2 * sum(map(bool, times)) >= len(lines):
        starts = [_clock(time[0]) if time else None for time in times]
        texts = [line[time.end() :] if time else line for line, time in zip(lines, times, strict=True)]
        return labelled(_joined(starts, texts, [""] * len(lines))), True
    parted = labelled([Given(None, None, line) for line in lines])
    return [replace(each, text=text) for each in parted for text in scripts.sentences(each.text)], False


def _joined(starts: list[float | None], texts: list[str], names: list[str]) -> list[Given]:
    """Join each line that has a start time, and the lines up to the next start time, to a segment."""
    found: list[Given] = []
    for start, text, name in zip(starts, texts, names, strict=True):
        if start is not None or not found:
            found.append(Given(start, None, text, speaker=name or None))
        else:
            found[-1] = replace(found[-1], text=joined([found[-1].text, text]))
    return [each for each in found if each.text]


def _clock(text: str) -> float | None:
    found = _FIRST_CLOCK.search(text)
    return seconds(found[0]) if found else None
