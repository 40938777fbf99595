"""Test that a playback copy is completed after the server was killed while it made the copy."""

from __future__ import annotations

from pathlib import Path

import requests

from stt.auth import visitors
from stt.files import paths
from stt.store import playback_copies, recordings, records
from stt.transcript.model import Segment, Transcript
from tests import audio, formats, transcripts
from tests.server import Server
from tests.waiting import until

VISITOR = "killed"
OWNER = f"visitor:{VISITOR}"


def test_playback_copy_is_completed_after_the_server_was_killed(tmp_path: Path):
    sound = formats.write_long_mp3(tmp_path / "long.mp3", audio.samples(audio.JFK), 80)
    with Server(tmp_path / "data") as server, transcripts.sharing_data_with(server):
        id = transcripts.store(OWNER, Transcript((Segment(0.0, 1.0, "Ask not."),), 880.0), sound)
        recording = recordings.find(records.load(id, OWNER).recording_id or "", OWNER)
        cookies = {visitors.COOKIE: visitors.cookie_for(VISITOR)}
        assert requests.get(f"{server.url}/audio/{id}/state", cookies=cookies).json() == {
            "state": "making",
            "percent": 0,
        }
        until(lambda: (s := playback_copies.playback_of(recording, "")) and 5 <= s.percent < 90)
        server.kill()
        assert list(paths.folder("incoming").iterdir())
        server.start()  # the started server completes the copy, although no player requests it
        until(
            lambda: playback_copies.playback_of(recording, "") == playback_copies.Playback(playback_copies.READY, 100),
            300,
        )
        assert not list(paths.folder("incoming").iterdir())
        copy = requests.get(f"{server.url}/audio/{id}", cookies=cookies)
        assert copy.headers["content-type"] == playback_copies.MIME and copy.content[4:8] == b"ftyp"
