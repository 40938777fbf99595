"""Generate arbitrary transcripts to export, and read exported files back."""

from __future__ import annotations

import csv
import html
import io
import unicodedata

import pysubs2
from hypothesis import strategies as st

from stt.export.formats import JOINER
from stt.transcript.model import Segment, Transcript, Word

HOUR = 3600.0


def segment(text: str, start: float = 0.0, pace: float = 0.4, gaps: dict[int, float] | None = None, **more) -> Segment:
    """Return a segment with `pace` seconds per word. `gaps` is {index of a word: seconds of silence before it}."""
    words, now = [], start
    for number, token in enumerate(text.split()):
        now += (gaps or {}).get(number, 0.0)
        words.append(Word(f" {token}" if number else token, round(now, 3), round(now + pace, 3), 0.9))
        now += pace
    return Segment(start, round(now, 3), text, tuple(words), **more)


def transcript(*segments: Segment, **more) -> Transcript:
    return Transcript(segments, duration=max((s.end for s in segments), default=0.0), language="en", **more)


def without_spaces(text: str) -> str:
    """Return a text in the form in which tests compare exports: NFKC-normalised, without spaces and `JOINER`."""
    return "".join(unicodedata.normalize("NFKC", text.replace(JOINER, "")).split())


def read_subtitles(data: bytes, extension: str) -> list[pysubs2.SSAEvent]:
    return list(pysubs2.SSAFile.from_string(data.decode(), format_=extension))


def displayed_text(event: pysubs2.SSAEvent, extension: str) -> str:
    return html.unescape(event.plaintext) if extension == "vtt" else event.plaintext


def read_csv(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


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
    """Generate an arbitrary transcript. This is a Hypothesis strategy."""
    now = draw(st.sampled_from([0.0, 59.9996, 10 * HOUR]))
    segments = []
    for _ in range(draw(st.integers(0, 4))):
        now += draw(TIMES)
        start, words = now, []
        separator = draw(st.sampled_from([" ", " ", ""]))
        for number, piece in enumerate(draw(st.lists(PIECES, max_size=8))):
            now += draw(TIMES) * draw(st.sampled_from([0, 0, 1]))
            length = draw(TIMES)
            confidence = draw(st.none() | st.floats(0, 1))
            words.append(Word((separator if number else "") + piece, now, now + length, confidence))
            now += length
        text = "".join(word.text for word in words)
        timed_words = draw(st.sampled_from([tuple(words), tuple(words), (), tuple(words[::2])]))
        segments.append(Segment(start, now, text, timed_words, draw(st.sampled_from([None, "Anna", "=B", "<i>"]))))
    return Transcript(tuple(segments), now, draw(st.sampled_from([None, "ar"])), timed=draw(st.booleans()))


def words_of(transcript: Transcript) -> str:
    """Return the text of a transcript without spaces and without the characters that document formats reject."""
    return "".join(c for c in without_spaces("".join(s.text + "\n" for s in transcript.segments)) if visible(c))


def visible(character: str) -> bool:
    return unicodedata.category(character) not in ("Cc", "Cs") and character not in "\ufffe\uffff"
