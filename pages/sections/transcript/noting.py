"""Provide the player with the notes, and the address for new ones."""

from __future__ import annotations

from typing import Any

from stt.guard import base_path
from stt.notes import book
from stt.store.records import Job


def noting(job: Job) -> dict[str, Any]:
    """Return the player's arguments that let the owner make notes."""
    return {"notes": book.of(job.id, job.owner), "noting": base_path.at(f"/transcripts/{job.id}/notes")}
