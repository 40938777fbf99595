"""Test transcripts in the format of the provider's API: a written transcript is read back unchanged."""

from __future__ import annotations

import json
from dataclasses import replace

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as some

from stt import errors
from stt.aiml import catalog, results
from stt.kinds import CANCELLED, DONE, FAILED, QUEUED, WORKING
from stt.store.records import Job
from stt.transcript.model import Segment, Transcript, Word
from stt.web.v1 import contract, openapi

JOB = Job(
    id="h66460ba-0562", owner="user:a", recording_id=None, url=None, title="Talk", model="local/whisper-base",
    engine="on-device", options={}, state=DONE, stage=None, attempt=1, priority=1, created=1_800_000_000.0, queued=0.0,
    started=None, finished=None, worked=0.0, expected=None, duration=4.0, seconds_done=4.0, language="en", words=4,
    confidence=0.9, cost=None, error=None, provenance=None,
)  # fmt: skip

TALK = Transcript(
    segments=(
        Segment(0.0, 2.0, "“Hello there,” she said. Go!", (
            Word("“Hello", 0.0, 0.4, 0.9, "Ann"), Word(" there,”", 0.4, 0.8, 0.7, "Ann"),
            Word(" she", 0.8, 1.0, None, "Ann"), Word(" said.", 1.0, 1.5, 0.8, "Ann"),
            Word(" Go!", 1.5, 2.0, 0.8, "Ann"),
        ), "Ann"),
        Segment(2.5, 4.0, " It's 3.5 km.", (
            Word(" It's", 2.5, 3.0, 1.0, "Bob"), Word(" 3.5", 3.0, 3.5, 0.1, "Bob"), Word(" km.", 3.5, 4.0, 0.9, "Bob"),
        ), "Bob"),
    ),
    duration=4.0, language="en", language_probability=0.98, lost=((3.0, 3.5, "damaged"),),
    extras={
        "summary": "They talk.",
        "topics": [{"topic": "Roads", "confidence": 0.5, "text": "km", "start": None, "end": None}],
    },
)  # fmt: skip


def test_words_have_their_language_if_there_are_several():
    spanish = replace(TALK.segments[0], language="es")
    body = contract.job(JOB, replace(TALK, segments=(spanish, replace(TALK.segments[1], language="en"))))
    channel = body["result"]["results"]["channels"][0]
    words = channel["alternatives"][0]["words"]
    assert [word["language"] for word in words] == ["es"] * 5 + ["en"] * 3
    assert channel["alternatives"][0]["languages"] == ["es", "en"] and channel["detected_language"] == "en"
    assert [utterance["language"] for utterance in body["result"]["results"]["utterances"]] == ["es", "en"]
    assert_matches_schema(body, "Transcription")
    assert [segment.language for segment in results.read(body).transcript.segments] == ["es", "en"]


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        *(
            ("दिल्ली।", "दिल्ली"),
            ("“Don't!”", "don't"),
            ("_foo_", "foo"),
            ("(foo_bar)_", "foo_bar"),
            ("_दिल्ली_", "दिल्ली"),
        ),
        ("❤️yes", "yes"),
    ],
)
def test_a_word_without_its_punctuation_keeps_its_vowel_signs(text: str, bare: str):
    transcript = Transcript((Segment(0.0, 1.0, text, (Word(text, 0.0, 1.0),)),), duration=1.0)
    (word,) = contract.job(JOB, transcript)["result"]["results"]["channels"][0]["alternatives"][0]["words"]
    assert (word["word"], word["punctuated_word"]) == (bare, text)


def assert_matches_schema(body: dict, schema: str) -> None:
    """Check that the body is valid JSON and matches the schema with this name in the published OpenAPI document."""
    document = openapi.document()
    described = {**document["components"]["schemas"][schema], **document}
    jsonschema.validate(json.loads(json.dumps(body, allow_nan=False)), described)


def test_result_has_the_fields_that_the_seed_and_other_clients_read():
    body = contract.job(JOB, TALK)
    assert_matches_schema(body, "Transcription")
    alternative = body["result"]["results"]["channels"][0]["alternatives"][0]
    assert alternative["transcript"] == "“Hello there,” she said. Go! It's 3.5 km."
    first, number = alternative["words"][0], alternative["words"][6]
    assert first == {
        "word": "hello", "punctuated_word": "“Hello", "start": 0.0, "end": 0.4, "confidence": 0.9, "speaker": 0
    }  # fmt: skip
    assert (number["word"], number["speaker"]) == ("3.5", 1)
    paragraphs = alternative["paragraphs"]["paragraphs"]
    assert [p["speaker"] for p in paragraphs] == [0, 1]
    sentences = [sentence["text"] for paragraph in paragraphs for sentence in paragraph["sentences"]]
    assert sentences == ["“Hello there,” she said.", "Go!", "It's 3.5 km."]
    assert body["result"]["results"]["channels"][0]["detected_language"] == "en"
    metadata = body["result"]["metadata"]
    assert metadata["created"] == "2027-01-15T08:00:00.000Z" and metadata["duration"] == 4.0
    assert "damaged" in metadata["warnings"][0]["message"]


def test_our_own_client_reads_the_result_back():
    read = results.read(contract.job(JOB, TALK)).transcript
    assert read is not None and read.text == TALK.text
    assert [(w.text, w.start, w.end) for w in read.words][1:] == [
        (" there,”", 0.4, 0.8), (" she", 0.8, 1.0), (" said.", 1.0, 1.5), (" Go!", 1.5, 2.0), (" It's", 2.5, 3.0),
        (" 3.5", 3.0, 3.5), (" km.", 3.5, 4.0),
    ]  # fmt: skip
    assert read.speakers == ["Speaker 1", "Speaker 2"] and read.language == "en"
    assert read.extras["summary"] == "They talk." and read.extras["topics"][0]["topic"] == "Roads"


CHARACTERS = some.characters(codec="utf-8", categories=("L", "N", "P", "Zs", "S"))
WORDS = some.lists(some.text(CHARACTERS, min_size=1, max_size=8), max_size=12)


@given(WORDS, some.sampled_from([None, "Ann"]))
def test_any_text_is_written_completely(spoken_words: list[str], speaker: str | None):
    words = tuple(Word(f" {text}", i * 0.5, i * 0.5 + 0.4, None, speaker) for i, text in enumerate(spoken_words))
    text = "".join(word.text for word in words)
    segments = (Segment(0.0, 10.0, text, words, speaker),) if words else ()
    transcript = Transcript(segments=segments, duration=10.0)
    body = contract.job(JOB, transcript)
    assert_matches_schema(body, "Transcription")
    alternative = body["result"]["results"]["channels"][0]["alternatives"][0]
    assert alternative["transcript"] == transcript.text
    sentences = [s["text"] for p in alternative["paragraphs"]["paragraphs"] for s in p["sentences"]]
    assert "".join("".join(sentences).split()) == "".join(transcript.text.split())


def test_transcript_without_times_gets_none():
    body = contract.job(JOB, Transcript(segments=(Segment(0.0, 0.0, "Only text."),), duration=4.0, timed=False))
    assert_matches_schema(body, "Transcription")
    results_ = body["result"]["results"]
    assert results_["channels"][0]["alternatives"][0]["words"] == [] and "utterances" not in results_
    assert results_["channels"][0]["alternatives"][0]["transcript"] == "Only text."


def test_silence_gives_an_empty_transcript():
    body = contract.job(JOB, Transcript(duration=4.0))
    assert_matches_schema(body, "Transcription")
    assert body["result"]["results"]["channels"][0]["alternatives"][0]["transcript"] == ""


@pytest.mark.parametrize(
    ("state", "status"),
    [(QUEUED, "waiting"), (WORKING, "active"), (FAILED, "error"), (CANCELLED, "error"), (DONE, "completed")],
)
def test_states_have_the_status_names_of_the_contract(state: str, status: str):
    error = errors.NotSound("This is text.").to_dict() if state == FAILED else None
    body = contract.job(replace(JOB, state=state, error=error), TALK if state == DONE else None)
    assert_matches_schema(body, "Transcription")
    assert body["status"] == status and (body["result"] is not None) == (state == DONE)
    if status == "error":
        assert body["error"]["name"] == ("NotSound" if state == FAILED else "Cancelled")
        assert body["error"]["message"].startswith("This")


def test_error_has_the_body_of_the_contract():
    error = errors.LimitReached("No more today.")
    body = contract.refusal(error, "/v1/stt/create", "f00d")
    assert_matches_schema(body, "Problem")
    assert body["statusCode"] == 429 and body["requestId"] == "f00d"
    assert body["message"] == f"No more today. {error.guidance}"


def test_models_have_the_format_of_the_documented_list():
    first, local = catalog.packaged().find(catalog.FIRST), catalog.packaged().find(catalog.LOCAL)
    body = contract.models([(first, local)])
    assert_matches_schema(body, "Models")
    (model,) = body["data"]
    assert model["id"] == catalog.FIRST and "whisper-base" in model["aliases"]
    assert model["pricing"]["units"] == [{"name": "second", "price": 0, "per": 1}]
    assert contract.etag(body) != contract.etag(contract.models([]))
