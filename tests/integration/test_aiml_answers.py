"""Answers that are none, errors of every shape, and the live list of models."""

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


def test_an_answer_without_end_is_not_read_to_it(httpserver: HTTPServer, monkeypatch):
    monkeypatch.setattr(aiml, "LARGEST", 1000)
    httpserver.expect_request("/v1/stt/x").respond_with_data(b"[" + b"1," * 5000)
    with pytest.raises(errors.ProviderDown):
        Client(httpserver.url_for("/v1"), KEY).get("x")


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b'"text"', b"{", b"[" * 200_000, b"\xff\xfe{", b"<html>", b'{"a": 1}' * 2],
)
def test_an_answer_that_is_no_object_passes(httpserver: HTTPServer, body):
    httpserver.expect_request("/v1/stt/x").respond_with_data(body)
    with pytest.raises(errors.ProviderDown):
        Client(httpserver.url_for("/v1"), KEY).get("x")


@pytest.mark.parametrize(
    ("body", "said"),
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
def test_the_message_of_an_error_is_found_in_any_shape(httpserver: HTTPServer, body, said):
    httpserver.expect_request("/v1/stt/x").respond_with_json(body, status=400)
    with pytest.raises(errors.RequestRefused) as refused:
        Client(httpserver.url_for("/v1"), KEY).get("x")
    assert refused.value.message == said


def test_a_web_page_of_a_gateway_is_no_verdict_on_the_job(httpserver: HTTPServer):
    for status in (401, 403, 404, 502):
        httpserver.clear()
        httpserver.expect_request("/v1/stt/x").respond_with_data("<html>", status=status, content_type="text/html")
        with pytest.raises(errors.ProviderDown, match="web page"):
            Client(httpserver.url_for("/v1"), KEY).get("x")


def test_the_live_list_is_read_without_a_key_and_only_when_it_changed(provider, tmp_path):
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
def test_without_the_live_list_the_packaged_one_serves(provider, tmp_path, fault):
    provider.fault("models", fault)
    assert catalog.load(tmp_path, partial(list_models, provider.url)) is catalog.packaged()
