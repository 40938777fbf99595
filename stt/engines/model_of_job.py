"""Download the model of a job if necessary, and load it into memory. The job's database row shows the progress."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from stt.db.engine import DB_UNAVAILABLE
from stt.engines.base import Work
from stt.errors import Cancelled
from stt.models import known, shelf
from stt.models.download import Progress
from stt.store import records
from stt.whisper.loading import loaded


@contextmanager
def loaded_for(work: Work) -> Iterator[loaded.Model]:
    """Yield the job's model in memory. A model that is not on the disk is downloaded first.

    Raises Cancelled if the job is cancelled, and what `shelf.obtain` raises. If a process was killed during a download
    of this model, that download is resumed.
    """
    row = _Row(work)
    found = shelf.obtain(work.job.model, row.downloading, row.check_cancelled)
    with loaded.use(found, row.check_cancelled, row.waiting) as model:
        row.say(None)
        yield model


def languages_of(options: Mapping[str, Any], model: str) -> list[str]:
    """Return the language codes that the user chose, or only "en" for an English model.

    If there are several codes, Whisper chooses one of them for each window.
    """
    if known.find(model).english:
        return ["en"]
    return [code for code in str(options.get("language") or "").split(",") if code]


class _Row:
    """Write the stage of a job to its database row. Pages show the stage to the user."""

    def __init__(self, work: Work) -> None:
        self._work, self._stage = work, work.job.stage

    def downloading(self, progress: Progress) -> None:
        left = f", {_about(progress.left)} left" if progress.left is not None else ""
        self.say(f"Downloading {known.find(self._work.job.model).title}, {progress.percent} %{left}")

    def waiting(self) -> None:
        self.say("Waiting for memory that another model uses")

    def say(self, stage: str | None) -> None:
        if stage != self._stage:
            with suppress(*DB_UNAVAILABLE):  # if the database is down, a later call records the stage
                records.update_progress(self._work.job, stage=stage)
                self._stage = stage

    def check_cancelled(self) -> None:
        if self._work.cancelled():
            raise Cancelled()


def _about(seconds: float) -> str:
    return f"about {max(1, round(seconds))} s" if seconds < 90 else f"about {round(seconds / 60)} min"
