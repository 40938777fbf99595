"""Receive, check, store and find recordings. Files have random names; the name from the user is only a label."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from stt.audio import tracks
from stt.auth import recovery
from stt.db import queries
from stt.db.engine import DB_UNAVAILABLE, database
from stt.db.tables import copies, recordings, transcriptions
from stt.errors import BadLink, DiskFull, EmptyFile, NotFound, TooLarge, UploadBroken
from stt.files import dates, names, paths
from stt.files.dates import Dated
from stt.files.paths import folder
from stt.settings import settings
from stt.store import audio_files, removals

STALE_SECONDS = 24 * 3600  # age from which an unfinished upload counts as abandoned, seconds
_LOADED = time.time()  # this process has received no upload before this time


@dataclass(frozen=True, slots=True)
class Recording:
    """A stored audio or video file. `duration` in seconds, `size` in bytes, `sample_rate` in Hz.

    `dated` is the date at which it was recorded, in seconds since 1970, or None; `dated_by` is the kind of that date
    (see `stt.files.dates`).
    """

    id: str
    owner: str
    name: str
    created: float
    kind: str
    mime: str
    size: int
    duration: float | None
    channels: int
    sample_rate: int
    dated: float | None = None
    dated_by: str | None = None
    tracks: list[dict[str, Any]] | None = None  # see `stt.audio.tracks`: empty for a single track; None if not examined
    seekable: bool | None = None  # whether every browser can play and seek the original; None if not examined

    @property
    def path(self) -> Path:
        """Return the path of the file on this machine; copy a remote file there first.

        If the audio was deleted, no file exists at the path. Raises StorageUnavailable if the remote store fails, and
        DiskFull if this machine has no space left for the copy.
        """
        return audio_files.local(self.id)

    @property
    def kept(self) -> bool:
        """Return whether the audio file is still in the store."""
        return audio_files.exists(self.id)


@dataclass(frozen=True, slots=True)
class Link:
    """An address that a user entered. Its separate type prevents its use as a path on this server."""

    url: str


MAX_LINKS, MAX_LINK_CHARACTERS = 100, 100_000  # maximum number of links in one text, and maximum length of the text


def links_in(typed: str) -> list[Link]:
    """Split a text at white space into links, and return each different link once.

    Raises BadLink if the text is too long or has too many links.
    """
    if len(typed) > MAX_LINK_CHARACTERS:
        raise BadLink(
            f"At most {MAX_LINK_CHARACTERS:,} characters of links can be added at once.", guidance="Add fewer links."
        )
    found = list(dict.fromkeys(typed.split()))
    if len(found) > MAX_LINKS:
        raise BadLink(
            f"At most {MAX_LINKS} links can be added at once, and these are {len(found):,}.",
            guidance="Add fewer links.",
        )
    return [Link(address) for address in found]


def new_id() -> str:
    """Return a random id of 160 bits that is safe in a URL and cannot be guessed."""
    return secrets.token_urlsafe(20)


class Intake:
    """A context manager for a file that is being received: `write` its bytes as they arrive, then call `finish`.

    `expected` is the size in bytes, if known. `changed` is the file's modification time, used if the file contains no
    date. At exit, the file is deleted unless `finish` has stored it.

    Raises TooLarge if the file is larger, or the recording longer, than the host allows; DiskFull if too little disk
    space is free; EmptyFile if no bytes arrived; UploadBroken if fewer than `expected` bytes arrived; and the errors of
    `decoder.probe`.
    """

    def __init__(self, name: str, owner: str, expected: int | None = None, changed: Dated | None = None) -> None:
        self.name, self.owner, self.expected, self.changed = names.clean(name), owner, expected, changed
        self.size = 0
        self._check_size(expected or 0)
        with disk_errors():
            paths.check_room(folder("incoming"), expected or 0)
            self.part = folder("incoming") / new_id()
            self._file = open(self.part, "wb")  # noqa: SIM115 - closed by __exit__

    def __enter__(self) -> Intake:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file, and delete it if it was not finished."""
        with suppress(OSError):  # on a full disk, closing writes the buffer again and fails; the file is deleted anyway
            self._file.close()
        self.part.unlink(missing_ok=True)

    def write(self, block: bytes) -> None:
        self._check_size(self.size + len(block))
        with disk_errors():
            if (self.size + len(block)) // paths.CHECKED > self.size // paths.CHECKED:
                paths.check_room(self.part.parent)
            self.size += len(block)
            self._file.write(block)

    def flush(self) -> None:
        """Flush the written bytes, so that they can be read from the file `part` before the upload ends."""
        with disk_errors():
            self._file.flush()

    def finish(self) -> Recording:
        with disk_errors():
            self._file.close()
        if self.expected is not None and self.size < self.expected:
            raise UploadBroken(f"Only {megabytes(self.size)} of {megabytes(self.expected)} arrived.")
        if self.size == 0:
            raise EmptyFile(f"“{self.name}” is empty.")
        return add(self.part, self.name, self.owner, self.changed)

    def _check_size(self, size: int) -> None:
        if size > settings().upload_limit:
            raise TooLarge(f"“{self.name}” is larger than the limit of {megabytes(settings().upload_limit)}.")


def take_in(path: Path, owner: str, name: str | None = None) -> Recording:
    """Copy a local file into the store and return its recording. Raises the errors of `Intake`."""
    with open(path, "rb") as source, Intake(name or path.name, owner, path.stat().st_size) as intake:
        while block := source.read(1 << 20):
            intake.write(block)
        return intake.finish()


def add(part: Path, name: str, owner: str, dated: Dated | None = None) -> Recording:
    """Check the finished file `part`, move it into the store, and record it.

    `dated` is used if the file contains no date. Raises the errors of `inspect` and of `keep`.
    """
    recording = inspect(part, name, owner, dated)
    keep(part, recording)
    return recording


def inspect(part: Path, name: str, owner: str, dated: Dated | None = None) -> Recording:
    """Check the finished file `part` and return it as a recording that is not stored yet.

    `dated` is used if the file contains no date. Raises the errors of `decoder.probe`, and TooLarge if the recording is
    longer than the host allows.
    """
    from stt.audio import track_choice  # loads numpy only when needed

    found, several = track_choice.inspect(part, name)
    check_length(names.clean(name), found.duration)
    dated = dates.of_file(found.dated) or dated
    return Recording(
        id=new_id(),
        owner=recovery.current(owner),
        name=names.clean(name),
        created=time.time(),
        kind=found.kind,
        mime=found.mime,
        size=found.size,
        duration=found.duration,
        channels=found.channels,
        sample_rate=found.sample_rate,
        dated=dated and dated.at,
        dated_by=dated and dated.kind,
        tracks=tracks.as_rows(several),
        seekable=found.seekable,
    )


def with_tracks(recording: Recording) -> Recording:
    """Return the recording with its `tracks`. If an older version has stored no tracks, find and save the tracks first.

    Raises the errors of `decoder.probe`.
    """
    if recording.tracks is not None:
        return recording
    from stt.audio import track_choice

    _, several = track_choice.inspect(recording.path, recording.name)
    rows = tracks.as_rows(several)
    queries.write(recordings.update().where(recordings.c.id == recording.id).values(tracks=rows))
    return replace(recording, tracks=rows)


def keep(part: Path, recording: Recording, together: Callable[[sa.Connection], None] | None = None) -> None:
    """Move the file `part` into the store, and record it.

    `together` runs in the transaction that inserts the row. After an error there is no row, and the file is back at
    `part`. If the process is killed before the row is inserted, the stored file is removed after STALE_SECONDS. Raises
    DiskFull if a disk has no space left, and StorageUnavailable if the remote store fails.
    """
    with database().begin() as connection:
        removals.note(connection, removals.AUDIO, recording.id, after=STALE_SECONDS)
    try:
        with disk_errors():
            audio_files.save(part, recording.id)
        with database().begin() as connection:
            row = {column.name: getattr(recording, column.name) for column in recordings.columns}
            connection.execute(recordings.insert().values(row))
            if together is not None:
                together(connection)
            removals.mark_removed(connection, removals.AUDIO, recording.id)
    except BaseException:
        audio_files.restore(recording.id, part)
        with suppress(*DB_UNAVAILABLE):  # if the database is unavailable, the file is removed after STALE_SECONDS
            removals.remove_audio(recording.id)
        raise


def check_length(name: str, seconds: float | None) -> None:
    """Raise TooLarge if a recording is longer than the host allows. `seconds` is None if the length is unknown."""
    longest = settings().max_duration_minutes
    if seconds is not None and seconds > longest * 60:
        raise TooLarge(
            f"“{name}” is {seconds / 60:,.1f} minutes long. "
            f"The limit is {longest:,} {'minute' if longest == 1 else 'minutes'}."
        )


def find(recording_id: str | None, owner: str | None) -> Recording:
    """Return the recording if `owner` owns it; `owner=None` skips that check. Raises NotFound if there is none."""
    recording = find_or_none(recording_id, owner)
    if recording is None:
        raise NotFound("There is no such recording.")
    return recording


def find_or_none(recording_id: str | None, owner: str | None) -> Recording | None:
    """Return the recording that `find` returns, or None where `find` raises NotFound."""
    query = recordings.select().where(recordings.c.id == recording_id)
    if owner is not None:
        query = query.where(recordings.c.owner == owner)
    row = queries.one(query)
    return Recording(**row._mapping) if row else None


def all_of(owner: str) -> list[Recording]:
    """Return all recordings of `owner`, oldest first."""
    query = recordings.select().where(recordings.c.owner == owner).order_by(recordings.c.created)
    return [Recording(**row._mapping) for row in queries.rows(query)]


def find_all(ids: list[str], owner: str, *, unused: bool = False) -> list[Recording]:
    """Return the owner's recordings whose ids are in `ids`, in the order of `ids`.

    With `unused`, return only recordings without a transcription.
    """
    if not ids:  # SQLAlchemy fails on an empty list while another thread imports its ORM
        return []
    query = recordings.select().where(recordings.c.id.in_(ids), recordings.c.owner == owner)
    if unused:
        query = query.where(_is_unused())
    known = {row.id: Recording(**row._mapping) for row in queries.rows(query)}
    return [known[i] for i in ids if i in known]


def unused_ids(owner: str) -> list[str]:
    """Return the ids of the owner's recordings without a transcription, oldest first."""
    query = sa.select(recordings.c.id).where(recordings.c.owner == owner, _is_unused()).order_by(recordings.c.created)
    return queries.values(query)


def _is_unused() -> sa.ColumnElement[bool]:
    """Return the condition that a recording has no transcription."""
    used = sa.select(transcriptions.c.recording_id).where(transcriptions.c.recording_id.is_not(None))
    return recordings.c.id.not_in(used)


def remove(recording_id: str, owner: str, *only: sa.ColumnElement[bool]) -> None:
    """Delete a recording and its file, if the recording exists, is the owner's, and fulfils the conditions `only`.

    The row is deleted at once. If the store is unavailable, the file is deleted later.
    """
    with database().begin() as connection:
        deleted = delete(connection, recording_id, owner, *only)
    if deleted:
        removals.remove_audio(recording_id)


def remove_unused(recording_id: str, owner: str) -> None:
    """Delete a recording and its file as `remove` does, but keep a recording that has a transcription."""
    remove(recording_id, owner, _is_unused())


def delete(connection: sa.Connection, recording_id: str, owner: str, *only: sa.ColumnElement[bool]) -> bool:
    """Delete the row of the owner's recording, if the row fulfils the conditions `only`; return whether it was deleted.

    `connection` has the open transaction to use. After this transaction, the caller must call `removals.remove_audio`.
    """
    mine = sa.and_(recordings.c.id == recording_id, recordings.c.owner == owner, *only)
    of_it = sa.select(copies.c.track).where(copies.c.id == recording_id)
    made = [copy_name(recording_id, track) for track in connection.execute(of_it).scalars()]
    if not connection.execute(recordings.delete().where(mine)).rowcount:
        return False
    for name in (recording_id, *made):
        removals.mark_removed(connection, removals.AUDIO, name)  # `note` keeps an older note, which may be due later
        removals.note(connection, removals.AUDIO, name)
    if made:
        removals.note(connection, removals.JOB, recording_id)
    removals.note_pages(connection, removals.RECORDS, recording_id)
    removals.wakeup.set()
    return True


def lock(connection: sa.Connection, recording_id: str) -> None:
    """Lock the row of a recording, if it exists, until the transaction of `connection` ends.

    Call this before the recording's other jobs are counted. Otherwise, on PostgreSQL, two transactions that delete its
    last two jobs would each still see the job of the other. SQLite is locked by `lock_sqlite`.
    """
    this = sa.select(recordings.c.id).where(recordings.c.id == recording_id)
    connection.execute(this.with_for_update(key_share=True))


def copy_name(recording_id: str, track: str) -> str:
    """Return the name of a playback copy in the store. The part before the first dot is the recording's id."""
    return f"{recording_id}.{track}.m4a" if track else f"{recording_id}.m4a"


def existing(connection: sa.Connection, ids: Collection[str]) -> set[str]:
    """Return those of the `ids` for which a recording of any owner exists."""
    return set(connection.execute(sa.select(recordings.c.id).where(recordings.c.id.in_(list(ids)))).scalars())


def clean_incoming(*, at_start: bool = False) -> None:
    """Delete unfinished uploads whose last bytes arrived more than STALE_SECONDS ago.

    With `at_start`, on SQLite, delete all that earlier processes have left. This process may already be receiving
    uploads, because the server starts before the job engine. No other process can be receiving any: only with
    PostgreSQL do several processes use a data folder.
    """
    before = _LOADED if at_start and not settings().database_url else time.time() - STALE_SECONDS
    for part in folder("incoming").iterdir():
        with suppress(FileNotFoundError):  # the upload was finished meanwhile
            if part.stat().st_mtime < before:
                part.unlink()


def megabytes(size: int) -> str:
    """Return `size`, a number of bytes, as text with a suitable unit, such as "3.4 MB"."""
    for unit, bytes_each in (("GB", 1 << 30), ("MB", 1 << 20), ("kB", 1 << 10)):
        if size >= bytes_each:
            return f"{size / bytes_each:.1f} {unit}".replace(".0 ", " ")
    return f"{size} bytes"


@contextmanager
def disk_errors() -> Iterator[None]:
    """Convert an OSError to DiskFull if it reports that no space is left."""
    try:
        yield
    except OSError as error:
        if error.errno in paths.FULL:
            raise DiskFull("The server's disk has no space left for this recording.") from error
        raise
