"""Tell the player which models and languages, and what vocabulary, it can offer to transcribe a passage again."""

from __future__ import annotations

from typing import Any

from stt import kinds
from stt.background.passages import results
from stt.guard import base_path
from stt.jobs import passages
from stt.library import vocabulary
from stt.models import known
from stt.store.records import Job
from stt.transcript.languages import LANGUAGES


def choices(job: Job) -> dict[str, Any]:
    """Return the player's argument `passages`; empty if passages of this transcript cannot be transcribed again."""
    models = passages.models(job) if job.state == kinds.DONE else []
    if not models:
        return {}
    chosen = next((model for model in models if model.id == job.model), models[0])
    spoken = str(job.options.get("language") or "")
    argument = {
        "address": base_path.at(f"/transcripts/{job.id}/passage"),
        "models": [{"id": m.id, "name": m.name, "english": known.find(m.id).english} for m in models],
        "model": chosen.id,
        "languages": sorted(LANGUAGES.items(), key=lambda language: language[1]),
        "language": spoken if spoken in LANGUAGES else "",
        "vocabulary": "\n".join(term.line for term in vocabulary.terms_of(job.owner)),
        "open": results.of(job.id) is not None,
    }
    return {"passages": argument}
