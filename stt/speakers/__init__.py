"""Find who speaks when in a recording, on this machine.

`load` finds the models and loads them. `analyse` analyses one chunk; its result is plain data for a checkpoint.
`diarize` finds the speakers of all chunks together, their number estimated or given, `split` splits one of them into
two, and `label` assigns a speaker to each word of a transcript. `likeness` compares voiceprints. Nothing here depends
on jobs, pages or the database.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from stt.settings import Settings
from stt.speakers import chunks as _chunks
from stt.speakers import turns as _turns
from stt.speakers import weights as _weights
from stt.speakers.chunks import analyse
from stt.speakers.models import Models
from stt.speakers.turns import MOST, Diarization, Speaker, Turn
from stt.speakers.voiceprints import likeness
from stt.speakers.words import Said, label, of_words

__all__ = [
    "MOST",
    "Diarization",
    "Models",
    "Said",
    "Speaker",
    "Turn",
    "analyse",
    "diarize",
    "label",
    "likeness",
    "load",
    "of_words",
    "split",
]


def load(
    settings: Settings,
    report: Callable[[int], None] = lambda percent: None,
    check_cancelled: Callable[[], None] = lambda: None,
    threads: int | None = None,
) -> Models:
    """Load the models. If they are not on this machine, download them first and report the percent.

    Raises SpeakerModelsError, DiskFull, DataFolderError, and what `check_cancelled` raises.
    """
    return Models(_weights.find(settings, report, check_cancelled), threads)


def diarize(chunks: Sequence[dict[str, Any]], speakers: int | None = None) -> Diarization:
    """Find who speaks when from the results of `analyse`, in order of time.

    `speakers` is their number, 1 to MOST, or None to estimate it. If fewer can be distinguished, the result has fewer.
    Raises ValueError for another number.
    """
    if speakers is not None and not 1 <= speakers <= MOST:
        raise ValueError(f"speakers must be 1 to {MOST}")
    return _turns.diarize([_chunks.Chunk.from_dict(chunk) for chunk in chunks], speakers)


def split(chunks: Sequence[dict[str, Any]], diarization: Diarization, speaker: int) -> Diarization:
    """Split one speaker of a diarization of these chunks in two: the new one gets the next number, others stay."""
    return _turns.split([_chunks.Chunk.from_dict(chunk) for chunk in chunks], diarization, speaker)
