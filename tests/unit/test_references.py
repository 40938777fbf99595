"""Test that a reference (subtitles, text or JSON from other tools) is read as its spoken words and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from stt.export import formats
from stt.imports.references import reader
from stt.store import records
from stt.transcript.model import Segment, Transcript, Word
from stt.web.v1 import contract
from tests.references import ASS, REFERENCE_TEXT, assert_says, keys
from tests.transcripts import TALK, store

WEBVTT = "WEBVTT\n\n"
ONE = "00:00:00.300 --> 00:00:04.100"
TWO = "00:00:04.100 --> 00:00:11.000"
FORMAT = "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"


SUBRIP = {
    "plain": ("1\n00:00:01,000 --> 00:00:02,000\nHello there\n\n2\n00:00:03,000 --> 00:00:04,000\nagain\n", "Hello there again"),
    "tags, fonts, positions": (
        "1\n00:00:01,000 --> 00:00:02,000 X1:40 X2:600 Y1:20 Y2:50\n{\\an8}<i>Hello</i> <font color=\"#ff0000\">there</font>\n",
        "Hello there",
    ),
    "CRLF and a byte order mark": ("\ufeff1\r\n00:00:01,000 --> 00:00:02,000\r\nHello\r\nthere\r\n\r\n", "Hello there"),
    "decimal points, no hours, one digit": ("1\n0:01.5 --> 0:02.75\nHello there\n", "Hello there"),
    "no cue numbers, a spoken 42": ("00:00:01,000 --> 00:00:02,000\nthe answer is\n42\n00:00:03,000 --> 00:00:04,000\nyes\n", "the answer is 42 yes"),
    "cue numbers, a spoken 42": (
        "1\n00:00:01,000 --> 00:00:02,000\nthe answer is\n42\n\n2\n00:00:03,000 --> 00:00:04,000\n43\n\n3\n00:00:05,000 --> 00:00:06,000\nyes\n",
        "the answer is 42 43 yes",
    ),
    "no empty lines between cues": ("1\n00:00:01,000 --> 00:00:02,000\nHello\n2\n00:00:03,000 --> 00:00:04,000\nthere\n", "Hello there"),
    "an empty line in a cue, an empty cue": (
        "1\n00:00:01,000 --> 00:00:02,000\nHello\n\nthere\n\n2\n00:00:03,000 --> 00:00:04,000\n\n\n3\n00:00:05,000 --> 00:00:06,000\nyes\n",
        "Hello there yes",
    ),
    "entities, signs that are not tags": (
        "1\n00:00:01,000 --> 00:00:02,000\nTom &amp; Jerry &lt;3, I <3 you, AT&T, a < b > c&nbsp;d\n", "Tom Jerry 3 I 3 you ATT a b c d",
    ),
    "app export": (formats.FORMATS["srt"].write(TALK).decode(), TALK.text),
}  # fmt: skip

VTT = {
    "ids, notes, inline times, tags, names, entities": (
        f"WEBVTT\n\nNOTE Exported by a meeting tool. Duration 00:00:11.000\n\n7c1e4a52/12-0\n{ONE} align:start position:0%\n"
        "<v Speaker One>And so, my fellow <00:00:01.900><c>Americans</c>:</v>\n\n7c1e4a52/12-1\n"
        f"{TWO}\n<v Speaker One>ask not what your country can do for you &amp; ask what you can do.</v>\n",
        REFERENCE_TEXT,
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
    "no hours, no final empty line, CRLF": ("WEBVTT\r\n\r\n00:01.000 --> 00:02.000\r\nHello there\r\n\r\nlast id\r\n00:02.000 --> 00:03.000\r\nyes", "Hello there yes"),
    "numeric ids, a spoken number": (f"{WEBVTT}1\n{ONE}\nwe are\n\n2\n{TWO}\n12\n", "we are 12"),
    "lines of spaces as empty lines": (f"{WEBVTT}a1-0\n{ONE}\nHello\n \na1-1\n{TWO}\nthere\n \nNOTE nothing\n", "Hello there"),
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
    "a repeated answer": (WEBVTT + "".join(f"00:0{i}.000 --> 00:0{i}.900\nYes.\n\n" for i in range(6)), "Yes " * 6),
    "a name before each text": (
        f"{WEBVTT}1\n{ONE}\nAnna Smith: Hello there.\n\n2\n{TWO}\nBen: Yes: it is.\n", "Hello there yes it is",
    ),
    "an id and a tag": (f"{WEBVTT}id\n{ONE}\nHello <i>there</i>\n", "Hello there"),
    "app export": (formats.FORMATS["vtt"].write(TALK).decode(), TALK.text),
}  # fmt: skip

SUBSTATION = {
    "styles, comments, overrides": (
        f"{ASS}{FORMAT}Comment: 0,0:00:00.00,0:00:01.00,Default,,0,0,0,,a note\n"
        "Dialogue: 0,0:00:01.00,0:00:02.00,Default,Anna,0,0,0,,{\\i1}Hello{\\i0}, well,{a comment}\\Nthere\\hyes\n",
        "Hello well there yes",
    ),
    "cues out of order": (
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
    "SSA, other order of fields": (
        "[Script Info]\nScriptType: v4.00\n\n[Events]\nFormat: Marked, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
        "Dialogue: Marked=0,0:00:01.00,0:00:02.00,Default,NTP,0000,0000,0000,!Effect,Hello, there\n",
        "Hello there",
    ),
    "a leading comment, CRLF": (
        f"; made by a tool\r\n{ASS}{FORMAT}Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,Hello there\n".replace("\n", "\r\n"),
        "Hello there",
    ),
}  # fmt: skip

PLAIN = {
    "unchanged": (REFERENCE_TEXT, REFERENCE_TEXT),
    "a colon, markup characters": ("Question: is a < b & c > d?\n<script>", "Question is a b c d script"),
    "times in brackets": ("[0:00:00] Hello there.\n\n[0:01:05] Yes.\n", "Hello there yes"),
    "times and speakers": ("[0:00:00] Anna: Hello there.\n\n[0:00:08] Ben B.: Yes.\n", "Hello there yes"),
    "speakers": ("Anna: Hello there.\nSpeaker 2: Yes.\nAnna: 10:30 it is.", "Hello there yes 10:30 it is"),
    "output of Whisper's command line": ("[00:00:00.000 --> 00:00:04.000]   Hello there\n[00:00:04.000 --> 00:00:09.000]   yes\n", "Hello there yes"),
    "subtitles in a text file": ("1\n00:00:01,000 --> 00:00:02,000\nHello there\n", "Hello there"),
    "YouTube captions": ("0:00:00.599,0:00:04.160\nHello there\n\n0:00:04.160,0:00:06.000\nyes\n", "Hello there yes"),
    "names and times above the text": ("Anna Smith   0:03\nHello there.\n\nBen   1:00:05\nYes.\nIndeed.\n", "Hello there yes indeed"),
    "times and names above the text": (
        "00:00:03 Speaker 1\nHello there.\n\n00:00:08 Speaker 2\nYes.\n\n00:00:09 Speaker 1\nIndeed.\n", "Hello there yes indeed",
    ),
    "times and numbered names in Hindi": ("00:00:03 वक्ता 1\nनमस्ते।\n\n00:00:08 वक्ता 2\nहाँ।\n", "नमस्ते हाँ"),
    "times above the text": ("[0:03]\nHello there\n[0:08]\nyes\n", "Hello there yes"),
    "times before wrapped lines": ("[0:03] Hello there\nand welcome\n[0:08] Good morning\nto all\n", "Hello there and welcome Good morning to all"),
    "CR line breaks": ("Hello\rthere\r", "Hello there"),
    "app export with times and speakers": (formats.FORMATS["txt"].write(TALK, times=True, speakers=True).decode(), TALK.text),
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
def test_only_spoken_words_are_read(name: str, text: str, words: str):
    assert_says(text.encode(), name, words)
    assert keys(reader.pasted(text.removeprefix("\ufeff"))) == keys(words), "pasted"


TIMED = Transcript(
    (
        Segment(0.0, 1.0, " Hello there", (Word(" Hello", 0.0, 0.5), Word(" there", 0.5, 1.0)), "Anna"),
        Segment(1.0, 2.0, " yes", (Word(" yes", 1.0, 2.0),), "Ben"),
    ),
    2.0,
    "en",
)


def answer() -> dict:
    return contract.result(records.load(store("visitor:ann", TIMED), "visitor:ann"), TIMED)


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: json.loads(formats.FORMATS["json"].write(TIMED, title="A talk")), id="app export"),
        pytest.param(TIMED.to_dict, id="a transcript"),
        pytest.param(answer, id="REST result"),
        pytest.param(
            lambda: {"id": "x", "status": "completed", "result": answer(), "error": None},
            id="REST response",
        ),
        pytest.param(lambda: {"status": "completed", "result": {"text": "Hello there yes"}}, id="text only"),
        pytest.param(
            lambda: {"text": "Hello there yes", "words": [{"text": "Hello", "start": 0, "end": 500}]}, id="milliseconds"
        ),
        pytest.param(
            lambda: {"text": "x", "segments": [{"text": " Hello there"}, {"text": " yes"}]}, id="Whisper's JSON"
        ),
    ],
)
@pytest.mark.usefixtures("data")
def test_json_of_a_transcript_gives_its_text(make: Callable[[], dict]):
    data = json.dumps(make(), ensure_ascii=False).encode()
    for name in ("a.json", "a.txt"):
        assert_says(data, name, "Hello there yes")
