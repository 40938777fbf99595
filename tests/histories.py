"""Add jobs to an owner's history, and list the titles in the history."""

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
_priority = itertools.count(1)


def add(owner: str, title: str = "Talk", text: str | None = None, **values) -> str:
    """Add a job and return its id. If `text` is given, the job is finished with this text, otherwise it is running."""
    now = time.time()
    facts = {field: None for field in Job.__dataclass_fields__} | {
        "id": new_id(), "owner": owner, "title": title, "model": "whisper-base", "engine": "on-device", "options": {},
        "state": kinds.WORKING, "attempt": 1, "priority": next(_priority), "created": now, "queued": now, "worked": 0.0,
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
