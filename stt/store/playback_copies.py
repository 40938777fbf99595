"""What a browser plays of a recording: the original where every browser seeks it exactly, else its playback copy.

A copy is made once (see `stt.playback.copying`), lies where the recording lies, and goes with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from stt.audio import tracks
from stt.db.engine import database
from stt.db.tables import copies
from stt.store import audio_files, recordings
from stt.store.recordings import Recording

ORIGINAL, MAKING, READY, FAILED = "original", "making", "ready", "failed"
MIME = "audio/mp4"


@dataclass(frozen=True, slots=True)
class Sound:
    """What there is to play; `percent` of a copy in the making."""

    state: str
    percent: int = 0


def track_of(recording: Recording, options: dict[str, Any]) -> str:
    """Return which track of a recording is to be heard with a job of these options, as copies are named by it."""
    several, choice = tracks.of_rows(recording.tracks), str(options.get("track") or "")
    known = {str(track.number) for track in several if not track.chosen}
    return choice if several and (choice == tracks.ALL or choice in known) else ""


def sound_of(recording: Recording, track: str) -> Sound | None:
    """Return what there is to play of this track; None where nobody has begun to make it."""
    if recording.seekable and not track:
        return Sound(ORIGINAL)
    c = copies.c
    query = sa.select(c.state, c.percent).where(c.id == recording.id, c.track == track)
    with database().connect() as connection:
        row = connection.execute(query).one_or_none()
    return Sound(row.state, row.percent) if row else None


def copy_of(recording: Recording, track: str) -> Path | None:
    """Return the playback copy on this machine, None where there is none. Raises StorageUnavailable."""
    sound = sound_of(recording, track)
    if sound is None or sound.state != READY:
        return None
    path = audio_files.local(recordings.copy_name(recording.id, track))
    return path if path.exists() else None
