"""`stt watch`: transcribe files as they arrive in a folder. Each file is transcribed once, even after a restart."""

from __future__ import annotations

import argparse
import json
import os
import signal
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from filelock import FileLock, Timeout
from watchfiles import watch

from stt import errors
from stt.cli import inputs, outputs, transcribe
from stt.cli.engines import Engine, PollingFailed
from stt.cli.inputs import Version, version_of
from stt.errors import (
    AnswerUnreadable,
    BadOption,
    Cancelled,
    GenerationFailed,
    InputError,
    RequestRefused,
    SttError,
    UploadBroken,
)

RECORD = ".stt-watch.jsonl"  # file in the output folder with the result of each recording, one JSON object per line
SETTLE = 2.0  # minimum seconds without a change before a file is transcribed, because it may be incomplete
TICK = 1000  # interval between checks of files that are still being written, milliseconds
RESCAN = 60.0  # maximum seconds between two scans of the folder, for network disks that report no changes
RETRY = (30.0, 600.0)  # delay before a failed file is tried again, seconds: after the first failure, and at most
DOUBLINGS = 10  # maximum number of times that this delay is doubled, because a float overflows after 1,000 times
DONE, FAILED, BEGUN = "done", "failed", "begun"
# Errors after which a retry would fail, too, because the recording or an option caused them, or that a person wanted.
FINAL = (InputError, GenerationFailed, RequestRefused, AnswerUnreadable, Cancelled)


def add_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("watch", help="transcribe what lands in a folder, each file once")
    parser.add_argument("folder", type=Path, metavar="DIR", help="the folder to watch")
    transcribe.add_arguments(parser)
    parser.add_argument("--recursive", action="store_true", help="watch its subfolders, too")
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Watch the folder until Ctrl+C or SIGTERM.

    Raises BadOption if an option is invalid, or if another `stt watch` uses the output folder. Raises OSError if a
    folder cannot be read or written.
    """
    wanted = outputs.formats(chosen.format)
    if not chosen.folder.is_dir():
        raise BadOption(f"There is no folder {chosen.folder}.", guidance="Check the name.")
    if chosen.output is None:
        raise BadOption("--output is missing.", guidance="Name the folder that the transcripts go to.")
    signal.signal(signal.SIGTERM, _interrupt)
    chosen.output.mkdir(parents=True, exist_ok=True)
    lock = FileLock(chosen.output / f"{RECORD}.lock", timeout=0)
    try:
        with lock, closing(transcribe.engine(chosen)) as work:
            Watcher(chosen, wanted, work).run()
    except Timeout as error:
        message = f"Another stt watch writes to {chosen.output}."
        raise BadOption(message, guidance="Stop it, or use another folder.") from error
    except KeyboardInterrupt:
        transcribe.to_stderr("Stopped.")
    return transcribe.INTERRUPTED


@dataclass(slots=True)
class Waiting:
    """A file to be transcribed. It has not changed since `since`, and must not be transcribed before `not_before`.

    Both times are seconds of the monotonic clock. `failures` is the number of failed attempts.
    """

    version: Version
    since: float
    failures: int = 0
    not_before: float = 0.0


class Watcher:
    def __init__(self, chosen: argparse.Namespace, wanted: list[str], work: Engine) -> None:
        self.folder: Path = chosen.folder
        self.output: Path = chosen.output
        self.recursive: bool = chosen.recursive
        self.as_json: bool = chosen.json
        self.wanted, self.work = wanted, work
        self.record = Record(self.output / RECORD)
        self.waiting: dict[Path, Waiting] = {}
        self.scanned = float("-inf")

    def run(self) -> NoReturn:
        """Transcribe files as they arrive, until Ctrl+C or SIGTERM."""
        events = watch(self.folder, rust_timeout=TICK, yield_on_timeout=True, recursive=self.recursive)
        transcribe.to_stderr(f"Watching {self.folder}. Ctrl+C stops.")
        # `watch` is active when it first yields, so no file can arrive unnoticed between its start and the first scan.
        for changes in events:
            if changes or time.monotonic() - self.scanned >= RESCAN:
                self.scan()
            while (path := self.next()) is not None:
                self.do(path)
                self.scan()
        raise KeyboardInterrupt

    def scan(self) -> None:
        """Update `waiting`: add recordings that need a transcript, and remove those that no longer exist."""
        self.scanned = time.monotonic()
        found = self.folder.rglob("*") if self.recursive else self.folder.iterdir()
        there = {path for path in found if inputs.is_recording(path)}
        self.waiting = {path: one for path, one in self.waiting.items() if path in there}
        for path in sorted(there - self.waiting.keys()):
            version = version_of(path)
            if version and not self.record.knows(self.name(path), version):
                self.waiting[path] = Waiting(version, time.monotonic())

    def next(self) -> Path | None:
        """Return a file that may be transcribed now and has not changed for SETTLE seconds, or None."""
        now = time.monotonic()
        for path, one in self.waiting.items():
            version = version_of(path)
            if version != one.version and version is not None:
                one.version, one.since = version, now
            elif version is not None and now >= max(one.since + SETTLE, one.not_before):
                return path
        return None

    def do(self, path: Path) -> None:
        one, name = self.waiting[path], self.name(path)
        source = inputs.of_file(path)
        unfinished = self.record.unfinished_job(name, one.version)
        transcript, answer = transcribe.one(
            self.work, source, unfinished, lambda created: self.record.note(name, one.version, BEGUN, created)
        )
        if transcript is not None:
            folder = self.output / path.parent.relative_to(self.folder)
            transcribe.save(answer, folder, source.name, transcript, self.wanted)
        error = None if answer["status"] == DONE else errors.from_dict(answer["error"])
        if error is None:
            self.finish(path, DONE)
        elif transcript is None and _is_final(error):
            if isinstance(error, BadOption):  # a command-line option is wrong, so every other recording would fail, too
                raise error
            self.finish(path, FAILED)
        else:
            # If the job may have a transcript, its id stays recorded, so that the next attempt resumes it.
            if transcript is None and not isinstance(error, PollingFailed):
                self.record.note(name, one.version, FAILED, retry=True)
            wait = min(RETRY[1], RETRY[0] * 2 ** min(one.failures, DOUBLINGS))
            one.failures += 1
            one.not_before = time.monotonic() + wait
            transcribe.to_stderr(f"{source.name}: trying again in {wait:.0f} s.")
        transcribe.print_result(answer, as_json=self.as_json)

    def finish(self, path: Path, status: str) -> None:
        self.record.note(self.name(path), self.waiting.pop(path).version, status)

    def name(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()


class Record:
    """Represent a log file with the result for each version of each recording. A restarted process reads the file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._last: dict[tuple[str, Version], dict[str, Any]] = {}
        text = path.read_text("utf-8", "surrogateescape") if path.exists() else ""
        for line in text.splitlines():
            try:
                row = json.loads(line)
                self._last[row["file"], Version(row["size"], row["modified"])] = row
            except (ValueError, KeyError, TypeError):
                continue  # the line is incomplete, because the process that wrote it was killed
        if text and not text.endswith("\n"):
            self._append("\n")

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
        self._last[name, version] = row
        self._append(json.dumps(row) + "\n")

    def _append(self, text: str) -> None:
        with open(self.path, "a", encoding="utf-8", errors="surrogateescape") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())


def _is_final(error: SttError) -> bool:
    return isinstance(error, FINAL) and not isinstance(error, UploadBroken)  # an upload may succeed the next time


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt
