"""A transcript as a file: one small class a format. To add one, write a class and add it to `FORMATS`."""

from __future__ import annotations

import csv
import html
import inspect
import io
import json
import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
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
from stt.export.subtitles import cues, printable, spoken
from stt.transcript import scripts
from stt.transcript.model import Segment, Transcript, Word, paragraphs, whole_words

JOINER = "\u2060"  # word joiner: not seen, and not a place where a line breaks
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
LONGEST_NAME = 120  # bytes; with an extension and a number well within the 143 of encrypted folders


@dataclass(frozen=True, slots=True)
class About:
    """What is said about a transcript beside its words. `created` as a moment, or as the text to show."""

    title: str = ""
    language: str | None = None
    model: str | None = None
    created: datetime | str | None = None

    def facts(self) -> dict[str, str]:
        """The known ones of language, model and created, as text for people."""
        created = f"{self.created:%Y-%m-%d %H:%M}" if isinstance(self.created, datetime) else self.created
        facts = {"language": self.language, "model": self.model, "created": created}
        return {name: value for name, value in facts.items() if value}


class Format(ABC):
    """What a file of a transcript is called, and how it is written."""

    extension: ClassVar[str]
    label: ClassVar[str]
    mime: ClassVar[str]

    @classmethod
    def options(cls) -> dict[str, type]:
        """The options of `content`, each with its type."""
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
        **options: Any,
    ) -> bytes:
        """The bytes of the file. `language` is the transcript's own when not given.

        `options` are those of the format's `content`. Raises BadOption for a value out of its bounds.
        """
        about = About(title, language or transcript.language, model, created)
        return self.content(transcript, about, **options)

    @abstractmethod
    def content(self, transcript: Transcript, about: About) -> bytes:
        """The bytes of the file; more keyword arguments, all with a default, are the format's options."""


class Txt(Format):
    extension, label, mime = "txt", "Text", "text/plain"

    def content(self, transcript: Transcript, about: About, times: bool = False, speakers: bool = False) -> bytes:
        """Paragraphs with an empty line between, in UTF-8; with their start `[0:01:05]` and speaker if asked for."""
        written = []
        for paragraph in paragraphs(transcript.segments):
            time = f"[{clock(paragraph.start)}] " if times and transcript.timed else ""
            speaker = f"{paragraph.speaker}: " if speakers and paragraph.speaker else ""
            written.append(printable(time + speaker + paragraph.text))
        return _encoded("\n\n".join(written) + "\n" if written else "")


class Subtitles(Format):
    """What SRT and VTT have in common."""

    def content(
        self,
        transcript: Transcript,
        about: About,
        line_length: int = 42,
        lines: int = 2,
        speakers: bool = False,
        bom: bool = False,
        crlf: bool = False,
    ) -> bytes:
        """Cues of at most `lines` (1 to 10) lines of `line_length` (8 to 200) columns, in UTF-8.

        `bom` puts a byte order mark first and `crlf` ends lines as Windows does, for players and editors that need it.
        Raises BadOption for other values.
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
        # without keep_ssa_tags pysubs2 would drop whatever it takes for a tag, words too
        text = subtitles.to_string(self.extension, keep_ssa_tags=True)
        return _encoded(("\ufeff" if bom else "") + (text.replace("\n", "\r\n") if crlf else text))

    def inert(self, line: str) -> str:
        """A line that no player or parser takes for markup, a time or a cue's number.

        Word joiners break the patterns unseen. Braces hide what is in them in many players, joiner or not, so they
        become full-width ones.
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

    def content(self, transcript: Transcript, about: About, times: bool = True, speakers: bool = True) -> bytes:
        """The title, a line of facts, then paragraphs, each begun by its start and speaker."""
        document = Document()
        document.styles["Normal"].paragraph_format.space_after = Pt(8)
        properties = document.core_properties
        properties.author, properties.comments = "", ""
        properties.title = printable(about.title)[:255]  # the most that the format takes
        moment = about.created if isinstance(about.created, datetime) else datetime.now(UTC)
        properties.created = properties.modified = moment.astimezone(UTC)
        if about.title:
            document.add_paragraph(printable(" ".join(about.title.split())), style="Title")
        facts = about.facts()
        if transcript.duration:
            facts["length"] = clock(transcript.duration)
        if facts:
            line = " · ".join(f"{name.capitalize()}: {value}" for name, value in facts.items())
            document.add_paragraph(printable(line), style="Subtitle")
        for paragraph in paragraphs(transcript.segments):
            self._add(document.add_paragraph(), paragraph, times and transcript.timed, speakers)
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
            target._p.get_or_add_pPr().append(OxmlElement("w:bidi"))  # python-docx has no name for it
            run.font.rtl = True


class Csv(Format):
    extension, label, mime = "csv", "Words (CSV)", "text/csv"

    def content(self, transcript: Transcript, about: About) -> bytes:
        """A row a word: start, end (seconds), word, confidence (0 to 1), speaker, language; what is unknown stays
        empty.

        UTF-8 with a byte order mark, without which Excel garbles all but English. Cells that a spreadsheet would
        take for a formula begin with an apostrophe.
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
                elif transcript.timed:  # of words without times, only the outer ones' are known
                    start = segment.start if number == 0 else None
                    end = segment.end if number == len(pieces) - 1 else None
                times = [None if time is None else f"{time:.3f}" for time in (start, end)]
                sure = None if confidence is None else f"{confidence:.4f}"
                named = [
                    _no_formula(printable(name or "")) for name in (speaker, segment.language or transcript.language)
                ]
                rows.writerow([*times, _no_formula(piece), sure, *named])
        return b"\xef\xbb\xbf" + _encoded(file.getvalue())


class Json(Format):
    extension, label, mime = "json", "JSON", "application/json"

    def content(self, transcript: Transcript, about: About) -> bytes:
        """`{"title", "facts": {"language", "model", "created"}, "transcript"}`, indented, in UTF-8.

        `Transcript.from_dict` reads "transcript" back. A moment is written as ISO 8601.
        """
        facts = about.facts()
        if isinstance(about.created, datetime):
            facts["created"] = about.created.isoformat()
        data = {"title": about.title, "facts": facts, "transcript": transcript.to_dict()}
        text = json.dumps(data, ensure_ascii=False, indent=1, default=str)
        # half a surrogate pair, which UTF-8 cannot hold, becomes \ud800: just how JSON writes it
        return text.encode("utf-8", "backslashreplace")


FORMATS: dict[str, Format] = {each.extension: each for each in (Txt(), Srt(), Vtt(), Docx(), Csv(), Json())}


def file_name(title: str, extension: str) -> str:
    """A name for a file that every system takes, as near to the title as can be: no folders, no hidden files, no
    reserved names, no invisible characters, at most 120 bytes and the extension."""
    return f"{_stem(title)}.{extension}"


def bundle(
    transcripts: Iterable[tuple[str, Transcript] | tuple[str, Transcript, Mapping[str, Any]]],
    formats: Iterable[str],
) -> Iterator[bytes]:
    """A ZIP, piece by piece, of (title, transcript) or (title, transcript, facts) in each of `formats` (extensions).

    `facts` are more keyword arguments of `Format.write`, such as model and created. Transcripts of the same title
    are numbered, alike in all formats. Raises BadOption at once for a format that does not exist.
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
    """A time as `h:mm:ss`."""
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
    """The stem, numbered if it is taken. Most systems do not tell capitals from small letters."""
    number, name = 1, stem
    while name.casefold() in taken:
        number += 1
        name = f"{stem} ({number})"
    taken.add(name.casefold())
    return name


def _rows(segment: Segment) -> list[tuple[str, Word | None]]:
    """The words of a segment, each with its times where the engine's words are those of the text."""
    words, own = whole_words(segment), scripts.words(segment.text)
    # Signs alone are no word, and stay as they are.
    return [(word.text, word) for word in words] if own and [word.text for word in words] == own else spoken(segment)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _no_formula(cell: str) -> str:
    return "'" + cell if cell.startswith(FORMULA_STARTS) else cell


def _right_to_left(text: str) -> bool:
    """Whether the first character with a direction runs from right to left, as Unicode's rule P2 has it."""
    kinds = (unicodedata.bidirectional(character) for character in text)
    return next((kind for kind in kinds if kind in ("L", "R", "AL")), "L") != "L"
