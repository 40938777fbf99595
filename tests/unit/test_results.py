"""Test that every format of the provider's results is read, and that no response, however malformed, causes harm."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from stt import errors
from stt.aiml import results
from stt.aiml.results import read
from stt.transcript.model import Transcript
from tests.provider import Job
from tests.provider_contract import MODELS, result

SAID = "Well, I don't know. It cost $20 — or 30 %! Ça va?"


def answer(found, place="result", **more):
    return {"id": "x", "status": "completed", place: found, **more}


def job(model="#g1_whisper-base", **script):
    return Job("x", model, "abc", "a.wav", 1, {}, 0.0, {"text": SAID, "seconds": 13.0, **script})


def deepgram(channels, **more):
    return {"metadata": {"duration": 20.0}, "results": {"channels": channels, **more}}


def words(*rows, unit=1.0, name="word"):
    return [
        {name: text, "start": start * unit, "end": end * unit, **(more[0] if more else {})}
        for text, start, end, *more in rows
    ]


def channel(transcript, rows=(), **more):
    return {"alternatives": [{"transcript": transcript, "words": words(*rows), **more}]}


def assert_valid(transcript: Transcript) -> None:
    """Check that times are in order, that words joined give their segment's text, and that all values fit into JSON."""
    assert Transcript.from_dict(json.loads(json.dumps(transcript.to_dict(), allow_nan=False))).text == transcript.text
    transcript.text.encode()
    starts = [segment.start for segment in transcript.segments]
    assert starts == sorted(starts) and all(start >= 0 for start in starts)
    for segment in transcript.segments:
        assert segment.start <= segment.end <= transcript.duration + 1e-6
        if segment.words:
            assert "".join(word.text for word in segment.words) == segment.text
            assert segment.words[0].start >= segment.start
        for word in segment.words:
            assert word.start <= word.end <= segment.end + 1e-6
        assert all(before.start <= after.start for before, after in pairwise(segment.words))


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("variant", [None, "object", "output"])
def test_answer_of_every_model_is_read_completely(model, variant):
    reading = read(answer(result(job(model, variant=variant)), "output" if variant == "output" else "result"), 13.0)
    assert reading.status == "done" and reading.transcript.text == SAID
    assert_valid(reading.transcript)
    if MODELS[model] in ("openai", "microsoft"):
        assert not reading.transcript.timed and len(reading.transcript.segments) == 1
    else:
        assert reading.transcript.timed and reading.transcript.language == "en"
        assert [word.text.strip() for word in reading.transcript.words] == SAID.split()
        assert reading.transcript.words[3].start == pytest.approx(3.0, abs=0.01)
        assert reading.transcript.confidence == pytest.approx(0.9)


@pytest.mark.parametrize(
    "word", ["waiting", "active", "queued", "generating", "processing", "paused", "Zzz", "running"]
)
def test_every_status_that_is_not_final_is_running(word):
    assert read({"id": "x", "status": word, "error": None}) == results.Reading("running", word)


@pytest.mark.parametrize("body", [{}, {"id": "x"}, {"status": None}, {"status": 5}, {"status": []}, {"result": None}])
def test_an_answer_without_a_status_is_running(body):
    assert read(body).status == "running"


def test_a_result_without_a_status_is_done():
    assert read({"result": {"text": "Hello."}}).transcript.text == "Hello."
    assert read({"text": "Hello."}).transcript.text == "Hello."


@pytest.mark.parametrize(
    ("body", "kind", "message"),
    [
        (
            {"status": "error", "error": {"name": "BadAudio", "message": "No audio stream"}},
            errors.GenerationFailed,
            "No audio stream",
        ),
        (
            {"status": "error", "error": "File does not appear to contain audio"},
            errors.GenerationFailed,
            "does not appear",
        ),
        ({"status": "error", "error": {"name": "BadAudio"}}, errors.GenerationFailed, "BadAudio"),
        ({"status": "error"}, errors.GenerationFailed, "no reason"),
        ({"status": "error", "error": 7, "result": {"error": "Too noisy"}}, errors.GenerationFailed, "Too noisy"),
        ({"status": "completed", "result": None, "error": {"message": "Lost"}}, errors.GenerationFailed, "Lost"),
        ({"status": "completed", "result": {"status": "error", "error": "Broken"}}, errors.GenerationFailed, "Broken"),
        ({"error": {"message": "Something inside"}}, errors.GenerationFailed, "Something inside"),
        ({"statusCode": 401, "message": "Bad key"}, errors.KeyRefused, "Bad key"),
        ({"error": {"statusCode": 403, "message": "No credits"}}, errors.PaymentRequired, "No credits"),
        ({"status": "error", "error": "x" * 5000}, errors.GenerationFailed, "…"),
        ({"status": "completed"}, errors.AnswerUnreadable, "no transcript"),
        ({"status": "completed", "result": {}}, errors.AnswerUnreadable, "no transcript"),
        ({"status": "completed", "result": {"foo": 1}}, errors.AnswerUnreadable, "no transcript"),
        ({"status": "completed", "result": 5}, errors.AnswerUnreadable, "no transcript"),
        ({"status": "completed", "result": {"results": "none"}}, errors.AnswerUnreadable, "no transcript"),
        (
            {"status": "completed", "result": {"results": {"channels": "mono"}}},
            errors.AnswerUnreadable,
            "no transcript",
        ),
        (["status"], errors.AnswerUnreadable, "not a JSON object"),
        (None, errors.AnswerUnreadable, "not a JSON object"),
    ],
)
def test_failure_in_any_format_is_reported(body, kind, message):
    reading = read(body)
    assert reading.status == "failed" and type(reading.error) is kind
    assert message in reading.error.message and len(reading.error.message) <= 300


@pytest.mark.parametrize(
    "found",
    [
        {"metadata": {"duration": 3.0}, "results": None},
        deepgram([]),
        deepgram([{"alternatives": []}]),
        deepgram([channel("")]),
        deepgram(channel(None)),
        {"text": None, "words": None, "utterances": None, "audio_duration": 3},
        {"text": ""},
        {"text": "  \n "},
    ],
)
def test_silence_is_an_empty_transcript_and_no_error(found):
    reading = read(answer(found))
    assert reading.status == "done" and reading.transcript.text == "" and reading.transcript.segments == ()


def test_speaker_numbers_count_from_one_and_speaker_letters_are_kept():
    rows = [("Hello.", 0, 1, {"speaker": 0}), ("Hi.", 2, 3, {"speaker": 1}), ("Well", 3, 4, {"speaker": 0})]
    one = read(answer(deepgram([channel("Hello. Hi. Well", rows)]))).transcript
    assert one.speakers == one.extras["speakers"] == ["Speaker 1", "Speaker 2"]
    assert [(s.speaker, s.text.strip()) for s in one.segments] == [
        ("Speaker 1", "Hello."),
        ("Speaker 2", "Hi."),
        ("Speaker 1", "Well"),
    ]
    rows = words(("Hello.", 0, 1, {"speaker": "A"}), ("Hi.", 2, 3, {"speaker": "B"}), unit=1000, name="text")
    two = read(answer({"text": "Hello. Hi.", "words": rows})).transcript
    assert two.speakers == ["Speaker A", "Speaker B"]
    assert two.words[1].start == 2.0


def test_two_channels_are_two_speakers_in_order_of_time():
    left = channel("Hello? Bye.", [("hello", 0, 1), ("bye", 5, 6)])
    right = channel("Yes.", [("yes", 2, 3)])
    transcript = read(answer(deepgram([left, right]))).transcript
    assert [(s.speaker, s.text.strip()) for s in transcript.segments] == [
        ("Speaker 1", "Hello?"),
        ("Speaker 2", "Yes."),
        ("Speaker 1", "Bye."),
    ]
    assert_valid(transcript)


def test_each_channel_has_its_language_and_the_transcript_the_one_with_most_speech():
    left = channel("Hello?", [("hello", 0, 2.9)]) | {"detected_language": "en"}  # overlaps the other channel
    right = channel("Hola a todos.", [("hola", 2, 3), ("a", 3, 4), ("todos", 4, 5)]) | {"detected_language": "es-MX"}
    transcript = read(answer(deepgram([left, right]))).transcript
    assert [(s.language, s.speaker) for s in transcript.segments] == [("en", "Speaker 1"), ("es", "Speaker 2")]
    assert transcript.language == "es" and transcript.extras["language_code"] == "es-mx"
    silent = read(answer(deepgram([left | channel(""), right]))).transcript
    assert silent.language == "es" and [s.language for s in silent.segments] == ["es"]
    unsure = read(answer(deepgram([left | {"detected_language": "?"}, right | channel("")]))).transcript
    assert [s.language for s in unsure.segments] == [None]


def test_segments_come_from_utterances_else_sentences_else_pauses():
    rows = [("so", 0, 1), ("it", 1, 2), ("goes", 2, 3), ("on", 6, 7)]
    utterances = [
        {"transcript": "so it", "start": 0, "end": 2, "speaker": 0},
        {"transcript": "goes on", "start": 2, "end": 7, "speaker": 1},
    ]
    sentences = {
        "paragraphs": [
            {
                "speaker": 3,
                "sentences": [{"text": "So.", "start": 0, "end": 1}, {"text": "It goes on.", "start": 1, "end": 7}],
            }
        ]
    }

    def cut(found):
        return [(s.text.strip(), s.speaker) for s in read(answer(found)).transcript.segments]

    plain, laid_out = channel("so it goes on", rows), channel("so it goes on", rows, paragraphs=sentences)
    assert cut(deepgram([laid_out], utterances=utterances)) == [("so it", "Speaker 1"), ("goes on", "Speaker 2")]
    assert cut(deepgram([laid_out])) == [("So.", "Speaker 4"), ("It goes on.", "Speaker 4")]
    assert cut(deepgram([plain])) == [("so it goes", None), ("on", None)]
    assert cut(deepgram([plain], utterances=utterances[:1])) == [("so it goes", None), ("on", None)]


def test_utterances_alone_are_enough():
    found = {"results": {"utterances": [{"transcript": "Only here.", "start": 1, "end": 2, "channel": 0}]}}
    transcript = read(answer(found)).transcript
    assert transcript.text == "Only here." and transcript.segments[0].start == 1
    assert transcript.extras["utterances"][0]["text"] == "Only here."


@pytest.mark.parametrize(
    ("transcript", "rows", "text"),
    [
        ("Hello, World!", [("hello", 0, 1), ("world", 1, 2)], "Hello, World!"),
        (
            "It costs $20 now.",
            [("it", 0, 1), ("costs", 1, 2), ("twenty", 2, 3), ("dollars", 3, 4), ("now", 4, 5)],
            "It costs $20 now.",
        ),
        ("More text than words", [("more", 0, 1)], "More text than words"),
        ("More", [("more", 0, 1), ("words", 1, 2), ("than", 2, 3), ("text", 3, 4)], "more words than text"),
        ("", [("only", 0, 1), ("words", 1, 2)], "only words"),
        ("Nothing alike", [("zzz", 0, 1)], "Nothing alike"),
        ("你好。世界", [("你好", 0, 1), ("世界", 1, 2)], "你好。世界"),
        ("no times", [("no", None, None)], "no times"),
    ],
)
def test_where_words_and_transcript_disagree_no_text_is_lost(transcript, rows, text):
    rows = [{"word": word, "start": start, "end": end} for word, start, end in rows]
    found = deepgram([{"alternatives": [{"transcript": transcript, "words": rows}]}])
    merged = read(answer(found)).transcript
    assert merged.text == text
    assert_valid(merged)


def test_word_spelled_differently_in_the_transcript_keeps_its_time():
    rows = [("it", 0, 1), ("costs", 1, 2), ("twenty", 2, 3), ("now", 4, 5)]
    transcript = read(answer(deepgram([channel("It costs $20 now.", rows)]))).transcript
    assert [(w.text, w.start) for w in transcript.words] == [(" It", 0), (" costs", 1), (" $20", 2), (" now.", 4)]


def test_decreasing_and_invalid_times_are_corrected():
    rows = [
        ("a", 0, 1),
        ("b", 5, 4),
        ("c", -3, "x"),
        ("d", 1e12, None),
        ("e", 3, 3.5),
        ("f", True, {}),
        ("g", "7", "8"),
    ]
    rows = [{"word": word, "start": start, "end": end} for word, start, end in rows]
    transcript = read(answer(deepgram([{"alternatives": [{"words": rows}]}])), 20.0).transcript
    assert "".join(w.text for w in transcript.words).split() == list("abcdefg")
    starts = [word.start for word in transcript.words]
    assert starts == sorted(starts) and starts[-1] == 7
    assert_valid(transcript)


def test_control_characters_and_broken_unicode_do_not_reach_the_transcript():
    transcript = read(answer({"text": "a\x00b \ud83d\ude00 \ud800 c\x1b[31m"})).transcript
    assert transcript.text == "ab 😀 \ufffd c[31m"


def test_insights_of_every_channel_are_kept_with_the_times_of_its_words():
    def spoken(word, start, kind):
        found = [{"label": kind, "value": word, "start_word": 0, "end_word": 1}]
        layout = {
            "paragraphs": [{"sentences": [{"text": word}, {"text": "Yes."}], "start": start, "end": 9, "speaker": 0}]
        }
        return channel(word, [(word, start, start + 1)], entities=found, paragraphs=layout)

    extras = read(answer(deepgram([spoken("Anna", 1, "PERSON"), spoken("Paris", 4, "PLACE")]))).transcript.extras
    assert [(e["text"], e["kind"], e["start"]) for e in extras["entities"]] == [
        ("Anna", "PERSON", 1),
        ("Paris", "PLACE", 4),
    ]
    assert extras["paragraphs"] == [
        {"text": f"{word} Yes.", "start": start, "end": 9, "speaker": "Speaker 1"}
        for word, start in (("Anna", 1), ("Paris", 4))
    ]


def test_all_other_insights_are_kept_under_their_documented_names():
    rows = [("Hello", 0, 1), ("Anna", 1, 2)]
    first = deepgram(
        [
            channel(
                "Hello Anna",
                rows,
                entities=[{"label": "PERSON", "value": "Anna", "confidence": 0.9, "start_word": 1, "end_word": 2}],
            )
            | {"search": [{"query": "anna", "hits": [{"confidence": 0.8, "start": 1, "end": 2, "snippet": "Anna"}]}]}
        ],
        summary={"result": "success", "short": "A greeting."},
        topics={
            "segments": [
                {
                    "text": "Hello Anna",
                    "start_word": 0,
                    "end_word": 2,
                    "topics": [{"topic": "Greeting", "confidence_score": 0.7}],
                }
            ]
        },
        intents={
            "segments": [
                {
                    "text": "Hello",
                    "start_word": 0,
                    "end_word": 1,
                    "intents": [{"intent": "Greet", "confidence_score": 0.6}],
                }
            ]
        },
        sentiments={
            "segments": [
                {"text": "Hello Anna", "start_word": 0, "end_word": 2, "sentiment": "positive", "sentiment_score": 0.5}
            ],
            "average": {},
        },
    )
    extras = read(answer(first)).transcript.extras
    assert extras["summary"] == "A greeting."
    assert extras["topics"] == [{"topic": "Greeting", "confidence": 0.7, "text": "Hello Anna", "start": 0, "end": 2}]
    assert extras["intents"][0]["intent"] == "Greet" and extras["intents"][0]["end"] == 1
    assert extras["sentiments"][0]["sentiment"] == "positive" and extras["sentiments"][0]["score"] == 0.5
    assert extras["entities"] == [{"kind": "PERSON", "confidence": 0.9, "text": "Anna", "start": 1, "end": 2}]
    assert extras["search"] == [{"query": "anna", "confidence": 0.8, "text": "Anna", "start": 1, "end": 2}]
    second = {
        "text": "Hi.",
        "language_code": "en_us",
        "summary": "Short.",
        "usage": {"seconds": 3, "cost": 0.01, "kind": "audio"},
        "chapters": [{"start": 0, "end": 2000, "headline": "H", "gist": "G", "summary": "S"}],
        "auto_highlights_result": {
            "status": "success",
            "results": [{"text": "hi", "count": 2, "rank": 0.1, "timestamps": [{"start": 0, "end": 500}]}],
        },
        "sentiment_analysis_results": [
            {"text": "Hi.", "start": 0, "end": 500, "sentiment": "NEUTRAL", "confidence": 0.9, "speaker": "A"}
        ],
        "entities": [{"entity_type": "person_name", "text": "Anna", "start": 100, "end": 300}],
        "iab_categories_result": {"summary": {"Sports": 0.9}},
        "content_safety_labels": {
            "results": [
                {
                    "text": "Hi.",
                    "labels": [{"label": "profanity", "confidence": 0.8, "severity": 0.1}],
                    "timestamp": {"start": 0, "end": 500},
                }
            ]
        },
    }
    extras = read(answer(second)).transcript.extras
    assert extras["chapters"] == [{"start": 0, "end": 2, "headline": "H", "gist": "G", "summary": "S"}]
    assert extras["key_phrases"] == [{"text": "hi", "count": 2, "rank": 0.1, "times": [[0, 0.5]]}]
    assert extras["sentiments"][0] == {
        "sentiment": "neutral",
        "speaker": "Speaker A",
        "score": 0.9,
        "text": "Hi.",
        "start": 0,
        "end": 0.5,
    }
    assert extras["entities"][0]["kind"] == "person_name" and extras["topics"][0]["topic"] == "Sports"
    assert extras["sensitive"] == [
        {"kind": "profanity", "confidence": 0.8, "severity": 0.1, "text": "Hi.", "start": 0, "end": 0.5}
    ]
    assert extras["usage"] == {"seconds": 3, "cost": 0.01, "kind": "audio"} and extras["cost"] == 0.01
    assert extras["language_code"] == "en-us" and extras["summary"] == "Short."
    assert all(f"    {name} " in results.insights.__doc__ for name in extras)


def test_an_answer_of_ten_hours_is_read():
    rows = [
        {
            "word": f"w{n % 977}",
            "start": n * 0.4,
            "end": n * 0.4 + 0.3,
            "punctuated_word": f"W{n % 977}{'.' * (n % 12 == 0)}",
        }
        for n in range(90_000)
    ]
    text = " ".join(row["punctuated_word"] for row in rows) + " and more"
    transcript = read(answer(deepgram([{"alternatives": [{"transcript": text, "words": rows}]}])), 36_000.0).transcript
    assert transcript.text == text and len(transcript.words) == 90_002
    assert_valid(transcript)
