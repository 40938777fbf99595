"""Test that files of the server are private, and are written in full or not at all."""

from __future__ import annotations

import logging
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from stt.aiml import catalog
from stt.files import writing
from stt.whisper import weights
from tests.server import ROOT


def test_file_is_replaced_in_full_or_not_at_all_and_no_part_is_left(tmp_path: Path):
    path = tmp_path / "note"
    with writing.replacing(path, "w") as file:
        file.write("old")
    with pytest.raises(OSError, match="full"), writing.replacing(path, "w") as file:
        file.write("half of the n")
        raise OSError("full")
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_files_that_cannot_be_put_in_place_leave_no_part(tmp_path: Path):
    """Create a folder at the path of each file, so that the file is written but cannot be moved to its path."""
    (tmp_path / catalog.COPY / "in the way").mkdir(parents=True)
    catalog.load(tmp_path, lambda _etag: ([{"id": "nova-3"}], None))
    (tmp_path / "model.bin").write_bytes(b"weights")
    hashes = weights.hashes(tmp_path, ("model.bin",), tmp_path)
    (note,) = tmp_path.glob("checked-*.json")
    note.unlink()
    (note / "in the way").mkdir(parents=True)
    assert weights.hashes(tmp_path, ("model.bin",), tmp_path) == hashes
    assert {path.name for path in tmp_path.iterdir()} == {catalog.COPY, "model.bin", note.name}


def test_a_folder_of_an_earlier_version_is_closed_to_other_users(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    (tmp_path / "audio").mkdir(mode=0o755)
    (tmp_path / "audio" / "a").write_bytes(b"sound")
    (tmp_path / "audio" / "a").chmod(0o644)
    (tmp_path / "elsewhere").symlink_to(ROOT)
    before = ROOT.stat().st_mode
    tmp_path.chmod(0o755)
    with caplog.at_level(logging.WARNING):
        writing.tighten(tmp_path)
    assert [oct(path.stat().st_mode & 0o777) for path in (tmp_path, tmp_path / "audio", tmp_path / "audio" / "a")] == [
        "0o700", "0o700", "0o600",
    ]  # fmt: skip
    assert ROOT.stat().st_mode == before and not caplog.records


def test_token_command_creates_private_files_only(tmp_path: Path):
    environment = {**os.environ, "STT_DATA_DIR": str(tmp_path / "data")}
    command = [sys.executable, "-m", "stt", "token", "program"]
    subprocess.run(
        command, cwd=ROOT, env=environment, check=True, capture_output=True, preexec_fn=lambda: os.umask(0o022)
    )
    created = [tmp_path / "data", *(tmp_path / "data").rglob("*")]
    assert len(created) > 1 and not [path.name for path in created if path.stat().st_mode & 0o077]


def test_parts_left_by_a_killed_process_are_deleted_after_a_day(tmp_path: Path):
    old, new = writing.part_of(tmp_path / "a"), writing.part_of(tmp_path / "a")
    for part in (old, new):
        part.touch()
    os.utime(old, (1.0, 1.0))
    writing.clean_parts(tmp_path)
    assert list(tmp_path.iterdir()) == [new]
