"""Format notes on a transcript, for exported files of the transcript and for a table of the notes alone."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from stt.export.subtitles import printable
from stt.transcript.model import Transcript
from stt.transcript.notes import Note, quotes

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def lines(notes: Sequence[Note], transcript: Transcript) -> list[tuple[float, str]]:
    """Return (start of the note in seconds, line of text) for each note.

    The line consists of the words that the note highlights, in quotes, and the text of the note.
    """
    found = []
    for note, words in zip(notes, quotes(notes, transcript), strict=True):
        quoted = f"“{words}”" if words else ""
        text = " ".join(note.text.split())
        found.append((note.start, printable(": ".join(part for part in (quoted, text) if part))))
    return found


def rows(notes: Sequence[Note], transcript: Transcript) -> list[dict[str, Any]]:
    """Return the notes as JSON objects, with times in seconds. `words` are the words that the note highlights."""
    return [
        {"start": note.start, "end": note.end, "text": note.text, "colour": note.colour, "words": words}
        for note, words in zip(notes, quotes(notes, transcript), strict=True)
    ]


def table(notes: Sequence[Note], transcript: Transcript) -> bytes:
    """Return a CSV file with a row for each note: start and end in seconds, text, highlighted words and colour.

    A cell is empty if the note has no such value. The encoding is UTF-8 with a byte order mark, because Excel needs the
    mark to read anything but ASCII.
    """
    file = io.StringIO(newline="")
    written = csv.writer(file)
    written.writerow(["start", "end", "text", "words", "colour"])
    for note, words in zip(notes, quotes(notes, transcript), strict=True):
        end = None if note.end is None else f"{note.end:.3f}"
        cells = [no_formula(printable(text)) for text in (note.text, words)]
        written.writerow([f"{note.start:.3f}", end, *cells, note.colour])
    return b"\xef\xbb\xbf" + file.getvalue().encode("utf-8", "replace")


def no_formula(cell: str) -> str:
    """Escape a cell, so that no spreadsheet reads it as a formula."""
    return "'" + cell if cell.startswith(FORMULA_STARTS) else cell
