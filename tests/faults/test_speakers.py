"""Test that diarization resumes where it stopped after the server was killed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import sqlalchemy as sa

from stt.background import attempts
from stt.background.diarization import results
from stt.db.engine import database
from stt.db.tables import diarizations
from stt.store import records
from stt.store.transcripts import transcript_of
from tests import audio, conversations, transcripts
from tests.server import Server
from tests.waiting import until

OWNER = "visitor:killed"


def test_diarization_resumes_after_the_server_was_killed(tmp_path: Path, speaker_models: Path):
    talk = conversations.conversation(["1688", "2609"], seed=5, turns=8)
    sound = audio.write(tmp_path / "long.flac", np.tile(talk.samples, round(700 / talk.duration)))
    server = Server(tmp_path / "data", STT_SPEAKER_MODELS=str(speaker_models))
    with transcripts.sharing_data_with(server):
        id = transcripts.of_conversation(talk, sound, OWNER)
        recording = records.load(id, OWNER).recording_id
        assert results.next_attempt(id, 2)
        with server:  # at its start, the server finds the stored search for speakers, and begins it
            until(lambda: results.analysed(recording, "")[0] >= 1, 120)
            server.kill()
            done, complete = results.analysed(recording, "")
            first = results.analyses_of(recording, "")[:done]
            assert not complete and results.search_of(id).state == attempts.WORKING
            server.start()
            assert until(lambda: not results.search_of(id).is_open, 600)
        assert results.search_of(id).state == attempts.DONE
        assert results.analyses_of(recording, "")[:done] == first and results.analysed(recording, "")[1]
        with database().connect() as connection:
            assert connection.execute(sa.select(diarizations.c.tries)).scalar_one() == 2
        assert transcript_of(id).speakers == ["Speaker 1", "Speaker 2"]
