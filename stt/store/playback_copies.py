"""Find the file that a browser plays: the original recording or a playback copy.

The original is played if every browser can seek it exactly, and no particular track is chosen. Each copy is made once
(see `stt.background.playback.copying`), stored beside the original, and deleted together with the recording.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from stt.audio import tracks
from stt.db import queries
from stt.db.tables import copies
from stt.store import audio_files, recordings
from stt.store.recordings import Recording

ORIGINAL, MAKING, READY, FAILED = "original", "making", "ready", "failed"
MIME = "audio/mp4"


@dataclass(frozen=True, slots=True)
class Playback:
    """The state of the file that a browser plays; `percent` is the progress while the copy is being made."""

    state: str
    percent: int = 0


def track_of(recording: Recording, options: dict[str, Any]) -> str:
    """Return the track to play for a job with these options: a number, "all", or "" for the default track."""
    several, choice = tracks.of_rows(recording.tracks), str(options.get("track") or "")
    known = {str(track.number) for track in several if not track.chosen}
    return choice if several and (choice == tracks.ALL or choice in known) else ""


def playback_of(recording: Recording, track: str) -> Playback | None:
    """Return the state of the file that plays a track; None if a copy is needed, but not begun yet."""
    if recording.seekable and not track:
        return Playback(ORIGINAL)
    c = copies.c
    query = sa.select(c.state, c.percent).where(c.id == recording.id, c.track == track)
    row = queries.one(query)
    return Playback(row.state, row.percent) if row else None


def copy_of(recording: Recording, track: str) -> Path | None:
    """Return the path of the playback copy on this machine; None if it is not ready.

    Raises StorageUnavailable if the remote store fails.
    """
    sound = playback_of(recording, track)
    if sound is None or sound.state != READY:
        return None
    path = audio_files.local(recordings.copy_name(recording.id, track))
    return path if path.exists() else None
