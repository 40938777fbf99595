"""Find who speaks when in a recording, on this machine.

`load` finds the models and loads them. `analyse` analyses one chunk; its result is plain data for a checkpoint.
`diarize` finds the speakers of all chunks together, their number estimated or given, `split` splits one of them into
two, and `label` assigns a speaker to each word of a transcript. `likeness` compares voiceprints. Nothing here depends
on jobs, pages or the database.
"""

from __future__ import annotations

from collections.abc import Callable

from stt.settings import Settings
from stt.speakers import weights as _weights
from stt.speakers.chunks import analyse
from stt.speakers.models import Models
from stt.speakers.turns import MOST, Diarization, Speaker, Turn, diarize, split
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
