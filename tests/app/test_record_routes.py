"""Test the routes of the recorder over real HTTP."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
import requests

from stt.recorder.live_recordings import MOST_OPEN, MOST_PIECE
from tests import audio
from tests.server import Server

PAGE = {"Accept": "text/html"}
SOUND = audio.AUSTEN[1].read_bytes()
HALF = len(SOUND) // 2


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("record") / "data", STT_UPLOAD_LIMIT_MB="5") as server:
        yield server


@pytest.fixture
def visitor(server: Server) -> requests.Session:
    return new_visitor(server)


def new_visitor(server: Server) -> requests.Session:
    session = requests.Session()
    session.get(server.url, headers=PAGE)
    return session


def start(visitor: requests.Session, server: Server) -> str:
    answer = visitor.post(f"{server.url}/record", headers={"X-File-Name": "Recording of caf%C3%A9.wav"})
    assert answer.status_code == 201
    return f"{server.url}/record/{answer.json()['id']}"


def test_pieces_and_finish_make_a_recording(server: Server, visitor: requests.Session):
    live = start(visitor, server)
    assert visitor.post(live, params={"piece": 0}, data=SOUND[:HALF]).json() == {"next": 1}
    assert visitor.post(live, params={"piece": 0}, data=SOUND[:HALF]).json() == {"next": 1}
    assert visitor.post(live, params={"piece": 1, "paused": 1}).json() == {"next": 1}
    assert visitor.post(live, params={"piece": 3}, data=b"x").status_code == 409
    finished = visitor.post(f"{live}/finish", params={"piece": 1}, data=SOUND[HALF:])
    assert (finished.status_code, finished.json()["name"]) == (201, "Recording of café.wav")
    assert (server.data / "audio" / finished.json()["id"]).read_bytes() == SOUND
    assert visitor.post(f"{live}/finish").json() == finished.json()
    assert visitor.post(live, params={"piece": 2}, data=b"x").status_code == 404


def test_piece_for_a_recording_of_another_visitor_is_refused(server: Server, visitor: requests.Session):
    live, stranger = start(visitor, server), new_visitor(server)
    assert stranger.post(live, params={"piece": 0}, data=SOUND).status_code == 404
    assert stranger.post(f"{live}/finish").status_code == 404
    assert requests.post(f"{server.url}/record").status_code == 404
    assert (
        visitor.post(live, params={"piece": 0}, data=SOUND, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    )
    assert visitor.post(live, params={"piece": 0}, data=SOUND).json() == {"next": 1}


@pytest.mark.parametrize("piece", ["", "x", "-1", "1e3", "9" * 5000, "²"])
def test_a_piece_without_a_number_is_refused(server: Server, visitor: requests.Session, piece: str):
    assert visitor.post(start(visitor, server), params={"piece": piece}, data=b"x").status_code == 400


def test_visitor_with_too_many_open_recordings_gets_429(server: Server, visitor: requests.Session):
    for _ in range(MOST_OPEN):
        start(visitor, server)
    answer = visitor.post(f"{server.url}/record")
    assert answer.status_code == 429 and "Stop one of them first" in answer.json()["guidance"]


def test_piece_over_a_limit_is_refused_and_earlier_pieces_are_kept(server: Server, visitor: requests.Session):
    live = start(visitor, server)
    assert visitor.post(live, params={"piece": 0}, data=SOUND).json() == {"next": 1}
    assert visitor.post(live, params={"piece": 1}, data=bytes(MOST_PIECE + 1)).status_code == 413
    for number in (1, 2):
        assert visitor.post(live, params={"piece": number}, data=bytes(MOST_PIECE)).status_code == 200
    full = visitor.post(live, params={"piece": 3}, data=bytes(MOST_PIECE))
    assert full.status_code == 413 and "5 MB" in full.json()["message"]
    assert visitor.post(f"{live}/finish").status_code == 201


def test_interrupted_piece_does_not_count(server: Server, visitor: requests.Session):
    live = start(visitor, server)
    head = (
        f"POST {live.removeprefix(server.url)}?piece=0 HTTP/1.1\r\nHost: localhost:{server.port}\r\n"
        f"Content-Length: {len(SOUND)}\r\nCookie: stt_visitor={visitor.cookies['stt_visitor']}\r\n\r\n"
    )
    with socket.create_connection(("localhost", server.port)) as connection:
        connection.sendall(head.encode() + SOUND[:1000])
    assert visitor.post(live, params={"piece": 0}, data=SOUND).json() == {"next": 1}
    finished = visitor.post(f"{live}/finish").json()
    assert (server.data / "audio" / finished["id"]).read_bytes() == SOUND
