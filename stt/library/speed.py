"""Estimate how fast this machine transcribes: measured where it can be, else by the size of the model."""

from __future__ import annotations

from stt.aiml.catalog import LOCAL
from stt.models import known
from stt.store import records

ASSUMED = 10.0  # times real time, of base, until this server has measured its own


def usual(model: str) -> float:
    """Return the seconds of audio that a model transcribes per second, from its last jobs here.

    A Whisper model that has done none yet is estimated from the speed of base.
    """
    pace = known.find(model).pace if model.startswith(known.PREFIX) else 1.0
    return records.usual_speed(model, records.usual_speed(LOCAL, ASSUMED) * pace)


def is_measured(model: str) -> bool:
    """Return whether a model has done enough here to be measured."""
    return records.usual_speed(model, 0.0) > 0
