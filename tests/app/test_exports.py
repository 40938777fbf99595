"""Test exports over real HTTP: only the owner gets them, dates are in the visitor's time zone, options are checked."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from urllib.parse import unquote

import pytest
import requests

from stt.auth import visitors
from tests import transcripts
from tests.server import Server
from tests.transcripts import TALK, store

PAGE = {"Accept": "text/html"}
TITLE = 'Grüße “你好” ../x: 50% "a"'
RAW = {"transcript": "Grüße", "half": "\ud800"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("exports") / "data") as server, transcripts.sharing_data_with(server):
        yield server


def visitor(server: Server) -> requests.Session:
    session = requests.Session()
    session.get(server.url, headers=PAGE)
    return session


def owner_of(session: requests.Session) -> str:
    owner = visitors.owner_of(visitors.visitor(session.cookies))
    assert owner is not None
    return owner


@pytest.fixture(scope="module")
def ann(server: Server) -> requests.Session:
    return visitor(server)


@pytest.fixture(scope="module")
def talk(server: Server, ann: requests.Session) -> str:
    """Store a transcript of Ann that was created at 23:30 UTC on New Year's Eve, and return its id."""
    return store(owner_of(ann), TALK, raw=RAW, title=TITLE, model="nova-3", created=1_767_223_800.0)


def test_each_format_has_a_file_name_and_is_not_cached(server: Server, ann: requests.Session, talk: str):
    for form, mime in (
        ("txt", "text/plain"), ("srt", "application/x-subrip"), ("vtt", "text/vtt"), ("csv", "text/csv"),
        ("json", "application/json"), ("docx", "application/vnd"), ("raw", "application/json"),
    ):  # fmt: skip
        answer = ann.get(f"{server.url}/export/{talk}.{form}")
        assert answer.status_code == 200 and answer.headers["Content-Type"].startswith(mime), form
        assert answer.headers["Cache-Control"] == "private, no-store"
        found = re.fullmatch(
            r"""attachment; filename="([ -~]+)"; filename\*=UTF-8''([!-~]+)""", answer.headers["Content-Disposition"]
        )
        assert found is not None and not set(found[1]) & set('"\\%')
        name = unquote(found[2])
        ending = "raw.json" if form == "raw" else f".{form}"
        assert name.startswith("Grüße “你好”") and name.endswith(ending) and not set(name) & set('/\\"\n')
    assert ann.get(f"{server.url}/export/{talk}.raw").json() == RAW


def test_export_uses_the_requested_options_and_time_zone(server: Server, ann: requests.Session, talk: str):
    address = f"{server.url}/export/{talk}"
    assert ann.get(f"{address}.txt").text.startswith("Good")
    assert ann.get(f"{address}.txt?times=1&speakers=true").text.startswith("[0:00:00] Anna: Good")
    lines = ann.get(f"{address}.srt?line_length=20&lines=1&speakers=1").text.splitlines()
    assert max(map(len, lines[2::4])) <= 20 and lines[2].startswith("Anna: Good")
    marked = ann.get(f"{address}.vtt?bom=1&crlf=1").content
    assert marked == b"\xef\xbb\xbf" + ann.get(f"{address}.vtt").content.replace(b"\n", b"\r\n")
    for zone, created in (
        ("Europe/Berlin", "1 Jan 2026, 00:30"),
        ("America/Lima", "31 Dec 2025, 18:30"),
        ("UTC", "31 Dec 2025, 23:30"),
    ):
        assert ann.get(f"{address}.json", params={"zone": zone}).json()["facts"]["created"] == created


@pytest.mark.parametrize(
    "query",
    [
        "srt?line_length=7", "srt?line_length=201", "srt?line_length=-1", "srt?line_length=9999999", "srt?line_length=4.2",
        "srt?lines=0", "srt?lines=11", "srt?lines=x", "srt?lines=%EF%BC%92", "srt?bom=2", "vtt?crlf=LF", "txt?bom=1", "txt?times=maybe", "txt?line_length=20", "txt?x=1",
        "json?zone=Mars/Olympus", "json?zone=../../etc/passwd", "json?zone=", "txt?times=1&times=0", "raw?times=1", "csv?speakers=1",
    ],
)  # fmt: skip
def test_invalid_export_option_is_refused_with_a_message(server: Server, ann: requests.Session, talk: str, query: str):
    answer = ann.get(f"{server.url}/export/{talk}.{query}")
    assert answer.status_code == 422 and answer.json()["message"] and answer.json()["guidance"]
    assert "content-disposition" not in answer.headers


def test_only_the_owner_gets_a_file_whatever_the_request_headers(server: Server, ann: requests.Session, talk: str):
    ben, nobody = visitor(server), requests.Session()
    form = {"ids": talk, "formats": "txt"}
    for other in (ben, nobody):
        for headers in ({}, {"Accept-Encoding": "gzip"}, {"Accept-Encoding": "identity"}, {"Range": "bytes=0-9"}):
            for name in ("txt", "json", "docx", "raw"):
                answer = other.get(f"{server.url}/export/{talk}.{name}", headers=headers)
                assert answer.status_code == 404 and "Good" not in answer.text
            assert other.post(f"{server.url}/export/transcripts.zip", data=form, headers=headers).status_code == 404
    assert ann.post(f"{server.url}/export/transcripts.zip", data=form).status_code == 200
    cross = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert ann.post(f"{server.url}/export/transcripts.zip", data=form, headers=cross).status_code == 403
    assert ann.get(f"{server.url}/export/{talk}.exe").status_code == 404
    assert ann.get(f"{server.url}/export/nothing.txt").status_code == 404


def test_several_transcripts_are_one_zip_without_those_of_another_owner(
    server: Server, ann: requests.Session, talk: str
):
    ben = visitor(server)
    other_id = store(owner_of(ben), TALK, title="Ben's")
    second = store(owner_of(ann), TALK, title="Second")
    address = f"{server.url}/export/transcripts.zip"
    answer = ann.post(address, data={"ids": f"{talk},{second},{talk}", "formats": "txt,json", "zone": "Europe/Berlin"})
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None and len(archive.namelist()) == 4 and "Second.txt" in archive.namelist()
    facts = [json.loads(archive.read(name))["facts"]["created"] for name in archive.namelist() if name.endswith("json")]
    assert "1 Jan 2026, 00:30" in facts
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert ann.post(address, data={"ids": f"{talk},{other_id}", "formats": "txt"}).status_code == 404
    for form in (
        {"formats": "txt"}, {"ids": talk}, {"ids": talk, "formats": "exe"}, {"ids": talk, "formats": "txt", "zone": "x/../y"},
        {"ids": talk, "formats": "txt", "more": "1"}, {"ids": ",".join(f"{n:027}" for n in range(1001)), "formats": "txt"},
    ):  # fmt: skip
        assert ann.post(address, data=form).status_code == 422, form
    assert ann.post(address, data=b"ids=" + b"a" * 100_000).status_code == 413


def test_streamlit_media_route_is_closed(server: Server, ann: requests.Session):
    for path in ("/media/x", "/media/", "/media", "/media/a/b.txt"):
        for method in ("GET", "HEAD"):
            assert ann.request(method, server.url + path, headers=PAGE).status_code == 404
