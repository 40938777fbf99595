"""Create, list and revoke share links. A link lets anybody read one transcript until the link expires or is revoked.

A link contains a token, of which only the hash is stored, so the link can be shown only when it is created. The page
behind a link shows the title, the transcript and, if the owner wants, the audio and the notes.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass

import sqlalchemy as sa

from stt import kinds
from stt.auth import tokens
from stt.db import queries
from stt.db.tables import shares, transcriptions
from stt.errors import BadOption, NotFound
from stt.library import versions
from stt.notes import book
from stt.store import records, transcripts
from stt.store.recordings import Recording
from stt.store.records import Job
from stt.transcript.model import Transcript
from stt.transcript.notes import Note

MAX_DAYS = 366  # maximum lifetime of a link, days
DAY = 24 * 3600  # seconds
ASK_SENDER = "The link has expired, was revoked, or is incomplete. Ask the sender for a new one."


@dataclass(frozen=True, slots=True)
class Share:
    """A share link without its token. `audio` and `notes` say whether they are shared; times are seconds since 1970."""

    id: str
    transcription_id: str
    audio: bool
    notes: bool
    created: float
    ends: float

    @property
    def ended(self) -> bool:
        return time.time() >= self.ends


@dataclass(frozen=True, slots=True)
class Shared:
    """Hold what the page behind a share link shows. `duration` is in seconds.

    `audio` is true if the link shares the audio, the audio still exists, and its store answers. `notes` is empty if the
    link does not share the notes.
    """

    title: str
    duration: float
    language: str | None
    transcript: Transcript
    audio: bool
    notes: tuple[Note, ...] = ()


_COLUMNS = [shares.c[name] for name in ("id", "transcription_id", "audio", "notes", "created", "ends")]


def create(generation_id: str, owner: str, *, days: int, audio: bool, notes: bool = False) -> str:
    """Create a share link and return its token: 256 random bits, of which only a hash is stored.

    Raises NotFound if the owner has no such transcript, BadOption if the transcript is not finished or `days` is not
    from 1 to MAX_DAYS.
    """
    if records.load(generation_id, owner).state != kinds.DONE:
        raise BadOption("This transcript is not finished yet.", guidance="Share it once it is done.")
    if not 1 <= days <= MAX_DAYS:
        raise BadOption(f"A link cannot last {days} days.", guidance=f"Choose 1 to {MAX_DAYS}.")
    token, now = secrets.token_urlsafe(32), time.time()
    row = {
        "id": secrets.token_urlsafe(12),
        "transcription_id": generation_id,
        "hash": tokens.hash_of(token),
        "audio": audio,
        "notes": notes,
        "created": now,
        "ends": now + days * DAY,
    }
    queries.write(shares.insert().values(row))
    return token


def all_of(generation_id: str, owner: str) -> list[Share]:
    """Return the share links of a transcript, newest first, including expired links.

    Raises NotFound if the owner has no such transcript.
    """
    records.load(generation_id, owner)
    query = sa.select(*_COLUMNS).where(shares.c.transcription_id == generation_id).order_by(shares.c.created.desc())
    return [Share(*row) for row in queries.rows(query)]


def revoke(share_id: str, owner: str) -> None:
    """Revoke a share link. Raises NotFound if the owner has no such link."""
    mine = sa.select(transcriptions.c.id).where(transcriptions.c.owner == owner)
    where = sa.and_(shares.c.id == share_id, shares.c.transcription_id.in_(mine))
    if not queries.write(shares.delete().where(where)):
        raise NotFound("There is no such link.", guidance="It may have been revoked already.")


def shared(token: str) -> Shared:
    """Return what the link with this token shows, with the newest corrections.

    Raises NotFound if the link was revoked or has expired, or if its transcript was deleted or is not finished.
    """
    share, job = _find(token)
    transcript = transcripts.transcript_of(job.id)
    return Shared(
        job.title,
        job.duration or transcript.duration,
        job.language,
        transcript,
        share.audio and versions.has_sound(job),
        tuple(book.of(job.id, None)) if share.notes else (),
    )


def audio_of(token: str) -> tuple[Recording, Job]:
    """Return the recording that the link with this token shares, and its job.

    Raises NotFound in the cases of `shared`, and if the link shares no audio or the audio was deleted. Raises
    StorageUnavailable if the remote store fails.
    """
    share, job = _find(token)
    recording = versions.recording_of(job) if share.audio else None
    if recording is None:
        raise NotFound("This link has no sound.", guidance=ASK_SENDER)
    return recording, job


def _find(token: str) -> tuple[Share, Job]:
    live = sa.select(*_COLUMNS).where(shares.c.hash == tokens.hash_of(token), shares.c.ends > time.time())
    row = queries.one(live)
    if row is None:
        raise NotFound("This link shows nothing.", guidance=ASK_SENDER)
    share = Share(*row)
    try:
        job = records.load(share.transcription_id, None)
    except NotFound as error:
        raise NotFound("This link shows nothing.", guidance=ASK_SENDER) from error
    if job.state != kinds.DONE:
        raise NotFound("The transcript behind this link is not finished.", guidance=ASK_SENDER)
    return share, job
