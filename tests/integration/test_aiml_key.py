"""Test the key of the AI/ML API: it is checked, sent to the provider alone, and never shown."""

from __future__ import annotations

import logging
import pickle
import traceback

import pytest
from pytest_httpserver import HTTPServer

from stt import errors
from stt.aiml import results
from stt.aiml.client import Client
from tests.audio import JFK
from tests.provider import KEY, Provider

BASE = "#g1_whisper-base"


def test_key_check_distinguishes_a_valid_key_from_a_refused_one(provider, client):
    assert client.check_key() == "The key works."
    with pytest.raises(errors.KeyRefused, match="Invalid"):
        Client(provider.url, "sk-wrong").check_key()
    provider.fault("get", "403")
    with pytest.raises(errors.PaymentRequired):
        client.check_key()
    assert provider.created == []


@pytest.mark.parametrize("key", [None, "", "   "])
def test_client_without_a_key_is_refused(key):
    with pytest.raises(errors.KeyMissing):
        Client("http://localhost/v1", key)


@pytest.mark.parametrize("key", ["sk-a\nX-Evil: 1", "sk a b", "schlüssel", "k" * 5000, "sk-\x00"])
def test_key_that_no_header_can_hold_is_refused_without_being_quoted(key):
    with pytest.raises(errors.KeyRefused) as refused:
        Client("http://localhost/v1", key)
    assert key not in str(refused.value) and key not in repr(refused.value.__dict__)


@pytest.mark.parametrize("address", ["", "api.aimlapi.com/v1", "ftp://a/v1", "http://"])
def test_invalid_provider_address_is_a_setup_error(address):
    with pytest.raises(errors.SetupError, match="AIML_BASE_URL"):
        Client(address, KEY)


def test_key_appears_in_no_error_no_repr_and_no_log(provider, client, caplog):
    caplog.set_level(logging.DEBUG)
    provider.script("https://example.org/echo", error=f"Key {provider.key} is wrong")
    echo = {"message": f"Your key {provider.key} is bad. " + "x" * 255 + provider.key}
    shown = [
        repr(client),
        repr(client.__dict__),
        repr(client._auth),
        str(client.get(client.create(BASE, url="https://example.org/echo"))),
    ]
    faults = [
        "401",
        "403",
        "404",
        "500",
        "502",
        "html",
        "redirect",
        "error-inside",
        "reset-after",
        "truncated",
        "garbage",
    ]
    for fault in faults:
        for on, call in (("get", lambda: client.get("x")), ("create", lambda: client.create(BASE, path=JFK))):
            provider.fault(on, fault, **echo, to=f"http://localhost:1/{provider.key}")
            try:
                shown.append(str(call()))
            except errors.SttError as error:
                shown += [*traceback.format_exception(error), repr(error.__dict__), repr(error.__context__)]
                assert type(pickle.loads(pickle.dumps(error))) is type(error)
                assert len(error.message) < 420
    shown.append(caplog.text)
    assert len(shown) > 40 and provider.key not in "\n".join(shown)
    assert "[key]" in "\n".join(shown)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_the_key_does_not_follow_a_redirect_to_another_host(provider, client, status):
    with Provider(key=provider.key) as other:
        for on, call in (("get", lambda: client.get("x")), ("create", lambda: client.create(BASE, path=JFK))):
            provider.fault(on, "redirect", status=status, to=other.url + "/elsewhere")
            with pytest.raises((errors.ProviderDown, errors.SubmissionUncertain), match="redirect"):
                call()
        assert other.seen_authorization == [] and not other.calls


def test_a_get_follows_a_redirect_on_the_same_host(provider, client):
    generation_id = client.create(BASE, path=JFK)
    provider.fault("get", "redirect", status=307, to=f"/v1/stt/{generation_id}?moved=1")
    assert results.read(client.get(generation_id)).status == "done"


def test_a_password_file_does_not_replace_the_key(provider, client, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    assert client.create(BASE, path=JFK) in provider.jobs


def test_cookies_are_not_stored(httpserver: HTTPServer):
    httpserver.expect_request("/v1/stt/x").respond_with_json({"status": "queued"}, headers={"Set-Cookie": "a=b"})
    client = Client(httpserver.url_for("/v1"), KEY)
    client.get("x")
    client.get("x")
    assert "Cookie" not in httpserver.log[-1][0].headers
