"""Return how fast this server transcribes with a model: the measured speed, or an estimate from Whisper base."""

from __future__ import annotations

from stt.aiml.catalog import LOCAL
from stt.models import known
from stt.store import records

ASSUMED = 10.0  # assumed speed of Whisper base until it is measured, seconds of audio per second


def usual(model: str) -> float:
    """Return the seconds of audio that a model transcribes per second, measured in its last jobs on this server.

    If no job of the model was measured, its speed is estimated from the speed of Whisper base.
    """
    pace = known.find(model).pace if model.startswith(known.PREFIX) else 1.0
    return records.usual_speed(model, records.usual_speed(LOCAL, ASSUMED) * pace)


def is_measured(model: str) -> bool:
    """Return whether this server has measured the speed of a model."""
    return records.usual_speed(model, 0.0) > 0
