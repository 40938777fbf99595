"""Test that OpenAI's client, which repeats requests by itself, creates and pays each job only once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import openai
import pytest

from stt.jobs import service
from stt.library import history
from tests import audio
from tests.app.rest import make_token
from tests.provider import KEY, Provider
from tests.server import Server
from tests.transcripts import sharing_data_with
from tests.waiting import until

OWNER = "user:ann"


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
    provider.script(duration=0.1, error=None)
    repeats = {"extra_headers": {"x-stainless-retry-count": "1"}}
    before = len(provider.jobs)
    paid_speech(client, language="fr")
    assert paid_speech(client, language="fr", **repeats) and len(provider.jobs) == before + 1
    assert paid_speech(client, language="de", **repeats) and len(provider.jobs) == before + 2
    assert paid_speech(client, language="fr", extra_body={"cancel_on_disconnect": "true"}, **repeats)
    assert len(provider.jobs) == before + 3
    other = client.with_options(api_key=make_token(server, "bea"))
    assert paid_speech(other, language="fr", **repeats) and len(provider.jobs) == before + 4


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
