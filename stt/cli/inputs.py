"""Find the recordings that a command names: files, folders, links, and standard input."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from stt.errors import InputError
from stt.files import names
from stt.links import download

STANDARD_INPUT = "-"


@dataclass(frozen=True)
class Source:
    """A recording: a `path`, or a link. `name` is what its outputs are called, without an extension."""

    name: str
    path: Path | None = None
    url: str | None = None

    def __str__(self) -> str:
        return self.url or str(self.path)


@contextmanager
def sources(arguments: Sequence[str], name: str | None) -> Iterator[list[Source]]:
    """Return the recordings in order; those of a folder by name. `name` is that of standard input.

    Standard input is kept in a temporary file meanwhile. Raises InputError for a file that does not exist.
    """
    found: list[Source] = []
    with TemporaryDirectory(prefix="stt-") as folder:
        for text in arguments:
            if text == STANDARD_INPUT:
                found.append(_of_standard_input(Path(folder), name or "recording"))
            elif text.lower().startswith(("http://", "https://")):
                found.append(Source(_stem(download.name_of(text)), url=text))
            elif (path := Path(text).expanduser()).is_dir():
                found += [of_file(each) for each in sorted(path.iterdir()) if is_recording(each)]
            elif path.exists():
                found.append(of_file(path))
            else:
                raise InputError(f"There is no file {text}.", guidance="Check the name.")
        yield found


def is_recording(path: Path) -> bool:
    """Return whether a file in a folder counts as a recording, by its name."""
    return path.is_file() and path.suffix.lstrip(".").lower() in names.EXTENSIONS and not path.name.startswith(".")


def of_file(path: Path) -> Source:
    return Source(_stem(path.name), path=path)


def _stem(name: str) -> str:
    stem, _, extension = name.rpartition(".")
    return stem if stem and extension.lower() in names.EXTENSIONS else name


def _of_standard_input(folder: Path, name: str) -> Source:
    path = folder / "recording"
    with open(path, "wb") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
    return Source(name, path=path)
