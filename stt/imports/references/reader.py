"""Read references in files: subtitles, Word documents, transcripts in JSON, and plain text."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from stt.aiml import results
from stt.errors import BadReference, TooLarge
from stt.imports.references import docx, encodings, subtitles
from stt.transcript import scripts
from stt.transcript.model import joined

MOST = 5 << 20  # maximum size of a file in bytes, and maximum length of a pasted text in characters
ENDINGS = (".txt", ".srt", ".vtt", ".ass", ".ssa", ".docx", ".json")
GUIDANCE = "Upload TXT, SRT, VTT, ASS, SSA, DOCX or the JSON of a transcript, or paste the text."
SUBTITLES = (".srt", ".vtt", ".ass", ".ssa")
OTHERS = {  # first bytes of files that cannot be references, in lower case, and the names of their types
    b"%pdf-": "a PDF", b"{\\rtf": "an RTF document", b"\xd0\xcf\x11\xe0": "an old or protected Word document (DOC)",
    b"<?xml": "an XML file", b"<tt": "an XML file", b"<!doctype": "an HTML page", b"<html": "an HTML page",
}  # fmt: skip

CLOCK = r"(?:\d{1,3}:)?\d{1,2}:\d{2}(?:[.,]\d{1,3})?"
TIME = re.compile(
    rf"[ \t]*(?:\[{CLOCK}(?:[ \t]*-{{1,2}}>[ \t]*{CLOCK})?\]|\({CLOCK}\)|"
    r"\d{1,3}:\d{2}:\d{2}(?:[.,]\d{1,3})?)(?:[ \t]+|$)"
)
LABEL = re.compile(r"[ \t]*[^\s:,;!?]{1,30}(?: [^\s:,;!?]{1,30}){0,3}:[ \t]+(?=\S)")
_NOTE = re.compile(r"\[\d+:\d{2}:\d{2}\] ")
_NAME = re.compile(r"[^\s:.,;!?]{1,30}(?: [^\s:.,;!?]{1,30}){0,3}")
_HEADING = re.compile(rf"[ \t]*({_NAME.pattern})[ \t]{{2,}}{CLOCK}[ \t]*")


@dataclass(frozen=True, slots=True)
class Reference:
    """Hold the spoken text of a reference.

    `encoding` is the encoding of its file. If that is a guess, `choices` lists the likely encodings. `lost` is the
    number of characters that could not be decoded.
    """

    text: str
    encoding: str = "utf-8"
    choices: tuple[str, ...] = ()
    lost: int = 0


def read(data: bytes, name: str, *, encoding: str | None = None, spoken: Collection[str] = ()) -> Reference:
    """Read a reference from `data`, the content of a file. The format is detected from `data`, or else from `name`.

    `encoding` is the encoding that the user chose, or None to detect it. `spoken`, the case-folded words of the
    recording's transcript, improves the detection. Raises BadReference if the file has no readable text, TooLarge
    if the file or its text exceeds a limit, and BadOption for an unknown encoding.
    """
    if len(data) > MOST:
        raise TooLarge("The reference text is larger than 5 MB.", guidance="Use a shorter text.")
    begins = data[:512].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for mark, what in OTHERS.items():
        if begins.startswith(mark):
            raise BadReference(f"This file is {what}.", guidance=GUIDANCE)
    if data.startswith(b"PK\x03\x04"):
        return Reference(_worded(_plain("\n".join(docx.paragraphs(data)[0]))))
    if name.lower().endswith(".docx"):
        raise BadReference("This Word document cannot be read.", guidance=docx.HINT)
    if encoding is not None:
        text = encodings.decoded_as(data, encoding)
        return Reference(_worded(_spoken(text, name)), encoding, (encoding,), text.count(encodings.LOST))
    found = encodings.decoded(data, spoken)
    if found is None:
        raise BadReference("This file is not a text.", guidance=GUIDANCE)
    return Reference(_worded(_spoken(found.text, name)), found.encoding, found.choices, found.lost)


def pasted(text: str) -> str:
    """Return the spoken text of pasted text, which may be the content of a file.

    Raises TooLarge if the text is longer than MOST, and BadReference if it is JSON without a transcript.
    """
    if len(text) > MOST:
        raise TooLarge("The reference text is larger than 5 MB.", guidance="Use a shorter text.")
    return _spoken(text, "")


def _worded(text: str) -> str:
    if not any(map(str.isalnum, text)):
        raise BadReference("There are no words in this file.", guidance=GUIDANCE)
    return text


def _spoken(text: str, name: str) -> str:
    """Return the spoken text of a file's content in any supported format."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x1a", "")
    begins = text.lstrip("\ufeff \n\t")[:200]
    ending = name.lower()
    if found := subtitles.detect(text, name):
        shape, cues = found
        lines = [cue.text for cue in cues]
        return "\n".join(lines if shape == subtitles.SUBSTATION else _without_names(lines))
    if (begins.startswith("{") and not ending.endswith((".ass", ".ssa"))) or ending.endswith(".json"):
        value = _json(text)
        if value is not None:
            return _of_json(value)
        if ending.endswith(".json"):
            raise BadReference("This JSON cannot be read.", guidance=GUIDANCE)
    if ending.endswith(SUBTITLES):
        raise BadReference("These subtitles cannot be read.", guidance="Paste the text instead.")
    return _plain(text)


def _plain(text: str) -> str:
    """Return a text without the times, names and notes that exports of transcripts add to the paragraphs."""
    text = "\n".join(without_notes(text.split("\n"))[0])
    given = [line for line in text.split("\n") if line.strip()]
    lines = [line for line, name in zip(given, headings(given), strict=True) if not name]
    if 2 * sum(map(bool, map(TIME.match, lines))) >= len(lines):
        lines = [TIME.sub("", line, count=1) if TIME.match(line) else line for line in lines]
        lines = [line for line in lines if line.strip()]
    lines = _without_names(lines)
    return text.strip() if lines == given else "\n".join(lines).strip()


def without_notes(lines: list[str]) -> tuple[list[str], int]:
    """Return the lines of a text without the notes that this app's TXT export writes at the end, and their number.

    The notes follow an empty line and a line "Notes". They are a transcript with such a heading if the text before is
    shorter and has no times.
    """
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    start = end
    while start and _NOTE.match(lines[start - 1]):
        start -= 1
    before, notes = lines[: max(start - 1, 0)], lines[start:end]
    if not notes or not before or lines[start - 1] != "Notes" or before[-1].strip():
        return lines, 0
    is_transcript = any(map(_NOTE.match, before)) or sum(map(len, before)) >= sum(map(len, notes))
    return (before, len(notes)) if is_transcript else (lines, 0)


def headings(lines: list[str]) -> list[str]:
    """Return for each line the speaker's name if the line is a heading, else "".

    Headings are lines such as "Anna Smith  0:03" or "00:00:03 Speaker 1". Such lines are taken for headings only if
    each of them is followed by a line of speech.
    """
    names = [name_with_time(line) for line in lines]
    found = [name for name in names if name]
    if not found:
        return names
    alone = not any(name and (below is None or below) for name, below in zip(names, [*names[1:], None], strict=True))
    # A short line after a time may be speech. In headings, the name is before the time, repeats, or ends in a number.
    sure = any(map(_HEADING.fullmatch, lines)) or len(set(found)) < len(found) or all(map(_is_numbered, found))
    return names if alone and sure and 3 * len(found) >= len(lines) else [""] * len(lines)


def _is_numbered(name: str) -> bool:
    """Return whether a name is a word and a number, such as "Speaker 2"."""
    word, _, number = name.partition(" ")
    if scripts.runs(word) != [word] or any(map(str.isdigit, word)):
        return False
    return re.fullmatch(r"\d{1,3}", number) is not None


def name_with_time(line: str) -> str:
    """Return the name in a line that consists of a name and a time; return "" for every other line."""
    if time := TIME.match(line):
        name = line[time.end() :].strip()
        return name if _NAME.fullmatch(name) else ""
    heading = _HEADING.fullmatch(line)
    return heading[1] if heading else ""


def _without_names(lines: list[str]) -> list[str]:
    """Remove labels such as "Anna: " from the lines, if each line begins with a label."""
    if len(lines) > 1 and all(map(LABEL.match, lines)):
        return [LABEL.sub("", line, count=1) for line in lines]
    return lines


def _json(text: str) -> Any:
    """Parse a JSON text. Return None if it is invalid."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _of_json(value: Any) -> str:
    """Return the text of a transcript in JSON: an export of this app, or a response of a provider in a known shape."""
    value = value if isinstance(value, dict) else {}
    inner = value.get("transcript")
    own = inner if isinstance(inner, dict) else value
    segments = own.get("segments")
    if isinstance(segments, list) and all(isinstance(s, dict) and isinstance(s.get("text"), str) for s in segments):
        return joined(segment["text"] for segment in segments)
    found = results.read(value)
    if found.transcript is None:
        raise BadReference("This JSON has no transcript in a known format.", guidance=GUIDANCE)
    return found.transcript.text
