"""Test OpenAI's speech API on this server with OpenAI's client."""

from __future__ import annotations

import asyncio
import json
import math
import subprocess
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import openai
import pysubs2
import pytest
import requests

from stt.jobs import service
from stt.store import records
from tests import audio
from tests.app.rest import Api, make_token, python
from tests.server import Server
from tests.transcripts import sharing_data_with


@pytest.fixture(scope="module")
def client(server: Server, api: Api) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{server.url}/v1", api_key=api.token, max_retries=0, timeout=120)


def speech(client: openai.OpenAI, path: Path = audio.JFK, **fields):
    with open(path, "rb") as file:
        return client.audio.transcriptions.create(**{"model": "whisper-1", "file": file, **fields})


def plain_words(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalpha() or letter == " ").strip()


def history(api: Api, response) -> dict:
    """Return the result of the job behind a raw response, fetched from this server's own REST routes."""
    return api.ended(response.headers["X-Generation-Id"])["result"]


def test_the_official_client_gets_the_text(client: openai.OpenAI):
    found = speech(client)
    assert plain_words(found.text) == audio.JFK_WORDS
    assert found.usage.type == "duration" and found.usage.seconds == 11


def test_asynchronous_client_gets_the_text(client: openai.OpenAI):
    async def transcribe() -> str:
        async with openai.AsyncOpenAI(base_url=client.base_url, api_key=client.api_key, timeout=120) as other:
            return (await other.audio.transcriptions.create(model="local/whisper-base", file=audio.JFK)).text

    assert plain_words(asyncio.run(transcribe())) == audio.JFK_WORDS


def test_words_and_segments_match_the_stored_job(client: openai.OpenAI, api: Api):
    with open(audio.JFK, "rb") as file:
        answer = client.audio.transcriptions.with_raw_response.create(
            model="whisper-1",
            file=file,
            language="en",
            response_format="verbose_json",
            timestamp_granularities=["word", "segment"],
        )
    found, stored = answer.parse(), history(api, answer)
    words = stored["results"]["channels"][0]["alternatives"][0]["words"]
    assert [(word.word, word.start, word.end) for word in found.words] == [
        (word["punctuated_word"], word["start"], word["end"]) for word in words
    ]
    utterances = stored["results"]["utterances"]
    assert [(s.text.strip(), s.start, s.end) for s in found.segments] == [
        (each["transcript"], each["start"], each["end"]) for each in utterances
    ]
    assert found.language == "english" and found.duration == pytest.approx(11, abs=0.1)
    for segment, each in zip(found.segments, utterances, strict=True):
        assert math.log(each["confidence"]) - 1 < segment.avg_logprob < 0 and segment.compression_ratio > 0.5


@pytest.mark.parametrize("granularity", ["word", "segment"])
def test_only_the_requested_timestamps_are_returned(client: openai.OpenAI, granularity: str):
    found = speech(client, response_format="verbose_json", timestamp_granularities=[granularity])
    assert bool(found.words) is (granularity == "word") and bool(found.segments) is (granularity == "segment")


def test_text_format_is_a_plain_string(client: openai.OpenAI):
    found = speech(client, response_format="text")
    assert isinstance(found, str) and plain_words(found) == audio.JFK_WORDS


@pytest.mark.parametrize("format", ["srt", "vtt"])
def test_subtitles_can_be_parsed(client: openai.OpenAI, format: str):
    found = pysubs2.SSAFile.from_string(speech(client, response_format=format), format_=format)
    assert plain_words(" ".join(event.plaintext.replace("\n", " ") for event in found)) == audio.JFK_WORDS
    assert all(0 <= event.start < event.end <= 13_000 for event in found)


def test_log_probabilities_belong_to_the_words(client: openai.OpenAI):
    found = speech(client, include=["logprobs"])
    assert [plain_words(each.token) for each in found.logprobs] == audio.JFK_WORDS.split()
    assert all(each.logprob < 0 and bytes(map(int, each.bytes)).decode() == each.token for each in found.logprobs)


# OpenAI's client marks its method for translations as deprecated.
@pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")
def test_translation_is_english(client: openai.OpenAI, tmp_path: Path):
    """Use only the first 21 s of the sample, which are in Spanish. The rest is in English."""
    spanish = audio.samples(audio.AUDIO / "spanish-then-english.flac")[: 21 * audio.RATE]
    with open(audio.write(tmp_path / "a.flac", spanish), "rb") as file:
        found = client.audio.translations.create(model="whisper-1", file=file, response_format="verbose_json")
    assert found.task == "translate" and {"the", "and", "of"} <= set(plain_words(found.text).split())


def long_speech(path: Path, seconds: float) -> Path:
    sounds = [audio.samples(audio.utterance(name)) for name in audio.librispeech()]
    sound = np.concatenate(sounds)
    return audio.write(path, sound[: int(seconds * audio.RATE)])


def test_stream_sends_text_in_the_first_half_of_a_two_minute_job(client: openai.OpenAI, api: Api, tmp_path: Path):
    path = long_speech(tmp_path / "long.flac", 120)
    began = time.monotonic()
    events, times = [], []
    with open(path, "rb") as file:
        for event in client.audio.transcriptions.create(model="whisper-1", file=file, stream=True):
            events.append(event)
            times.append(time.monotonic() - began)
    assert [event.type for event in events[:-1]] == ["transcript.text.delta"] * (len(events) - 1)
    assert events[-1].type == "transcript.text.done"
    assert len(events) > 2 and times[0] < times[-1] / 2
    text = "".join(event.delta for event in events[:-1])
    assert events[-1].text.startswith(text[:100])


def test_stream_reports_the_error_of_the_job(client: openai.OpenAI, server: Server, api: Api, tmp_path: Path):
    path = long_speech(tmp_path / "long.flac", 90)
    # This process cancels the job, because the job might be done before another process has started.
    with open(path, "rb") as file, sharing_data_with(server), pytest.raises(openai.APIError, match="Cancelled"):
        response = client.audio.transcriptions.with_raw_response.create(model="whisper-1", file=file, stream=True)
        generation_id = response.headers["X-Generation-Id"]
        for _ in response.parse():
            service.cancel(generation_id, owner=records.load(generation_id, None).owner)


@pytest.mark.parametrize("requested", [False, True], ids=["job continues", "job is cancelled"])
def test_closed_connection_cancels_the_job_only_on_request(api: Api, tmp_path: Path, requested: bool):
    content = long_speech(tmp_path / "long.flac", 100).read_bytes()
    data = {"model": "whisper-1", "stream": "true", "cancel_on_disconnect": str(requested).lower()}
    answer = api.session.post(
        f"{api.base}/audio/transcriptions", data=data, files={"file": ("a.flac", content)}, stream=True, timeout=60
    )
    generation_id = answer.headers["X-Generation-Id"]
    assert next(answer.iter_lines()).startswith(b"data: ")
    answer.close()
    ended = api.ended(generation_id)
    assert ended["status"] == ("error" if requested else "completed")


BAD: dict[str, tuple[dict, dict, int, str]] = {
    "missing file": ({}, {}, 400, "missing"),
    "missing model": ({}, {"file": ("a.flac", audio.JFK.read_bytes())}, 400, "model"),
    "an unknown model": ({"model": "whisper-9"}, {"file": ("a.flac", audio.JFK.read_bytes())}, 400, "whisper-9"),
    "an unknown field": ({"model": "whisper-1", "beam": "5"}, {"file": ("a.flac", audio.JFK.read_bytes())}, 400, "beam"),
    "an invalid format": (
        {"model": "whisper-1", "response_format": "xml"}, {"file": ("a.flac", audio.JFK.read_bytes())}, 400, "xml",
    ),
    "an invalid temperature": (
        {"model": "whisper-1", "temperature": "7"}, {"file": ("a.flac", audio.JFK.read_bytes())}, 400, "temperature",
    ),
    "streamed subtitles": (
        {"model": "whisper-1", "response_format": "srt", "stream": "true"},
        {"file": ("a.flac", audio.JFK.read_bytes())}, 400, "srt",
    ),
    "an empty file": ({"model": "whisper-1"}, {"file": ("a.flac", b"")}, 400, "is empty"),
    "an unreadable file": ({"model": "whisper-1"}, {"file": ("a.flac", b"not a sound" * 99)}, 400, "not a recording"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_error_has_the_openai_format(api: Api, name: str):
    data, files, status, word = BAD[name]
    answer = api("POST", "/audio/transcriptions", data=data, files=files or {"model": (None, "whisper-1")})
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert error.keys() == {"message", "type", "param", "code"} and error["type"] == "invalid_request_error"
    assert word in error["message"]


def test_wrong_token_raises_the_clients_authentication_error(client: openai.OpenAI):
    with pytest.raises(openai.AuthenticationError) as caught:
        speech(client.with_options(api_key="wrong"))
    assert caught.value.code == "invalid_api_key"


def test_ignored_fields_are_named_in_a_header(api: Api):
    answer = api(
        "POST",
        "/audio/transcriptions",
        data={"model": "whisper-1", "temperature": "0.2", "chunking_strategy": "auto"},
        files={"file": ("a.flac", audio.JFK.read_bytes())},
    )
    assert answer.headers["X-Ignored-Fields"] == "temperature, chunking_strategy"
    assert answer.json()["text"]


def test_chunking_strategy_may_be_an_object(client: openai.OpenAI):
    strategy = {"type": "server_vad", "threshold": 0.5, "prefix_padding_ms": 300}
    with open(audio.JFK, "rb") as file:
        answer = client.audio.transcriptions.with_raw_response.create(
            model="whisper-1", file=file, chunking_strategy=strategy
        )
    assert plain_words(answer.parse().text) == audio.JFK_WORDS
    assert answer.headers["X-Ignored-Fields"] == "chunking_strategy"


def test_models_are_listed_and_found_by_the_client(client: openai.OpenAI):
    listed = {model.id: model for model in client.models.list()}
    assert listed["local/whisper-base"].object == "model" and listed["local/whisper-base"].owned_by
    assert client.models.retrieve("local/whisper-base").id == "local/whisper-base"
    assert client.models.retrieve("whisper-1").id == "local/whisper-base"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("whisper-9")


def test_curl_command_of_the_openai_examples_works(server: Server, api: Api):
    command = [
        "curl", "--silent", f"{server.url}/v1/audio/transcriptions",
        "-H", f"Authorization: Bearer {api.token}", "-H", "Content-Type: multipart/form-data",
        "-F", f"file=@{audio.JFK}", "-F", "timestamp_granularities[]=word", "-F", "model=whisper-1",
        "-F", "response_format=verbose_json",
    ]  # fmt: skip
    found = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    assert [plain_words(word["word"]) for word in found["words"]] == audio.JFK_WORDS.split() and "segments" not in found


def test_hundred_calls_ten_at_once_all_succeed_and_are_served_fairly(server: Server, client: openai.OpenAI):
    """Use two tokens with five connections each. Neither token waits until all calls of the other are served."""
    keys = [make_token(server, name) for name in ("ann", "bea")]
    clients = [client.with_options(api_key=key) for key in keys]
    ended: list[str] = []

    def call(number: int) -> str:
        who = number % 2
        found = speech(clients[who], audio.AUSTEN[1], language="en")
        ended.append("ab"[who])
        return plain_words(found.text)

    with ThreadPoolExecutor(10) as pool:
        texts = list(pool.map(call, range(100)))
    assert len(texts) == 100 and set(texts) == {texts[0]} and texts[0]
    assert all(ended[:60].count(who) >= 20 for who in "ab")


def test_token_revoked_between_calls_is_refused_at_the_next_call(server: Server, client: openai.OpenAI):
    other = client.with_options(api_key=make_token(server, "gone"))
    assert speech(other, audio.AUSTEN[1]).text
    code = "from stt.auth import tokens; [tokens.revoke(t.id, None) for t in tokens.all_of(None) if t.owner == 'user:gone']"
    python(server, "-c", code)
    with pytest.raises(openai.AuthenticationError):
        speech(other, audio.AUSTEN[1])


ROUTES = ("/stt/create", "/audio/transcriptions", "/audio/translations")


@pytest.mark.parametrize("first", ROUTES)
def test_idempotency_key_of_a_transcription_is_refused_for_a_translation_of_the_same_form(api: Api, first: str):
    """Check this in both directions: a translation must not be answered with the transcript, nor the reverse."""

    def send_to(route: str) -> requests.Response:
        files = {"file": ("talk.flac", audio.AUSTEN[1].read_bytes())}
        return api("POST", route, headers={"Idempotency-Key": key}, data={"model": "#g1_whisper-base"}, files=files)

    key = str(uuid.uuid4())
    assert send_to(first).ok
    for route in ROUTES:
        response = send_to(route)
        if ("translations" in route) == ("translations" in first):
            assert response.ok
        else:
            assert response.status_code == 409 and "different request body" in response.text
