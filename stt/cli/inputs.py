"""Find the recordings that a command names: files, folders, links, and standard input."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from stt.errors import InputError
from stt.files import names
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
    ends. Raises InputError if an argument names no existing file.
    """
    found: list[Source] = []
    with TemporaryDirectory(prefix="stt-") as folder:
        for text in arguments:
            if text == STANDARD_INPUT:
                found.append(_of_standard_input(Path(folder), name or "recording"))
            elif text.lower().startswith(("http://", "https://")):
                found.append(Source(_stem(download.name_of(text)), url=text))
            elif (path := _path(text)).is_dir():
                found += [of_file(each) for each in sorted(path.iterdir()) if is_recording(each)]
            elif path.exists():
                found.append(of_file(path))
            else:
                raise InputError(f"There is no file {text}.", guidance="Check the name.")
        yield found


def is_recording(path: Path) -> bool:
    """Return whether `path` is a recording: a file that is not hidden, and has the extension of a recording."""
    return path.is_file() and path.suffix.lstrip(".").lower() in names.EXTENSIONS and not path.name.startswith(".")


def of_file(path: Path) -> Source:
    return Source(_stem(path.name), path=path)


def version_of(path: Path) -> Version | None:
    """Return the version of a file, or None if there is no such file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return Version(found.st_size, found.st_mtime_ns)


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
    with open(path, "wb") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
    return Source(name, path=path)
