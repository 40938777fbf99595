"""Define the tables of the database.

Each change of a table needs a migration in `stt/db/migrations`; a test checks that the migrations create these tables.
Unless a comment at a column says otherwise, times are seconds since 1970 (UTC), lengths are seconds of audio, and sizes
are bytes.
"""

from stt.db.tables.jobs import (
    chunks,
    crashes,
    creates,
    diarizations,
    executors,
    removals,
    transcriptions,
    usage,
    webhook_deliveries,
    webhook_jobs,
    webhooks,
)
from stt.db.tables.media import analyses, copies, recordings, waveforms
from stt.db.tables.metadata import metadata
from stt.db.tables.owners import (
    browsers,
    dismissals,
    merges,
    recovery_codes,
    sign_ins,
    tokens,
    vocabulary,
    voices,
    word_corrections,
)
from stt.db.tables.texts import corrections, notes, passages, revisions, shares, tags, transcripts

__all__ = [
    "analyses",
    "browsers",
    "chunks",
    "copies",
    "corrections",
    "crashes",
    "creates",
    "diarizations",
    "dismissals",
    "executors",
    "merges",
    "metadata",
    "notes",
    "passages",
    "recordings",
    "recovery_codes",
    "removals",
    "revisions",
    "shares",
    "sign_ins",
    "tags",
    "tokens",
    "transcriptions",
    "transcripts",
    "usage",
    "vocabulary",
    "voices",
    "waveforms",
    "webhook_deliveries",
    "webhook_jobs",
    "webhooks",
    "word_corrections",
]
