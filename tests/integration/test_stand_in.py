"""Test that the fake provider is as strict as the contract."""

from __future__ import annotations

import socket
import subprocess
import sys

import requests
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from stt.aiml import results
from stt.aiml.client import Client
from tests.provider import KEY
from tests.server import free_port

BASE = "#g1_whisper-base"
LINK = "https://example.org/talk.mp3?token=a+b&c=d"


def test_fake_provider_refuses_invalid_requests(provider):
    good = {"Authorization": f"Bearer {provider.key}"}
    create = f"{provider.url}/stt/create"
    part = ("a.wav", b"RIFF", "audio/wav")
    for arguments, status in [
        ({"headers": good, "json": {"model": BASE, "url": LINK}}, 201),
        ({"headers": good, "files": {"audio": part}, "data": {"model": BASE}}, 201),
        ({"headers": {"Authorization": provider.key}, "json": {"model": BASE, "url": LINK}}, 401),
        ({"json": {"model": BASE, "url": LINK}}, 401),
        ({"headers": good, "json": {"model": "whisper-9", "url": LINK}}, 400),
        ({"headers": good, "json": {"model": BASE, "url": "talk.mp3"}}, 400),
        ({"headers": good, "json": {"model": BASE, "url": LINK, "diarize": "true"}}, 400),
        ({"headers": good, "json": {"model": BASE, "url": LINK, "speaker_labels": True}}, 400),
        ({"headers": good, "files": {"audio": ("a.wav", b"", "audio/wav")}, "data": {"model": BASE}}, 400),
        ({"headers": good, "files": {"file": part}, "data": {"model": BASE}}, 400),
        ({"headers": good, "files": {"audio": part}, "data": {"model": BASE, "diarize": "True"}}, 400),
        ({"headers": good, "data": {"model": BASE, "url": LINK}}, 400),
        (
            {
                "headers": good,
                "files": {"audio": part},
                "data": {"model": "microsoft/mai-transcribe-1.5", "temperature": "3"},
            },
            400,
        ),
    ]:
        assert requests.post(create, timeout=5, **arguments).status_code == status, arguments
    assert len(provider.created) == 2


def test_fake_provider_runs_as_a_separate_process():
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "tests.provider", "--port", str(port)], stdout=subprocess.DEVNULL)
    try:
        session = requests.Session()
        session.mount("http://", HTTPAdapter(max_retries=Retry(connect=60, backoff_factor=0.1, backoff_max=0.5)))
        root = f"http://127.0.0.1:{port}"
        orders = {
            "script": [{"content": LINK, "duration": 0, "text": "As told."}],
            "fault": [{"on": "get", "kind": "503"}],
        }
        assert session.post(f"{root}/_script", json=orders, timeout=10).status_code == 200
        client = Client(f"{root}/v1", KEY)
        generation_id = client.create(BASE, url=LINK)
        assert results.read(client.get(generation_id, retry_seconds=30)).transcript.text == "As told."
        state = session.get(f"{root}/_state", timeout=10).json()
        assert state["created"] == [LINK] and state["calls"] == {"create": 1, "get": 2} and state["duplicates"] == []
    finally:
        process.terminate()
        process.wait()


def test_nobody_listens_on_the_port_used_for_refusals():
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", 1)) != 0
