"""Find the recordings that a command names: files, folders, links, and standard input."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from stt.errors import DiskFull, InputError
from stt.files import names, paths
from stt.links import download

STANDARD_INPUT = "-"


@dataclass(frozen=True)
class Source:
    """A recording, given by its `path` or its `url`. `name` is the name of the output files, without an extension."""

    name: str
    path: Path | None = None
    url: str | None = None

    def __str__(self) -> str:
        return self.url or str(self.path)


class Version(NamedTuple):
    """Hold the size of a file and the time of its last change, which show whether its content has changed."""

    size: int
    modified: int  # nanoseconds


@contextmanager
def sources(arguments: Sequence[str], name: str | None) -> Iterator[list[Source]]:
    """Yield the recordings that `arguments` list, in order. The recordings in a folder are sorted by name.

    A recording from standard input gets the name `name`. Its bytes are stored in a temporary file until the context
    ends. Raises InputError if an argument names no existing file, or something that cannot be read, and DiskFull if
    there is no room for the temporary file.
    """
    found: list[Source] = []
    with TemporaryDirectory(prefix="stt-") as folder:
        for text in arguments:
            if text == STANDARD_INPUT:
                found.append(_of_standard_input(Path(folder), name or "recording"))
            elif text.lower().startswith(("http://", "https://")):
                found.append(Source(_stem(download.name_of(text)), url=text))
            else:
                found += _of_path(text)
        yield found


def recordings_in(folder: Path) -> list[Path]:
    """Return the recordings in a folder, without its subfolders, sorted by name. Raises OSError if it is unreadable."""
    return sorted(path for path in folder.iterdir() if _is_recording(path))


def recordings_below(folder: Path, *, recursive: bool) -> tuple[list[Path], dict[Path, str]]:
    """Return the recordings in a folder, and the folders that cannot be listed, each with the reason.

    With `recursive`, the subfolders are included. The recordings are sorted by name.
    """
    found: list[Path] = []
    unreadable: dict[Path, str] = {}

    def note(error: OSError) -> None:
        unreadable[Path(error.filename)] = error.strerror or str(error)

    for place, _, files in os.walk(folder, onerror=note):
        found += filter(_is_recording, (Path(place, name) for name in files))
        if not recursive:
            break
    return sorted(found), unreadable


def _is_recording(path: Path) -> bool:
    """Return whether `path` is a recording: a file that is not hidden, and has the extension of a recording."""
    if path.suffix.lstrip(".").lower() not in names.EXTENSIONS or path.name.startswith("."):
        return False
    try:
        return path.is_file()
    except OSError:
        return True  # it is reported when it is opened


def of_file(path: Path) -> Source:
    return Source(_stem(path.name), path=path)


def version_of(path: Path) -> Version | None:
    """Return the version of a file, or None if there is no such file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return Version(found.st_size, found.st_mtime_ns)


def _of_path(text: str) -> list[Source]:
    """Return the file that `text` names, or the recordings in the folder that it names. Raises InputError if none."""
    try:
        path = _path(text)
        if path.is_dir():
            return [of_file(each) for each in recordings_in(path)]
        if path.exists():
            return [of_file(path)]
    except OSError as error:
        raise InputError(f"{text} cannot be read: {error.strerror}.", guidance="Check its permissions.") from error
    raise InputError(f"There is no file {text}.", guidance="Check the name.")


def _path(text: str) -> Path:
    """Return the path `text`, with `~` and `~user` expanded unless there is a file whose name begins so."""
    path = Path(text)
    if not path.exists():
        with suppress(RuntimeError):  # raised if there is no such user
            return path.expanduser()
    return path


def _stem(name: str) -> str:
    stem, _, extension = name.rpartition(".")
    return stem if stem and extension.lower() in names.EXTENSIONS else name


def _of_standard_input(folder: Path, name: str) -> Source:
    path = folder / "recording"
    try:
        with open(path, "wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
    except OSError as error:
        if error.errno in paths.FULL:
            raise DiskFull(f"There is no room in {folder.parent} for the recording.", guidance="Free some.") from error
        raise InputError(f"Standard input cannot be read: {error.strerror}.") from error
    return Source(name, path=path)
