"""Parse the spoken text and the times of subtitles: SubRip (SRT), WebVTT, SubStation Alpha (SSA, ASS).

Existing libraries are not suitable. They treat WebVTT's names, notes and entities as words (pysubs2 issue 64), and they
lose a spoken number at the end of a SubRip cue.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from itertools import pairwise

_CLOCK = r"(?:\d{1,4}:)?\d{1,2}:\d{1,2}(?:[.,:]\d{1,3})?"
# The start and end of a cue, separated by an arrow, or by a comma as in YouTube's SBV: 0:00:00.599,0:00:04.160
TIMING = re.compile(rf"[ \t]*({_CLOCK})[ \t]*(?:-{{1,2}}[ ]?>[ \t]*|(?<=\.\d\d\d),(?=[\d:]+\.))({_CLOCK})(?=[ \t]|$)")
# A tag. "<3" and "a < b" are text. The pattern excludes "<" inside a tag, so that matching takes linear time.
_TAG = re.compile(r"(</?[A-Za-z][^<>]*>|</?>|<\d+:[\d:.]+>)")
_OVERRIDE = re.compile(r"\{\\[^{}]*\}|\{[A-Za-z]:[^{}]*\}")
_VOICE = re.compile(r"<v(?:\.[^\s<>]*)?[ \t]++([^<>]*)>")  # `++` because `[ \t]+` would take quadratic time
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});|&(?:amp|lt|gt|nbsp)\b")
_BLOCK = re.compile(r"(?:NOTE|STYLE|REGION)(?:\s|$)")
_NUMBER = re.compile(r"[ \t]*(\d{1,9})[ \t]*")
_ASS_PART = re.compile(r"(\{[^{}]*\})")
_MARK = re.compile("\ue000([^\ue000\ue001]*)\ue001")  # placeholder for a time within a cue, removed by `_cue`
_MARK_BEFORE_SPACE = re.compile("(\ue000[^\ue000\ue001]*\ue001)([ \t]+)")
_DRAWING = re.compile(r"\\p(\d{1,2})")
SUBSTATION = "SubStation Alpha"
_ASS_FIELDS = ["layer", "start", "end", "style", "name", "marginl", "marginr", "marginv", "effect", "text"]


@dataclass(frozen=True, slots=True)
class Cue:
    """A subtitle. `start` and `end` are its times as they are written in the file, and `text` is its text in one line.

    `voice` is the name of its speaker, or "". `marks` are times within the text of a WebVTT cue, as (index of the first
    character after the time, time as written).
    """

    start: str
    end: str
    text: str
    voice: str = ""
    marks: tuple[tuple[int, str], ...] = ()


def detect(text: str, name: str) -> tuple[str, list[Cue]] | None:
    """Return the name of the format and the cues if `text` is subtitles, else None.

    The format is detected from `text` and from `name`, the name of the file.
    """
    begins = text.lstrip("\ufeff \n\t")[:200]
    if re.match(r"WEBVTT(?:\s|$)", begins):
        return "WebVTT", webvtt_cues(text)
    if re.match(r"(?:;[^\n]*\n\s*)*\[Script Info\]", begins, re.IGNORECASE) or name.lower().endswith((".ass", ".ssa")):
        if (cues := substation_cues(text)) is not None:
            return SUBSTATION, cues
    beginning = text[: 1 << 16].split("\n")
    if any(map(TIMING.match, [line for line in beginning if line.strip()][:10])):
        return "SubRip", subrip_cues(text)
    return None


def webvtt_cues(text: str) -> list[Cue]:
    """Return the cues of a WebVTT file that have text, in file order.

    A cue with several voices is split into one cue for each voice. Notes, styles and regions are left out.
    """
    bodies, parts = _bodies(text.replace("\ue000", "").replace("\ue001", "")), []
    for timing, body in bodies:
        lines = "\n".join(_of_cue(body, last=body is bodies[-1][1]))
        before, *voices = _VOICE.split(lines)
        spoken = [("", before)] * (bool(before.strip()) or not voices) + list(
            zip(voices[::2], voices[1::2], strict=True)
        )
        parts += [(timing, _lines(text.split("\n"), marked=True), html.unescape(name).strip()) for name, text in spoken]
    return _cues(parts)


def subrip_cues(text: str) -> list[Cue]:
    """Return the cues of a SubRip file that have text, in file order, without tags and positions."""
    return _cues([(timing, _lines(body), "") for timing, body in _bodies(text)])


def substation_cues(text: str) -> list[Cue] | None:
    """Return the dialogue lines of an SSA or ASS file in order of time, or None if it has no section of events.

    Comments, formatting overrides and drawings are left out.
    """
    fields, section, events = _ASS_FIELDS, "", []
    found = False
    for line in text.split("\n"):
        kind, _, rest = line.strip().partition(":")
        if kind.startswith("["):
            section = line.strip().lower()
            found |= section == "[events]"
        elif section == "[events]" and kind == "Format":
            fields = [name.strip().lower() for name in rest.split(",")]
        elif section == "[events]" and kind == "Dialogue":
            values = rest.split(",", len(fields) - 1)
            if len(values) == len(fields):
                event = dict(zip(fields, values, strict=True))
                words, name = _dialogue(event.get("text", "")), event.get("name", event.get("actor", "")).strip()
                events.append((event.get("start", "").strip(), event.get("end", "").strip(), words, name))
    if not found:
        return None
    # Remove lines with the same times and text, which files use to draw shadows.
    events = list({event[:3]: event for event in reversed(events)}.values())[::-1]
    ordered = sorted(events, key=lambda event: _seconds(event[0]))
    return [Cue(*event) for event in ordered if event[2]]


def _bodies(text: str) -> list[tuple[re.Match[str], list[str]]]:
    """Return for each cue the match of TIMING and the lines of the cue, up to the number or times of the next cue."""
    lines = text.split("\n")
    timings = [number for number, line in enumerate(lines) if TIMING.match(line)]
    numbered = bool(timings) and timings[0] > 0 and _NUMBER.fullmatch(lines[timings[0] - 1]) is not None
    number = int(lines[timings[0] - 1]) if numbered else 0
    bodies = []
    for at, following in pairwise([*timings, len(lines)]):
        body = lines[at + 1 : following]
        if numbered and following < len(lines) and body and (found := _NUMBER.fullmatch(body[-1])):
            # A line "42" may be speech. It is the number of a cue if it follows an empty line or is the next number.
            if len(body) == 1 or not body[-2].strip() or int(found[1]) == number + 1:
                number = int(found[1])
                body.pop()
        timing = TIMING.match(lines[at])
        assert timing is not None
        bodies.append((timing, body))
    return bodies


def _of_cue(body: list[str], last: bool) -> list[str]:
    """Return the lines of a WebVTT cue, without a block or the name of the next cue after it.

    A cue ends at an empty line. Some tools write a line of spaces instead. `last` is True for the last cue of the file,
    after which there is no name of a next cue.
    """
    lines: list[str] = []
    has_text = False
    for line in body:
        after_spaces = has_text and not lines[-1].strip()
        if not line or (after_spaces and _BLOCK.match(line)):
            return lines
        lines.append(line)
        has_text = has_text or bool(line.strip())
    name_of_next = not last and len(lines) > 2 and not lines[-2].strip() and any(map(str.strip, lines[:-2]))
    return lines[:-1] if name_of_next else lines


def _lines(body: list[str], *, marked: bool = False) -> list[str]:
    """Return the non-empty lines of a cue, with the markup removed.

    If `marked` is true, times within the text become placeholders that match `_MARK`; otherwise they are removed.
    """
    pieces, ruby = [], False
    for number, part in enumerate(_TAG.split("\n".join(body))):
        if number % 2 == 0:
            pieces.append("" if ruby else part)
        elif part[1:4].lower() in ("br>", "br/", "br "):
            pieces.append("\n")
        elif part[1].isdigit():
            pieces.append(f"\ue000{part[1:-1]}\ue001" if marked else "")
        else:
            ruby = part.lower().startswith("<rt") or (ruby and part.lower() not in ("</rt>", "</ruby>"))
    text = _ENTITY.sub(_character, _OVERRIDE.sub("", "".join(pieces)))
    lines = [_MARK_BEFORE_SPACE.sub(r"\2\1", line).strip() for line in text.split("\n")]
    return [line for line in lines if _MARK.sub("", line).strip()]


def _character(entity: re.Match[str]) -> str:
    return html.unescape(entity[0]).strip("\ue000\ue001")  # an entity must not insert the delimiters of `_MARK`


def _cues(parts: list[tuple[re.Match[str], list[str], str]]) -> list[Cue]:
    joined = _joined([lines for _, lines, _ in parts])
    return [_cue(timing, text, voice) for (timing, _, voice), text in zip(parts, joined, strict=True) if text]


def _cue(timing: re.Match[str], text: str, voice: str) -> Cue:
    """Return a cue. The placeholders (`_MARK`) in `text` are removed, and become the times in the cue's `marks`."""
    before, *marked = _MARK.split(text)
    marks = []
    for clock, words in zip(marked[::2], marked[1::2], strict=True):
        marks.append((len(before), clock))
        before += words
    return Cue(timing[1], timing[2], before, voice, tuple(marks))


def _joined(cues: list[list[str]]) -> list[str]:
    """Join the lines of each cue to one line. Remove lines that rolling captions repeat in the next cues."""
    plain = [[_MARK.sub("", line) for line in cue] for cue in cues]
    again = [(a, b) for a, b in pairwise(plain) if a and b and a[-1] == b[0]]
    if len(cues) > 3 and 2 * len(again) >= len(cues) - 1 and 4 * sum(len(b) > 1 for _, b in again) >= len(cues) - 1:
        before: list[str] = []
        rolled = []
        for cue, bare in zip(cues, plain, strict=True):
            most = min(len(before), len(bare), 10)
            shared = next((count for count in range(most, 0, -1) if before[-count:] == bare[:count]), 0)
            rolled.append(cue[shared:])
            before = bare or before
        cues = rolled
    return [" ".join(cue) for cue in cues]


def _dialogue(text: str) -> str:
    drawing, pieces = False, []
    for number, part in enumerate(_ASS_PART.split(text)):
        if number % 2:
            found = _DRAWING.findall(part)
            drawing = int(found[-1]) > 0 if found else drawing
        elif not drawing:
            pieces.append(re.sub(r"\\[Nnh]", " ", part))
    return " ".join("".join(pieces).split())


def _seconds(clock: str) -> float:
    try:
        hours, minutes, seconds = clock.strip().split(":")
        return int(hours[:9]) * 3600 + int(minutes[:9]) * 60 + float(seconds[:9])
    except ValueError:
        return 0.0
