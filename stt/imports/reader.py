"""Read transcripts in files or in pasted text, in any supported format."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from stt.errors import BadReference, BadTranscript, TooLarge
from stt.files.json_values import clean
from stt.imports import cues, json_shapes, texts
from stt.imports.accepted import MOST
from stt.imports.references import docx, encodings, subtitles
from stt.imports.references.reader import OTHERS, SUBTITLES, without_notes
from stt.imports.times import NOTES, Given, Notes, in_order
from stt.transcript.model import Transcript

GUIDANCE = "Import SRT, VTT, ASS, TXT, DOCX or JSON, or paste the text."
# An invisible character that this app's subtitle exports insert where a player would interpret text as markup.
JOINER = "\u2060"


@dataclass(frozen=True, slots=True)
class Imported:
    """A transcript read from a file.

    `format` names the file's format, and `notes` are sentences about fixes and omissions. `rough` means that the times
    come from a plain text or Word document. Such times are mostly precise only to a second, so alignment with the
    recording improves them. `encoding` is the file's text encoding. If the encoding is uncertain, `choices` lists the
    likely ones.
    """

    transcript: Transcript
    format: str
    notes: tuple[str, ...] = ()
    rough: bool = False
    name: str = ""
    encoding: str = "utf-8"
    choices: tuple[str, ...] = ()

    @property
    def for_sound(self) -> Transcript:
        """Return the transcript for alignment with a recording. Rough times are treated as missing."""
        return replace(self.transcript, timed=False) if self.rough else self.transcript

    @property
    def provenance(self) -> dict[str, Any]:
        """Return the file name, format, kind of times and fixes of the imported transcript, for display."""
        transcript = self.transcript
        if not transcript.timed:
            times = "none"
        elif self.rough:
            times = "of paragraphs, from the file"
        elif all(segment.words for segment in transcript.segments):
            times = "of words, from the file"
        else:
            times = "of segments, from the file"
        return {
            "brought_from": self.name or "pasted text",
            "format": self.format,
            "times": times,
            **({"encoding": encodings.NAMES.get(self.encoding, self.encoding)} if self.choices else {}),
            **({"put_right": " ".join(self.notes)} if self.notes else {}),
        }


def read(data: bytes, name: str, *, encoding: str | None = None) -> Imported:
    """Read a transcript from `data`, the content of a file. The format is detected from `data`, or else from `name`.

    `encoding` is the text encoding that the user chose, or None to detect it. Raises BadTranscript if the
    file has no readable transcript, TooLarge if the file or its transcript exceeds a limit, and BadOption for an
    unknown encoding.
    """
    if len(data) > MOST:
        raise TooLarge("The transcript is larger than 10 MB.", guidance="Import it in parts.")
    begins = data[:512].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for mark, what in OTHERS.items():
        if begins.startswith(mark):
            raise BadTranscript(f"This file is {what}.", guidance=GUIDANCE)
    if data.startswith(b"PK\x03\x04") or name.lower().endswith(".docx"):
        try:
            found, notes = docx.paragraphs(data, names=True)
        except BadReference as error:
            raise BadTranscript(error.message, guidance=error.guidance) from error
        except TooLarge as error:
            raise TooLarge("The text of this Word document is too large.", guidance="Import it in parts.") from error
        lines = [line for paragraph in found for line in paragraph.split("\n")]
        return _of_lines(lines, notes, "Word document", name)
    if encoding is not None:
        return _read(encodings.decoded_as(data, encoding), name, encoding, (encoding,))
    decoded = encodings.decoded(data)
    if decoded is None:
        raise BadTranscript("This file is not a text." if data else "This file is empty.", guidance=GUIDANCE)
    return _read(decoded.text, name, decoded.encoding, decoded.choices)


def pasted(text: str) -> Imported:
    """Read a transcript from pasted text, which may be the content of a file.

    Raises BadTranscript if the text has no readable transcript, and TooLarge if it exceeds a limit.
    """
    if len(text) > MOST:
        raise TooLarge("The transcript is larger than 10 MB.", guidance="Import it in parts.")
    return _read(text, "", "utf-8", ())


def _read(text: str, name: str, encoding: str, choices: tuple[str, ...]) -> Imported:
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x1a", "").replace("\x00", "")
    begins, ending = text.lstrip("\ufeff \n\t")[:200], name.lower()
    about: dict[str, Any] = {"name": name, "encoding": encoding, "choices": choices}
    # A text may begin with "{laughs}". A quote or "}" after the brace means JSON, even if it is damaged.
    if re.match(r"""(?:\[\s*)?\{\s*["'}]""", begins) or ending.endswith(".json"):
        notes = Notes()
        found = json_shapes.read(text.lstrip("\ufeff \n\t"), notes)
        return _checked(Imported(found.transcript, f"JSON of {found.shape}", notes.sentences(), **about))
    if detected := subtitles.detect(text, name):
        shape, found_cues = detected
        return _of_cues(found_cues, f"{shape} subtitles", about)
    if ending.endswith(SUBTITLES):
        raise BadTranscript("These subtitles cannot be read.", guidance="Paste the text instead.")
    return _of_lines(*without_notes(text.split("\n")), "Plain text", **about)


def _of_cues(found: list[subtitles.Cue], shape: str, about: dict[str, Any]) -> Imported:
    notes = Notes()
    segments = in_order([_printable(each) for each in cues.segments(found)], notes)
    reached = max((segment.end for segment in segments), default=0.0)
    return _checked(Imported(Transcript(segments, reached), shape, notes.sentences(), **about))


def _of_lines(
    lines: list[str], left_out: int, shape: str, name: str, encoding: str = "utf-8", choices: tuple[str, ...] = ()
) -> Imported:
    """Read a transcript from lines of text. `left_out` is the number of notes of the file that are not in `lines`."""
    given, timed = texts.segments(lines)
    given = [_printable(each) for each in given]
    segments = in_order(given if timed else [replace(each, start=0.0, end=0.0) for each in given], Notes())
    reached = max((segment.end for segment in segments), default=0.0)
    made = Transcript(segments, reached, timed=timed)
    notes = Notes()
    notes.add(NOTES, left_out)
    return _checked(Imported(made, shape, notes.sentences(), timed, name, encoding, choices))


def _printable(given: Given) -> Given:
    speaker = clean(given.speaker or "") or None
    if given.words:
        words = tuple(replace(word, text=_visible(word.text), speaker=speaker) for word in given.words)
        return replace(given, text="".join(word.text for word in words), words=words, speaker=speaker)
    return replace(given, text=" ".join(_visible(given.text).split()), speaker=speaker)


def _visible(text: str) -> str:
    return clean(text.replace(JOINER, "").replace("\ufeff", ""))


def _checked(imported: Imported) -> Imported:
    """Return `imported`. Raises BadTranscript if its text contains no word."""
    if not any(map(str.isalnum, imported.transcript.text)):
        raise BadTranscript("There are no words in this file.", guidance=GUIDANCE)
    return imported
