"""References: what is spoken in subtitles, documents and texts of others, in whatever encoding, and nothing else."""

from __future__ import annotations

import contextlib
import io
import json
import time
import zipfile
from collections.abc import Callable

import docx
import pytest
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls
from hypothesis import given
from hypothesis import strategies as st

from stt.errors import BadOption, BadReference, SttError, TooLarge
from stt.export import formats
from stt.references import encodings, reader
from stt.store import records
from stt.transcript.alignment import align
from stt.transcript.comparison import tokens_of_text
from stt.transcript.model import Segment, Transcript, Word
from stt.web import contract
from tests.transcripts import TALK, put

SAID = "And so, my fellow Americans: ask not what your country can do for you & ask what you can do."
WEBVTT = "WEBVTT\n\n"
ONE = "00:00:00.300 --> 00:00:04.100"
TWO = "00:00:04.100 --> 00:00:11.000"
ASS = "[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\nFormat: Name, Fontname\nStyle: Default,Arial\n\n[Events]\n"
FORMAT = "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"


def keys(text: str) -> list[str]:
    return [token.key for token in tokens_of_text(text)]


def assert_says(data: bytes, name: str, words: str) -> None:
    """The word error rate against it is that against the plain words."""
    read = keys(reader.read(data, name).text)
    assert read == keys(words) and align(read, keys(words)).word_error_rate == 0


SUBRIP = {
    "plain": ("1\n00:00:01,000 --> 00:00:02,000\nHello there\n\n2\n00:00:03,000 --> 00:00:04,000\nagain\n", "Hello there again"),
    "tags, fonts, positions": (
        "1\n00:00:01,000 --> 00:00:02,000 X1:40 X2:600 Y1:20 Y2:50\n{\\an8}<i>Hello</i> <font color=\"#ff0000\">there</font>\n",
        "Hello there",
    ),
    "Windows line ends, and a byte order mark": ("\ufeff1\r\n00:00:01,000 --> 00:00:02,000\r\nHello\r\nthere\r\n\r\n", "Hello there"),
    "points, no hours, one digit": ("1\n0:01.5 --> 0:02.75\nHello there\n", "Hello there"),
    "no numbers, and 42 is said": ("00:00:01,000 --> 00:00:02,000\nthe answer is\n42\n00:00:03,000 --> 00:00:04,000\nyes\n", "the answer is 42 yes"),
    "numbers, and 42 is said": (
        "1\n00:00:01,000 --> 00:00:02,000\nthe answer is\n42\n\n2\n00:00:03,000 --> 00:00:04,000\n43\n\n3\n00:00:05,000 --> 00:00:06,000\nyes\n",
        "the answer is 42 43 yes",
    ),
    "no empty lines between": ("1\n00:00:01,000 --> 00:00:02,000\nHello\n2\n00:00:03,000 --> 00:00:04,000\nthere\n", "Hello there"),
    "an empty line inside, and an empty cue": (
        "1\n00:00:01,000 --> 00:00:02,000\nHello\n\nthere\n\n2\n00:00:03,000 --> 00:00:04,000\n\n\n3\n00:00:05,000 --> 00:00:06,000\nyes\n",
        "Hello there yes",
    ),
    "entities, and signs that are no tags": (
        "1\n00:00:01,000 --> 00:00:02,000\nTom &amp; Jerry &lt;3, I <3 you, AT&T, a < b > c&nbsp;d\n", "Tom Jerry 3 I 3 you ATT a b c d",
    ),
    "ours": (formats.FORMATS["srt"].write(TALK).decode(), TALK.text),
}  # fmt: skip

VTT = {
    "ids, notes, inline times, tags, names, entities": (
        f"WEBVTT\n\nNOTE Exported by a meeting tool. Duration 00:00:11.000\n\n7c1e4a52/12-0\n{ONE} align:start position:0%\n"
        "<v Speaker One>And so, my fellow <00:00:01.900><c>Americans</c>:</v>\n\n7c1e4a52/12-1\n"
        f"{TWO}\n<v Speaker One>ask not what your country can do for you &amp; ask what you can do.</v>\n",
        SAID,
    ),
    "style, region and a note of several lines": (
        "WEBVTT - This file\nKind: captions\nLanguage: en\n\nSTYLE\n::cue(.loud) {\n  color: lime;\n}\n\nREGION\nid:fred\nwidth:40%\n\n"
        f"NOTE\nfirst line\nsecond line\n\n{ONE} region:fred\n<c.loud.bg_red>Hello</c> there\n\nNOTE last\n",
        "Hello there",
    ),
    "names with signs, ruby, a language": (
        f"{WEBVTT}{ONE}\n<v.first.loud Mary & José>Hello</v> <lang fr>mon ami</lang>\n<ruby>漢<rt>かん</rt>字<rt>じ</rt></ruby> <b>yes</b>\n",
        "Hello mon ami 漢字 yes",
    ),
    "no hours, no empty line at the end, Windows line ends": ("WEBVTT\r\n\r\n00:01.000 --> 00:02.000\r\nHello there\r\n\r\nlast id\r\n00:02.000 --> 00:03.000\r\nyes", "Hello there yes"),
    "numbers as ids, and a number said": (f"{WEBVTT}1\n{ONE}\nwe are\n\n2\n{TWO}\n12\n", "we are 12"),
    "lines of spaces for empty ones": (f"{WEBVTT}a1-0\n{ONE}\nHello\n \na1-1\n{TWO}\nthere\n \nNOTE nothing\n", "Hello there"),
    "rolling captions": (
        WEBVTT + "\n\n".join(
            [
                "00:00:00.160 --> 00:00:02.310 align:start position:0%\n \nand<00:00:00.400><c> so</c><00:00:00.900><c> my</c>",
                "00:00:02.310 --> 00:00:02.320 align:start position:0%\nand so my\n ",
                "00:00:02.320 --> 00:00:04.000 align:start position:0%\nand so my\nfellow<00:00:03.000><c> Americans</c>",
                "00:00:04.000 --> 00:00:04.010 align:start position:0%\nfellow Americans\n ",
                "00:00:04.010 --> 00:00:06.000 align:start position:0%\nfellow Americans\nask<00:00:05.000><c> not</c>",
                "00:00:06.000 --> 00:00:06.010 align:start position:0%\nask not\n ",
            ]
        ),
        "and so my fellow Americans ask not",
    ),
    "a roll call, which is said so": (WEBVTT + "".join(f"00:0{i}.000 --> 00:0{i}.900\nYes.\n\n" for i in range(6)), "Yes " * 6),
    "a name before all that is said": (
        f"{WEBVTT}1\n{ONE}\nAnna Smith: Hello there.\n\n2\n{TWO}\nBen: Yes: it is.\n", "Hello there yes it is",
    ),
    "not the ending that it has": (f"{WEBVTT}id\n{ONE}\nHello <i>there</i>\n", "Hello there"),
    "ours": (formats.FORMATS["vtt"].write(TALK).decode(), TALK.text),
}  # fmt: skip

SUBSTATION = {
    "styles, comments, overrides": (
        f"{ASS}{FORMAT}Comment: 0,0:00:00.00,0:00:01.00,Default,,0,0,0,,a note\n"
        "Dialogue: 0,0:00:01.00,0:00:02.00,Default,Anna,0,0,0,,{\\i1}Hello{\\i0}, well,{a comment}\\Nthere\\hyes\n",
        "Hello well there yes",
    ),
    "by their times": (
        f"{ASS}{FORMAT}Dialogue: 0,0:01:00.00,0:01:02.00,Default,,0,0,0,,there\nDialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,Hello\n",
        "Hello there",
    ),
    "drawings and layers": (
        f"{ASS}{FORMAT}Dialogue: 1,0:00:01.00,0:00:02.00,Default,,0,0,0,,{{\\blur3}}Hello\n"
        "Dialogue: 2,0:00:01.00,0:00:02.00,Default,,0,0,0,,Hello\n"
        "Dialogue: 0,0:00:01.50,0:00:02.00,Default,,0,0,0,,{\\p1}m 0 0 l 100 0 100 100{\\p0}there\n",
        "Hello there",
    ),
    "karaoke": (f"{ASS}{FORMAT}Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,{{\\k20}}Hel{{\\k30}}lo {{\\kf10}}there\n", "Hello there"),
    "SSA, with fields in another order": (
        "[Script Info]\nScriptType: v4.00\n\n[Events]\nFormat: Marked, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
        "Dialogue: Marked=0,0:00:01.00,0:00:02.00,Default,NTP,0000,0000,0000,!Effect,Hello, there\n",
        "Hello there",
    ),
    "a comment first, and Windows line ends": (
        f"; made by a tool\r\n{ASS}{FORMAT}Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,Hello there\n".replace("\n", "\r\n"),
        "Hello there",
    ),
}  # fmt: skip

PLAIN = {
    "as it is": (SAID, SAID),
    "a colon, and signs of markup": ("Question: is a < b & c > d?\n<script>", "Question is a b c d script"),
    "times in brackets": ("[0:00:00] Hello there.\n\n[0:01:05] Yes.\n", "Hello there yes"),
    "times and speakers": ("[0:00:00] Anna: Hello there.\n\n[0:00:08] Ben B.: Yes.\n", "Hello there yes"),
    "speakers": ("Anna: Hello there.\nSpeaker 2: Yes.\nAnna: 10:30 it is.", "Hello there yes 10:30 it is"),
    "a program's output": ("[00:00:00.000 --> 00:00:04.000]   Hello there\n[00:00:04.000 --> 00:00:09.000]   yes\n", "Hello there yes"),
    "subtitles that are called text": ("1\n00:00:01,000 --> 00:00:02,000\nHello there\n", "Hello there"),
    "YouTube's": ("0:00:00.599,0:00:04.160\nHello there\n\n0:00:04.160,0:00:06.000\nyes\n", "Hello there yes"),
    "names and times above what is said": ("Anna Smith   0:03\nHello there.\n\nBen   1:00:05\nYes.\nIndeed.\n", "Hello there yes indeed"),
    "times and names above what is said": (
        "00:00:03 Speaker 1\nHello there.\n\n00:00:08 Speaker 2\nYes.\n\n00:00:09 Speaker 1\nIndeed.\n", "Hello there yes indeed",
    ),
    "times above what is said": ("[0:03]\nHello there\n[0:08]\nyes\n", "Hello there yes"),
    "times before lines that go on": ("[0:03] Hello there\nand welcome\n[0:08] Good morning\nto all\n", "Hello there and welcome Good morning to all"),
    "old line ends": ("Hello\rthere\r", "Hello there"),
    "ours with all": (formats.FORMATS["txt"].write(TALK, times=True, speakers=True).decode(), TALK.text),
}  # fmt: skip


def cases(ending: str, table: dict[str, tuple[str, str]]) -> list:
    return [pytest.param(f"a{ending}", text, words, id=f"{ending} {what}") for what, (text, words) in table.items()]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        *cases(".srt", SUBRIP),
        *cases(".VTT", VTT),
        *cases(".ass", SUBSTATION),
        *cases(".txt", PLAIN),
        *cases(".txt", VTT),
    ],
)
def test_only_what_is_spoken_is_read(name: str, text: str, words: str):
    assert_says(text.encode(), name, words)
    assert keys(reader.pasted(text.removeprefix("\ufeff"))) == keys(words), "pasted"


def document(*texts: str) -> docx.document.Document:
    made = docx.Document()
    for text in texts:
        made.add_paragraph(text)
    return made


def saved(made: docx.document.Document) -> bytes:
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def formatted() -> bytes:
    made = docx.Document()
    paragraph = made.add_paragraph("He")
    paragraph.add_run("llo").bold = True
    paragraph.add_run("\tthere").italic = True
    paragraph.add_run().add_break()
    paragraph.add_run("my friend")
    return saved(made)


def of_a_meeting() -> bytes:
    """As Teams writes it."""
    made = docx.Document()
    for name, clock, text in (("Anna Smith", "0:03", "Hello there."), ("Ben", "0:08", "Yes.")):
        paragraph = made.add_paragraph()
        paragraph.add_run(name).bold = True
        paragraph.add_run(f"   {clock}").add_break()
        paragraph.add_run(text)
    return saved(made)


def with_table_and_header() -> bytes:
    made = document("Hello")
    made.sections[0].header.paragraphs[0].text = "Minutes"
    made.sections[0].footer.paragraphs[0].text = "Page 1"
    made.add_table(1, 2).rows[0].cells[1].text = "there"
    made.add_comment(made.paragraphs[0].runs, "is that so?", "Anna")
    return saved(made)


def with_changes() -> bytes:
    """A deleted and an inserted word, hidden text, and a field with its code."""
    made = document("Hello ")
    kept = made.paragraphs[0]._p
    space = nsdecls("w")
    for xml in (
        f'<w:del {space} w:id="1" w:author="a"><w:r><w:delText>nobody</w:delText></w:r></w:del>',
        f'<w:ins {space} w:id="2" w:author="a"><w:r><w:t xml:space="preserve">there </w:t></w:r></w:ins>',
        f"<w:moveFrom {space}><w:r><w:t>moved</w:t></w:r></w:moveFrom>",
        f"<w:r {space}><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r>",
        f"<w:r {space}><w:instrText>PAGE</w:instrText></w:r>",
        f"<w:r {space}><w:t>yes</w:t><w:noBreakHyphen/><w:t>sir</w:t></w:r>",
    ):
        kept.append(parse_xml(xml))
    return saved(made)


def with_text_box() -> bytes:
    """Word writes what a text box says twice, for old readers, too."""
    made = document("Hello")
    inside = "<w:txbxContent><w:p><w:r><w:t>there</w:t></w:r></w:p></w:txbxContent>"
    made.paragraphs[0]._p.append(
        parse_xml(
            f'<w:r {nsdecls("w")} xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
            f"<mc:AlternateContent><mc:Choice>{inside}</mc:Choice><mc:Fallback>{inside}</mc:Fallback></mc:AlternateContent></w:r>"
        )
    )
    return saved(made)


def right_to_left() -> bytes:
    made = document("مرحبا بكم", "今天天气很好。")
    made.paragraphs[0]._p.get_or_add_pPr().append(OxmlElement("w:bidi"))
    return saved(made)


def repacked(
    data: bytes, change: Callable[[str, bytes], tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED
) -> bytes:
    """The document with another name or content for some of its parts."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w", method) as new:
        for name in old.namelist():
            new.writestr(*change(name, old.read(name)))
    return file.getvalue()


def body_elsewhere(name: str, content: bytes) -> tuple[str, bytes]:
    return name.replace("document.xml", "document2.xml"), content.replace(b"word/document.xml", b"/word/document2.xml")


def strict(name: str, content: bytes) -> tuple[str, bytes]:
    old, new = b"schemas.openxmlformats.org", b"purl.oclc.org/ooxml"
    content = content.replace(old + b"/wordprocessingml/2006/main", new + b"/wordprocessingml/main")
    return name, content.replace(old + b"/officeDocument/2006/relationships", new + b"/officeDocument/relationships")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        pytest.param(saved(document("Hello there.", "", "Yes.")), "Hello there yes", id="paragraphs"),
        pytest.param(formatted(), "Hello there my friend", id="words in several formats"),
        pytest.param(with_table_and_header(), "Hello there", id="a table, a header, a footer, a comment"),
        pytest.param(with_changes(), "Hello there yes-sir", id="changes, hidden text, fields"),
        pytest.param(with_text_box(), "there Hello", id="a text box"),
        pytest.param(of_a_meeting(), "Hello there yes", id="names and times of a meeting"),
        pytest.param(right_to_left(), "مرحبا بكم 今天天气很好", id="other scripts"),
        pytest.param(repacked(saved(document("Hello there")), body_elsewhere), "Hello there", id="a body elsewhere"),
        pytest.param(repacked(saved(document("Hello there")), strict), "Hello there", id="strict"),
        pytest.param(formats.FORMATS["docx"].write(TALK, title="The talk", model="base"), TALK.text, id="ours"),
        pytest.param(
            formats.FORMATS["docx"].write(Transcript((Segment(0, 1, SAID, (), "Speaker 1"),), 1.0)),
            SAID,
            id="ours, one speaker",
        ),
    ],
)
def test_a_document_says_what_its_body_shows(data: bytes, words: str):
    assert_says(data, "a.docx", words)
    assert_says(data, "a.txt", words)


TIMED = Transcript(
    (
        Segment(0.0, 1.0, " Hello there", (Word(" Hello", 0.0, 0.5), Word(" there", 0.5, 1.0)), "Anna"),
        Segment(1.0, 2.0, " yes", (Word(" yes", 1.0, 2.0),), "Ben"),
    ),
    2.0,
    "en",
)


def answer() -> dict:
    return contract.result(records.load(put("visitor:ann", TIMED), "visitor:ann"), TIMED)


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: json.loads(formats.FORMATS["json"].write(TIMED, title="A talk")), id="our export"),
        pytest.param(TIMED.to_dict, id="a transcript"),
        pytest.param(answer, id="a result of the contract"),
        pytest.param(
            lambda: {"id": "x", "status": "completed", "result": answer(), "error": None},
            id="an answer of the contract",
        ),
        pytest.param(lambda: {"status": "completed", "result": {"text": "Hello there yes"}}, id="text only"),
        pytest.param(
            lambda: {"text": "Hello there yes", "words": [{"text": "Hello", "start": 0, "end": 500}]}, id="milliseconds"
        ),
        pytest.param(
            lambda: {"text": "x", "segments": [{"text": " Hello there"}, {"text": " yes"}]}, id="Whisper's own"
        ),
    ],
)
@pytest.mark.usefixtures("data")
def test_the_json_of_a_transcript_says_its_text(make: Callable[[], dict]):
    data = json.dumps(make(), ensure_ascii=False).encode()
    for name in ("a.json", "a.txt"):
        assert_says(data, name, "Hello there yes")


GERMAN = "Grüße aus Köln, das Wetter ist schön und die Straße ist trocken."
RUSSIAN = "Привет, как дела? Сегодня мы поговорим о погоде и природе."
JAPANESE = "こんにちは、今日はいい天気ですね。散歩に行きましょう。"


@pytest.mark.parametrize("text", [GERMAN, RUSSIAN, JAPANESE])
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_unicode_is_sure(text: str, codec: str):
    read = reader.read(text.encode(codec), "a.txt")
    assert (read.text, read.choices, read.lost) == (text, (), 0)


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        (GERMAN, "cp1252"), (GERMAN, "mac_roman"), (GERMAN, "cp850"), (RUSSIAN, "cp1251"), (RUSSIAN, "koi8_r"), (RUSSIAN, "cp866"),
        ("Příliš žluťoučký kůň úpěl ďábelské ódy.", "cp1250"), ("Καλημέρα, πώς είσαι σήμερα;", "cp1253"),
        ("Günaydın, bugün nasılsınız? Işık çok güzel.", "cp1254"), (JAPANESE, "cp932"), (JAPANESE, "iso2022_jp"),
        ("你好，今天天气很好，我们去公园散步吧。", "gb18030"), ("안녕하세요, 오늘 날씨가 좋네요.", "cp949"),
        (GERMAN, "utf-16-le"), (RUSSIAN, "utf-16-be"), (GERMAN, "utf-32-le"), ("Grüße", "cp1252"),
    ],
)  # fmt: skip
def test_another_encoding_is_found_and_said_to_be_a_guess(text: str, codec: str):
    read = reader.read(text.encode(codec), "a.txt")
    assert read.text == text
    assert read.encoding == read.choices[0] and set(read.choices) <= encodings.NAMES.keys()


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        ("Привет", "koi8_r"), ("שלום, מה שלומך היום?", "cp1255"), ("مرحبا، كيف حالك اليوم؟", "cp1256"), ("สวัสดีครับ วันนี้อากาศดีมาก", "cp874"),
        ("こんにちは", "euc_jp"), ("Labas rytas, šiandien gražus oras, ačiū.", "cp1257"), ("Zażółć gęślą jaźń", "iso8859_2"),
    ],
)  # fmt: skip
def test_the_words_of_the_transcript_find_the_encoding_of_a_short_text(text: str, codec: str):
    assert reader.read(text.encode(codec), "a.txt", spoken=keys(text)).text == text


@pytest.mark.parametrize("codec", ["cp1252", "cp1251", "cp932"])
def test_subtitles_are_read_in_every_encoding(codec: str):
    text = {"cp1252": GERMAN, "cp1251": RUSSIAN, "cp932": JAPANESE}[codec]
    srt = f"1\n00:00:01,000 --> 00:00:02,000\n<i>{text}</i>\n"
    assert reader.read(srt.encode(codec), "a.srt").text == text


def test_another_encoding_can_be_chosen_of_those_that_are_offered():
    data = RUSSIAN.encode("cp1251")
    read = reader.read(data, "a.txt")
    assert read.encoding == "cp1251" and {"koi8_r", "mac_cyrillic"} <= set(read.choices)
    chosen = reader.read(data, "a.txt", encoding="koi8_r")
    assert (chosen.text, chosen.encoding) == (data.decode("koi8_r"), "koi8_r")
    with pytest.raises(BadOption):
        reader.read(data, "a.txt", encoding="zlib")


def test_a_damaged_file_is_read_and_what_is_lost_is_counted():
    read = reader.read((GERMAN * 9).encode() + b"\xff\n", "a.txt")
    assert (read.text, read.encoding, read.choices[0], read.lost) == (GERMAN * 9 + "\ufffd", "utf-8", "utf-8", 1)
    read = reader.read("Grüße".encode("utf-16") + b"x", "a.txt")
    assert (read.text, read.choices, read.lost) == ("Grüße\ufffd", ("utf-16",), 1)


def packed(parts: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


RELATIONS = (
    b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r" '
    b'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>'
)
MAIN = b'<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>%s</w:body></w:document>'
LAUGHS = b'<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "' + b"&a;" * 99 + b'"><!ENTITY c "' + b"&b;" * 99 + b'">]>'
FILE = b'<!DOCTYPE a [<!ENTITY f SYSTEM "file:///etc/passwd">]>'


def word(body: bytes, method: int = zipfile.ZIP_DEFLATED, before: bytes = b"") -> bytes:
    return packed({"_rels/.rels": RELATIONS, "word/document.xml": before + MAIN % body}, method)


def said(text: bytes) -> bytes:
    return b"<w:p><w:r><w:t>" + text + b"</w:t></w:r></w:p>"


@pytest.mark.parametrize(
    ("data", "name", "told"),
    [
        pytest.param(b"", "a.txt", "no words", id="nothing"),
        pytest.param(b" \n... -- !\n", "a.txt", "no words", id="no words"),
        pytest.param(b"\x00\x01\x02", "a.txt", "not a text", id="bytes"),
        pytest.param(b"\x89PNG\r\n\x1a\n\x01\x02\x03\xff\xfe" * 9, "a.txt", "not a text", id="a picture"),
        pytest.param(b"no subtitles", "a.srt", "subtitles cannot be read", id="no SRT"),
        pytest.param(b"no subtitles", "a.vtt", "subtitles cannot be read", id="no VTT"),
        pytest.param(b"no subtitles", "a.ass", "subtitles cannot be read", id="no ASS"),
        pytest.param(b"WEBVTT\n\nNOTE nothing\n", "a.vtt", "no words", id="VTT without cues"),
        pytest.param(b"%PDF-1.7\nHello", "a.txt", "PDF", id="PDF"),
        pytest.param(b"{\\rtf1 Hello}", "a.txt", "RTF", id="RTF"),
        pytest.param(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), "a.docx", "DOC", id="an old Word document"),
        pytest.param(b"\xef\xbb\xbf<?xml version='1.0'?><tt/>", "a.txt", "XML", id="XML"),
        pytest.param(b"<!DOCTYPE html><p>Hello", "a.txt", "HTML", id="HTML"),
        pytest.param(b"{]", "a.json", "JSON cannot be read", id="no JSON"),
        pytest.param(b"[" * 200_000, "a.json", "JSON cannot be read", id="deep JSON"),
        pytest.param(b'{"a": ' * 100_000, "a.json", "JSON cannot be read", id="deep objects"),
        pytest.param(b'{"a": 1}', "a.json", "no transcript", id="another JSON"),
        pytest.param(b'{"segments": [{"text": 1}]}', "a.json", "no transcript", id="segments of another kind"),
        pytest.param(b"[1, 2]", "a.json", "no transcript", id="a list"),
        pytest.param(b"Hello", "a.docx", "Word document cannot be read", id="no ZIP"),
        pytest.param(b"PK\x03\x04garbage", "a.docx", "Word document cannot be read", id="a broken ZIP"),
        pytest.param(packed({"a.txt": b"Hello"}), "a.docx", "not a Word document", id="another ZIP"),
        pytest.param(packed({"_rels/.rels": RELATIONS}), "a.docx", "cannot be read", id="no body"),
        pytest.param(word(b"<w:p>"), "a.docx", "cannot be read", id="broken XML"),
        pytest.param(word(said(b"&c;"), before=LAUGHS), "a.docx", "document type", id="a billion laughs"),
        pytest.param(word(said(b"&f;"), before=FILE), "a.docx", "document type", id="a file of the server"),
        pytest.param(word(b"<w:p>" * 100_000 + b"</w:p>" * 100_000), "a.docx", "cannot be read", id="deep XML"),
        pytest.param(word(said(b"a"), zipfile.ZIP_LZMA), "a.docx", "cannot be read", id="a method that takes memory"),
        pytest.param(word(said(b"a" * (33 << 20))), "a.docx", "larger than 32 MB", id="a ZIP bomb"),
        pytest.param(word(said(b"a" * 65_000) * 90), "a.docx", "larger than 5 MB", id="much text"),
        pytest.param(word(b"<w:p/>" * 1_500_000), "a.docx", "more than 1,500,000 elements", id="many elements"),
        pytest.param(b"x" * (reader.MOST + 1), "a.txt", "larger than 5 MB", id="a large text"),
    ],
)
def test_what_cannot_be_read_is_said(data: bytes, name: str, told: str):
    with pytest.raises((BadReference, TooLarge), match=told) as caught:
        reader.read(data, name)
    assert caught.value.guidance


SIZE = reader.MOST
HOSTILE = {
    "open tags": b"WEBVTT\n\n00:01.000 --> 00:02.000\n" + b"<rt" * (SIZE // 3 - 20),
    "tags that are not closed": b"WEBVTT\n\n00:01.000 --> 00:02.000\n" + b"<rt>" * (SIZE // 4 - 20),
    "lines of spaces": b"WEBVTT\n\n00:01.000 --> 00:02.000\n" + b" \n" * (SIZE // 2 - 20),
    "ampersands": b"WEBVTT\n\n00:01.000 --> 00:02.000\n" + b"&a" * (SIZE // 2 - 20),
    "timings": b"00:01.000 --> 00:02.000\na\n" * (SIZE // 26),
    "digits": b"1\n00:01.000 --> 00:02.000\n" + b"1" * (SIZE - 40),
    "cues of one line": b"1\n00:01.000 --> 00:02.000\n" + b"a\n" * (SIZE // 2 - 20),
    "the same lines again": (b"00:01.000 --> 00:02.000\n" + b"a\n" * 5000) * (SIZE // 10_100),
    "braces": ASS.encode() + b"Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,," + b"{\\p1" * (SIZE // 4 - 99),
    "colons": b"a:" * (SIZE // 2),
    "brackets": b"[0:00 " * (SIZE // 6),
    "one letter of a foreign alphabet": b"\xe9" * SIZE,
    "lines of one": b"\xe9\n" * (SIZE // 2),
    "a list": b'{"segments": [' + b'{"text": "a"},' * (SIZE // 14 - 9) + b'{"text": "a"}]}',
    "attributes": word(b"<w:p " + b" ".join(b'a%d="1"' % number for number in range(200_000)) + b"/>" + said(b"a")),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_the_largest_files_take_no_minutes(data: bytes):
    began = time.process_time()
    with contextlib.suppress(SttError):
        reader.read(data, "a.txt", spoken={"a"})
    assert time.process_time() - began < 30


MARKS = st.sampled_from(
    [
        "WEBVTT\n\n",
        "1\n",
        ONE + "\n",
        "\n\n",
        "<v A>",
        "</v>",
        "<",
        "{\\p1}",
        "[Events]\n",
        "Dialogue: ",
        "&amp;",
        "NOTE ",
        '{"a":',
    ]
)


@given(
    st.lists(MARKS | st.text(max_size=8)).map("".join),
    st.sampled_from(reader.ENDINGS),
    st.sampled_from(["utf-8", "utf-16", "utf-16-le"]),
)
def test_any_text_is_read_or_refused_in_words(text: str, ending: str, codec: str):
    try:
        read = reader.read(text.encode(codec, "replace"), f"a{ending}")
    except SttError as error:
        assert error.message and error.guidance
    else:
        assert read.text.strip()


@given(
    st.binary(max_size=200) | st.binary(max_size=40).map(lambda data: b"PK\x03\x04" + data),
    st.sampled_from(reader.ENDINGS),
)
def test_any_bytes_are_read_or_refused_in_words(data: bytes, ending: str):
    try:
        reader.read(data, f"a{ending}")
    except SttError as error:
        assert error.message and error.guidance
