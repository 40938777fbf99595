"""Test the routes beside the pages over real HTTP: uploads, audio, cookies, other sites."""

from __future__ import annotations

import re
import resource
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest
import requests
import streamlit

from tests import audio
from tests.server import Server

PAGE = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("routes") / "data", STT_UPLOAD_LIMIT_MB="5") as server:
        yield server


@pytest.fixture
def visitor(server: Server) -> requests.Session:
    session = requests.Session()
    session.get(server.url, headers=PAGE)
    return session


def upload(session: requests.Session, server: Server, body: bytes, name: str = "a.wav", **headers: str):
    return session.post(f"{server.url}/upload", data=body, headers={"X-File-Name": name, **headers})


def test_visitor_cookie_is_signed_and_unreadable_for_scripts(server: Server):
    answer = requests.get(server.url, headers=PAGE)
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie
    forged = {"stt_visitor": cookie.split("=")[1].split(";")[0][:-4] + "AAAA"}
    refused = requests.post(f"{server.url}/upload", data=b"x", cookies=forged)
    assert refused.status_code == 404


@pytest.mark.parametrize("kind", ["javascript", "css", "woff2"])
def test_static_files_are_streamlits_and_the_same_each_time(server: Server, kind: str):
    folder = Path(streamlit.__file__).with_name("static")
    file = max(folder.rglob(f"*.{kind.replace('javascript', 'js')}"), key=lambda file: file.stat().st_size)
    url = f"{server.url}/{file.relative_to(folder).as_posix()}"
    answers = [requests.get(url) for _ in range(3)]
    assert all(answer.status_code == 200 and answer.content == file.read_bytes() for answer in answers)
    for answer in answers:
        assert kind in answer.headers["content-type"] and "immutable" in answer.headers["cache-control"]
    headers = [{k: v for k, v in answer.headers.items() if k not in ("date", "x-request-id")} for answer in answers]
    assert headers[0] == headers[1] == headers[2] and headers[0]["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path", ["js", "js/", "js/none.js", "../index.html", "..%2f..%2fversion.py", "js/../../../app.py"]
)
def test_no_file_outside_the_static_folder_is_served(server: Server, path: str):
    with socket.create_connection(("localhost", server.port)) as connection:
        connection.sendall(f"GET /static/{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    status, content = int(answer.split()[1]), answer.partition(b"\r\n\r\n")[2]
    # A path that names no static file is refused or redirected, or Streamlit's start page is sent.
    page = Path(streamlit.__file__).with_name("static") / "index.html"
    assert status in (301, 307, 400, 404) or content == page.read_bytes()
    assert b"immutable" not in answer


def test_page_preloads_the_scripts_that_it_needs(server: Server):
    for path in ("/", "/history"):
        preloaded = re.findall(
            r"<\./(static/js/[^>]+)>; rel=modulepreload", requests.get(server.url + path).headers["link"]
        )
        assert any(name.startswith("static/js/BidiComponent.") for name in preloaded)
        for name in preloaded:
            answer = requests.get(f"{server.url}/{name}")
            assert answer.status_code == 200 and "javascript" in answer.headers["content-type"]
    assert "link" not in requests.get(server.url + "/healthz").headers


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_server_sends_small_responses_without_delay(server: Server):
    # Without uvloop, Streamlit's socket delays each file of a page by 40 ms.
    loaded = Path(f"/proc/{server.process.pid}/maps").read_text()
    assert "uvloop" in loaded and "httptools" in loaded


def test_upload_is_stored_complete_under_a_random_name(server: Server, visitor: requests.Session):
    answer = upload(visitor, server, audio.JFK.read_bytes(), "..%2F..%2Fetc%2Fpasswd.flac")
    assert answer.status_code == 201
    uploaded = answer.json()
    assert uploaded["name"] == "passwd.flac"
    stored = server.data / "audio" / uploaded["id"]
    assert stored.read_bytes() == audio.JFK.read_bytes()
    assert not list((server.data / "incoming").iterdir())


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (b"", 400, "EmptyFile"),
        (b"This is text under the name of sound. " * 40, 400, "NotSound"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", 400, "Unreadable"),
        (b"\x00" * (5 * 1024 * 1024 + 1), 413, "TooLarge"),
    ],
)
def test_invalid_recording_is_refused_with_a_message(server, visitor, body: bytes, status: int, kind: str):
    answer = upload(visitor, server, body)
    assert (answer.status_code, answer.json()["kind"]) == (status, kind)
    assert len(answer.json()["message"]) > 15 and answer.json()["guidance"]
    assert not list((server.data / "incoming").iterdir())


def test_very_short_recording_is_refused(server: Server, visitor: requests.Session, tmp_path: Path):
    path = audio.write(tmp_path / "blip.wav", audio.samples(audio.JFK)[:800])
    assert upload(visitor, server, path.read_bytes()).json()["kind"] == "TooShort"


def test_a_video_without_sound_is_refused(server: Server, visitor: requests.Session, tmp_path: Path):
    path = tmp_path / "silent.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10, width=64, height=64, pix_fmt="yuv420p")
        for _ in range(10):
            frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    assert upload(visitor, server, path.read_bytes()).json()["kind"] == "NoAudioTrack"


def test_file_over_the_limit_is_refused_before_it_is_sent_completely(server: Server, visitor: requests.Session):
    head = (
        f"POST /upload HTTP/1.1\r\nHost: localhost:{server.port}\r\nContent-Length: 9999999999\r\n"
        f"Cookie: stt_visitor={visitor.cookies['stt_visitor']}\r\n\r\n"
    )
    with socket.create_connection(("localhost", server.port)) as connection:
        connection.sendall(head.encode() + b"x" * 1000)
        assert b" 413 " in connection.recv(100)


def test_interrupted_upload_leaves_nothing(server: Server, visitor: requests.Session):
    head = (
        f"POST /upload HTTP/1.1\r\nHost: localhost:{server.port}\r\nContent-Length: 1000000\r\n"
        f"Cookie: stt_visitor={visitor.cookies['stt_visitor']}\r\n\r\n"
    )
    with socket.create_connection(("localhost", server.port)) as connection:
        connection.sendall(head.encode() + b"x" * 1000)
    # The server still responds (with 400, because this upload is empty), and it deletes the interrupted upload.
    assert upload(visitor, server, b"").status_code == 400
    wait_until_empty(server.data / "incoming")


def wait_until_empty(folder: Path) -> None:
    subprocess.run(
        ["sh", "-c", f'for i in $(seq 100); do [ -z "$(ls "{folder}")" ] && exit 0; sleep 0.1; done; exit 1'],
        check=True,
    )


def test_upload_from_another_site_is_refused(server: Server, visitor: requests.Session):
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        assert upload(visitor, server, audio.JFK.read_bytes(), **headers).status_code == 403


def test_unknown_or_traversing_audio_path_is_refused(server: Server, visitor: requests.Session):
    assert visitor.get(f"{server.url}/audio/nothing").status_code == 404
    assert requests.get(f"{server.url}/audio/..%2f..%2fsecret").status_code in (400, 404)


def test_full_disk_is_reported_and_leaves_nothing(tmp_path: Path):
    """Simulate a full disk by a limit on the size of files: the system refuses to write more than 8 MiB."""
    recording = audio.write(tmp_path / "long.wav", np.tile(audio.samples(audio.JFK), 40)).read_bytes()
    limit = 8 * 1024 * 1024
    server = Server(tmp_path / "data")
    server.before = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    with server:
        session = requests.Session()
        session.get(server.url, headers=PAGE)
        answer = upload(session, server, recording)
        assert answer.status_code == 507 and answer.json()["kind"] == "DiskFull"
        assert not list((server.data / "incoming").iterdir())
        assert upload(session, server, audio.JFK.read_bytes()).status_code == 201


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("talk%20one.flac", "talk one.flac"),
        ("M%C3%BCn%2012.05.2024.flac", "Mün 12.05.2024.flac"),
        ("100%25%20sure.flac", "100% sure.flac"),
        ("Mün.flac".encode(), "Mün.flac"),
        ("Mün.flac".encode("latin-1"), "Mün.flac"),
        ("M%FCn.flac", "Mün.flac"),
        ("a%E2%80%AEb.flac", "ab.flac"),
        ("%F0%9F%91%A8%E2%80%8D%F0%9F%91%A9.flac", "👨\u200d👩.flac"),
        ("..%2F..%2Fetc%2Fpasswd", "passwd"),
    ],
)
def test_file_name_of_an_upload_is_decoded_from_each_encoding(
    visitor: requests.Session, server: Server, sent: str | bytes, name: str
):
    answer = upload(visitor, server, audio.JFK.read_bytes(), sent, **{"X-File-Modified": "garbage"})
    assert answer.status_code == 201 and answer.json()["name"] == name
