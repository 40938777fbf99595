"""Test that invalid request bodies of the REST routes are refused with a message and store nothing."""

from __future__ import annotations

import socket
from pathlib import Path

import numpy as np
import pytest

from tests import audio
from tests.app.rest import MODEL, Api, assert_refused, make_token, python
from tests.server import Server
from tests.waiting import until


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({}, "model"),
        ([], "object"),
        ({"model": MODEL}, "url"),
        ({"url": "https://example.org/a.mp3"}, "model"),
        ({"model": "nobody/knows", "url": "https://example.org/a.mp3"}, "nobody/knows"),
        ({"model": "nova-3", "url": "https://example.org/a.mp3"}, "not offered"),
        ({"model": MODEL, "url": "https://example.org/a.mp3", "colour": "red"}, "colour"),
        ({"model": MODEL, "url": "https://example.org/a.mp3", "punctuate": "perhaps"}, "punctuate"),
        ({"model": MODEL, "url": "https://example.org/a.mp3", "language": "?"}, "Language"),
        ({"model": MODEL, "url": "https://example.org/a.mp3", "speaker_labels": True}, "speaker_labels"),
        ({"model": MODEL, "url": str(audio.JFK)}, "url"),
        ({"model": MODEL, "url": f"file://{audio.JFK}"}, "url"),
        ({"model": MODEL, "url": "http://"}, "address"),
        ({"model": MODEL, "url": 7}, "url"),
        ({"model": "\ud800", "url": "https://example.org/\ud800"}, "ud800"),
    ],
)
def test_invalid_body_is_refused_and_the_message_names_the_cause(api: Api, body: object, word: str):
    assert_refused(api("POST", "/stt/create", json=body), 400, word)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"model": ' + b"9" * 5000 + b"}"])
def test_invalid_json_is_refused(api: Api, body: bytes):
    assert_refused(api("POST", "/stt/create", data=body, headers={"Content-Type": "application/json"}), 400)


def test_json_body_over_one_megabyte_is_refused(api: Api):
    body = b'{"model": "' + b"x" * (1 << 20) + b'"}'
    headers = {"Content-Type": "application/json"}
    assert_refused(api("POST", "/stt/create", data=body, headers=headers), 413)
    assert_refused(api("POST", "/stt/create", data=iter([body]), headers=headers), 413)


@pytest.mark.parametrize(
    ("fields", "parts", "word"),
    [
        ({}, {"audio": b"x" * 500}, "model"),
        ({"model": MODEL}, {"audio": b"x" * 500}, "not a recording"),
        ({"model": MODEL}, {"audio": b""}, "is empty"),
        ({"model": MODEL}, {"sound": b"x" * 500}, "sound"),
        ({"model": MODEL, "url": "https://example.org/a.mp3"}, {"audio": b"x"}, "link"),
        ({"model": MODEL, "punctuate": "perhaps"}, {"audio": b"x"}, "Punctuation"),
        ({"model": MODEL, "colour": "red"}, {"audio": b"x"}, "colour"),
        ({"model": [MODEL, MODEL]}, {"audio": b"x"}, "model"),
        ({"model": MODEL}, {"audio": b"x", "file": b"x"}, "more than one file"),
    ],
)
def test_invalid_form_is_refused_and_leaves_nothing(server: Server, api: Api, fields, parts, word: str):
    before = set((server.data / "audio").glob("*"))
    files = [(name, ("a.mp3", body)) for name, body in parts.items()]
    assert_refused(api("POST", "/stt/create", data=fields, files=files), 400, word)
    assert set((server.data / "audio").glob("*")) == before


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"--x--"),
        ("multipart/form-data; boundary=x", b""),
        ("multipart/form-data; boundary=x", b"no form at all"),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="audio"\r\n\r\nRIFF'),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--\r\n"),
        ("multipart/form-data; boundary=" + "x" * 300, b"--x--"),
        ("application/x-www-form-urlencoded", b"model=a&url=b"),
        ("text/plain", b"hello"),
    ],
)
def test_malformed_form_is_refused(api: Api, kind: str, body: bytes):
    assert_refused(api("POST", "/stt/create", data=body, headers={"Content-Type": kind}), 400)


def test_form_fields_are_limited_in_number_and_size(api: Api):
    many = {f"field{number}": "x" for number in range(300)}
    assert_refused(api.send(b"x", **many), 413, "fields")
    assert_refused(api.send(b"x", tag="x" * (2 << 20)), 413, "1 MB")


def head(api: Api, size: str) -> bytes:
    """Return the request line and headers of a create with a form. `size` is the header with the body's size."""
    return (
        f"POST /v1/stt/create HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {api.token}\r\n{size}\r\n"
        "Content-Type: multipart/form-data; boundary=limit\r\n\r\n"
    ).encode()


PART = b'--limit\r\nContent-Disposition: form-data; name="audio"; filename="a.wav"\r\n\r\n'


def test_upload_is_written_to_disk_as_it_arrives_and_removed_if_interrupted(server: Server, api: Api):
    incoming = server.data / "incoming"
    with socket.create_connection(("localhost", server.port)) as connection:
        connection.sendall(head(api, "Content-Length: 4000000") + PART + bytes(2 << 20))
        until(lambda: any(path.stat().st_size >= 1 << 20 for path in incoming.glob("*")))
    until(lambda: not list(incoming.glob("*")))


@pytest.mark.parametrize("path", ["/v1/stt/create", "/v1/audio/transcriptions"])
def test_token_that_is_revoked_during_an_upload_creates_no_job(server: Server, path: str):
    name = f"revoked at {path}"
    api = Api(server, make_token(server, name))
    field = f'\r\n--limit\r\nContent-Disposition: form-data; name="model"\r\n\r\n{MODEL}\r\n--limit--\r\n'.encode()
    body = PART.replace(b'"audio"', b'"file"') + audio.JFK.read_bytes() + field
    before, incoming = set((server.data / "audio").glob("*")), server.data / "incoming"
    request = head(api, f"Content-Length: {len(body)}").replace(b"/v1/stt/create", path.encode())
    listed = python(server, "-m", "stt", "token", "--list").splitlines()
    token_id = next(line.split()[0] for line in listed if name in line)
    with socket.create_connection(("localhost", server.port)) as connection:
        connection.sendall(request + body[:-20])
        until(lambda: any(incoming.glob("*")))
        python(server, "-m", "stt", "token", "--revoke", token_id)
        connection.sendall(body[-20:])
        assert b" 401 " in connection.recv(100)
    until(lambda: not list(incoming.glob("*")) and set((server.data / "audio").glob("*")) == before)


def test_upload_limit_applies_to_a_body_of_unknown_length(server: Server, api: Api):
    block = b"%x\r\n" % (1 << 20) + bytes(1 << 20) + b"\r\n"
    with socket.create_connection(("localhost", server.port)) as connection:
        connection.sendall(head(api, "Transfer-Encoding: chunked") + b"%x\r\n" % len(PART) + PART + b"\r\n" + block * 6)
        assert b" 413 " in connection.recv(100)  # before the body, of undeclared length, has ended
    until(lambda: not list((server.data / "incoming").glob("*")))


def test_content_length_over_the_limit_is_refused_at_once(server: Server, api: Api):
    with socket.create_connection(("localhost", server.port)) as connection:
        connection.sendall(head(api, "Content-Length: 99999999999") + PART)
        assert b" 413 " in connection.recv(100)


def test_quota_of_the_host_gives_429_with_a_message_and_stores_nothing(tmp_path: Path):
    long = audio.write(tmp_path / "long.mp3", np.tile(audio.samples(audio.JFK), 7))
    with Server(tmp_path / "data", STT_MINUTES_PER_VISITOR="1") as server:
        api = Api(server, make_token(server, "tests"))
        assert_refused(api.send(long.read_bytes()), 429, "limit", "a day")
        assert not list((server.data / "audio").glob("*"))
