"""Write a transcript as a file. Each format is a small class. To add a format, add its class to `FORMATS`."""

from __future__ import annotations

import csv
import html
import inspect
import io
import json
import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

import pysubs2
from docx import Document
from docx.oxml import OxmlElement
from docx.shared import Pt, RGBColor
from docx.text.paragraph import Paragraph
from pathvalidate import sanitize_filename
from zipstream import ZIP_DEFLATED, ZipStream

from stt.errors import BadOption
from stt.export import notes as noted
from stt.export.notes import no_formula
from stt.export.subtitles import LINE_LENGTH, LINES, cues, printable, spoken
from stt.transcript import scripts
from stt.transcript.model import Segment, Transcript, Word, paragraphs, whole_words
from stt.transcript.notes import Note

JOINER = "\u2060"  # word joiner: invisible, and forbids a line break
LONGEST_NAME = 120  # maximum bytes of a file name before its number and extension; some systems allow 143 in total


@dataclass(frozen=True, slots=True)
class About:
    """Facts about a transcript.

    `created` is a time, or a text that is shown unchanged. `notes` is None if notes are not exported.
    """

    title: str = ""
    language: str | None = None
    model: str | None = None
    created: datetime | str | None = None
    notes: Sequence[Note] | None = None

    def facts(self) -> dict[str, str]:
        """Return `language`, `model` and `created` as texts to show, without those that are unknown."""
        created = f"{self.created:%Y-%m-%d %H:%M}" if isinstance(self.created, datetime) else self.created
        facts = {"language": self.language, "model": self.model, "created": created}
        return {name: value for name, value in facts.items() if value}


class Format(ABC):
    """A file format: its extension, label and content type, and how it is written."""

    extension: ClassVar[str]
    label: ClassVar[str]
    mime: ClassVar[str]
    takes_notes: ClassVar[bool] = False

    @classmethod
    def options(cls) -> dict[str, type]:
        """Return the format's options, the keyword arguments of `content`, each with its type."""
        given = inspect.signature(cls.content).parameters.values()
        return {each.name: type(each.default) for each in given if each.default is not each.empty}

    def write(
        self,
        transcript: Transcript,
        *,
        title: str = "",
        language: str | None = None,
        model: str | None = None,
        created: datetime | str | None = None,
        notes: Sequence[Note] | None = None,
        **options: Any,
    ) -> bytes:
        """Return the bytes of the file. `language` defaults to the transcript's language.

        `notes` are written only by formats with `takes_notes`. `options` are keyword arguments of the format's
        `content`. Raises BadOption if the value of an option is out of bounds.
        """
        about = About(title, language or transcript.language, model, created, notes)
        return self.content(transcript, about, **options)

    @abstractmethod
    def content(self, transcript: Transcript, about: About) -> bytes:
        """Return the bytes of the file. A subclass's further keyword arguments are the format's options."""


class Txt(Format):
    extension, label, mime = "txt", "Text", "text/plain"
    takes_notes = True

    def content(self, transcript: Transcript, about: About, times: bool = False, speakers: bool = False) -> bytes:
        """Return the paragraphs and then the notes in UTF-8, separated by empty lines.

        `times` adds the start of each paragraph, such as `[0:01:05]`, and `speakers` adds the name of its speaker.
        """
        written = []
        for paragraph in paragraphs(transcript.segments):
            time = f"[{clock(paragraph.start)}] " if times and transcript.timed else ""
            speaker = f"{paragraph.speaker}: " if speakers and paragraph.speaker else ""
            written.append(printable(time + speaker + paragraph.text))
        if about.notes:
            lines = noted.lines(about.notes, transcript)
            written.append("\n".join(["Notes", *(f"[{clock(start)}] {text}" for start, text in lines)]))
        return _encoded("\n\n".join(written) + "\n" if written else "")


class Subtitles(Format):
    """The base class of the subtitle formats SRT and WebVTT."""

    def content(
        self,
        transcript: Transcript,
        about: About,
        line_length: int = LINE_LENGTH,
        lines: int = LINES,
        speakers: bool = False,
        bom: bool = False,
        crlf: bool = False,
    ) -> bytes:
        """Return cues of at most `lines` (1 to 10) lines of `line_length` (8 to 200) columns, in UTF-8.

        `bom` adds a byte order mark, and `crlf` writes Windows line ends, for players and editors that need them.
        Raises BadOption if `lines` or `line_length` is out of bounds.
        """
        if not 8 <= line_length <= 200:
            raise BadOption(f"A subtitle line cannot be {line_length} characters long.", guidance="Choose 8 to 200.")
        if not 1 <= lines <= 10:
            raise BadOption(f"A subtitle cannot have {lines} lines.", guidance="Choose 1 to 10.")
        subtitles = pysubs2.SSAFile()
        for cue in cues(transcript, line_length, lines, speakers=speakers):
            event = pysubs2.SSAEvent(start=pysubs2.make_time(s=cue.start), end=pysubs2.make_time(s=cue.end))
            event.plaintext = "\n".join(self.inert(line) for line in cue.text.split("\n"))
            subtitles.append(event)
        # Without keep_ssa_tags, pysubs2 would delete spoken words that look like a tag.
        text = subtitles.to_string(self.extension, keep_ssa_tags=True)
        return _encoded(("\ufeff" if bom else "") + (text.replace("\n", "\r\n") if crlf else text))

    def inert(self, line: str) -> str:
        """Escape a line, so that no player or parser reads parts of the line as markup, a time or a cue number.

        A text that looks like markup, a time or a cue number gets an invisible word joiner. Many players hide text in
        braces even with a word joiner, so braces are replaced by full-width braces.
        """
        line = line.replace("{", "｛").replace("}", "｝")
        line = re.sub(r"(?<=\\)|(?<=<)|(?<=--)(?=>)|(?<=:\d\d)(?=[.,]\d)", JOINER, line)
        return JOINER + line if re.fullmatch(r"\d+", line) else line


class Srt(Subtitles):
    extension, label, mime = "srt", "Subtitles (SRT)", "application/x-subrip"


class Vtt(Subtitles):
    extension, label, mime = "vtt", "Subtitles (WebVTT)", "text/vtt"

    def inert(self, line: str) -> str:
        return super().inert(html.escape(line, quote=False))


class Docx(Format):
    extension, label = "docx", "Word document"
    mime = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    takes_notes = True

    def content(self, transcript: Transcript, about: About, times: bool = True, speakers: bool = True) -> bytes:
        """Return a document: the title, a line of facts, the paragraphs, and the notes.

        `times` and `speakers` add the start time and the speaker's name before the text of each paragraph.
        """
        document = Document()
        document.styles["Normal"].paragraph_format.space_after = Pt(8)
        properties = document.core_properties
        properties.author, properties.comments = "", ""
        properties.title = printable(about.title)[:255]  # DOCX allows at most 255 characters in a title
        moment = about.created if isinstance(about.created, datetime) else datetime.now(UTC)
        properties.created = properties.modified = moment.astimezone(UTC)
        end = document.element.body.sectPr

        def added() -> Paragraph:
            # document.add_paragraph searches all paragraphs for the end of the body, which takes quadratic time.
            end.addprevious(element := OxmlElement("w:p"))
            return Paragraph(element, document)

        if about.title:
            document.add_paragraph(printable(" ".join(about.title.split())), style="Title")
        facts = about.facts()
        if transcript.duration:
            facts["length"] = clock(transcript.duration)
        if facts:
            line = " · ".join(f"{name.capitalize()}: {value}" for name, value in facts.items())
            document.add_paragraph(printable(line), style="Subtitle")
        for paragraph in paragraphs(transcript.segments):
            self._add(added(), paragraph, times and transcript.timed, speakers)
        if about.notes:
            document.add_paragraph("Notes", style="Heading 1")
            for start, text in noted.lines(about.notes, transcript):
                self._add(added(), Segment(start, start, text), True, False)
        file = io.BytesIO()
        document.save(file)
        return file.getvalue()

    def _add(self, target: Paragraph, paragraph: Segment, timed: bool, speakers: bool) -> None:
        if timed:
            target.add_run(f"{clock(paragraph.start)}  ").font.color.rgb = RGBColor(0x66, 0x66, 0x66)
        if speakers and paragraph.speaker:
            target.add_run(printable(f"{paragraph.speaker}: ")).bold = True
        run = target.add_run(printable(paragraph.text))
        if _right_to_left(paragraph.text):
            target._p.get_or_add_pPr().append(OxmlElement("w:bidi"))  # python-docx has no property for right-to-left
            run.font.rtl = True


class Csv(Format):
    extension, label, mime = "csv", "Words (CSV)", "text/csv"

    def content(self, transcript: Transcript, about: About) -> bytes:
        """Return a row per word: start and end in seconds, word, confidence (0 to 1), speaker and language.

        A cell is empty if its value is unknown. The encoding is UTF-8 with a byte order mark, because Excel needs the
        mark to read anything but ASCII. A cell that a spreadsheet would read as a formula starts with an apostrophe.
        """
        file = io.StringIO(newline="")
        rows = csv.writer(file)
        rows.writerow(["start", "end", "word", "confidence", "speaker", "language"])
        for segment in transcript.segments:
            pieces = [(printable(piece), word) for piece, word in _rows(segment)]
            for number, (piece, word) in enumerate(pieces):
                start, end, confidence, speaker = None, None, None, segment.speaker
                if word:
                    start, end, confidence, speaker = word.start, word.end, word.confidence, word.speaker or speaker
                elif transcript.timed:  # without word times, the segment's start and end go to its first and last word
                    start = segment.start if number == 0 else None
                    end = segment.end if number == len(pieces) - 1 else None
                times = [None if time is None else f"{time:.3f}" for time in (start, end)]
                sure = None if confidence is None else f"{confidence:.4f}"
                named = [
                    no_formula(printable(name or "")) for name in (speaker, segment.language or transcript.language)
                ]
                rows.writerow([*times, no_formula(piece), sure, *named])
        return b"\xef\xbb\xbf" + _encoded(file.getvalue())


class Json(Format):
    extension, label, mime = "json", "JSON", "application/json"
    takes_notes = True

    def content(self, transcript: Transcript, about: About) -> bytes:
        """Return `{"title", "facts": {"language", "model", "created"}, "transcript"}`, indented, in UTF-8.

        With notes, the object also has "notes", with the start, end, text, colour and highlighted words of each note.
        `Transcript.from_dict` reads "transcript" back. If "created" is a datetime, it is written as ISO 8601.
        """
        facts = about.facts()
        if isinstance(about.created, datetime):
            facts["created"] = about.created.isoformat()
        data: dict[str, Any] = {"title": about.title, "facts": facts, "transcript": transcript.to_dict()}
        if about.notes is not None:
            data["notes"] = noted.rows(about.notes, transcript)
        text = json.dumps(data, ensure_ascii=False, indent=1, default=str)
        # A lone surrogate, which UTF-8 cannot encode, becomes an escape such as \ud800, as JSON writes it.
        return text.encode("utf-8", "backslashreplace")


FORMATS: dict[str, Format] = {each.extension: each for each in (Txt(), Srt(), Vtt(), Docx(), Csv(), Json())}


def file_name(title: str, extension: str) -> str:
    """Return a file name that every system accepts, as close to the title as possible.

    The file name has no folder and no invisible characters. It is not a reserved name, does not start with a dot, and
    has at most LONGEST_NAME bytes before the extension.
    """
    return f"{_stem(title)}.{extension}"


def bundle(
    transcripts: Iterable[tuple[str, Transcript] | tuple[str, Transcript, Mapping[str, Any]]],
    formats: Iterable[str],
) -> Iterator[bytes]:
    """Return the bytes of a ZIP in pieces, with each transcript in each of `formats` (file name extensions).

    `transcripts` are (title, transcript) or (title, transcript, facts), where `facts` are further keyword arguments of
    `Format.write`, such as model and created. Transcripts of the same title are numbered, with the same number in all
    formats. Raises BadOption if a format is unknown: at the call, not when the first piece is requested.
    """
    wanted = list(dict.fromkeys(formats))
    for extension in wanted:
        if extension not in FORMATS:
            raise BadOption(f"There is no format {extension!r}.", guidance=f"Choose from {', '.join(FORMATS)}.")
    return _bundled(transcripts, wanted)


def _bundled(transcripts: Iterable[Any], wanted: list[str]) -> Iterator[bytes]:
    archive = ZipStream(compress_type=ZIP_DEFLATED)
    taken: set[str] = set()
    for title, transcript, *facts in transcripts:
        stem = _unused(_stem(title), taken)
        for extension in wanted:
            content = FORMATS[extension].write(transcript, title=title, **(facts[0] if facts else {}))
            archive.add(content, f"{stem}.{extension}")
        yield from archive.all_files()
    yield from archive.finalize()


def clock(seconds: float) -> str:
    """Return a time in seconds as `h:mm:ss`."""
    minutes, rest = divmod(int(max(seconds, 0.0)), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def _stem(title: str) -> str:
    visible = (" " if c.isspace() else c for c in title[: 10 * LONGEST_NAME])
    name = "".join(c for c in visible if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn"))
    name = re.sub(r"[\s.]*[/\\:|]+[\s.]*", "-", unicodedata.normalize("NFC", name))
    name = re.sub(r"\s+(?=\.)", "", re.sub(r"\s+", " ", name)).strip(" .-~")
    name = sanitize_filename(name, platform="universal", max_len=LONGEST_NAME).strip(" .-~")
    return name or "transcript"


def _unused(stem: str, taken: set[str]) -> str:
    """Return `stem`, or `stem` with a number if it is in `taken`, and add the result to `taken`.

    Upper and lower case are treated as equal, as in most file systems.
    """
    number, name = 1, stem
    while name.casefold() in taken:
        number += 1
        name = f"{stem} ({number})"
    taken.add(name.casefold())
    return name


def _rows(segment: Segment) -> list[tuple[str, Word | None]]:
    """Return the words of a segment's text, each paired with the engine's word that has the same text, or with None."""
    words, own = whole_words(segment), scripts.words(segment.text)
    # If the text has only punctuation, `own` is empty, and `spoken` splits the text at spaces.
    return [(word.text, word) for word in words] if own and [word.text for word in words] == own else spoken(segment)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _right_to_left(text: str) -> bool:
    """Return whether the first character with a direction is right-to-left (Unicode rule P2)."""
    kinds = (unicodedata.bidirectional(character) for character in text)
    return next((kind for kind in kinds if kind in ("L", "R", "AL")), "L") != "L"
