"""Test exports by reading them back with independent readers."""

from __future__ import annotations

import io
import json
import re
import zipfile
from dataclasses import replace
from datetime import UTC, datetime

import docx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stt.errors import BadOption
from stt.export import notes as noted
from stt.export.formats import FORMATS, bundle, file_name
from stt.export.subtitles import cues
from stt.transcript.model import Segment, Transcript
from stt.transcript.notes import Note, quotes
from tests.exports import (
    displayed_text,
    read_csv,
    read_subtitles,
    segment,
    transcript,
    transcripts,
    visible,
    without_spaces,
    words_of,
)

TALK = transcript(
    segment("Good morning, everybody. Welcome to the talk.", speaker="Anna"),
    segment("Thank you, it is good to be here after such a long way.", 4.0, speaker="Ben"),
    segment("Let us begin.", 12.0, speaker="Anna"),
)


def read_docx(data: bytes) -> list[str]:
    return [paragraph.text for paragraph in docx.Document(io.BytesIO(data)).paragraphs]


def test_text_has_paragraphs_with_times_and_speakers_if_requested():
    write = FORMATS["txt"].write
    first = "Good morning, everybody. Welcome to the talk."
    assert write(TALK).decode().split("\n\n")[0] == first
    assert write(TALK, times=True, speakers=True).decode().split("\n\n")[0] == f"[0:00:00] Anna: {first}"
    assert write(replace(TALK, timed=False), times=True).decode().startswith("Good")
    assert write(Transcript()) == b""


NOTES = (Note("a", 0.5, None, "Check\nthis"), Note("b", 4.0, 4.8, "", "green"), Note("c", 12.0, 12.5, "=1+1", "pink"))


def test_notes_are_at_the_end_of_text_word_and_json_if_requested():
    note_lines = ["[0:00:00] Check this", "[0:00:04] “Thank you,”", "[0:00:12] “Let”: =1+1"]
    text = FORMATS["txt"].write(TALK, notes=NOTES).decode()
    assert text == FORMATS["txt"].write(TALK).decode() + "\n" + "\n".join(["Notes", *note_lines]) + "\n"
    word = read_docx(FORMATS["docx"].write(TALK, notes=NOTES))
    assert word[-4:] == ["Notes", *(line.replace("[", "").replace("]", " ") for line in note_lines)]
    assert read_docx(FORMATS["docx"].write(TALK)) == word[:-4]
    exported = json.loads(FORMATS["json"].write(TALK, notes=NOTES))
    assert exported["notes"][1] == {"start": 4.0, "end": 4.8, "text": "", "colour": "green", "words": "Thank you,"}
    assert "notes" not in json.loads(FORMATS["json"].write(TALK))
    assert json.loads(FORMATS["json"].write(TALK, notes=[]))["notes"] == []


def test_export_of_notes_alone_is_a_table_without_formulas():
    rows = read_csv(noted.table(NOTES, TALK))
    assert rows[0] == {"start": "0.500", "end": "", "text": "Check\nthis", "words": "", "colour": ""}
    assert rows[2] == {"start": "12.000", "end": "12.500", "text": "'=1+1", "words": "Let", "colour": "pink"}


def test_note_quotes_the_covered_segments_if_there_are_no_word_times():
    bare_talk = replace(TALK, segments=tuple(replace(each, words=()) for each in TALK.segments))
    assert quotes([Note("a", 11.0, 14.0), Note("b", 0.0, 0.1)], bare_talk) == ["Let us begin.", ""]


@pytest.mark.parametrize("extension", ["srt", "vtt"])
def test_subtitles_are_read_back_as_the_same_cues(extension):
    read = read_subtitles(FORMATS[extension].write(TALK), extension)
    cut = cues(TALK)
    assert [(e.start, e.end, displayed_text(e, extension)) for e in read] == [
        (round(c.start * 1000), round(c.end * 1000), c.text) for c in cut
    ]
    assert [c.text.replace("\n", " ") for c in cut] == [
        s
        for s in (
            "Good morning, everybody.",
            "Welcome to the talk.",
            "Thank you, it is good to be here after such a long way.",
            "Let us begin.",
        )
    ]


@pytest.mark.parametrize("extension", ["srt", "vtt"])
@pytest.mark.parametrize(
    "text",
    [
        "an arrow --> here",
        "00:00:01,000 --> 00:00:02,000 said she",
        "00:00:01.000 to 00:00:02.000 said he",
        "<script>alert(1)</script>",
        "<i>not slanted</i> <b",
        r"{\an8}not at the top {nor hidden}",
        r"C:\News\next\house",
        "Tom & Jerry &amp; &lt;co&gt;",
        "line\nbreak\r\n\r\nand\u2028more\x0bof it",
        "the answer is\n42",
        "42",
        "WEBVTT",
        "NOTE nothing",
    ],
)
def test_text_that_looks_like_markup_is_shown_literally(extension, text):
    data = FORMATS[extension].write(transcript(Segment(0.0, 3.0, text)), line_length=13)
    events = read_subtitles(data, extension)
    assert without_spaces("".join(displayed_text(event, extension) for event in events)) == without_spaces(text)
    assert "{" not in data.decode() and data.decode().count("-->") == len(events)
    assert not re.search(r"<\w", data.decode())


@pytest.mark.parametrize("option", [{"line_length": 0}, {"line_length": 1000}, {"lines": 0}, {"lines": 11}])
def test_invalid_subtitle_options_are_refused_by_name(option):
    with pytest.raises(BadOption, match="subtitle"):
        FORMATS["srt"].write(TALK, **option)


def test_a_document_has_title_facts_and_paragraphs_with_time_and_speaker():
    created = datetime(2025, 6, 1, 12, 30, tzinfo=UTC)
    data = FORMATS["docx"].write(TALK, title="The\x00 talk", model="whisper-base", created=created)
    assert read_docx(data) == [
        "The talk",
        "Language: en · Model: whisper-base · Created: 2025-06-01 12:30 · Length: 0:00:13",
        "0:00:00  Anna: Good morning, everybody. Welcome to the talk.",
        "0:00:04  Ben: Thank you, it is good to be here after such a long way.",
        "0:00:12  Anna: Let us begin.",
    ]
    assert docx.Document(io.BytesIO(data)).core_properties.title == "The talk"


def test_document_drops_characters_invalid_in_xml_and_marks_right_to_left_text():
    data = FORMATS["docx"].write(transcript(Segment(0, 1, "a\x00b\x08\ufffe \ud800c\rd"), Segment(9, 10, "مرحبا بكم")))
    document = docx.Document(io.BytesIO(data))
    assert [p.text for p in document.paragraphs[1:]] == ["0:00:00  ab c d", "0:00:09  مرحبا بكم"]
    assert [len(p._p.xpath("./w:pPr/w:bidi")) for p in document.paragraphs[1:]] == [0, 1]


def test_table_of_words_has_every_word_with_times_and_confidence():
    rows = read_csv(FORMATS["csv"].write(TALK))
    assert [(float(r["start"]), float(r["end"]), r["word"], float(r["confidence"])) for r in rows] == [
        (w.start, w.end, w.text.strip(), w.confidence) for w in TALK.words
    ]
    assert [r["speaker"] for r in rows] == [s.speaker for s in TALK.segments for _ in s.words]
    assert {r["language"] for r in rows} == {"en"}
    two = transcript(segment("Hola a todos", language="es"), segment("Good morning", 4.0, language="en"))
    rows = read_csv(FORMATS["csv"].write(two))
    assert [r["language"] for r in rows] == ["es"] * 3 + ["en"] * 2
    assert Transcript.from_dict(json.loads(FORMATS["json"].write(two))["transcript"]) == two


def test_no_cell_of_a_table_is_a_formula():
    hostile = ["=1+1", "+1", "-1", "@SUM(A1)", 'a"b,c', "'"]
    rows = read_csv(FORMATS["csv"].write(transcript(segment(" ".join(hostile), speaker="=cmd|calc"))))
    assert [row["word"] for row in rows] == ["'=1+1", "'+1", "'-1", "'@SUM(A1)", "a\"b,c '"]
    assert {row["speaker"] for row in rows} == {"'=cmd|calc"}


def test_words_without_times_leave_their_cells_empty():
    rows = read_csv(FORMATS["csv"].write(transcript(Segment(1.0, 3.0, "three plain words"))))
    assert [(r["start"], r["end"], r["word"]) for r in rows] == [
        ("1.000", "", "three"),
        ("", "", "plain"),
        ("", "3.000", "words"),
    ]
    rows = read_csv(FORMATS["csv"].write(Transcript((Segment(0.0, 0.0, "no times"),), timed=False)))
    assert [(r["start"], r["end"], r["word"]) for r in rows] == [("", "", "no"), ("", "", "times")]


def test_json_is_read_back_as_the_same_transcript():
    original = replace(TALK, lost=((1.0, 2.0, "damaged"),), extras={"summary": "Hi", "topics": [{"name": "a"}]})
    created = datetime(2025, 6, 1, tzinfo=UTC)
    data = json.loads(FORMATS["json"].write(original, title="A talk", model="whisper-base", created=created))
    assert Transcript.from_dict(data["transcript"]) == original
    assert (data["title"], data["facts"]) == (
        "A talk",
        {"language": "en", "model": "whisper-base", "created": "2025-06-01T00:00:00+00:00"},
    )


def test_edited_text_is_exported_with_the_times_of_unchanged_words():
    spoken = segment("Let us begin with the fist chapter now.")
    edited = transcript(replace(spoken, text="Let us begin with the first chapter right now."))
    rows = read_csv(FORMATS["csv"].write(edited))
    assert [row["word"] for row in rows] == edited.text.split()
    assert [row["word"] for row in rows if row["start"] == ""] == ["first", "right"]
    assert without_spaces("".join(cue.text for cue in cues(edited))) == without_spaces(edited.text)


@given(transcripts(), st.text(max_size=20))
def test_any_transcript_is_written_completely_in_every_format(original, title):
    written = {name: each.write(original, title=title) for name, each in FORMATS.items() if name not in ("srt", "vtt")}
    assert without_spaces(written["txt"].decode()) == words_of(original)
    assert Transcript.from_dict(json.loads(written["json"])["transcript"]) == original
    cells = "".join(re.sub(r"^'(?=[=+\-@\t\r])", "", row["word"]) for row in read_csv(written["csv"]))
    assert "".join(c for c in without_spaces(cells) if visible(c)) == words_of(original)
    assert words_of(original) in without_spaces(
        "".join(read_docx(FORMATS["docx"].write(original, times=False, speakers=False)))
    )


def test_text_of_symbols_only_is_exported():
    """Check that the CSV table of words has a row for a text without any letter or digit."""
    rows = read_csv(FORMATS["csv"].write(Transcript((Segment(0.0, 1.0, "×"),), 1.0), title=""))
    assert [row["word"] for row in rows] == ["×"]


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Monday's talk", "Monday's talk.srt"),
        ("../../etc/passwd", "etc-passwd.srt"),
        ("..\\..\\windows\\system32", "windows-system32.srt"),
        ("<script>alert(1)</script>", "scriptalert(1)-script.srt"),
        ("", "transcript.srt"),
        (" ... ", "transcript.srt"),
        ("???", "transcript.srt"),
        ("CON", "CON_.srt"),
        ("nul.mp3", "nul_.mp3.srt"),
        ("aux .x", "aux_.x.srt"),
        (".htaccess", "htaccess.srt"),
        ("-rf ~", "rf.srt"),
        ("What? 12:30 AC/DC", "What 12-30 AC-DC.srt"),
        ("a\x00b\nc\ud800", "ab c.srt"),
        ("a\u202egpj.exe", "agpj.exe.srt"),
        ("会议 🎙️ приве́т", "会议 🎙️ приве́т.srt"),
        ("x" * 300, "x" * 120 + ".srt"),
        ("é" * 300, "é" * 60 + ".srt"),
    ],
)
def test_any_title_becomes_a_safe_file_name(title, expected):
    assert file_name(title, "srt") == expected


@given(st.text() | st.text("./\\ aux\u200d👨é:", min_size=1, max_size=200))
def test_every_file_name_is_valid(title):
    name = file_name(title, "srt")
    assert len(name.encode()) <= 124 and not set(name) & set('/\\:*?"<>|\n\x00')
    assert name[0] not in " .-~" and not name.removesuffix(".srt").endswith((" ", "."))


def test_bundle_holds_every_transcript_in_every_format_with_unique_names():
    other = transcript(segment("Something else."))
    named = [("Talk", TALK), ("talk", other, {"model": "nova"}), ("../Talk", other)]
    data = b"".join(bundle(named, ["txt", "json", "txt"]))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [
            "Talk.txt",
            "Talk.json",
            "talk (2).txt",
            "talk (2).json",
            "Talk (3).txt",
            "Talk (3).json",
        ]
        assert archive.read("talk (2).txt").decode() == "Something else.\n"
        assert json.loads(archive.read("talk (2).json"))["facts"]["model"] == "nova"
    with pytest.raises(BadOption, match="pdf"):
        bundle([], ["pdf"])
