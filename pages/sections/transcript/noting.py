"""Notes in the player: those there are, and where it sends new ones."""

from __future__ import annotations

from typing import Any

from stt.guard import base_path
from stt.notes import book
from stt.store.records import Job


def noting(job: Job) -> dict[str, Any]:
    """Return what the player needs so that its owner can take notes."""
    return {"notes": book.of(job.id, job.owner), "noting": base_path.at(f"/transcripts/{job.id}/notes")}
