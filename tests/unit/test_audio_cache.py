"""Copies of audio from afar, on this machine."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from stt import storage
from tests.conftest import forget


def test_many_at_once_in_a_cache_that_is_too_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("STT_DATA_DIR", str(tmp_path / "first"))
    monkeypatch.setenv("STT_STORAGE", f"file://{tmp_path}/afar")
    monkeypatch.setattr(storage, "CACHE_LIMIT", 5)
    names = [f"sound-{number}" for number in range(20)]
    for name in names:
        part = tmp_path / "part"
        part.write_bytes(b"123")
        storage.save(part, name)
    monkeypatch.setenv("STT_DATA_DIR", str(tmp_path / "second"))  # another machine: it has no copies yet
    forget()
    with ThreadPoolExecutor(8) as threads:
        paths = list(threads.map(storage.local, names * 20))
    assert {path.name for path in paths} == set(names)
    assert storage.local("sound-1").read_bytes() == b"123"
    assert len(list((tmp_path / "second" / "cache").iterdir())) <= 8
