from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stt import access, database, settings


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data folder of its own for what runs in this process."""
    monkeypatch.setenv("STT_DATA_DIR", str(tmp_path / "data"))
    forget()
    yield tmp_path / "data"
    forget()


def forget() -> None:
    """Read settings anew, and let go of the database of the test before."""
    settings.settings.cache_clear()
    access._signer.cache_clear()
    if database.database.cache_info().currsize:
        database.database().dispose()
    database.database.cache_clear()
