"""Test reading existing transcripts from the files of many tools: text, times and speakers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stt.export.formats import FORMATS
from stt.imports import reader
from stt.transcript.model import Segment, Transcript, Word
from tests.transcripts import TALK, spoken_segment

DIALOGUE = Transcript(
    (
        spoken_segment("Good morning everybody.", 0.5, "Anna"),
        spoken_segment("Good morning Anna.", 3.0, "Ben"),
        spoken_segment("Shall we begin? I think so.", 6.0, "Anna"),
        spoken_segment("Yes.", 12.0, "Ben"),
    ),
    14.0,
    "en",
)
VTT = """WEBVTT - made by a tool

NOTE nothing here is spoken

STYLE
::cue { color: red }

intro
00:01.000 --> 00:03.500 align:start
<v.loud Anna Smith>Good <i>morning</i> &amp; welcome.</v>

00:00:04.000 --> 00:00:06.000
<v Ben>Thank you.</v>
<v Anna Smith>Not at all.
"""
KARAOKE = """WEBVTT

00:01.000 --> 00:03.000
Ask<00:00:01.500><c.yellow> not what</c>

00:03.000 --> 00:04.000
<v Ben><00:00:03.500>Never.
"""
ROLLING = """WEBVTT
Kind: captions
Language: en

00:00:00.160 --> 00:00:01.990 align:start position:0%
 \n\
so<00:00:00.480><c> ask</c><00:00:00.760><c> not</c><00:00:01.000><c> what</c>

00:00:01.990 --> 00:00:02.000 align:start position:0%
so ask not what
 \n\

00:00:02.000 --> 00:00:03.990 align:start position:0%
so ask not what
your<00:00:02.600><c> country</c>

00:00:03.990 --> 00:00:04.000 align:start position:0%
your country
 \n\

00:00:04.000 --> 00:00:06.000 align:start position:0%
your country
can<00:00:04.500><c> do</c>
"""
ASS = """[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname
Style: Default,Arial

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Comment: 0,0:00:00.00,0:00:01.00,Default,,0,0,0,,not spoken
Dialogue: 0,0:00:05.10,0:00:07.00,Default,Ben,0,0,0,,{\\i1}Thank{\\i0} you,\\Nreally.
Dialogue: 0,0:00:01.00,0:00:03.50,Default,Anna,0,0,0,,Good morning.
Dialogue: 1,0:00:01.00,0:00:03.50,Default,Anna,0,0,0,,Good morning.
"""
WHISPER = {
    "text": " Ask not. Ask what.",
    "segments": [
        {
            "id": 0, "seek": 0, "start": 0.0, "end": 1.5, "text": " Ask not.", "tokens": [50364, 12320], "temperature": 0.0,
            "avg_logprob": -0.2, "compression_ratio": 1.1, "no_speech_prob": 0.01,
            "words": [
                {"word": " Ask", "start": 0.2, "end": 0.6, "probability": 0.93},
                {"word": " not.", "start": 0.6, "end": 1.2, "probability": 0.4},
            ],
        },
        {"id": 1, "seek": 0, "start": 1.5, "end": 3.0, "text": " Ask what.", "tokens": [], "words": []},
    ],
    "language": "en",
}  # fmt: skip
WHISPERX = {
    "segments": [
        {
            "start": 0.5, "end": 3.0, "text": " In 2020 we left.", "speaker": "SPEAKER_01",
            "words": [
                {"word": "In", "start": 0.5, "end": 0.7, "score": 0.9, "speaker": "SPEAKER_01"},
                {"word": "2020"},
                {"word": "we", "start": 1.9, "end": 2.1, "score": 0.8, "speaker": "SPEAKER_01"},
                {"word": "left.", "start": 2.2, "end": 2.9, "score": 0.7},
            ],
        },
    ],
    "word_segments": [],
    "language": "en",
}  # fmt: skip
OPENAI = {
    "task": "transcribe", "language": "english", "duration": 8.47, "text": "The beach was popular. Not now.",
    "segments": [
        {"id": 0, "start": 0.0, "end": 3.3, "text": " The beach was popular.", "avg_logprob": -0.3},
        {"id": 1, "start": 3.3, "end": 5.0, "text": " Not now.", "avg_logprob": -0.3},
    ],
    "words": [
        {"word": "The", "start": 0.0, "end": 0.2}, {"word": "beach", "start": 0.3, "end": 0.5},
        {"word": "was", "start": 0.6, "end": 0.7}, {"word": "popular", "start": 0.8, "end": 1.2},
        {"word": "Not", "start": 3.3, "end": 3.5}, {"word": "now", "start": 3.6, "end": 4.0},
    ],
}  # fmt: skip
DEEPGRAM = {
    "metadata": {"request_id": "1", "duration": 4.0, "channels": 1},
    "results": {
        "channels": [
            {
                "detected_language": "en",
                "alternatives": [
                    {
                        "transcript": "Ask not. Ask what.", "confidence": 0.98,
                        "words": [
                            {"word": "ask", "start": 0.2, "end": 0.6, "confidence": 0.9, "speaker": 0, "punctuated_word": "Ask"},
                            {"word": "not", "start": 0.6, "end": 1.2, "confidence": 0.9, "speaker": 0, "punctuated_word": "not."},
                            {"word": "ask", "start": 2.0, "end": 2.4, "confidence": 0.9, "speaker": 1, "punctuated_word": "Ask"},
                            {"word": "what", "start": 2.4, "end": 3.0, "confidence": 0.9, "speaker": 1, "punctuated_word": "what."},
                        ],
                    }
                ],
            }
        ]
    },
}  # fmt: skip
ASSEMBLYAI = {
    "id": "1", "status": "completed", "language_code": "en_us", "audio_duration": 4, "text": "Ask not. Ask what.",
    "words": [
        {"text": "Ask", "start": 200, "end": 600, "confidence": 0.9, "speaker": "A"},
        {"text": "not.", "start": 600, "end": 1200, "confidence": 0.9, "speaker": "A"},
        {"text": "Ask", "start": 2000, "end": 2400, "confidence": 0.9, "speaker": "B"},
        {"text": "what.", "start": 2400, "end": 3000, "confidence": 0.9, "speaker": "B"},
    ],
    "utterances": [
        {"text": "Ask not.", "start": 200, "end": 1200, "speaker": "A"},
        {"text": "Ask what.", "start": 2000, "end": 3000, "speaker": "B"},
    ],
}  # fmt: skip
CPP = {
    "systeminfo": "AVX = 1", "model": {"type": "base"}, "result": {"language": "en"},
    "transcription": [
        {"timestamps": {"from": "00:00:00,000", "to": "00:00:02,000"}, "offsets": {"from": 0, "to": 2000}, "text": " Ask not."}
    ],
}  # fmt: skip


def lines(transcript: Transcript) -> list[tuple[float, float, str | None, str]]:
    return [(s.start, s.end, s.speaker, s.text.strip()) for s in transcript.segments]


def read_json(value: Any, name: str = "talk.json") -> reader.Imported:
    return reader.read(json.dumps(value).encode(), name)


@pytest.mark.parametrize("segments", [{}, {"segments": None}, {"segments": []}], ids=["none", "null", "empty"])
def test_openai_json_with_word_times_only_is_read_in_seconds(segments: dict[str, Any]):
    spoken = [("The", 0.0, 0.4), ("beach", 0.4, 1.0), ("was", 1.2, 1.5), ("popular", 5.0, 5.5)]
    words = [{"word": word, "start": start, "end": end} for word, start, end in spoken]
    text = "The beach was popular."
    found = read_json(
        {"task": "transcribe", "language": "english", "duration": 8.47, "text": text, "words": words, **segments}
    )
    assert found.transcript.text == text and found.transcript.language == "en" and found.format == "JSON of OpenAI"
    assert [(w.text, w.start) for s in found.transcript.segments for w in s.words][-1] == (" popular.", 5.0)


def test_our_json_is_read_back_unchanged():
    found = reader.read(FORMATS["json"].write(TALK, title="Talk"), "talk.json")
    assert found.transcript == TALK and not found.notes
    assert found.format == "JSON of STT Studio" and found.provenance["times"] == "of words, from the file"


@pytest.mark.parametrize("extension", ["srt", "vtt"])
def test_our_subtitles_are_read_back_with_the_same_text_times_and_speakers(extension: str):
    plain = reader.read(FORMATS[extension].write(TALK), f"talk.{extension}")
    assert plain.transcript.text == TALK.text and plain.transcript.timed and not plain.notes
    assert lines(plain.transcript)[-1][:2] == (8.0, 9.0), "shown for a second at least"
    named = reader.read(FORMATS[extension].write(DIALOGUE, speakers=True), f"talk.{extension}")
    turns = {}
    for start, _, speaker, text in lines(named.transcript):
        turns.setdefault(text.split()[0], (start, speaker))
    assert turns == {"Good": (0.5, "Anna"), "Shall": (6.0, "Anna"), "I": (7.08, "Anna"), "Yes.": (12.0, "Ben")}
    assert {speaker for _, _, speaker, text in lines(named.transcript) if "Anna" in text} == {"Ben"}
    assert named.transcript.text == DIALOGUE.text


@pytest.mark.parametrize(
    "text", ["1 --> 2 00:00:01,000 --> 00:00:02,000", "42", "<b>bold</b> & more", "今天天气很好，我们去。"]
)
def test_strange_words_survive_our_subtitles(text: str):
    for extension in ("srt", "vtt"):
        content = FORMATS[extension].write(Transcript((spoken_segment("Before."), spoken_segment(text, 5.0)), 9.0))
        assert reader.read(content, f"talk.{extension}").transcript.text == f"Before. {text}"


def test_our_text_and_word_document_are_read_with_paragraphs_and_speakers():
    text = reader.read(FORMATS["txt"].write(DIALOGUE, times=True, speakers=True), "talk.txt")
    document = reader.read(FORMATS["docx"].write(DIALOGUE, title="Talk"), "talk.docx")
    for found in (text, document):
        assert found.transcript.text == DIALOGUE.text and found.rough and found.transcript.timed
        assert [speaker for _, _, speaker, _ in lines(found.transcript)] == ["Anna", "Ben", "Anna", "Ben"]
        assert [start for start, *_ in lines(found.transcript)] == [0, 3, 6, 12]
        assert not found.for_sound.timed, "times to the second: the recording gives better ones"


def test_text_without_times_is_split_into_sentences():
    found = reader.read("Guten Tag, Dr. Weiß. Wie geht's?\n\nGut.".encode("cp1252"), "talk.txt")
    assert [text for *_, text in lines(found.transcript)] == ["Guten Tag, Dr. Weiß.", "Wie geht's?", "Gut."]
    assert not found.transcript.timed and found.provenance["encoding"].startswith("Windows-1252")


def test_headings_with_names_and_times_are_speakers():
    found = reader.pasted("Anna Smith  0:03\nGood morning.\nAnd welcome.\n\nBen Lee  0:12\nThank you.\n")
    assert [(start, speaker) for start, _, speaker, _ in lines(found.transcript)] == [
        (3, "Anna Smith"), (12, "Ben Lee"),
    ]  # fmt: skip
    assert found.transcript.segments[0].text == "Good morning. And welcome."


def test_word_before_a_colon_is_no_speaker():
    found = reader.pasted(
        "1\n00:00:01,000 --> 00:00:02,000\nListen: nobody came.\n\n2\n00:00:03,000 --> 00:00:04,000\nYes."
    )
    assert lines(found.transcript) == [(1, 2, None, "Listen: nobody came."), (3, 4, None, "Yes.")]


def test_voices_of_webvtt_are_speakers_each_with_a_segment():
    assert lines(reader.read(VTT.encode(), "a.vtt").transcript) == [
        (1.0, 3.5, "Anna Smith", "Good morning & welcome."),
        (4.0, 6.0, "Ben", "Thank you."),
        (4.0, 6.0, "Anna Smith", "Not at all."),
    ]


def test_times_within_a_cue_are_those_of_its_words():
    found = reader.read(KARAOKE.encode(), "a.vtt")
    first, second = found.transcript.segments
    assert first.text == " Ask not what" and [w.text for w in first.words] == [" Ask", " not", " what"]
    assert [(w.start, w.end) for w in first.words[:1]] == [(1.0, 1.5)] and first.words[1].start == 1.5
    assert first.words[1].end == first.words[2].start and first.words[2].end == 3.0, "two words share a mark's time"
    assert [(w.text, w.start, w.end, w.speaker) for w in second.words] == [(" Never.", 3.5, 4.0, "Ben")]
    assert found.provenance["times"] == "of words, from the file" and not found.notes


def test_rolling_captions_are_read_once_with_the_times_of_their_words():
    found = reader.read(ROLLING.encode(), "talk.en.vtt").transcript
    assert found.text == "so ask not what your country can do"
    starts = {word.text.strip(): word.start for word in found.words}
    assert (starts["so"], starts["ask"], starts["what"], starts["country"]) == (0.16, 0.48, 1.0, 2.6)


def test_names_and_times_of_substation_alpha_are_read():
    assert lines(reader.read(ASS.encode(), "a.ass").transcript) == [
        (1.0, 3.5, "Anna", "Good morning."), (5.1, 7.0, "Ben", "Thank you, really."),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "shape", "expected", "timed_words"),
    [
        (WHISPER, "Whisper", [(0.0, 1.5, None, "Ask not."), (1.5, 3.0, None, "Ask what.")], 2),
        (WHISPER["segments"], "Whisper", [(0.0, 1.5, None, "Ask not."), (1.5, 3.0, None, "Ask what.")], 2),
        (WHISPERX, "whisperX", [(0.5, 3.0, "Speaker 2", "In 2020 we left.")], 4),
        (OPENAI, "OpenAI", [(0.0, 3.3, None, "The beach was popular."), (3.3, 5.0, None, "Not now.")], 6),
        (DEEPGRAM, "Deepgram", [(0.2, 1.2, "Speaker 1", "Ask not."), (2.0, 3.0, "Speaker 2", "Ask what.")], 4),
        ({"result": DEEPGRAM}, "Deepgram", [(0.2, 1.2, "Speaker 1", "Ask not."), (2.0, 3.0, "Speaker 2", "Ask what.")], 4),
        (ASSEMBLYAI, "AssemblyAI", [(0.2, 1.2, "Speaker A", "Ask not."), (2.0, 3.0, "Speaker B", "Ask what.")], 4),
        (CPP, "Whisper", [(0.0, 2.0, None, "Ask not.")], 0),
    ],
)  # fmt: skip
def test_the_json_of_other_tools_keeps_text_times_and_speakers(
    value: Any, shape: str, expected: list[tuple[float, float, str | None, str]], timed_words: int
):
    found = read_json(value)
    assert found.format == f"JSON of {shape}" and found.transcript.timed
    assert lines(found.transcript) == expected
    assert len(found.transcript.words) == timed_words
    assert all("".join(w.text for w in s.words) in ("", s.text) for s in found.transcript.segments)


def test_words_without_times_lie_between_their_neighbours_and_are_counted():
    found = read_json(WHISPERX)
    assert found.transcript.words[1] == Word(" 2020", 0.7, 1.9, None, "Speaker 2")
    assert found.notes == ("Times that are missing or impossible, filled in from their neighbours: 2.",)


def test_openai_names_the_language_and_its_words_lack_punctuation():
    found = read_json(OPENAI).transcript
    assert found.language == "en" and found.duration == 8.47
    assert [w.text for w in found.segments[0].words] == [" The", " beach", " was", " popular."]


def test_text_takes_precedence_over_differing_words():
    value = {"segments": [{**WHISPER["segments"][0], "text": " Ask never."}]}
    found = read_json(value)
    assert found.transcript.text == "Ask never." and [w.start for w in found.transcript.words] == [0.2, 0.6]
    assert found.notes == ("Segments whose words differ from their text, which is kept: 1.",)


def test_repairs_are_listed_in_the_notes():
    value = {
        "segments": [
            {"start": 9.0, "end": 8.0, "text": "Last."},
            {"start": 1.0, "end": float("nan"), "text": "First."},
            {"start": -1.0, "end": 1e300, "text": "Between."},
            {"start": 5.0, "end": 6.0, "text": "  "},
        ],
        "extras": {"summary": ["no", "text"]},
    }
    found = read_json(value)
    assert [text for *_, text in lines(found.transcript)] == ["First.", "Last.", "Between."]
    assert all(0 <= s.start <= s.end < 20 for s in found.transcript.segments) and not found.transcript.extras
    assert set(found.notes) == {
        "Segments without text, left out: 1.",
        "Times that are missing or impossible, filled in from their neighbours: 3.",
        "Ends before their starts, moved to the start: 1.",
        "Segments that were out of order, sorted by time: 1.",
        "Summaries, chapters and other findings of the file are not taken over.",
    }
    assert found.provenance["put_right"] == " ".join(found.notes)


def test_impossible_word_times_are_corrected():
    words = [{"word": " a", "start": 2.0, "end": 1.0}, {"word": " b", "start": 1.5, "end": 3.0}]
    found = read_json({"segments": [{"start": 1.0, "end": 3.0, "text": " a b", "words": words}]})
    assert [(w.start, w.end) for w in found.transcript.words] == [(2.0, 2.0), (2.0, 3.0)]
    assert found.notes == ("Word times outside their segment or out of order, moved: 2.",)


def test_names_of_speakers_are_short_and_visible():
    value = {"segments": [{"start": 0, "end": 1, "text": "Hello\x07 there", "speaker": "A\x00nna\n" + "x" * 500}]}
    (segment,) = read_json(value).transcript.segments
    assert segment.text == "Hello there" and segment.speaker is not None and len(segment.speaker) == 100
    assert segment == Segment(0, 1, "Hello there", (), segment.speaker, None)
