"""Test the client with a real HTTP server that follows the contract strictly and fails in every way that servers do."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from stt import errors
from stt.aiml import catalog, results
from stt.aiml.client import Client
from stt.aiml.options import clean_options
from stt.backoff import Clock
from tests.audio import JFK
from tests.provider import KEY, Provider
from tests.provider_contract import MODELS
from tests.server import free_port

BASE = "#g1_whisper-base"
QUICK = Clock(20)  # with this clock, a wait takes a twentieth of the requested time
PATIENT = 3600.0  # seconds on this clock, which are three minutes; a busy machine may stand still for some seconds
LINK = "https://example.org/talk.mp3?token=a+b&c=d"
SHA256 = hashlib.sha256(JFK.read_bytes()).hexdigest()


@pytest.fixture
def fast_client(provider):
    return Client(provider.url, provider.key, clock=QUICK)


def only(provider):
    (job,) = provider.jobs.values()
    return job


# What the client sends


@pytest.mark.parametrize("model", MODELS)
def test_a_file_is_transcribed_by_every_model(provider, client, model):
    generation_id = client.create(model, {}, path=JFK, name="talk.flac")
    assert only(provider).content == SHA256 and only(provider).size == JFK.stat().st_size
    reading = results.read(client.get(generation_id), 11.0)
    assert reading.status == "done" and reading.transcript.text == "Hello there. How are you?"


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("place", ["file", "link"])
def test_every_option_of_a_model_is_sent_in_the_format_of_the_contract(provider, client, model, place):
    entry = catalog.packaged().find(model)
    samples = {"switch": True, "list": ["eins", "zwei, drei"], "text": "v1 ä", "json": {"from": ["a"], "to": "b"}}
    values = {o.name: samples.get(o.kind, o.choices[0][0] if o.choices else o.minimum) for o in entry.options}
    values.pop("extra", None)
    options = clean_options(entry, values)
    client.create(model, options, **({"path": JFK} if place == "file" else {"url": LINK}))
    form_fields = {
        name: value if isinstance(value, str | list) else json.dumps(value) for name, value in options.items()
    }
    expected = options if place == "link" else form_fields
    assert only(provider).options == expected


def test_link_is_sent_unchanged(provider, client):
    client.create(BASE, {"language": "en"}, url=LINK)
    assert only(provider).content == LINK and only(provider).options == {"language": "en"}


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "C:\\talks\\one.mp3",
        'quo"te\r\nX-Evil: 1.mp3',
        "😀.mp3",
        "n" * 300 + ".mp3",
        "<script>.wav",
        "",
        ".",
        "/",
    ],
)
def test_any_file_name_is_sent_in_a_harmless_form(provider, client, name):
    client.create(BASE, path=JFK, name=name)
    arrived = only(provider)
    assert arrived.content == SHA256 and 0 < len(arrived.name) <= 100
    assert not set(arrived.name) & set("/\\\r\n") and arrived.name.endswith(Path(name).suffix[-4:])


def test_large_file_is_sent_from_disk_and_progress_is_reported(provider, client, tmp_path):
    large = tmp_path / "large.wav"
    with open(large, "wb") as file:
        file.truncate(64 * 1024 * 1024)
    seen: list[tuple[int, int]] = []
    client.create(BASE, path=large, on_progress=lambda sent, total: seen.append((sent, total)))
    assert only(provider).size == large.stat().st_size
    assert seen == sorted(seen) and seen[-1][0] == seen[-1][1] >= large.stat().st_size
    assert len(seen) < 1000


def test_an_upload_can_be_cancelled(provider, client, tmp_path):
    large = tmp_path / "large.wav"
    with open(large, "wb") as file:
        file.truncate(64 * 1024 * 1024)
    with pytest.raises(errors.Cancelled):
        client.create(BASE, path=large, cancelled=lambda: True)
    assert provider.created == []


def test_an_empty_or_missing_file_is_not_sent(provider, client, tmp_path):
    (tmp_path / "empty.wav").touch()
    with pytest.raises(errors.EmptyFile):
        client.create(BASE, path=tmp_path / "empty.wav")
    with pytest.raises(errors.NotFound):
        client.create(BASE, path=tmp_path / "missing.wav")
    assert provider.calls["create"] == 0


@pytest.mark.parametrize(
    ("options", "named"), [({"speaker_labels": True}, "speaker_labels"), ({"utt_split": "often"}, "utt_split")]
)
def test_error_names_the_option_that_the_model_refuses(provider, client, options, named):
    for source in ({"path": JFK}, {"url": LINK}):
        with pytest.raises(errors.RequestRefused, match=named) as refused:
            client.create(BASE, options, **source)
        assert "req-1" in refused.value.message
    assert provider.created == [] and provider.calls["create"] == 2


@pytest.mark.parametrize("generation_id", ["../models", "a/b?c=d#e", "ä ö", "%2e%2e", "id;x=1", "x" * 300])
def test_any_generation_id_stays_one_segment_of_the_path(provider, client, generation_id):
    with pytest.raises(errors.ResultExpired):
        client.get(generation_id)
    provider.jobs[generation_id] = provider.add(BASE, "c", "n", 1, {})
    assert results.read(client.get(generation_id)).status == "done"


@pytest.mark.parametrize("generation_id", ["", ".", "..", "  "])
def test_id_that_would_change_the_path_is_never_requested(provider, client, generation_id):
    with pytest.raises(errors.ResultExpired):
        client.get(generation_id)
    assert provider.calls["get"] == 0


# A create request is not sent again if the provider may have accepted it


@pytest.mark.parametrize("fault", ["reset-after", "truncated", "html-after", "garbage"])
@pytest.mark.parametrize("source", [{"path": JFK}, {"url": LINK}])
def test_create_is_not_sent_again_if_its_response_is_lost(provider, client, fault, source):
    provider.fault("create", fault)
    with pytest.raises(errors.SubmissionUncertain):
        client.create(BASE, **source)
    assert len(provider.created) == provider.calls["create"] == 1


@pytest.mark.parametrize("source", [{"path": JFK}, {"url": LINK}])
def test_create_is_not_sent_again_if_its_response_times_out(provider, source):
    provider.fault("create", "slow-headers", seconds=3)
    with pytest.raises(errors.SubmissionUncertain, match="in time"):
        Client(provider.url, provider.key, create_timeout=0.5).create(BASE, **source)
    assert provider.calls["create"] == 1


@pytest.mark.parametrize("status", ["500", "501", "502", "504"])
def test_create_that_fails_inside_the_provider_may_have_been_billed(provider, client, status):
    provider.fault("create", status)
    with pytest.raises(errors.SubmissionUncertain, match="req-7"):
        client.create(BASE, path=JFK)
    assert provider.calls["create"] == 1


@pytest.mark.parametrize("fault", ["slow-headers", "slow-body"])
def test_slow_response_to_a_create_is_awaited(provider, client, fault):
    provider.fault("create", fault, seconds=0.7)
    assert client.create(BASE, path=JFK) == only(provider).id


@pytest.mark.parametrize(("status", "wait"), [("429", 1), ("429", None), ("503", 1), ("503", None)])
def test_create_is_sent_again_after_a_429_or_503(provider, fast_client, status, wait):
    provider.fault("create", status, times=2, retry_after=wait)
    assert fast_client.create(BASE, path=JFK) == only(provider).id
    assert provider.created == [SHA256] and provider.calls["create"] == 3


@pytest.mark.parametrize("call", ["create", "get"])
def test_retries_wait_in_real_time(provider, client, call):
    """Check that two waits of 1 s take 2 s on the wall clock. The other tests of completed waits use `QUICK`."""
    request = {"create": lambda: client.create(BASE, path=JFK), "get": lambda: client.get("x", retry_seconds=60)}[call]
    provider.jobs["x"] = provider.add(BASE, "c", "n", 1, {})
    provider.fault(call, "429" if call == "create" else "503", times=2, retry_after=1)
    began = time.monotonic()
    assert request()
    assert provider.calls[call] == 3 and time.monotonic() - began >= 2


def test_create_fails_if_it_would_wait_longer_than_it_may(provider, client):
    provider.fault("create", "429", retry_after=200)
    with pytest.raises(errors.ProviderBusy):
        client.create(BASE, path=JFK, retry_seconds=30)
    assert provider.calls["create"] == 1 and 150 < client.pace.delay() <= 200


def test_a_wait_for_the_provider_can_be_cancelled(provider, client):
    provider.fault("create", "429", retry_after=200)
    with pytest.raises(errors.Cancelled):
        client.create(BASE, path=JFK, cancelled=lambda: provider.calls["create"] > 0)


def test_upload_interrupted_before_its_end_is_sent_again(provider, fast_client, tmp_path):
    # The file exceeds the socket buffers, so the client knows that the upload is incomplete and was not accepted.
    large = tmp_path / "large.wav"
    with open(large, "wb") as file:
        file.truncate(64 * 1024 * 1024)
    provider.fault("create", "reset-before", times=2)
    fast_client.create(BASE, path=large)
    assert len(provider.created) == 1 and provider.calls["create"] == 3


def test_a_link_whose_connection_is_reset_is_not_sent_again(provider, client):
    # The client cannot distinguish this reset from a reset after the provider accepted the create.
    provider.fault("create", "reset-before")
    with pytest.raises(errors.SubmissionUncertain):
        client.create(BASE, url=LINK)
    assert provider.calls["create"] == 1


def test_a_create_waits_for_a_provider_that_is_not_up_yet():
    port = free_port()
    client = Client(f"http://127.0.0.1:{port}/v1", KEY, clock=QUICK)
    tried = threading.Event()

    def start():
        tried.wait()
        with Provider(port) as provider:
            done.wait(30)
            return provider.created

    done = threading.Event()
    with ThreadPoolExecutor() as pool:
        late = pool.submit(start)
        assert client.create(BASE, url=LINK, cancelled=lambda: tried.set() or False, retry_seconds=PATIENT)
        done.set()
        assert late.result() == [LINK]


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/v1", "http://no-such-host.invalid/v1"])
def test_a_provider_that_cannot_be_reached_is_down(address):
    with pytest.raises(errors.ProviderDown, match="No connection"):
        Client(address, KEY).create(BASE, url=LINK, retry_seconds=0)
    with pytest.raises(errors.ProviderDown, match="No connection"):
        Client(address, KEY).get("x")


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("401", errors.KeyRefused),
        ("403", errors.PaymentRequired),
        ("404", errors.RequestRefused),
        ("html", errors.SubmissionUncertain),
        ("error-inside", errors.GenerationFailed),
    ],
)
def test_a_create_that_is_refused_is_not_sent_again(provider, client, fault, kind):
    provider.fault("create", fault)
    with pytest.raises(kind) as refused:
        client.create(BASE, path=JFK)
    assert type(refused.value) is kind and provider.calls["create"] == 1


def test_concurrent_creates_stay_within_the_limit(provider):
    provider.fault("create", "slow-headers", times=12, seconds=0.1)
    clients = [Client(provider.url, provider.key, max_creates=3) for _ in range(12)]
    with ThreadPoolExecutor(12) as pool:
        ids = list(pool.map(lambda c: c.create(BASE, path=JFK), clients))
    assert len(set(ids)) == 12 and provider.most_creating <= 3


# A get request is retried after any transient error


@pytest.mark.parametrize(
    "fault",
    [
        "429",
        "500",
        "502",
        "503",
        "504",
        "reset-before",
        "reset-after",
        "truncated",
        "html",
        "html-after",
        "garbage",
        "redirect",
    ],
)
def test_get_is_retried_after_a_transient_error(provider, fast_client, fault):
    generation_id = fast_client.create(BASE, path=JFK)
    provider.fault("get", fault, times=2, retry_after=1)
    assert results.read(fast_client.get(generation_id, retry_seconds=PATIENT)).status == "done"
    assert provider.calls["get"] == 3


def test_get_is_retried_if_its_response_times_out(provider):
    client = Client(provider.url, provider.key, read_timeout=0.3, clock=QUICK)
    generation_id = client.create(BASE, path=JFK)
    provider.fault("get", "slow-headers", seconds=1)
    provider.fault("get", "slow-body", seconds=1)
    assert results.read(client.get(generation_id, retry_seconds=PATIENT)).status == "done"


@pytest.mark.parametrize(
    ("fault", "kind"), [("429", errors.ProviderBusy), ("503", errors.ProviderDown), ("html", errors.ProviderDown)]
)
def test_get_without_retries_is_sent_once(provider, client, fault, kind):
    provider.fault("get", fault)
    with pytest.raises(kind):
        client.get("x")
    assert provider.calls["get"] == 1


@pytest.mark.parametrize(
    ("fault", "kind"), [("401", errors.KeyRefused), ("403", errors.PaymentRequired), ("404", errors.ResultExpired)]
)
def test_refused_get_is_not_retried(provider, client, fault, kind):
    provider.fault("get", fault)
    with pytest.raises(kind, match=f"Refused with {fault}"):
        client.get("x", retry_seconds=60)
    assert provider.calls["get"] == 1


def test_result_expires_after_an_hour(provider, client):
    generation_id = client.create(BASE, path=JFK)
    provider.expires = -1
    with pytest.raises(errors.ResultExpired):
        client.get(generation_id, retry_seconds=60)


def test_error_inside_a_successful_response_is_a_failure(provider, client):
    provider.fault("get", "error-inside", body={"status": "error", "error": "File has no audio"})
    reading = results.read(client.get("x"))
    assert reading.status == "failed" and reading.error.message == "File has no audio"


def test_one_429_delays_every_call_with_the_same_key_and_no_other(provider, client):
    with Provider(key="another-key") as other:
        provider.fault("get", "429", retry_after=100)
        with pytest.raises(errors.ProviderBusy):
            client.get("x")
        twin = Client(provider.url, provider.key)
        for call in (lambda: twin.get("x", retry_seconds=5), lambda: twin.create(BASE, path=JFK, retry_seconds=5)):
            with pytest.raises(errors.ProviderBusy, match="asks to wait"):
                call()
        assert provider.calls == {"get": 1}
        assert Client(other.url, other.key).create(BASE, path=JFK)


def test_every_job_under_random_faults_ends_once(provider):
    provider.chaos("get", 0.4, ["500", "502", "503", "reset-before", "reset-after", "truncated", "html", "slow-body"])
    provider.chaos("create", 0.2, ["503", "429", "reset-after", "truncated", "slow-headers"])
    provider.fault("create", "reset-after")  # at least one, whichever calls get the random faults
    client = Client(provider.url, provider.key, max_creates=8, clock=QUICK)

    def follow(number):
        try:
            generation_id = client.create(BASE, url=f"https://example.org/{number}", retry_seconds=PATIENT)
        except errors.SubmissionUncertain:
            return "unsure"
        return results.read(client.get(generation_id, retry_seconds=PATIENT)).status

    with ThreadPoolExecutor(8) as pool:
        ends = list(pool.map(follow, range(60)))
    assert set(ends) == {"done", "unsure"} and len(provider.created) == 60
    assert provider.duplicates == []
