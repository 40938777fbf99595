"""Read subtitles with their times and speakers: SubRip, WebVTT, SubStation Alpha."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from stt.imports.times import Given, seconds
from stt.references.reader import LABEL
from stt.references.subtitles import Cue

LONGEST_NAME = 100  # characters of a speaker's name


def segments(cues: Iterable[Cue]) -> list[Given]:
    """Return a segment for each cue, with the speaker of its voice tag, its name field or its label."""
    found = [
        Given(seconds(cue.start), seconds(cue.end), cue.text, speaker=cue.voice[:LONGEST_NAME] or None) for cue in cues
    ]
    return found if any(each.speaker for each in found) else labelled(found)


def labelled(given: list[Given]) -> list[Given]:
    """Return the segments with "Anna: " at the start of their texts as their speaker, if these are names.

    They are, if each text has one, or if the first has one and one of them returns. Who has no name goes on speaking.
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
