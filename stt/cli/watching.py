"""`stt watch`: transcribe files as they arrive in a folder. Each file is transcribed once, even after a restart."""

from __future__ import annotations

import argparse
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
from stt.cli.engines import Attempt, Engine
from stt.cli.failures import is_final
from stt.cli.inputs import Source, Version, version_of
from stt.cli.record import DONE, FAILED, GONE, CannotRecord, Record
from stt.errors import BadOption
from stt.transcript.model import Transcript

RECORD = ".stt-watch.jsonl"  # file in the output folder with the result of each recording, one JSON object per line
SETTLE = 2.0  # minimum seconds without a change before a file is transcribed, because it may be incomplete
TICK = 1000  # interval between checks of files that are still being written, milliseconds
RESCAN = 60.0  # maximum seconds between two scans of the folder, for network disks that report no changes
RETRY = (30.0, 600.0)  # delay before a failed file is tried again, seconds: after the first failure, and at most
DOUBLINGS = 10  # maximum number of times that this delay is doubled, because a float overflows after 1,000 times


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
        with _usable(self.output):
            self.record = Record(self.output / RECORD, self.folder, work.signature)
        # The options of this command count for all jobs that can still be replaced. This is done at once, because the
        # job engine continues these jobs.
        for (name, version), jobs in self.record.begun_with_other_options():
            if not any(map(work.keeps, jobs)):
                self.record.end(name, version, GONE)
        self._delete_jobs()
        self.waiting: dict[Path, Waiting] = {}
        self.scanned = float("-inf")
        self.unreadable: set[Path] = set()  # folders that the last scan could not read

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

        Delete the jobs of recordings that were deleted or changed. If a folder cannot be read, as on a network disk
        that is away, its recordings stay as they are until the next scan.
        """
        self.scanned = time.monotonic()
        there, unreadable = inputs.recordings_below(self.folder, recursive=self.recursive)
        for folder, why in unreadable.items():
            if folder not in self.unreadable:
                transcribe.to_stderr(f"{folder} cannot be read: {why}. Waiting until it can.")
        self.unreadable = set(unreadable)
        for path in self.waiting.keys() - set(there):
            if not self._is_away(path):
                self.waiting.pop(path)
        for path in there:
            if path in self.waiting:
                continue
            version = version_of(path)
            if version and not self.record.knows(self.name(path), version):
                self.waiting[path] = Waiting(version, time.monotonic())
        for name, version in self.record.unfinished():
            path = self.folder / name
            now = version_of(path)
            if now != version if now else path not in there and not self._is_away(path):
                self.record.end(name, version, GONE)
        self._delete_jobs()

    def _is_away(self, path: Path) -> bool:
        """Return whether a file that was not found may come back: its folder cannot be read, or is empty.

        A folder is empty while its disk is not mounted. If the folder is gone, this is asked of the folder above it.
        """
        for folder in path.parents:
            try:
                return folder in self.unreadable or not any(folder.iterdir())
            except (FileNotFoundError, NotADirectoryError):
                if folder == self.folder:
                    break
            except OSError:
                break
        return True

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
        """Transcribe a file. After an error that may pass, plan another attempt, which resumes the same job.

        If the transcript cannot be written, the next attempt only writes the transcript. Raises BadOption if an option
        is wrong.
        """
        one, name = self.waiting[path], self.name(path)
        source = inputs.of_file(path)
        transcript, answer = self._transcribe(source, one, name)
        if transcript is not None:
            folder = self.output / path.parent.relative_to(self.folder)
            transcribe.save(answer, folder, source.name, transcript, self.wanted)
        error = None if answer["status"] == DONE else errors.from_dict(answer["error"])
        if error is None:
            self.finish(path, DONE)
        elif transcript is None and is_final(error):
            if isinstance(error, BadOption):  # a command-line option is wrong, so every other recording would fail, too
                raise error
            self.finish(path, FAILED)
        else:
            wait = min(RETRY[1], RETRY[0] * 2 ** min(one.failures, DOUBLINGS))
            one.failures += 1
            one.not_before = time.monotonic() + wait
            transcribe.to_stderr(f"{source.name}: trying again in {wait:.0f} s.")
        transcribe.print_result(answer, as_json=self.as_json)

    def _transcribe(self, source: Source, one: Waiting, name: str) -> tuple[Transcript | None, dict[str, Any]]:
        """Transcribe a recording, or resume its unfinished job, as `transcribe.one` does.

        No job is created while the record cannot be written.
        """
        try:
            resume, key = self.record.begin(name, one.version)
        except CannotRecord as error:
            return None, {"file": str(source), **transcribe.failure(source.name, error)}
        attempt = Attempt(resume, key, lambda created: self.record.created(name, one.version, created))
        return transcribe.one(self.work, source, attempt)

    def finish(self, path: Path, status: str) -> None:
        one = self.waiting.pop(path)
        self.record.end(self.name(path), one.version, status)
        self._delete_jobs()

    def _delete_jobs(self) -> None:
        """Delete the jobs of recordings whose end is recorded.

        Until it is recorded, a job is kept, because a restarted process would create another one.
        """
        with suppress(CannotRecord):
            self.record.write()
        self.work.forget(self.record.ended_jobs)
        self.record.ended_jobs.clear()

    def name(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt
