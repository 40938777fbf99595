"""Add transcripts to a history, and list them."""

from __future__ import annotations

import itertools
import time

from stt import kinds
from stt.library import history
from stt.store import records
from stt.store.recordings import new_id
from stt.store.records import Job
from stt.transcript.model import Segment, Transcript

AUSTEN = (
    "He was not an ill-disposed young man, unless to be rather cold-hearted, and rather selfish, is to be ill-disposed."
)
_turn = itertools.count(1)


def add(owner: str, title: str = "Talk", text: str | None = None, **values) -> str:
    """Add a transcription, finished if it has a text, and return its id."""
    now = time.time()
    facts = {field: None for field in Job.__dataclass_fields__} | {
        "id": new_id(), "owner": owner, "title": title, "model": "whisper-base", "engine": "on-device", "options": {},
        "state": kinds.WORKING, "attempt": 1, "turn": next(_turn), "created": now, "queued": now, "worked": 0.0,
        "seconds_done": 0.0,
    }  # fmt: skip
    records.insert(Job(**(facts | values)))
    if text is not None:
        duration = values.get("duration", 10.0)
        transcript = Transcript((Segment(0.0, duration, text),), duration=duration, language=values.get("language"))
        assert records.finish(records.load(facts["id"], owner), transcript)
    return facts["id"]


def titles(owner: str, **filters) -> list[str]:
    return [job.title for job in history.find(owner, **filters)]
