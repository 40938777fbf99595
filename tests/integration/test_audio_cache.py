"""Test the local cache of audio files that lie in a remote store."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from stt.db.engine import database
from stt.errors import DiskFull, StorageUnavailable
from stt.library import history, sharing, versions
from stt.store import audio_files, erasure, recordings, removals
from tests import audio
from tests.conftest import reset_caches
from tests.outage import unavailable_store
from tests.transcripts import finished


@pytest.fixture
def remote_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return the folder of a remote store. The local cache may hold 5 bytes: one file of 3 bytes, but not two."""
    monkeypatch.setenv("STT_DATA_DIR", str(tmp_path / "first"))
    monkeypatch.setenv("STT_STORAGE", f"file://{tmp_path}/afar")
    monkeypatch.setattr(audio_files, "CACHE_BYTES", 5)
    reset_caches()
    yield tmp_path / "afar"
    reset_caches()


def save_files(tmp_path: Path, *names: str) -> None:
    for name in names:
        (tmp_path / "part").write_bytes(b"123")
        audio_files.save(tmp_path / "part", name)


def age(*paths: Path) -> None:
    for path in paths:
        os.utime(path, (1.0, 1.0))


def test_saving_a_file_removes_older_ones_from_the_cache(remote_store: Path, tmp_path: Path):
    cache = tmp_path / "first" / "cache"
    for number in range(5):
        save_files(tmp_path, f"sound-{number}")
        age(*cache.iterdir())
    assert [path.name for path in cache.iterdir()] == ["sound-4"]
    assert len(list(remote_store.iterdir())) == 5


def test_file_that_is_about_to_be_opened_stays_in_the_cache(remote_store: Path, tmp_path: Path):
    save_files(tmp_path, "a", "b")
    age(tmp_path / "first" / "cache" / "a")
    wanted = audio_files.local("a")  # a route opens the returned path later, so it must stay in the cache
    save_files(tmp_path, "c", "d")
    assert wanted.read_bytes() == b"123"


def test_file_deleted_on_another_machine_is_removed_from_the_cache(
    remote_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(audio_files, "CACHE_BYTES", 1 << 30)
    kept, deleted = (recordings.take_in(audio.JFK, "visitor:ann") for _ in range(2))
    with database().begin() as connection:  # another machine deletes the row, but not the copy on this machine
        recordings.delete(connection, deleted.id, "visitor:ann")
    assert len(audio_files.cached_names()) == 2
    erasure.drop_deleted_copies()
    assert audio_files.cached_names() == [kept.id]


def test_asking_for_the_sound_of_a_transcript_copies_nothing(remote_store: Path):
    job = finished()
    audio_files.drop_cached(audio_files.cached_names())
    assert versions.has_sound(job)
    recording = versions.recording_of(job)
    assert recording and recording.id == job.recording_id and versions.source_of(job) == recording
    assert not audio_files.cached_names()
    (remote_store / recording.id).unlink()
    assert not versions.has_sound(job) and versions.recording_of(job) is None


def test_unavailable_store_is_not_taken_for_a_deleted_recording(remote_store: Path):
    job = finished()
    token = sharing.create(job.id, job.owner, days=1, audio=True)
    with unavailable_store():
        assert not versions.has_sound(job) and not sharing.shared(token).audio
        for ask, of in ((versions.recording_of, job), (versions.source_of, job), (sharing.audio_of, token)):
            with pytest.raises(StorageUnavailable):
                ask(of)
    assert versions.has_sound(job) and sharing.shared(token).audio


@contextmanager
def unavailable_folder(folder: Path) -> Iterator[None]:
    """Let each access to a path in the folder fail during the `with` block, as in a network folder without its server.

    The error is that of a symbolic link to itself, because a test cannot cause the error of a network folder.
    """
    aside = folder.rename(folder.with_name("aside"))
    folder.symlink_to(folder)
    yield
    folder.unlink()
    aside.rename(folder)


def test_file_is_deleted_from_a_network_folder_that_did_not_answer_at_first(remote_store: Path):
    job = finished()
    recording = recordings.find(str(job.recording_id), job.owner)
    audio_files.drop_cached(audio_files.cached_names())
    with unavailable_folder(remote_store):
        for ask in (lambda: recording.kept, lambda: recording.path):
            with pytest.raises(StorageUnavailable):
                ask()
        history.delete(job.id, job.owner)
    assert recording.kept and removals.due(removals.AUDIO) == [recording.id]
    assert removals.remove_audio(recording.id) and removals.remove_audio(recording.id), "safe to repeat"
    assert not recording.kept and not removals.due(removals.AUDIO)


def test_full_disk_of_the_cache_is_reported_and_leaves_no_part(remote_store: Path, tmp_path: Path):
    """Limit the size of files to 2 bytes. The operating system then refuses to write more, as on a full disk."""
    save_files(tmp_path, "a")
    audio_files.drop_cached(["a"])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2, hard))
    try:
        with pytest.raises(DiskFull, match="no space left"):
            audio_files.local("a")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not list((tmp_path / "first" / "cache").iterdir()) and audio_files.local("a").read_bytes() == b"123"


@pytest.mark.parametrize(("folder", "file"), [(0o700, 0o600), (0o750, 0o640), (0o2770, 0o660)])
def test_file_in_a_shared_folder_has_the_permissions_of_the_folder(
    remote_store: Path, tmp_path: Path, folder: int, file: int
):
    remote_store.mkdir()
    remote_store.chmod(folder)
    save_files(tmp_path, "a")
    assert (remote_store / "a").stat().st_mode & 0o777 == file and remote_store.stat().st_mode & 0o7777 == folder


def test_concurrent_reads_work_with_a_cache_that_is_too_small(
    remote_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(audio_files, "MIN_CACHE_SECONDS", 0.0)
    names = [f"sound-{number}" for number in range(20)]
    save_files(tmp_path, *names)
    monkeypatch.setenv("STT_DATA_DIR", str(tmp_path / "second"))  # as on another machine, whose cache is empty
    reset_caches()
    with ThreadPoolExecutor(8) as threads:
        paths = list(threads.map(audio_files.local, names * 20))
    assert {path.name for path in paths} == set(names)
    assert audio_files.local("sound-1").read_bytes() == b"123"
    assert len(list((tmp_path / "second" / "cache").iterdir())) <= 8
