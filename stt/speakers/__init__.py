"""Diarization on this machine: who speaks when in a recording.

`load` finds and loads the models. `analyse` analyses one chunk and returns plain data for a checkpoint. `diarize` finds
the speakers from the analyses of all chunks. The number of speakers is given or estimated. `split` splits one speaker
into two. `label` assigns a speaker to each word of a transcript. `likeness` compares two voiceprints. This package does
not depend on jobs, pages or the database.
"""

from __future__ import annotations

from collections.abc import Callable

from stt.settings import Settings
from stt.speakers import weights as _weights
from stt.speakers.chunks import analyse
from stt.speakers.models import Models
from stt.speakers.turns import MOST, Diarization, Speaker, Turn, diarize, split
from stt.speakers.voiceprints import likeness
from stt.speakers.words import Attribution, label, of_words

__all__ = [
    "MOST",
    "Attribution",
    "Diarization",
    "Models",
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
    """Load the models. If they are not on this machine, download them first.

    `report` receives the progress of the download in percent. `check_cancelled` is called during the download and may
    raise an exception to stop it. Raises SpeakerModelsError if the models are missing, altered or unreadable, DiskFull
    if the disk has no room for them, and DataFolderError if they cannot be written to the data folder.
    """
    return Models(_weights.find(settings, report, check_cancelled), threads)
