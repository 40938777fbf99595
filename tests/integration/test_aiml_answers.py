"""Test invalid responses of the provider, error messages of every shape, and the live list of models."""

from __future__ import annotations

import time
from functools import partial

import pytest
from pytest_httpserver import HTTPServer

from stt import errors
from stt.aiml import catalog
from stt.aiml import client as aiml
from stt.aiml.client import Client, list_models
from tests.provider import KEY

BASE = "#g1_whisper-base"


def test_endless_response_is_read_up_to_a_limit(httpserver: HTTPServer, monkeypatch):
    monkeypatch.setattr(aiml, "LARGEST", 1000)
    httpserver.expect_request("/v1/stt/x").respond_with_data(b"[" + b"1," * 5000)
    with pytest.raises(errors.ProviderDown):
        Client(httpserver.url_for("/v1"), KEY).get("x")


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b'"text"', b"{", b"[" * 200_000, b"\xff\xfe{", b"<html>", b'{"a": 1}' * 2],
)
def test_response_that_is_no_object_is_a_transient_error(httpserver: HTTPServer, body):
    httpserver.expect_request("/v1/stt/x").respond_with_data(body)
    with pytest.raises(errors.ProviderDown):
        Client(httpserver.url_for("/v1"), KEY).get("x")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"message": "Plain", "requestId": "r-1"}, "Plain (request id r-1)"),
        ({"message": ["one", "two"]}, "one; two"),
        ({"error": {"name": "E", "message": "Inner"}}, "Inner"),
        ({"message": [{"path": ["language"], "message": "Invalid"}]}, "language: Invalid"),
        ({"message": {"a": 1}}, "The provider answered with status 400."),
        ({"message": "a\n\x00 b\ud800"}, "a b\ufffd"),
        (["x"], "x"),
        (None, "The provider answered with status 400."),
    ],
)
def test_error_message_is_found_in_a_body_of_any_shape(httpserver: HTTPServer, body, message):
    httpserver.expect_request("/v1/stt/x").respond_with_json(body, status=400)
    with pytest.raises(errors.RequestRefused) as refused:
        Client(httpserver.url_for("/v1"), KEY).get("x")
    assert refused.value.message == message


def test_web_page_of_a_gateway_is_a_transient_error(httpserver: HTTPServer):
    for status in (401, 403, 404, 502):
        httpserver.clear()
        httpserver.expect_request("/v1/stt/x").respond_with_data("<html>", status=status, content_type="text/html")
        with pytest.raises(errors.ProviderDown, match="web page"):
            Client(httpserver.url_for("/v1"), KEY).get("x")


def test_live_model_list_is_read_without_a_key_and_only_if_it_changed(provider, tmp_path):
    models = partial(list_models, provider.url)
    entries, etag = models()
    assert len(entries) > 20 and models(etag) == (None, etag)
    live = catalog.load(tmp_path, models)
    assert live.find(BASE).description == f"What {BASE} is."
    assert live.find("aai/universal").cost(11) == pytest.approx(0.0011)
    assert live.find("openai/gpt-4o-transcribe").cost(11) is None
    assert {m.id for m in live.models} == {m.id for m in catalog.packaged().models}
    assert catalog.load(tmp_path, models, now=lambda: time.time() + 7200).find(BASE).description
    assert provider.calls["models"] == 4 and provider.seen_authorization == []


@pytest.mark.parametrize("fault", ["500", "html", "truncated", "reset-before", "error-inside", "redirect", "429"])
def test_packaged_model_list_is_used_if_the_live_list_fails(provider, tmp_path, fault):
    provider.fault("models", fault)
    assert catalog.load(tmp_path, partial(list_models, provider.url)) is catalog.packaged()
