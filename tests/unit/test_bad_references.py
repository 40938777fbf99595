"""Test that hostile, damaged and unrelated reference files are refused quickly and with a reason."""

from __future__ import annotations

import contextlib
import io
import time
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stt.errors import BadReference, SttError, TooLarge
from stt.imports.references import reader
from tests.references import ASS


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
BILLION_LAUGHS = b'<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "' + b"&a;" * 99 + b'"><!ENTITY c "' + b"&b;" * 99 + b'">]>'
EXTERNAL_ENTITY = b'<!DOCTYPE a [<!ENTITY f SYSTEM "file:///etc/passwd">]>'


def word_document(body: bytes, method: int = zipfile.ZIP_DEFLATED, before: bytes = b"") -> bytes:
    return packed({"_rels/.rels": RELATIONS, "word/document.xml": before + MAIN % body}, method)


def paragraph_xml(text: bytes) -> bytes:
    return b"<w:p><w:r><w:t>" + text + b"</w:t></w:r></w:p>"


@pytest.mark.parametrize(
    ("data", "name", "message"),
    [
        pytest.param(b"", "a.txt", "no words", id="empty file"),
        pytest.param(b" \n... -- !\n", "a.txt", "no words", id="only punctuation"),
        pytest.param(b"\x00\x01\x02", "a.txt", "not a text", id="binary data"),
        pytest.param(b"\x89PNG\r\n\x1a\n\x01\x02\x03\xff\xfe" * 9, "a.txt", "not a text", id="a picture"),
        pytest.param(b"no subtitles", "a.srt", "subtitles cannot be read", id="invalid SRT"),
        pytest.param(b"no subtitles", "a.vtt", "subtitles cannot be read", id="invalid VTT"),
        pytest.param(b"no subtitles", "a.ass", "subtitles cannot be read", id="invalid ASS"),
        pytest.param(b"WEBVTT\n\nNOTE nothing\n", "a.vtt", "no words", id="VTT without cues"),
        pytest.param(b"%PDF-1.7\nHello", "a.txt", "PDF", id="PDF"),
        pytest.param(b"{\\rtf1 Hello}", "a.txt", "RTF", id="RTF"),
        pytest.param(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), "a.docx", "DOC", id="an old Word document"),
        pytest.param(b"\xef\xbb\xbf<?xml version='1.0'?><tt/>", "a.txt", "XML", id="XML"),
        pytest.param(b"<!DOCTYPE html><p>Hello", "a.txt", "HTML", id="HTML"),
        pytest.param(b"{]", "a.json", "JSON cannot be read", id="invalid JSON"),
        pytest.param(b"[" * 200_000, "a.json", "JSON cannot be read", id="deeply nested lists"),
        pytest.param(b'{"a": ' * 100_000, "a.json", "JSON cannot be read", id="deeply nested objects"),
        pytest.param(b'{"a": 1}', "a.json", "no transcript", id="other JSON"),
        pytest.param(b'{"segments": [{"text": 1}]}', "a.json", "no transcript", id="invalid segments"),
        pytest.param(b"[1, 2]", "a.json", "no transcript", id="a list"),
        pytest.param(b"Hello", "a.docx", "Word document cannot be read", id="not a ZIP"),
        pytest.param(b"PK\x03\x04garbage", "a.docx", "Word document cannot be read", id="a broken ZIP"),
        pytest.param(packed({"a.txt": b"Hello"}), "a.docx", "not a Word document", id="other ZIP"),
        pytest.param(packed({"_rels/.rels": RELATIONS}), "a.docx", "cannot be read", id="missing body"),
        pytest.param(word_document(b"<w:p>"), "a.docx", "cannot be read", id="broken XML"),
        pytest.param(
            word_document(paragraph_xml(b"&c;"), before=BILLION_LAUGHS),
            "a.docx",
            "document type",
            id="billion laughs",
        ),
        pytest.param(
            word_document(paragraph_xml(b"&f;"), before=EXTERNAL_ENTITY),
            "a.docx",
            "document type",
            id="external entity",
        ),
        pytest.param(
            word_document(b"<w:p>" * 100_000 + b"</w:p>" * 100_000), "a.docx", "cannot be read", id="deeply nested XML"
        ),
        pytest.param(
            word_document(paragraph_xml(b"a"), zipfile.ZIP_LZMA),
            "a.docx",
            "cannot be read",
            id="LZMA compression",
        ),
        pytest.param(word_document(paragraph_xml(b"a" * (33 << 20))), "a.docx", "larger than 32 MB", id="a ZIP bomb"),
        pytest.param(
            word_document(paragraph_xml(b"a" * 65_000) * 90), "a.docx", "larger than 5 MB", id="too much text"
        ),
        pytest.param(
            word_document(b"<w:p/>" * 1_500_000), "a.docx", "more than 1,500,000 elements", id="too many elements"
        ),
        pytest.param(b"x" * (reader.MOST + 1), "a.txt", "larger than 5 MB", id="text file over the limit"),
    ],
)
def test_unreadable_file_is_refused_with_a_reason(data: bytes, name: str, message: str):
    with pytest.raises((BadReference, TooLarge), match=message) as caught:
        reader.read(data, name)
    assert caught.value.guidance


SIZE = reader.MOST
HOSTILE = {
    "incomplete tags": b"WEBVTT\n\n00:01.000 --> 00:02.000\n" + b"<rt" * (SIZE // 3 - 20),
    "unclosed tags": b"WEBVTT\n\n00:01.000 --> 00:02.000\n" + b"<rt>" * (SIZE // 4 - 20),
    "lines of spaces": b"WEBVTT\n\n00:01.000 --> 00:02.000\n" + b" \n" * (SIZE // 2 - 20),
    "ampersands": b"WEBVTT\n\n00:01.000 --> 00:02.000\n" + b"&a" * (SIZE // 2 - 20),
    "timings": b"00:01.000 --> 00:02.000\na\n" * (SIZE // 26),
    "digits": b"1\n00:01.000 --> 00:02.000\n" + b"1" * (SIZE - 40),
    "cue of many lines": b"1\n00:01.000 --> 00:02.000\n" + b"a\n" * (SIZE // 2 - 20),
    "repeated cues": (b"00:01.000 --> 00:02.000\n" + b"a\n" * 5000) * (SIZE // 10_100),
    "braces": ASS.encode() + b"Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,," + b"{\\p1" * (SIZE // 4 - 99),
    "colons": b"a:" * (SIZE // 2),
    "brackets": b"[0:00 " * (SIZE // 6),
    "one repeated non-ASCII byte": b"\xe9" * SIZE,
    "lines of one non-ASCII byte": b"\xe9\n" * (SIZE // 2),
    "a list": b'{"segments": [' + b'{"text": "a"},' * (SIZE // 14 - 9) + b'{"text": "a"}]}',
    "attributes": word_document(
        b"<w:p " + b" ".join(b'a%d="1"' % number for number in range(200_000)) + b"/>" + paragraph_xml(b"a")
    ),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_file_of_maximum_size_takes_under_30_seconds(data: bytes):
    began = time.process_time()
    with contextlib.suppress(SttError):
        reader.read(data, "a.txt", spoken={"a"})
    assert time.process_time() - began < 30


MARKS = st.sampled_from(
    [
        "WEBVTT\n\n",
        "1\n",
        "00:00:00.300 --> 00:00:04.100\n",
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
def test_any_text_is_read_or_refused_with_a_reason(text: str, ending: str, codec: str):
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
def test_any_bytes_are_read_or_refused_with_a_reason(data: bytes, ending: str):
    try:
        reader.read(data, f"a{ending}")
    except SttError as error:
        assert error.message and error.guidance
