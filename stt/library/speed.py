"""Estimate how fast this machine transcribes: measured if possible, else estimated from the model's size."""

from __future__ import annotations

from stt.aiml.catalog import LOCAL
from stt.models import known
from stt.store import records

ASSUMED = 10.0  # assumed speed of base, times real time, until this server has measured it


def usual(model: str) -> float:
    """Return the seconds of audio that a model transcribes per second, from its last jobs here.

    A Whisper model without jobs so far is estimated from the speed of base.
    """
    pace = known.find(model).pace if model.startswith(known.PREFIX) else 1.0
    return records.usual_speed(model, records.usual_speed(LOCAL, ASSUMED) * pace)


def is_measured(model: str) -> bool:
    """Return whether a model's speed has been measured here."""
    return records.usual_speed(model, 0.0) > 0
