"""Test that arbitrary and incomplete responses of the provider are read without an error and without loss of text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stt import errors
from stt.aiml import results
from stt.aiml.results import read
from stt.files.json_values import clean
from tests.unit.test_results import answer, assert_valid

WORD = st.text("abcdeéß你好.,-'$ \u0301", min_size=1, max_size=6)
TIME = st.none() | st.floats(0, 30) | st.integers(-5, 100_000) | st.floats() | st.text(max_size=3) | st.booleans()
SPEAKER = st.none() | st.integers(-1, 3) | st.sampled_from("AB") | st.floats()
RAW_WORD = st.fixed_dictionaries(
    {"word": WORD, "start": TIME, "end": TIME},
    optional={"punctuated_word": WORD, "confidence": TIME, "speaker": SPEAKER, "text": WORD},
)
SENTENCE = st.fixed_dictionaries(
    {"text": WORD, "start": TIME, "end": TIME},
    optional={"transcript": WORD, "speaker": SPEAKER, "channel": st.integers(0, 2)},
)
TEXT = st.none() | st.lists(WORD, max_size=8).map(" ".join)
ALTERNATIVE = st.fixed_dictionaries(
    {"transcript": TEXT},
    optional={
        "words": st.none() | st.lists(RAW_WORD, max_size=8),
        "paragraphs": st.none()
        | st.fixed_dictionaries(
            {
                "paragraphs": st.lists(
                    st.fixed_dictionaries({"sentences": st.lists(SENTENCE, max_size=3), "speaker": SPEAKER}), max_size=2
                )
            }
        ),
    },
)
CHANNEL = st.fixed_dictionaries({"alternatives": st.lists(ALTERNATIVE, min_size=1, max_size=1)})
DEEPGRAM = st.fixed_dictionaries(
    {
        "results": st.fixed_dictionaries(
            {"channels": st.lists(CHANNEL, max_size=2) | CHANNEL},
            optional={"utterances": st.lists(SENTENCE, max_size=3)},
        )
    },
    optional={"metadata": st.none() | st.fixed_dictionaries({"duration": TIME})},
)
ASSEMBLY = st.fixed_dictionaries(
    {"text": TEXT},
    optional={
        "words": st.none() | st.lists(RAW_WORD, max_size=8),
        "utterances": st.none() | st.lists(SENTENCE, max_size=3),
        "audio_duration": TIME,
    },
)


def texts(found):
    if "text" in found:
        return [found["text"]]
    channels = found["results"]["channels"]
    return [c["alternatives"][0]["transcript"] for c in (channels if isinstance(channels, list) else [channels])]


def letters(text):
    """Return the tokens that contain a letter, a digit or a `$`, in lower case and without punctuation."""
    tokens = map(results._bare, results._TOKEN.findall(clean(text)))
    return [token for token in tokens if any(c.isalnum() or c == "$" for c in token)]


@given(DEEPGRAM | ASSEMBLY, st.sampled_from(["result", "output"]), st.none() | st.floats())
def test_missing_fields_lose_no_text_and_leave_times_in_order(found, place, duration):
    reading = read(answer(found, place), duration)
    assert reading.status == "done"
    assert_valid(reading.transcript)
    read_tokens = letters(reading.transcript.text)
    for text in texts(found):
        for token in letters(text):
            assert token in read_tokens


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text() | st.just(10**400),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                (
                    "status result output error results channels alternatives transcript words word start end "
                    "text utterances metadata duration paragraphs sentences speaker channel confidence "
                    "summary topics segments intents sentiments entities chapters auto_highlights_result "
                    "timestamps usage cost search hits start_word end_word message statusCode language_code "
                    "detected_language iab_categories_result sentiment_analysis_results content_safety_labels "
                    "labels label severity timestamp"
                ).split()
            )
            | st.text(max_size=4),
            inner,
            max_size=6,
        )
    ),
    max_leaves=40,
)


@given(JSON, JSON, st.sampled_from(["completed", "error", "queued", "done", None]))
def test_any_json_gives_a_documented_reading_and_raises_nothing(document, found, status):
    for body in (
        document,
        {"status": status, "result": found},
        {"status": status, "output": {"results": found, "words": document}},
    ):
        reading = read(body, 10.0)
        if reading.status == "done":
            assert_valid(reading.transcript)
        elif reading.status == "failed":
            assert isinstance(reading.error, errors.ProviderError) and 0 < len(reading.error.message) <= 300
        else:
            assert reading.transcript is None and reading.error is None
