"""Test over real HTTP the route that returns what other versions of a recording say at the same time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from stt.auth import visitors
from stt.transcript.model import Segment, Transcript, Word
from tests import transcripts
from tests.server import Server

OWN = [(" A", 0.0, 0.4), (" tail", 0.4, 0.9), (" of", 0.9, 1.1), (" two", 1.1, 1.5), (" sitties.", 1.5, 2.2)]
URL = "https://example.org/talk.mp3"


def version(*words: tuple[str, float, float], language: str = "en") -> Transcript:
    own = tuple(Word(text, start, end, 0.4) for text, start, end in words)
    return Transcript((Segment(0.0, 3.0, "".join(word.text for word in own), own),), 3.0, language)


@pytest.fixture
def visitor(server: Server) -> Iterator[tuple[requests.Session, str]]:
    """Store several versions of a recording. Yield the owner's HTTP session, and the readings URL of one version."""
    session = requests.Session()
    session.get(server.url, headers={"Accept": "text/html"})
    with transcripts.sharing_data_with(server):
        owner = visitors.owner_of(visitors.visitor(session.cookies))
        assert owner is not None
        given: list[tuple[Transcript, dict[str, Any]]] = [
            (version((" A", 0.0, 0.3), (" tale", 0.35, 0.9), (" of", 0.9, 1.1), (" two", 1.1, 1.5), (" cities", 1.5, 2.1)), {}),
            (version((" Tale", 0.3, 0.9), (" of", 0.9, 1.1), (" the", 1.5, 1.8), (" cities", 1.8, 2.2)), {"created": 5.0}),
            (version((" tale", 0.4, 0.9), (" of", 0.9, 1.1)), {"created": 4.0}),
            (version((" taal", 0.4, 0.9), language="nl"), {}),
            (version((" translated", 0.4, 0.9)), {"options": {"translate": True}}),
            (version((" music", 0.4, 0.9)), {"options": {"track": "2"}}),
            (version((" another", 0.4, 0.9)), {"url": "https://example.org/other.mp3"}),
        ]  # fmt: skip
        for transcript, values in given:
            transcripts.store(owner, transcript, **({"url": URL, "options": {}} | values))
        transcripts.store("visitor:stranger", version((" secret", 0.4, 0.9)), url=URL)
        yield session, f"{server.url}/transcripts/{transcripts.store(owner, version(*OWN), url=URL)}/readings"


def test_readings_come_from_other_versions_at_the_same_time(visitor: tuple[requests.Session, str]):
    session, address = visitor
    answer = session.get(address, params={"spans": "0.4-0.9,1.5-2.2,2.5-2.9"})
    assert answer.status_code == 200, answer.text
    tail, cities, nothing = answer.json()["readings"]
    assert (tail, cities, nothing) == (["tale", "Tale"], ["cities", "the cities"], [])
    stranger = requests.Session()
    stranger.get(address.split("/transcripts")[0], headers={"Accept": "text/html"})
    assert stranger.get(address, params={"spans": "0.4-0.9"}).status_code == 404


@pytest.mark.parametrize("spans", ["", "1", "1-", "a-b", "-1-2", "1-2,", ",".join(["1-2"] * 51), "9" * 400, "1-2;3-4"])
def test_invalid_spans_are_refused(visitor: tuple[requests.Session, str], spans: str):
    session, address = visitor
    answer = session.get(address, params={"spans": spans})
    assert answer.status_code == 400 and answer.json()["error"]["message"]


def test_re_decode_needs_one_span_and_a_kept_recording(visitor: tuple[requests.Session, str]):
    session, address = visitor
    assert session.post(address, params={"spans": "0.4-0.9,1.5-2.2"}).status_code == 400
    answer = session.post(address, params={"spans": "0.4-0.9"})
    assert answer.status_code == 404 and answer.json()["error"]["message"] == "The recording is no longer kept."
