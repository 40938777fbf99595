"""Write a transcript in the requested formats."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from stt.errors import BadOption, DiskFull, InputError
from stt.export.formats import FORMATS, file_name
from stt.files import writing
from stt.transcript.model import Transcript


def formats(text: str) -> list[str]:
    """Parse a list of formats such as "txt,srt". Raises BadOption if the list is empty or has an unknown format."""
    found = list(dict.fromkeys(each.strip().lower() for each in text.split(",") if each.strip()))
    if not found or not FORMATS.keys() >= set(found):
        raise BadOption(f"{text!r} is no list of formats.", guidance=f"Choose from {', '.join(FORMATS)}.")
    return found


def write(
    folder: Path, name: str, transcript: Transcript, wanted: Sequence[str], *, overwriting: set[Path] | None = None
) -> list[Path]:
    """Write a file for each format in `wanted`, and return the paths of the files.

    If a file exists already, the new file gets a number in its name. With `overwriting`, existing files are replaced,
    except those in this set: the files that this run has written. The new files are added to the set.
    Raises DiskFull if the disk is full, and InputError if the folder cannot be written to for another reason.
    """
    paths = []
    for extension in wanted:
        is_taken = Path.exists if overwriting is None else overwriting.__contains__
        path = _free(folder / file_name(name, extension), is_taken)
        try:
            with writing.replacing(path) as file:
                file.write(content(transcript, extension, name))
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise DiskFull(f"There is no room for {path}.") from error
            raise InputError(
                f"{path} cannot be written: {error.strerror}.", guidance="Choose another folder."
            ) from error
        paths.append(path)
        if overwriting is not None:
            overwriting.add(path)
    return paths


def show(transcript: Transcript, extension: str, name: str) -> None:
    """Write a transcript to standard output, in the format with this `extension`. Raises InputError if this fails."""
    to_stdout(content(transcript, extension, name))


def to_stdout(data: bytes) -> None:
    """Write to standard output at once. Raises InputError if the disk is full, or if the reading program has ended."""
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except OSError as error:
        # Python would try to write the rest when it exits, and print another error.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        message = f"Standard output cannot be written to: {error.strerror}."
        raise InputError(message, guidance="Use --output.") from error


def content(transcript: Transcript, extension: str, name: str) -> bytes:
    written = FORMATS[extension]
    options: dict[str, Any] = {"speakers": True} if "speakers" in written.options() else {}
    return written.write(transcript, title=name, **options)


def _free(path: Path, is_taken: Callable[[Path], bool]) -> Path:
    """Return `path`, or a path with a number in its name if `path` is taken."""
    number, free = 1, path
    while is_taken(free):
        number += 1
        free = path.with_stem(f"{path.stem} ({number})")
    return free
