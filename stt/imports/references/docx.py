"""Read the paragraphs of an untrusted Word document (DOCX): sizes are limited, and XML entities are refused."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from xml.parsers import expat

from stt.errors import BadReference, TooLarge

MOST_UNZIPPED = 32 << 20  # maximum size of an unzipped XML file, bytes; about ten times what 200,000 words need
MOST_TEXT = 5 << 20  # maximum length of the text, characters
MOST_ELEMENTS = 1_500_000  # maximum number of XML elements; 200,000 words with separate formats take a million
DEEPEST = 200  # maximum nesting depth of elements
HINT = "Open it in Word, save it as DOCX again, or paste the text."

_LABEL = re.compile(r"[^:]{1,60}:\s*")  # a speaker's name, which this app's DOCX export writes in bold
_CLOCK = re.compile(r"[\s\[]*\d{1,3}:\d{2}(?::\d{2})?[\]\s]*")
_NOTES = ("Notes", "Heading1")  # text and style of the heading above the notes in this app's DOCX export
_NOTE = re.compile(r"\d+:\d{2}:\d{2}(?:  |$)")
_NOT_SPOKEN = {"Title", "Subtitle"}
# Elements whose text is deleted, repeated elsewhere or hidden.
_SKIPPED = {"del", "moveFrom", "Fallback", "rt", "instrText", "delText"}
_SPACES = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}


def paragraphs(data: bytes, *, names: bool = False) -> tuple[list[str], int]:
    """Return the visible paragraphs of a document's body, including paragraphs in tables and text boxes.

    Also return the number of notes at the end of a document that this app exported; they are left out. Deleted text,
    comments, footnotes, headers and footers are left out, and also titles, unless there is no other text. If `names` is
    False, a speaker's name in bold at the start of a paragraph is left out, too. Raises BadReference if the
    document cannot be read, and TooLarge if it exceeds MOST_UNZIPPED, MOST_TEXT or MOST_ELEMENTS.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if "_rels/.rels" not in archive.namelist():
                raise BadReference("This file is not a Word document (DOCX).", guidance=HINT)
            content = _part(archive, _main_part(archive))
    except (zipfile.BadZipFile, zlib.error, KeyError, RuntimeError, NotImplementedError, EOFError, ValueError) as error:
        raise BadReference("This Word document cannot be read.", guidance=HINT) from error
    reader = _Reader(names)
    _parse(content, reader.begin, reader.end, reader.text)
    found, notes = _without_notes(reader.found)
    spoken = [text for text, style in found if style not in _NOT_SPOKEN]
    return spoken if any(spoken) else [text for text, _ in found], notes


def _without_notes(found: list[tuple[str, str]]) -> tuple[list[tuple[str, str]], int]:
    """Return the paragraphs without the notes that this app's DOCX export writes at the end, and their number."""
    start = len(found)
    while start and _NOTE.match(found[start - 1][0]):
        start -= 1
    count = len(found) - start
    if count and start > 1 and found[start - 1] == _NOTES:
        return found[: start - 1], count
    return found, 0


def _main_part(archive: zipfile.ZipFile) -> str:
    """Return the path of the main document within `archive`: the target given in `_rels/.rels`, or a default."""
    targets: list[str] = []

    def begin(name: str, attributes: dict[str, str]) -> None:
        if _local(name) == "Relationship" and attributes.get("Type", "").endswith("/officeDocument"):
            targets.append(attributes.get("Target", "").lstrip("/"))

    _parse(_part(archive, "_rels/.rels"), begin, lambda name: None, lambda text: None)
    return targets[0] if targets else "word/document.xml"


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    part = archive.getinfo(name)
    if part.compress_type not in (
        zipfile.ZIP_STORED,
        zipfile.ZIP_DEFLATED,
    ):  # other compression methods may take unlimited memory
        raise NotImplementedError(part.compress_type)
    with archive.open(part) as file:
        content = file.read(MOST_UNZIPPED + 1)
    if len(content) > MOST_UNZIPPED:
        raise TooLarge("This Word document is larger than 32 MB when it is unpacked.", guidance="Use a shorter text.")
    return content


def _parse(
    content: bytes,
    begin: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None],
    text: Callable[[str], None],
) -> None:
    parser = expat.ParserCreate(namespace_separator=" ")
    depth = count = 0

    def forbid(*_: object) -> None:
        message = "This Word document has a document type declaration, which is not allowed in DOCX."
        raise BadReference(message, guidance=HINT)

    def deeper(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth, count
        depth, count = depth + 1, count + 1
        if count > MOST_ELEMENTS:
            raise TooLarge("This Word document has more than 1,500,000 elements.", guidance="Use a shorter text.")
        if depth > DEEPEST:
            raise BadReference("This Word document cannot be read.", guidance=HINT)
        begin(name, attributes)

    def back(name: str) -> None:
        nonlocal depth
        depth -= 1
        end(name)

    parser.StartDoctypeDeclHandler = forbid
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = deeper, back, text
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, UnicodeError, LookupError) as error:
        raise BadReference("This Word document cannot be read.", guidance=HINT) from error


def _local(name: str) -> str:
    return name.rpartition(" ")[2]


@dataclass
class _Paragraph:
    """A paragraph's runs, which are pieces of text with one format, and the name of its style."""

    runs: list[tuple[str, bool]] = field(default_factory=list)  # (text of the run, whether it is bold)
    style: str = ""

    def shown(self, names: bool) -> str:
        """Return the text. If `names` is False, leave out a bold name at its start, or after a time at its start."""
        if names or not self.runs:
            return "".join(text for text, _ in self.runs).strip()
        runs = [(text, bold) for text, bold in self.runs if text]
        first = 1 if len(runs) > 1 and not runs[0][1] and _CLOCK.fullmatch(runs[0][0]) else 0
        last = first
        while last < len(runs) and runs[last][1]:
            last += 1
        label = "".join(text for text, _ in runs[first:last])
        if last < len(runs) and _LABEL.fullmatch(label):
            del runs[first:last]
        return "".join(text for text, _ in runs).strip()


class _Reader:
    """Handle the parser's events, and collect the texts (`w:t`) in the runs (`w:r`) of each paragraph (`w:p`).

    A paragraph that has a text box contains the paragraphs of the text box.
    """

    def __init__(self, names: bool) -> None:
        self._names = names
        self.found: list[tuple[str, str]] = []  # (text, style) of each paragraph, in the order in which they end
        self._open: list[_Paragraph] = []
        self._skipped = 0  # nesting depth within an element named in _SKIPPED, 0 outside of such elements
        self._in_text = self._in_run = self._bold = self._hidden = False
        self._length = 0

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        local = _local(name)
        if self._skipped or local in _SKIPPED:
            self._skipped += 1
        elif local == "p" and "wordprocessingml" in name:
            self._open.append(_Paragraph())
        elif local == "r":
            self._in_run, self._bold, self._hidden = True, False, False
        elif local == "pStyle" and self._open:
            self._open[-1].style = self._value(attributes)
        elif local in ("b", "vanish") and self._in_run:
            on = self._value(attributes) not in ("0", "false", "off")
            self._bold, self._hidden = (on, self._hidden) if local == "b" else (self._bold, on)
        elif local in _SPACES and self._in_run:
            self._add(_SPACES[local])
        self._in_text = not self._skipped and local == "t" and "wordprocessingml" in name

    def end(self, name: str) -> None:
        local = _local(name)
        self._in_text = False
        if self._skipped:
            self._skipped -= 1
        elif local == "p" and "wordprocessingml" in name and self._open:
            paragraph = self._open.pop()
            if shown := paragraph.shown(self._names):
                self.found.append((shown, paragraph.style))
        elif local == "r":
            self._in_run = False

    def text(self, text: str) -> None:
        if self._in_text and not self._hidden:
            self._add(text)

    def _add(self, text: str) -> None:
        self._length += len(text)
        if self._length > MOST_TEXT:
            raise TooLarge("The reference text is larger than 5 MB.", guidance="Use a shorter text.")
        if self._open:
            self._open[-1].runs.append((text, self._bold))

    @staticmethod
    def _value(attributes: dict[str, str]) -> str:
        return next((value for name, value in attributes.items() if _local(name) == "val"), "")
