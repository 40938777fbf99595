"""Test that reading a recording with references to other files or URLs opens no other file and no connection."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stt.audio import probe
from stt.audio.reader import Reader
from stt.errors import InputError
from tests import audio, external_references

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="inotify tells which files are opened")


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        yield server


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[external_references.OpenedFiles]:
    watch = external_references.OpenedFiles(tmp_path)
    yield watch
    watch.close()


def write_beside(folder: Path) -> Path:
    return audio.write(folder / "beside.wav", audio.samples(audio.JFK))


def address(server: socket.socket) -> str:
    return f"http://127.0.0.1:{server.getsockname()[1]}/a.wav"


def test_playlist_files_open_nothing(
    tmp_path: Path, server: socket.socket, watch: external_references.OpenedFiles, monkeypatch
):
    """Probe in this process, whose working directory is changed, so that relative names would lead to the files."""
    monkeypatch.chdir(tmp_path)
    target, count = write_beside(tmp_path), 0
    for name, content in external_references.all_texts(target, address(server)):
        (path := tmp_path / "recording").write_bytes(content)
        watch.names()
        with pytest.raises(InputError):
            probe.probe(path, "holiday.m3u8")
        assert watch.names() <= {"recording"}, name
        count += 1
    assert count >= 232
    with pytest.raises(BlockingIOError):
        server.accept()


@pytest.mark.parametrize("kind", external_references.CONTAINERS)
@pytest.mark.parametrize("target", ["beside", "relative", "address"])
def test_containers_with_references_open_only_themselves(
    tmp_path: Path, server: socket.socket, watch: external_references.OpenedFiles, monkeypatch, kind: str, target: str
):
    monkeypatch.chdir(tmp_path)
    reference = {"beside": str(write_beside(tmp_path)), "relative": "beside.wav", "address": address(server)}[target]
    path = external_references.CONTAINERS[kind](tmp_path / "recording", reference)
    watch.names()
    try:
        assert probe.probe(path).duration < 2  # the recording has 1 s of sound, the file beside it 11 s
        with Reader(path) as reader:
            assert reader.read(60).shape[1] < 2 * audio.RATE
    except InputError as error:
        assert error.message
    assert watch.names() == {"recording"}
    with pytest.raises(BlockingIOError):
        server.accept()


def test_watch_reports_opened_files(tmp_path: Path, watch: external_references.OpenedFiles):
    """Check that `OpenedFiles`, on which the other tests rely, names a file that was opened."""
    path = write_beside(tmp_path)
    watch.names()
    path.read_bytes()
    assert watch.names() == {"beside.wav"}
