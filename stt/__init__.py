"""Speech to text: `create` a job, `get` it, `cancel` it, `retry` it.

from pathlib import Path
import stt

generation_id = stt.create(Path("talk.mp3"))
progress = stt.get(generation_id)      # .state, .text so far, .transcript once it is "done"

`create` and `retry` start the job engine, which runs open jobs until the process ends. `get` only reads.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["Transcript", "cancel", "create", "get", "retry"]

_HOMES = {name: "stt.jobs.service" for name in ("create", "get", "cancel", "retry")} | {
    "Transcript": "stt.transcript.model"
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that reading a setting does not import the job engine."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'stt' has no attribute {name!r}")
