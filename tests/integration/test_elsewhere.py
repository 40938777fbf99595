"""A recording that points to other files or to addresses opens none of them: neither a file beside it nor the network."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stt.audio import probe
from stt.audio.reader import Reader
from stt.errors import InputError
from tests import audio, elsewhere

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="inotify tells which files are opened")


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        yield server


@pytest.fixture
def opens(tmp_path: Path) -> Iterator[elsewhere.Opens]:
    opens = elsewhere.Opens(tmp_path)
    yield opens
    opens.close()


def beside(folder: Path) -> Path:
    return audio.write(folder / "beside.wav", audio.samples(audio.JFK))


def address(server: socket.socket) -> str:
    return f"http://127.0.0.1:{server.getsockname()[1]}/a.wav"


def test_files_that_are_lists_open_nothing(tmp_path: Path, server: socket.socket, opens: elsewhere.Opens, monkeypatch):
    """In this process, where the folder is the one that relative names lead to."""
    monkeypatch.chdir(tmp_path)
    target, count = beside(tmp_path), 0
    for name, content in elsewhere.all_texts(target, address(server)):
        (path := tmp_path / "recording").write_bytes(content)
        opens.names()
        with pytest.raises(InputError):
            probe.probe(path, "holiday.m3u8")
        assert opens.names() <= {"recording"}, name
        count += 1
    assert count >= 232
    with pytest.raises(BlockingIOError):
        server.accept()


@pytest.mark.parametrize("kind", elsewhere.HOLDING)
@pytest.mark.parametrize("target", ["beside", "relative", "address"])
def test_containers_that_can_refer_to_others_open_only_themselves(
    tmp_path: Path, server: socket.socket, opens: elsewhere.Opens, monkeypatch, kind: str, target: str
):
    monkeypatch.chdir(tmp_path)
    where = {"beside": str(beside(tmp_path)), "relative": "beside.wav", "address": address(server)}[target]
    path = elsewhere.HOLDING[kind](tmp_path / "recording", where)
    opens.names()
    try:
        assert probe.probe(path).duration < 2  # its own second, and never the 11 of the other
        with Reader(path) as reader:
            assert reader.read(60).shape[1] < 2 * audio.RATE
    except InputError as error:
        assert error.message
    assert opens.names() == {"recording"}
    with pytest.raises(BlockingIOError):
        server.accept()


def test_what_is_opened_is_seen(tmp_path: Path, opens: elsewhere.Opens):
    """The watch itself: it names the file that was opened."""
    path = beside(tmp_path)
    opens.names()
    path.read_bytes()
    assert opens.names() == {"beside.wav"}
