"""Drop recordings into a folder that `stt watch` watches, and look at the jobs that it makes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

import stt
from stt.cli.watching import Watcher
from stt.db.engine import database
from stt.db.tables import transcriptions
from stt.web.v1 import contract
from tests import audio


def dropped(folder: Path, name: str = "talk.wav") -> Path:
    """Write a recording of one second to a folder."""
    folder.mkdir(exist_ok=True)
    return audio.write(folder / name, audio.samples(audio.JFK)[: audio.RATE])


def attempt(watcher: Watcher, path: Path) -> None:
    watcher.scan()
    watcher.do(path)


def jobs() -> list[str]:
    """Return the ids of the jobs in the data folder."""
    with database().connect() as connection:
        return list(connection.execute(sa.select(transcriptions.c.id)).scalars())


def submitted() -> bool:
    """Return what the REST route says about the only job, which has failed: whether it may be billed."""
    failure = contract.job(stt.get(jobs()[0]).job, None)["error"]
    assert failure is not None
    return failure["submitted"]


def audio_files(data: Path) -> list[Path]:
    return [path for path in (data / "audio").rglob("*") if path.is_file()]


@contextmanager
def unwritable(watcher: Watcher) -> Iterator[None]:
    """Let no transcript be written in the `with` block."""
    output = watcher.output
    watcher.output = output / ".stt-watch.jsonl" / "below a file"
    yield
    watcher.output = output
