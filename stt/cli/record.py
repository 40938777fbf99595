"""Record what `stt watch` has done with each recording, in a log file in its output folder."""

from __future__ import annotations

import json
import os
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

from stt.cli.inputs import Version
from stt.errors import SetupError

# The last row of a recording says what has become of it. GONE: its file was deleted or changed before it was done.
BEGUN, DONE, FAILED, GONE = "begun", "done", "failed", "gone"
SERVER = "server"  # the signature of all servers: one server may have several addresses
Name = tuple[str, Version]  # path of a file relative to the watched folder, and its version


class CannotRecord(SetupError):
    """Report that no results can be recorded, so that no recording may be transcribed."""

    title = "The output folder cannot be written to"
    guidance = "Check the disk and its permissions."


class Record:
    """Represent a log file with a row for each step of each recording. A restarted process reads the file.

    A row is written before a job is created, and has the `key` of that job (see `Attempt`), so that a job whose id was
    lost in a crash is found again. `ended_jobs` has the ids that jobs of ended recordings may have. They are in the
    file, so these jobs may be deleted.
    """

    def __init__(self, path: Path, folder: Path, engine: str) -> None:
        """Read the file, if it exists. Raises OSError if it cannot be read.

        `folder` is the watched folder, and `engine` the `signature` of the engine that runs the jobs.
        """
        self.path = path
        self.folder = os.fspath(folder.absolute())
        self.engine = engine
        self.ended_jobs: set[str] = set()
        self._last: dict[Name, dict[str, Any]] = {}
        self._unwritten: list[dict[str, Any]] = []  # rows that are not in the file yet
        text = path.read_text("utf-8", "surrogateescape") if path.exists() else ""
        for line in text.splitlines():
            try:
                row = json.loads(line)
                name = row["file"], Version(row["size"], row["modified"])
            except (ValueError, KeyError, TypeError):
                continue  # the line is incomplete, because the process that wrote it was killed
            if not row.get("again"):  # an earlier version wrote it after a failure that was not final
                self._last[name] = row
                self._add_ended(row)
        self._torn = bool(text) and not text.endswith("\n")  # whether the last line may be incomplete

    def knows(self, name: str, version: Version) -> bool:
        """Return whether this version of the file `name` is done, or has failed permanently."""
        return self._last.get((name, version), {}).get("status") in (DONE, FAILED)

    def begin(self, name: str, version: Version) -> tuple[str | None, str]:
        """Return the generation id of the job to resume, or None, and the key with which to create a job.

        Raises CannotRecord if the key or the id of an earlier job cannot be recorded: after a restart, a second job
        would be created (and billed).
        """
        row = self._last.get((name, version), {})
        if row.get("status") != BEGUN:
            row = self._add(name, version, BEGUN, key=uuid.uuid4().hex)
        resume, key = row.get("generation_id"), _key(row)
        if resume is None or self._unwritten:  # an unwritten row may have the id of a job that is created next
            self.write()
        return resume, key

    def created(self, name: str, version: Version, generation_id: str) -> None:
        """Record the generation id of a new job."""
        self._add(name, version, BEGUN, generation_id=generation_id)
        self._try_to_write()

    def end(self, name: str, version: Version, status: str) -> None:
        """Record that a recording is DONE, FAILED or GONE."""
        row = self._last[name, version]
        self._add(name, version, status, generation_id=row.get("generation_id"), key=_key(row))
        self._try_to_write()

    def unfinished(self) -> list[Name]:
        """Return the recordings of the watched folder that are begun, and not those of another folder."""
        mine = {"status": BEGUN, "folder": self.folder}
        return [name for name, row in self._last.items() if mine.items() <= row.items()]

    def begun_with_other_options(self) -> list[tuple[Name, set[str]]]:
        """Return the recordings of any folder that another engine on this machine began, with the ids of their jobs.

        A server's jobs are resumed if that server is used again, because they may be billed.
        """
        return [
            (name, _jobs(row) | {_key(row)})
            for name, row in self._last.items()
            if row.get("status") == BEGUN and row.get("engine", self.engine) not in (self.engine, SERVER)
        ]

    def write(self) -> None:
        """Append the rows that are not in the file yet. Raises CannotRecord if the file cannot be written to."""
        if not self._unwritten:
            return
        text = "".join(json.dumps(row) + "\n" for row in self._unwritten)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with open(self.path, "a", encoding="utf-8") as file:
                file.write("\n" + text if self._torn else text)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            self._torn = True
            raise CannotRecord(f"{self.path} cannot be written: {error.strerror}.") from error
        self._torn = False
        for row in self._unwritten:
            self._add_ended(row)
        self._unwritten.clear()

    def _add(self, name: str, version: Version, status: str, **ids: str | None) -> dict[str, Any]:
        row: dict[str, Any] = {"folder": self.folder, "file": name, **version._asdict(), "status": status}
        row |= {"engine": self.engine} | {field: value for field, value in ids.items() if value is not None}
        self._last[name, version] = row
        self._unwritten.append(row)
        return row

    def _add_ended(self, row: dict[str, Any]) -> None:
        if row.get("status") != BEGUN:
            self.ended_jobs |= _jobs(row)

    def _try_to_write(self) -> None:
        with suppress(CannotRecord):  # the row is written later; until then, no other job is created
            self.write()


def _jobs(row: dict[str, Any]) -> set[str]:
    """Return the ids that jobs of a recording may have."""
    return {job for job in (row.get("generation_id"), row.get("key")) if isinstance(job, str)}


def _key(row: dict[str, Any]) -> str:
    """Return the key with which the next job is created. After a job, it follows from the id, so it is not recorded."""
    return row.get("key") or uuid.uuid5(uuid.NAMESPACE_OID, row["generation_id"]).hex
