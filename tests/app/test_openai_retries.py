"""Test that OpenAI's client, which repeats requests by itself, creates and pays each job only once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import openai
import pytest
import sqlalchemy as sa

from stt.db.engine import database
from stt.jobs import service
from stt.library import history
from tests import audio
from tests.app.rest import make_token
from tests.provider import KEY, Provider
from tests.relay import Relay
from tests.server import Server
from tests.transcripts import sharing_data_with
from tests.waiting import until

OWNER = "user:ann"
REPEATED: dict[str, Any] = {"extra_headers": {"x-stainless-retry-count": "1"}}


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with Provider() as provider:
        yield provider


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("retries") / "data"
    with Server(data, AIML_BASE_URL=provider.url, AIML_API_KEY=KEY, STT_ALLOW_PRIVATE_URLS="1") as server:
        yield server


@pytest.fixture
def client(server: Server) -> openai.OpenAI:
    """Return a client with the default number of retries."""
    return openai.OpenAI(base_url=f"{server.url}/v1", api_key=make_token(server, "ann"))


def paid_speech(client: openai.OpenAI, **fields) -> str:
    with open(audio.JFK, "rb") as file:
        return client.audio.transcriptions.create(model="#g1_nova-2-general", file=file, **fields).text


@pytest.mark.parametrize("case", ["the provider fails the job", "the answer to the create is lost"])
def test_failed_job_is_not_created_again_by_the_client(client: openai.OpenAI, provider: Provider, case: str):
    before = len(provider.jobs)
    if case.startswith("the provider"):
        provider.script(duration=0.1, error={"name": "E", "message": "internal error"})
    else:
        provider.script(duration=0.1, error=None)
        provider.fault("create", "reset-after")
    with pytest.raises(openai.InternalServerError) as caught:
        paid_speech(client)
    assert len(provider.jobs) == before + 1
    assert caught.value.status_code == 502 and caught.value.response.headers["X-Generation-Id"]


def test_client_whose_time_is_over_gets_the_text_of_the_same_job(client: openai.OpenAI, provider: Provider):
    """A second call with the same recording is no repetition, so it creates a job."""
    provider.script(duration=4, error=None)
    for jobs in (1, 2):
        before = len(provider.jobs) - jobs + 1
        assert paid_speech(client.with_options(timeout=2, max_retries=9)) == "Hello there. How are you?"
        assert len(provider.jobs) == before + jobs


def test_repetition_with_another_field_or_owner_creates_a_job(
    client: openai.OpenAI, server: Server, provider: Provider
):
    provider.script(duration=3600, error=None)
    before = len(provider.jobs)
    with ThreadPoolExecutor(1) as thread, Relay(server.port) as relay:
        relayed = client.with_options(base_url=f"{relay.url}/v1", max_retries=0)
        call = thread.submit(paid_speech, relayed, language="fr")
        until(lambda: len(provider.jobs) == before + 1)
        relay.cut()
        with pytest.raises(openai.APIConnectionError):
            call.result(60)
    provider.script(duration=0.1)
    list(provider.jobs.values())[-1].script["duration"] = 0.1
    assert paid_speech(client, language="de", **REPEATED) and len(provider.jobs) == before + 2
    assert paid_speech(client, language="fr", extra_body={"cancel_on_disconnect": "true"}, **REPEATED)
    assert len(provider.jobs) == before + 3
    other = client.with_options(api_key=make_token(server, "bea"))
    assert paid_speech(other, language="fr", **REPEATED) and len(provider.jobs) == before + 4
    assert paid_speech(client, language="fr", **REPEATED) and len(provider.jobs) == before + 4


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("error", [None, "internal error"])
def test_repetition_of_an_answered_call_creates_a_job(
    client: openai.OpenAI, provider: Provider, error: str | None, stream: bool
):
    """Use a call that is refused before it has a job: its repetition must not get the outcome of an earlier call."""
    provider.script(duration=0.1, error=error and {"name": "E", "message": error})

    def call(**fields) -> None:
        with open(audio.JFK, "rb") as file:
            made = client.audio.transcriptions.create(
                model="#g1_nova-2-general", file=file, language="es", stream=stream, **fields
            )
            assert not stream or list(made)

    before = len(provider.jobs)
    for fields in ({}, REPEATED):
        with pytest.raises(openai.APIError) if error else nullcontext():
            call(**fields)
    assert len(provider.jobs) == before + 2


def test_client_that_meets_a_database_outage_gets_the_text_of_the_same_job(
    client: openai.OpenAI, server: Server, provider: Provider
):
    provider.script(duration=0.1, error=None)
    refusals: list[httpx.Response] = []

    def end_outage(response: httpx.Response) -> None:
        if response.status_code == 503:
            refusals.append(response)
            rename("away", "diarizations")

    def rename(table: str, new: str) -> None:
        with database().begin() as connection:
            connection.execute(sa.text(f"ALTER TABLE {table} RENAME TO {new}"))

    before = len(provider.jobs)
    http = httpx.Client(event_hooks={"response": [end_outage]})
    with sharing_data_with(server), http:
        rename("diarizations", "away")  # polls of a finished job read this table
        assert paid_speech(client.with_options(http_client=http), language="it") == "Hello there. How are you?"
    assert len(provider.jobs) == before + 1
    (refusal,) = refusals
    assert refusal.headers["X-Generation-Id"] and "X-Should-Retry" not in refusal.headers


def test_cancelled_job_is_not_created_again_by_the_client(client: openai.OpenAI, server: Server, tmp_path: Path):
    path = audio.write(tmp_path / "long.flac", np.concatenate([audio.samples(each) for each in audio.AUSTEN] * 12))
    caught: list[Exception] = []

    def call() -> None:
        with open(path, "rb") as file:
            try:
                client.audio.transcriptions.create(model="local/whisper-base", file=file)
            except openai.OpenAIError as error:
                caught.append(error)

    with sharing_data_with(server):
        known = {job.id for job in history.find(OWNER)}
        thread = threading.Thread(target=call)
        thread.start()
        (job,) = until(lambda: [job for job in history.find(OWNER) if job.id not in known])
        service.cancel(job.id, owner=OWNER)
        thread.join(60)
        assert [each.id for each in history.find(OWNER) if each.id not in known] == [job.id]
    assert isinstance(caught[0], openai.ConflictError)
    assert caught[0].response.headers["X-Generation-Id"] == job.id
