"""`stt watch`: transcribe files as they arrive in a folder. Each file is transcribed once, even after a restart."""

from __future__ import annotations

import argparse
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from filelock import FileLock, Timeout
from watchfiles import Change, watch

from stt import errors
from stt.cli import inputs, outputs, transcribe
from stt.cli.engines import Engine, PollingFailed
from stt.cli.inputs import Source, Version, version_of
from stt.errors import (
    AnswerUnreadable,
    BadOption,
    Cancelled,
    GenerationFailed,
    InputError,
    ProviderTimeout,
    RequestRefused,
    ResultExpired,
    SetupError,
    SttError,
    SubmissionUncertain,
    UploadBroken,
)
from stt.transcript.model import Transcript

RECORD = ".stt-watch.jsonl"  # file in the output folder with the result of each recording, one JSON object per line
SETTLE = 2.0  # minimum seconds without a change before a file is transcribed, because it may be incomplete
TICK = 1000  # interval between checks of files that are still being written, milliseconds
RESCAN = 60.0  # maximum seconds between two scans of the folder, for network disks that report no changes
RETRY = (30.0, 600.0)  # delay before a failed file is tried again, seconds: after the first failure, and at most
DOUBLINGS = 10  # maximum number of times that this delay is doubled, because a float overflows after 1,000 times
DONE, FAILED, BEGUN = "done", "failed", "begun"
# Errors after which a retry would fail, too, because the recording or an option caused them, or that a person wanted.
FINAL = (InputError, GenerationFailed, RequestRefused, AnswerUnreadable, Cancelled)
# Errors of a job that the provider may have billed. A retry might be billed again, so a person has to decide.
MAYBE_BILLED = (SubmissionUncertain, ProviderTimeout, ResultExpired)


def add_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("watch", help="transcribe what lands in a folder, each file once")
    parser.add_argument("folder", type=Path, metavar="DIR", help="the folder to watch")
    transcribe.add_arguments(parser)
    parser.add_argument("--recursive", action="store_true", help="watch its subfolders, too")
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Watch the folder until Ctrl+C or SIGTERM.

    Raises BadOption if an option is invalid, if another `stt watch` uses the output folder, or if a folder cannot be
    read or written at the start.
    """
    wanted = outputs.formats(chosen.format)
    with _usable(chosen.folder):
        there = chosen.folder.is_dir()
    if not there:
        raise BadOption(f"There is no folder {chosen.folder}.", guidance="Check the name.")
    if chosen.output is None:
        raise BadOption("--output is missing.", guidance="Name the folder that the transcripts go to.")
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        with _locked(chosen.output), closing(transcribe.engine(chosen)) as work:
            Watcher(chosen, wanted, work).run()
    except KeyboardInterrupt:
        transcribe.to_stderr("Stopped.")
    return transcribe.INTERRUPTED


@contextmanager
def _locked(output: Path) -> Iterator[None]:
    """Create the output folder, and lock it. Raises BadOption if another `stt watch` uses it, or if it is unusable."""
    lock = FileLock(output / f"{RECORD}.lock", timeout=0)
    with _usable(output):
        output.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire()
        except Timeout as error:
            message = f"Another stt watch writes to {output}."
            raise BadOption(message, guidance="Stop it, or use another folder.") from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _usable(folder: Path) -> Iterator[None]:
    """Convert an OSError to a BadOption that names the folder."""
    try:
        yield
    except OSError as error:
        message = f"{folder} cannot be used: {error.strerror or error}."
        raise BadOption(message, guidance="Correct this, or use another folder.") from error


class CannotRecord(SetupError):
    """The results of recordings cannot be recorded, so no recording may be transcribed."""

    title = "The output folder cannot be written to"
    guidance = "Check the disk and its permissions."


@dataclass(slots=True)
class Waiting:
    """A file to be transcribed. It has not changed since `since`, and must not be transcribed before `not_before`.

    Both times are seconds of the monotonic clock. `failures` is the number of failed attempts. `unsaved` is the
    generation id of a finished job whose transcript could not be written yet.
    """

    version: Version
    since: float
    failures: int = 0
    not_before: float = 0.0
    unsaved: str | None = None


class Watcher:
    def __init__(self, chosen: argparse.Namespace, wanted: list[str], work: Engine) -> None:
        self.folder: Path = chosen.folder
        self.output: Path = chosen.output
        self.recursive: bool = chosen.recursive
        self.as_json: bool = chosen.json
        self.wanted, self.work = wanted, work
        with _usable(self.output):
            self.record = Record(self.output / RECORD)
        self.waiting: dict[Path, Waiting] = {}
        self.scanned = float("-inf")
        self.unreadable = False  # whether the last scan failed

    def run(self) -> NoReturn:
        """Transcribe files as they arrive, until Ctrl+C or SIGTERM."""
        transcribe.to_stderr(f"Watching {self.folder}. Ctrl+C stops.")
        # `watch` is active when it first yields, so no file can arrive unnoticed between its start and the first scan.
        for changes in self._changes():
            if changes or time.monotonic() - self.scanned >= RESCAN:
                self.scan()
            while (path := self.next()) is not None:
                self.do(path)
                self.scan()
        raise KeyboardInterrupt

    def _changes(self) -> Iterator[set[tuple[Change, str]]]:
        with _usable(self.folder):
            yield from watch(self.folder, rust_timeout=TICK, yield_on_timeout=True, recursive=self.recursive)

    def scan(self) -> None:
        """Update `waiting`: add recordings that need a transcript, and remove those that no longer exist.

        If the folder cannot be read, as on a network disk that is away, `waiting` stays as it is until the next scan.
        """
        self.scanned = time.monotonic()
        try:
            there = inputs.recordings_in(self.folder, recursive=self.recursive)
        except OSError as error:
            if not self.unreadable:
                transcribe.to_stderr(f"{self.folder} cannot be read: {error.strerror}. Waiting until it can.")
            self.unreadable = True
            return
        self.unreadable = False
        for path in self.waiting.keys() - set(there):
            self._forget(self.waiting.pop(path))
        for path in there:
            if path in self.waiting:
                continue
            version = version_of(path)
            if version and not self.record.knows(self.name(path), version):
                self.waiting[path] = Waiting(version, time.monotonic())

    def next(self) -> Path | None:
        """Return a file that may be transcribed now and has not changed for SETTLE seconds, or None."""
        now = time.monotonic()
        for path, one in self.waiting.items():
            version = version_of(path)
            if version != one.version and version is not None:
                self._forget(one)
                one.version, one.since = version, now
            elif version is not None and now >= max(one.since + SETTLE, one.not_before):
                return path
        return None

    def do(self, path: Path) -> None:
        """Transcribe a file. After an error that may pass, plan another attempt.

        If the transcript cannot be written, its job is kept, and the next attempt only writes the transcript. Raises
        BadOption if an option is wrong.
        """
        one, name = self.waiting[path], self.name(path)
        source = inputs.of_file(path)
        transcript, answer = self._transcribe(source, one, name)
        if transcript is not None:
            folder = self.output / path.parent.relative_to(self.folder)
            transcribe.save(answer, folder, source.name, transcript, self.wanted)
            one.unsaved = answer["generation_id"]
        error = None if answer["status"] == DONE else errors.from_dict(answer["error"])
        if error is None:
            self.finish(path, DONE)
        elif transcript is None and _is_final(error):
            if isinstance(error, BadOption):  # a command-line option is wrong, so every other recording would fail, too
                raise error
            self.finish(path, FAILED)
        else:
            # If the job may have a transcript, its id stays recorded, so that the next attempt resumes it.
            if transcript is None and not isinstance(error, PollingFailed | CannotRecord):
                self.record.note(name, one.version, FAILED, retry=True)
            wait = min(RETRY[1], RETRY[0] * 2 ** min(one.failures, DOUBLINGS))
            one.failures += 1
            one.not_before = time.monotonic() + wait
            transcribe.to_stderr(f"{source.name}: trying again in {wait:.0f} s.")
        transcribe.print_result(answer, as_json=self.as_json)

    def _transcribe(self, source: Source, one: Waiting, name: str) -> tuple[Transcript | None, dict[str, Any]]:
        """Transcribe a recording, or resume its unfinished job, as `transcribe.one` does.

        No job is created while the record cannot be written: after a restart, each recording would be transcribed (and
        billed) again.
        """
        try:
            self.record.write()
        except CannotRecord as error:
            return None, {"file": str(source), **transcribe.failure(source.name, error)}
        unfinished = self.record.unfinished_job(name, one.version)
        return transcribe.one(
            self.work, source, unfinished, lambda created: self.record.note(name, one.version, BEGUN, created)
        )

    def finish(self, path: Path, status: str) -> None:
        one = self.waiting.pop(path)
        self.record.note(self.name(path), one.version, status)
        self._forget(one)

    def _forget(self, one: Waiting) -> None:
        """Delete the job that was kept because its transcript could not be written."""
        if one.unsaved is not None:
            self.work.forget(one.unsaved)
            one.unsaved = None

    def name(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()


class Record:
    """Represent a log file with the result for each version of each recording. A restarted process reads the file."""

    def __init__(self, path: Path) -> None:
        """Read the file, if it exists. Raises OSError if it cannot be read."""
        self.path = path
        self._last: dict[tuple[str, Version], dict[str, Any]] = {}
        self._unwritten: dict[tuple[str, Version], dict[str, Any]] = {}  # rows that are not in the file yet
        text = path.read_text("utf-8", "surrogateescape") if path.exists() else ""
        for line in text.splitlines():
            try:
                row = json.loads(line)
                self._last[row["file"], Version(row["size"], row["modified"])] = row
            except (ValueError, KeyError, TypeError):
                continue  # the line is incomplete, because the process that wrote it was killed
        self._torn = bool(text) and not text.endswith("\n")  # whether the last line may be incomplete

    def knows(self, name: str, version: Version) -> bool:
        """Return whether this version of the file `name` is done, or has failed permanently."""
        row = self._last.get((name, version), {})
        return row.get("status") in (DONE, FAILED) and not row.get("again")

    def unfinished_job(self, name: str, version: Version) -> str | None:
        """Return the generation id of a job that a killed process left unfinished for this file, or None."""
        row = self._last.get((name, version), {})
        return row.get("generation_id") if row.get("status") == BEGUN else None

    def note(
        self, name: str, version: Version, status: str, generation_id: str | None = None, *, retry: bool = False
    ) -> None:
        row: dict[str, Any] = {"file": name, **version._asdict(), "status": status}
        row |= {"generation_id": generation_id} if generation_id else {}
        row |= {"again": True} if retry else {}
        self._last[name, version] = self._unwritten[name, version] = row
        with suppress(CannotRecord):  # the row is written later; until then, no other job is created
            self.write()

    def write(self) -> None:
        """Append the rows that are not in the file yet. Raises CannotRecord if the file cannot be written to."""
        text = "".join(json.dumps(row) + "\n" for row in self._unwritten.values())
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with open(self.path, "a", encoding="utf-8") as file:
                if text:
                    file.write("\n" + text if self._torn else text)
                    file.flush()
                    os.fsync(file.fileno())
        except OSError as error:
            self._torn = True
            raise CannotRecord(f"{self.path} cannot be written: {error.strerror}.") from error
        self._torn = self._torn and not text
        self._unwritten.clear()


def _is_final(error: SttError) -> bool:
    """Return whether a recording must not be transcribed again by itself. A broken upload may succeed the next time."""
    return isinstance(error, FINAL + MAYBE_BILLED) and not isinstance(error, UploadBroken)


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt
