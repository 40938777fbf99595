"""Make live recordings: send a recording to the app in pieces, as a recording browser does."""

from __future__ import annotations

import io
import os
import time
from pathlib import Path

from stt.recorder import live_recordings
from stt.store import recordings

OWNER = "visitor:ann"
PIECE = 10_000  # bytes per piece


def start(owner: str = OWNER, visitor: str = "ann") -> str:
    return live_recordings.start(owner, visitor, "Recording of today.webm")


def send(id: str, number: int, piece: bytes, owner: str = OWNER, visitor: str = "ann", **more: bool) -> int:
    return live_recordings.append(id, owner, visitor, number, io.BytesIO(piece), **more)


def send_all(id: str, pieces: list[bytes]) -> None:
    for number, piece in enumerate(pieces):
        assert send(id, number, piece) == number + 1


def finish(id: str, owner: str = OWNER, visitor: str = "ann") -> recordings.Recording:
    return live_recordings.finish(id, owner, visitor)


def stored_suffixes(data: Path) -> list[str]:
    """Return the file extensions of all files of live recordings except lock files, sorted."""
    return sorted(path.suffix for path in (data / "live").rglob("*") if path.is_file() and path.suffix != ".lock")


def set_silence(data: Path, seconds: float) -> None:
    """Let the last piece of each live recording have arrived `seconds` ago."""
    for note in (data / "live").rglob("*.json"):
        os.utime(note, (time.time() - seconds,) * 2)
