"""Export an owner's transcripts, notes, recordings, vocabulary and metadata as a ZIP file.

The file is built while it is sent.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from zipstream import ZIP_DEFLATED, ZipStream

from stt.errors import NotFound
from stt.export import formats
from stt.files import names, paths
from stt.library import history, vocabulary
from stt.notes import book
from stt.settings import settings
from stt.store import recordings, transcripts
from stt.store.recordings import Recording
from stt.vocabulary.terms import Term

FORMATS = ("txt", "srt", "json")  # formats of each transcript: plain text, subtitles, and all data of the transcript
BLOCK = 1 << 20  # size of the blocks in which recordings are read, bytes


def check_room() -> None:
    """Raise DiskFull if the disk has no room for recordings that must be fetched from remote storage."""
    if settings().storage:
        paths.check_room(paths.folder("cache"))


def everything(owner: str) -> Iterator[bytes]:
    """Yield the ZIP in pieces: `transcripts/0001 Talk.txt` …, `recordings/0001 talk.mp3` …, `vocabulary.txt`,
    `vocabulary/0001 Tag.txt` … and `index.json`.

    Only one transcript or one block of a recording is in memory at a time.
    """
    archive = ZipStream(compress_type=ZIP_DEFLATED)
    index: dict[str, list[dict[str, Any]]] = {"transcripts": [], "recordings": []}
    for number, job in enumerate(history.find(owner, descending=False), 1):
        try:
            transcript, notes = transcripts.transcript_of(job.id), book.of(job.id, owner)
        except NotFound:  # the transcript was deleted while the transcripts before it were sent
            continue
        name = f"{number:04} {job.title}"
        made = datetime.fromtimestamp(job.created, UTC)
        facts = {key: value for key, value in asdict(job).items() if key not in ("owner", "priority", "stage")}
        index["transcripts"].append({"name": _stem(name), **facts})
        for extension in FORMATS:
            written = formats.FORMATS[extension]
            added = notes if extension == "json" else None
            content = written.write(transcript, title=job.title, model=job.model, created=made, notes=added)
            archive.add(content, f"transcripts/{_stem(name)}.{extension}")
        yield from archive.all_files()
    for number, recording in enumerate(recordings.all_of(owner), 1):
        file = _opened(recording)
        stem, extension = names.split(recording.name)
        name = f"{_stem(f'{number:04} {stem}')}{extension.lower()}"
        facts = {key: value for key, value in asdict(recording).items() if key != "owner"}
        index["recordings"].append({"file": name if file else None, **facts})
        if file:
            archive.add(_blocks(file), f"recordings/{name}", compress_type=0)  # sound is compressed already
            yield from archive.all_files()
    if terms := vocabulary.terms_of(owner):
        archive.add(_lines(terms), "vocabulary.txt")
    for number, tag in enumerate(vocabulary.tags_with_terms(owner), 1):
        archive.add(_lines(vocabulary.terms_of(owner, tag)), f"vocabulary/{_stem(f'{number:04} {tag}')}.txt")
    archive.add(json.dumps(index, ensure_ascii=False, indent=1, default=str).encode("utf-8", "replace"), "index.json")
    yield from archive.finalize()


def _lines(terms: list[Term]) -> bytes:
    return "".join(f"{term.line}\n" for term in terms).encode()


def _stem(name: str) -> str:
    return Path(formats.file_name(name, "x")).stem


def _opened(recording: Recording) -> BinaryIO | None:
    """Open the recording's file, so that it can be read even if it is deleted meanwhile; None if it was deleted."""
    try:
        return open(recording.path, "rb")
    except FileNotFoundError:
        return None


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while block := file.read(BLOCK):
            yield block
