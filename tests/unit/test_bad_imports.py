"""Test that hostile, damaged and unrelated files are refused with a reason, or read with valid times."""

from __future__ import annotations

import json
import math
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stt.errors import BadTranscript, SttError, TooLarge
from stt.imports import accepted, reader, times
from stt.transcript.model import Transcript
from tests.server import ROOT
from tests.unit.test_bad_references import BILLION_LAUGHS, packed, paragraph_xml, word_document

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["start", "end", "text"]), inner),
    max_leaves=8,
)
NUMBER = st.floats() | st.integers(-10, 10**400) | st.sampled_from(["1.5", "NaN", "-1", None, True])
WORD = st.fixed_dictionaries(
    {"word": st.text(max_size=6) | ANY}, optional={"start": NUMBER, "end": NUMBER, "score": NUMBER, "speaker": ANY}
)
SEGMENT = st.fixed_dictionaries(
    {"text": st.text(max_size=20)},
    optional={
        "start": NUMBER,
        "end": NUMBER,
        "words": st.lists(WORD, max_size=4) | ANY,
        "speaker": ANY,
        "language": ANY,
    },
)


@pytest.mark.parametrize(
    ("data", "name", "message"),
    [
        pytest.param(b"", "a.txt", "empty|no words", id="empty file"),
        pytest.param(b"... -- !", "a.txt", "no words", id="only punctuation"),
        pytest.param(b"\x00\x01\x02", "a.txt", "not a text", id="binary data"),
        pytest.param(b"%PDF-1.7", "a.txt", "a PDF", id="a PDF"),
        pytest.param(b"PK\x03\x04 broken", "a.docx", "cannot be read", id="a broken document"),
        pytest.param(
            word_document(paragraph_xml(b"&c;"), before=BILLION_LAUGHS), "a.docx", "document type", id="XML entities"
        ),
        pytest.param(packed({"a": b"b"}), "a.docx", "not a Word document", id="a ZIP"),
        pytest.param(word_document(paragraph_xml(b"a" * (6 << 20))), "a.docx", "too large", id="a long document"),
        pytest.param(b"a " * (6 << 20), "a.txt", "larger than 10 MB", id="a long text"),
        pytest.param(b"[" * 200_000, "a.json", "not valid", id="deeply nested lists"),
        pytest.param(b'{"segments":' * 100_000, "a.json", "not valid", id="deeply nested objects"),
        pytest.param(b'{"segments": [', "a.json", "not valid", id="truncated JSON"),
        pytest.param(
            b'{"segments": [{"text": 5}]}', "a.json", "no transcript in a known format", id="a number as text"
        ),
        pytest.param(b'{"name": "x"}', "a.json", "no transcript in a known format", id="other JSON"),
        pytest.param(b"5", "a.json", "no transcript in a known format", id="a number"),
        pytest.param(b"nothing of the kind", "a.srt", "subtitles cannot be read", id="not subtitles"),
        pytest.param(b"1\n00:00:01,000 --> 00:00:02,000\n\n", "a.srt", "no words", id="empty subtitles"),
        pytest.param(
            b'{"segments": [{"start": 1' + b"0" * 5000 + b', "text": "a"}]}',
            "a.json",
            "not valid",
            id="very long number",
        ),
    ],
)
def test_file_without_a_transcript_is_refused_with_a_reason(data: bytes, name: str, message: str):
    with pytest.raises((BadTranscript, TooLarge), match=message) as caught:
        reader.read(data, name)
    assert caught.value.guidance


@pytest.mark.parametrize(
    "text",
    [
        '{"segments": [{"text": "Hello', '{ "text": "Hello"', "{\n 'text': 'Hello'}", '[{"text": "Hello"', "{} Hello",
        ' [ { "text": ',
    ],
)  # fmt: skip
def test_damaged_json_is_refused_and_not_read_as_speech(text: str):
    for read in (lambda: reader.pasted(text), lambda: reader.read(text.encode(), "talk.txt")):
        with pytest.raises(BadTranscript, match="not valid"):
            read()


@pytest.mark.parametrize(
    "text", ["{laughs} Hello there.", "[{door}] Hello there.", "{\\an8}Hello there.", "{ Hello there."]
)
def test_text_that_begins_with_a_brace_is_read_as_text(text: str):
    assert reader.pasted(text).transcript.text == text
    assert reader.read(text.encode(), "talk.txt").format == "Plain text"
    with pytest.raises(BadTranscript, match="not valid"):
        reader.read(text.encode(), "talk.json")


def test_speaker_numbers_that_are_not_decimal_stay_names():
    names = ["SPEAKER_²", "SPEAKER_①", "SPEAKER_02", "SPEAKER_"]
    found = reader.pasted(json.dumps({"segments": [{"text": "Hello.", "speaker": name} for name in names]}))
    assert [segment.speaker for segment in found.transcript.segments] == [*names[:2], "Speaker 3", names[3]]


def test_too_many_segments_are_refused():
    many = json.dumps([{"text": "a"}] * (times.MOST_SEGMENTS + 1)).encode()
    with pytest.raises(TooLarge, match="200,000 segments"):
        reader.read(many, "a.json")


def test_impossible_subtitle_times_are_filled_in():
    found = reader.read(
        b"1\n9999:99:99,999 --> 00:00:02,000\nOne.\n\n2\n00:00:03,000 --> 00:00:04,000\nTwo.\n", "a.srt"
    )
    assert has_possible_times(found.transcript) and found.notes


@given(st.lists(SEGMENT, min_size=1, max_size=5))
def test_any_segments_give_possible_ordered_times_and_all_text(entries: list[dict[str, Any]]):
    text = json.dumps({"segments": entries})
    try:
        found = reader.pasted(text)
    except SttError as error:
        assert error.guidance
        return
    assert has_possible_times(found.transcript)
    shown = "".join("".join(c for c in found.transcript.text if c.isalnum()))
    assert sorted(shown) == sorted(c for entry in entries for c in entry["text"] if c.isalnum())
    assert Transcript.from_dict(json.loads(json.dumps(found.transcript.to_dict(), allow_nan=False))) == found.transcript


@given(ANY)
def test_any_json_is_read_or_refused_with_a_reason(value: Any):
    try:
        assert has_possible_times(reader.read(json.dumps(value).encode(), "a.json").transcript)
    except SttError as error:
        assert error.guidance


def has_possible_times(transcript: Transcript) -> bool:
    spans = [(part.start, part.end) for s in transcript.segments for part in (s, *s.words)]
    starts = [segment.start for segment in transcript.segments]
    words = [[word.start for word in segment.words] for segment in transcript.segments]
    return (
        all(0 <= start <= end <= times.LONGEST * 1.1 and math.isfinite(end) for start, end in spans)
        and starts == sorted(starts)
        and all(each == sorted(each) for each in words)
    )


def test_largest_file_and_pasted_text_fit_into_one_message_of_the_page():
    limits = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["server"]
    most = min(limits["maxWidgetStateSize"], limits["maxMessageSize"]) * 1_000_000
    assert most > accepted.MOST * 4 / 3 + accepted.MOST_PASTED * 3
