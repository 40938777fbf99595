"""Test that the alignment of a given text continues after the server was killed."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from stt import kinds
from stt.db.tables import transcripts as table
from stt.store import recordings, records, transcripts
from stt.store.records import Job
from stt.transcript.model import Segment, Transcript
from tests import audio
from tests.server import Server
from tests.transcripts import sharing_data_with
from tests.waiting import until

OWNER = "visitor:killed"
TIMES = 10  # how often the 11 s recording is repeated: nearly two minutes


def store_job(sound: Path, given: Transcript) -> str:
    """Store a job that aligns `given`, and do not queue it, as if the server was killed just after the create.

    Return the job id.
    """
    recording, now = recordings.take_in(sound, OWNER), time.time()
    facts = dict.fromkeys(Job.__dataclass_fields__) | {
        "id": recordings.new_id(), "owner": OWNER, "recording_id": recording.id, "title": "Talk",
        "duration": recording.duration, "model": kinds.IMPORTED, "engine": kinds.ALIGNMENT,
        "options": {"language": "en"}, "state": kinds.QUEUED, "attempt": 1, "priority": 1, "created": now, "queued": now,
        "worked": 0.0, "seconds_done": 0.0, "provenance": {"brought_from": "talk.txt"},
    }  # fmt: skip

    def store_text(connection: sa.Connection) -> None:
        row = {"id": facts["id"], "transcript": given.to_dict(), "text": given.text}
        connection.execute(table.insert().values(row))

    records.insert(Job(**facts), also=store_text)
    return str(facts["id"])


def test_text_is_aligned_after_kills_during_decoding_and_alignment(tmp_path: Path):
    sound = audio.write(tmp_path / "long.flac", np.tile(audio.samples(audio.JFK), TIMES))
    given = Transcript(tuple(Segment(0, 0, audio.JFK_WORDS.capitalize() + ".") for _ in range(TIMES)), timed=False)
    server = Server(tmp_path / "data")
    with sharing_data_with(server):
        id = store_job(sound, given)
        with server:
            until(lambda: len(transcripts.chunks_of(id)) == 1, 120)
            server.kill()
            first = transcripts.chunk(id, 1)
            assert transcripts.transcript_of(id) == given, "the text is there meanwhile"
            server.start()
            until(lambda: records.load(id, OWNER).stage == "Aligning", 240)
            server.kill()
            assert transcripts.chunk(id, 1) == first, "not decoded again"
            server.start()
            until(lambda: not records.load(id, OWNER).pending, 240)
        job, found = records.load(id, OWNER), transcripts.transcript_of(id)
    assert job.state == kinds.DONE and job.provenance["brought_from"] == "talk.txt"
    assert found.text == given.text and found.timed and len(found.words) == given.word_count
    starts = [word.start for word in found.words]
    assert starts == sorted(starts)
    expected = [number * 11.0 for number in range(TIMES)]
    asks = [word.start for word in found.words if word.text.strip() == "And"]
    assert np.median(np.abs(np.subtract(asks, expected))) < 1.0
