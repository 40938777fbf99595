"""Links with which anybody can read one transcript: made once and shown once, kept as a hash, ended or withdrawn.

Whoever opens one sees the title, the words and, if the owner wants it, hears the audio: nothing else of the owner.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass

import sqlalchemy as sa

from stt import kinds
from stt.db.engine import database
from stt.db.tables import shares, transcriptions
from stt.errors import BadOption, NotFound
from stt.store import recordings, records, transcripts
from stt.store.recordings import Recording
from stt.store.records import Job
from stt.transcript.model import Transcript

LONGEST = 366  # days that a link may last
DAY = 24 * 3600  # seconds
GONE = "The link has ended, was withdrawn, or is not whole. Ask whoever sent it for a new one."


@dataclass(frozen=True, slots=True)
class Share:
    """A link without its secret. `created` and `ends` in seconds since 1970."""

    id: str
    transcription_id: str
    audio: bool
    created: float
    ends: float

    @property
    def ended(self) -> bool:
        return time.time() >= self.ends


@dataclass(frozen=True, slots=True)
class Shared:
    """What a link shows. `duration` in seconds; `audio`: whether the sound is part of it, and still there."""

    title: str
    duration: float
    language: str | None
    transcript: Transcript
    audio: bool


_COLUMNS = [shares.c[name] for name in ("id", "transcription_id", "audio", "created", "ends")]


def make(generation_id: str, owner: str, *, days: int, audio: bool) -> str:
    """The token of a new link: 256 random bits, nowhere but in this answer. Raises NotFound, BadOption."""
    if records.load(generation_id, owner).state != kinds.DONE:
        raise BadOption("This transcript is not finished yet.", guidance="Share it once it is done.")
    if not 1 <= days <= LONGEST:
        raise BadOption(f"A link cannot last {days} days.", guidance=f"Choose 1 to {LONGEST}.")
    token, now = secrets.token_urlsafe(32), time.time()
    row = {
        "id": secrets.token_urlsafe(12),
        "transcription_id": generation_id,
        "hash": _hash(token),
        "audio": audio,
        "created": now,
        "ends": now + days * DAY,
    }
    with database().begin() as connection:
        connection.execute(shares.insert().values(row))
    return token


def all_of(generation_id: str, owner: str) -> list[Share]:
    """The links to this transcript, newest first, also those that have ended. Raises NotFound."""
    records.load(generation_id, owner)
    query = sa.select(*_COLUMNS).where(shares.c.transcription_id == generation_id).order_by(shares.c.created.desc())
    with database().connect() as connection:
        return [Share(**row) for row in connection.execute(query).mappings()]


def withdraw(share_id: str, owner: str) -> None:
    """From now on the link shows nothing. Raises NotFound, also when it is somebody else's."""
    mine = sa.select(transcriptions.c.id).where(transcriptions.c.owner == owner)
    where = sa.and_(shares.c.id == share_id, shares.c.transcription_id.in_(mine))
    with database().begin() as connection:
        if not connection.execute(shares.delete().where(where)).rowcount:
            raise NotFound("There is no such link.", guidance="It may have been withdrawn already.")


def shared(token: str) -> Shared:
    """What the link with this token shows, as it is corrected by now. Raises NotFound."""
    share, job = _find(token)
    transcript = transcripts.transcript_of(job.id)
    return Shared(
        job.title,
        job.duration or transcript.duration,
        job.language,
        transcript,
        share.audio and sound_of(job) is not None,
    )


def audio_of(token: str) -> tuple[Recording, Job]:
    """The recording that the link with this token lets hear, and the job of its words. Raises NotFound."""
    share, job = _find(token)
    recording = sound_of(job) if share.audio else None
    if recording is None:
        raise NotFound("This link has no sound.", guidance=GONE)
    return recording, job


def _find(token: str) -> tuple[Share, Job]:
    live = sa.select(*_COLUMNS).where(shares.c.hash == _hash(token), shares.c.ends > time.time())
    with database().connect() as connection:
        row = connection.execute(live).mappings().first()
    if row is None:
        raise NotFound("This link shows nothing.", guidance=GONE)
    share = Share(**row)
    try:
        job = records.load(share.transcription_id, None)
    except NotFound as error:
        raise NotFound("This link shows nothing.", guidance=GONE) from error
    if job.state != kinds.DONE:
        raise NotFound("This link shows nothing for now.", guidance=GONE)
    return share, job


def sound_of(job: Job) -> Recording | None:
    """The kept recording of a job, or None."""
    try:
        recording = recordings.find(job.recording_id or "", job.owner)
    except NotFound:
        return None
    return recording if recording.kept else None


def _hash(token: str) -> str:
    # No salt and no slow hash: the token is random and long, so there is nothing to guess.
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
