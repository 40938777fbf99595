"""Exports, read back by readers that are not ours."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import unicodedata
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import docx
import pysubs2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stt.errors import BadOption
from stt.export.formats import FORMATS, JOINER, bundle, file_name
from stt.export.subtitles import cues, width
from stt.transcript.model import Segment, Transcript, Word

HOUR = 3600.0


def segment(text: str, start: float = 0.0, pace: float = 0.4, gaps: dict[int, float] | None = None, **more) -> Segment:
    """A segment whose words take `pace` seconds each, with silence before those that `gaps` names."""
    words, now = [], start
    for number, token in enumerate(text.split()):
        now += (gaps or {}).get(number, 0.0)
        words.append(Word(f" {token}" if number else token, round(now, 3), round(now + pace, 3), 0.9))
        now += pace
    return Segment(start, round(now, 3), text, tuple(words), **more)


def transcript(*segments: Segment, **more) -> Transcript:
    return Transcript(segments, duration=max((s.end for s in segments), default=0.0), language="en", **more)


TALK = transcript(
    segment("Good morning, everybody. Welcome to the talk.", speaker="Anna"),
    segment("Thank you, it is good to be here after such a long way.", 4.0, speaker="Ben"),
    segment("Let us begin.", 12.0, speaker="Anna"),
)


def bare(text: str) -> str:
    """What of a text must survive: no spaces, and the same whether or not a format had to make it harmless."""
    return "".join(unicodedata.normalize("NFKC", text.replace(JOINER, "")).split())


def read_subtitles(data: bytes, extension: str) -> list[pysubs2.SSAEvent]:
    return list(pysubs2.SSAFile.from_string(data.decode(), format_=extension))


def seen(event: pysubs2.SSAEvent, extension: str) -> str:
    return html.unescape(event.plaintext) if extension == "vtt" else event.plaintext


def read_docx(data: bytes) -> list[str]:
    return [paragraph.text for paragraph in docx.Document(io.BytesIO(data)).paragraphs]


def read_csv(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


# Formats


def test_text_is_paragraphs_with_times_and_speakers_where_asked_for():
    write = FORMATS["txt"].write
    first = "Good morning, everybody. Welcome to the talk."
    assert write(TALK).decode().split("\n\n")[0] == first
    assert write(TALK, times=True, speakers=True).decode().split("\n\n")[0] == f"[0:00:00] Anna: {first}"
    assert write(replace(TALK, timed=False), times=True).decode().startswith("Good")
    assert write(Transcript()) == b""


@pytest.mark.parametrize("extension", ["srt", "vtt"])
def test_subtitles_come_back_as_they_were_cut(extension):
    read = read_subtitles(FORMATS[extension].write(TALK), extension)
    cut = cues(TALK)
    assert [(e.start, e.end, seen(e, extension)) for e in read] == [
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
def test_text_that_looks_like_markup_is_shown_and_not_obeyed(extension, text):
    data = FORMATS[extension].write(transcript(Segment(0.0, 3.0, text)), line_length=13)
    events = read_subtitles(data, extension)
    assert bare("".join(seen(event, extension) for event in events)) == bare(text)
    assert "{" not in data.decode() and data.decode().count("-->") == len(events)
    assert not re.search(r"<\w", data.decode())


@pytest.mark.parametrize("option", [{"line_length": 0}, {"line_length": 1000}, {"lines": 0}, {"lines": 11}])
def test_impossible_subtitle_options_are_named(option):
    with pytest.raises(BadOption, match="subtitle"):
        FORMATS["srt"].write(TALK, **option)


def test_a_document_has_title_facts_and_paragraphs_with_time_and_speaker():
    made = datetime(2025, 6, 1, 12, 30, tzinfo=UTC)
    data = FORMATS["docx"].write(TALK, title="The\x00 talk", model="whisper-base", created=made)
    assert read_docx(data) == [
        "The talk",
        "Language: en · Model: whisper-base · Created: 2025-06-01 12:30 · Length: 0:00:13",
        "0:00:00  Anna: Good morning, everybody. Welcome to the talk.",
        "0:00:04  Ben: Thank you, it is good to be here after such a long way.",
        "0:00:12  Anna: Let us begin.",
    ]
    assert docx.Document(io.BytesIO(data)).core_properties.title == "The talk"


def test_a_document_takes_what_xml_refuses_and_turns_right_to_left_text():
    data = FORMATS["docx"].write(transcript(Segment(0, 1, "a\x00b\x08\ufffe \ud800c\rd"), Segment(9, 10, "مرحبا بكم")))
    document = docx.Document(io.BytesIO(data))
    assert [p.text for p in document.paragraphs[1:]] == ["0:00:00  ab c d", "0:00:09  مرحبا بكم"]
    assert [len(p._p.xpath("./w:pPr/w:bidi")) for p in document.paragraphs[1:]] == [0, 1]


def test_a_table_of_words_has_every_word_with_its_numbers():
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


def test_json_comes_back_as_the_same_transcript():
    whole = replace(TALK, lost=((1.0, 2.0, "damaged"),), extras={"summary": "Hi", "topics": [{"name": "a"}]})
    made = datetime(2025, 6, 1, tzinfo=UTC)
    data = json.loads(FORMATS["json"].write(whole, title="A talk", model="whisper-base", created=made))
    assert Transcript.from_dict(data["transcript"]) == whole
    assert (data["title"], data["facts"]) == (
        "A talk",
        {"language": "en", "model": "whisper-base", "created": "2025-06-01T00:00:00+00:00"},
    )


def test_an_edited_text_is_exported_as_edited_with_the_times_of_the_words_that_stayed():
    spoken = segment("Let us begin with the fist chapter now.")
    edited = transcript(replace(spoken, text="Let us begin with the first chapter right now."))
    rows = read_csv(FORMATS["csv"].write(edited))
    assert [row["word"] for row in rows] == edited.text.split()
    assert [row["word"] for row in rows if row["start"] == ""] == ["first", "right"]
    assert bare("".join(cue.text for cue in cues(edited))) == bare(edited.text)


# Cues


def test_cues_are_cut_at_sentence_ends_and_pauses():
    talk = transcript(
        segment("This is a first sentence. This is a second one that ends here", gaps={9: 1.2}),
        segment("and this goes on a little later.", 8.0),
    )
    assert [cue.text.replace("\n", " ") for cue in cues(talk)] == [
        "This is a first sentence.",
        "This is a second",
        "one that ends here",
        "and this goes on a little later.",
    ]


def test_an_abbreviation_does_not_end_a_sentence():
    (cue,) = cues(transcript(segment("I saw Mr. Smith and Dr. Jones.")))
    assert cue.text == "I saw Mr. Smith and Dr. Jones."


def test_short_cues_are_held_for_a_second_where_the_next_leaves_room():
    first, second = cues(transcript(segment("Yes.", pace=0.2), segment("No.", 5.0, pace=0.2)))
    assert (first.start, first.end, second.end) == (0.0, 1.0, 6.0)
    first, second = cues(transcript(segment("Yes.", pace=0.2, speaker="A"), segment("No.", 0.6, pace=0.2, speaker="B")))
    assert (first.end, second.start) == (0.6, 0.6)


def test_speakers_at_the_same_time_have_cues_one_after_the_other():
    both = transcript(
        segment("one two three four five six seven eight", 0.0, pace=1.0, speaker="A"),
        segment("yes indeed", 3.0, speaker="B"),
        segment("no", 3.0, speaker="C"),
    )
    cut = cues(both, speakers=True)
    assert_in_order(cut)
    assert all(cue.end - cue.start >= 0.1 for cue in cut)
    assert "B: yes indeed" in [cue.text for cue in cut]


def test_a_sentence_without_times_is_one_cue_over_the_duration():
    (cue,) = cues(Transcript((Segment(0.0, 0.0, "Nothing is known of when."),), duration=60.0, timed=False))
    assert (cue.start, cue.end, cue.text) == (0.0, 60.0, "Nothing is known of when.")


def test_a_long_text_without_times_is_spread_by_its_characters():
    sentence = "Here comes a sentence of about sixty characters, more or less. "
    cut = cues(Transcript((Segment(0.0, 0.0, sentence * 10),), duration=100.0, timed=False))
    assert [round(cue.start) for cue in cut] == list(range(0, 100, 10))
    assert cut[-1].end == 100.0


def test_chinese_is_cut_between_characters_and_thai_never_before_a_mark():
    chinese = "今天天气很好，我们去公园散步吧。" * 6
    rows = [row for cue in cues(transcript(Segment(0.0, 30.0, chinese))) for row in cue.text.split("\n")]
    assert "".join(rows) == chinese
    assert all(width(row) <= 42 and row[0] not in "，。" for row in rows)
    thai = "สวัสดีครับผมชื่อสมชายและนี่คือการทดสอบที่ยาวมาก" * 3
    rows = [row for cue in cues(transcript(Segment(0.0, 20.0, thai))) for row in cue.text.split("\n")]
    assert "".join(rows) == thai
    assert not any(unicodedata.category(row[0]).startswith("M") for row in rows)


def test_an_hour_of_speech_has_readable_cues():
    sentence = "So we went on, as one does, and looked for the place where the river turns."
    long = transcript(*(segment(sentence, 5.5 * number, pace=0.3) for number in range(650)))
    cut = cues(long)
    assert_in_order(cut)
    assert all(1.0 <= cue.end - cue.start <= 7.0 for cue in cut)
    assert len(cut) == 650 and all(cue.text.count("\n") == 1 for cue in cut)


def assert_in_order(cut):
    for cue in cut:
        assert cue.start < cue.end and cue.text.strip()
    for earlier, later in pairwise(cut):
        assert earlier.end <= later.start


# Any transcript

PIECES = (
    st.sampled_from(
        [
            "Hello",
            "world.",
            "of,",
            "co-operation",
            "Mr.",
            "42",
            "--",
            "-->",
            "<script>",
            "</i>",
            "{\\an8}",
            "\\N",
            "&amp;",
            "=1+1",
            "@x",
            "\x00",
            "�",
            "\n\n",
            "00:00:01.000",
            "مرحبا",
            "بكم؟",
            "שלום",
            "今天天气很好。",
            "こんにちは",
            "สวัสดีครับ",
            "👨\u200d👩\u200d👧🇩🇪",
            "é́́",
            "𝒳",
            "\u202e",
            "\ufeff",
        ]
    )
    | st.text(max_size=6)
    | st.just("x" * 50)
)
TIMES = st.floats(0, 3, allow_nan=False, width=32) | st.sampled_from([0.0, 0.0001, 8.0, 40.0])


@st.composite
def transcripts(draw) -> Transcript:
    now = draw(st.sampled_from([0.0, 59.9996, 10 * HOUR]))
    segments = []
    for _ in range(draw(st.integers(0, 4))):
        now += draw(TIMES)
        start, words = now, []
        between = draw(st.sampled_from([" ", " ", ""]))
        for number, piece in enumerate(draw(st.lists(PIECES, max_size=8))):
            now += draw(TIMES) * draw(st.sampled_from([0, 0, 1]))
            length = draw(TIMES)
            sure = draw(st.none() | st.floats(0, 1))
            words.append(Word((between if number else "") + piece, now, now + length, sure))
            now += length
        text = "".join(word.text for word in words)
        kept = draw(st.sampled_from([tuple(words), tuple(words), (), tuple(words[::2])]))
        segments.append(Segment(start, now, text, kept, draw(st.sampled_from([None, "Anna", "=B", "<i>"]))))
    return Transcript(tuple(segments), now, draw(st.sampled_from([None, "ar"])), timed=draw(st.booleans()))


def words_of(whole: Transcript) -> str:
    """All that can be seen of a transcript, without what no document takes."""
    return "".join(c for c in bare("".join(s.text + "\n" for s in whole.segments)) if visible(c))


def visible(character: str) -> bool:
    return unicodedata.category(character) not in ("Cc", "Cs") and character not in "\ufffe\uffff"


@given(transcripts(), st.sampled_from([8, 42]), st.integers(1, 3))
def test_any_transcript_becomes_cues_in_order_with_all_its_words(whole, line_length, lines):
    cut = cues(whole, line_length, lines)
    assert_in_order(cut)
    assert bare("".join(cue.text for cue in cut)) == words_of(whole)
    assert all(cue.text.count("\n") < lines for cue in cut)
    assert all(cue.end - cue.start <= 7.001 for cue in cut) or not whole.timed
    for extension in ("srt", "vtt"):
        read = read_subtitles(FORMATS[extension].write(whole, line_length=line_length, lines=lines), extension)
        assert [(e.start, e.end) for e in read] == [(round(c.start * 1000), round(c.end * 1000)) for c in cut]
        assert bare("".join(seen(event, extension) for event in read)) == words_of(whole)


@given(transcripts(), st.text(max_size=20))
def test_any_transcript_is_written_whole_in_every_format(whole, title):
    written = {name: each.write(whole, title=title) for name, each in FORMATS.items() if name not in ("srt", "vtt")}
    assert bare(written["txt"].decode()) == words_of(whole)
    assert Transcript.from_dict(json.loads(written["json"])["transcript"]) == whole
    cells = "".join(re.sub(r"^'(?=[=+\-@\t\r])", "", row["word"]) for row in read_csv(written["csv"]))
    assert "".join(c for c in bare(cells) if visible(c)) == words_of(whole)
    assert words_of(whole) in bare("".join(read_docx(FORMATS["docx"].write(whole, times=False, speakers=False))))


def test_signs_alone_are_written_too():
    """No word is in them, and the table of words has them all the same."""
    rows = read_csv(FORMATS["csv"].write(Transcript((Segment(0.0, 1.0, "×"),), 1.0), title=""))
    assert [row["word"] for row in rows] == ["×"]


# Names and bundles


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
def test_any_title_becomes_a_harmless_name(title, expected):
    assert file_name(title, "srt") == expected


@given(st.text() | st.text("./\\ aux\u200d👨é:", min_size=1, max_size=200))
def test_every_name_can_be_a_file(title):
    name = file_name(title, "srt")
    assert len(name.encode()) <= 124 and not set(name) & set('/\\:*?"<>|\n\x00')
    assert name[0] not in " .-~" and not name.removesuffix(".srt").endswith((" ", "."))


def test_a_bundle_holds_every_transcript_in_every_format_under_names_of_their_own():
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
