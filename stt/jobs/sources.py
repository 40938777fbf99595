"""Check that a recording has the tracks that a new job is to transcribe."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from stt import kinds
from stt.audio import tracks
from stt.db import undo
from stt.store import recordings
from stt.store.recordings import Recording


def check_track(recording: Recording, track: str | None, engine: str) -> None:
    """Raise BadOption if a job on `engine` cannot transcribe the chosen track, or each track as a speaker."""
    if track:
        several = tracks.of_rows(recording.tracks)
        tracks.check(several, track)
        if engine == kinds.PROVIDER:
            tracks.check_fits(several, track)


def take_in(path: Path, owner: str, track: str | None, engine: str) -> Recording:
    """Copy a local file into the store and return its recording.

    Raises the errors of `recordings.take_in` and of `check_track`; no copy is left then.
    """
    recording = recordings.take_in(path, owner)
    try:
        check_track(recording, track, engine)
    except BaseException:
        undo.until_done(partial(recordings.remove, recording.id, recording.owner))
        raise
    return recording
