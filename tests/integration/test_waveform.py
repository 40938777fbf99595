"""Test the waveform: it follows the loudness, is computed once, and is accessible and deleted like its recording."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.testclient import TestClient

from stt.auth import visitors
from stt.db.engine import database
from stt.db.tables import waveforms
from stt.errors import StorageUnavailable
from stt.library import history, sharing
from stt.store import recordings
from stt.store import waveforms as waveform
from stt.web.routes import ROUTES
from tests import audio
from tests.integration.test_limits import ANN
from tests.transcripts import finished

pytestmark = pytest.mark.usefixtures("data")
VISITOR = "ann"
LONG = 30.0  # maximum seconds to wait for a waveform


def recorded(folder: Path, *loudness: float) -> recordings.Recording:
    """Store a recording of noise, with ten seconds at each given loudness."""
    sound = np.concatenate([audio.noise(10, loud) for loud in loudness])
    return recordings.take_in(audio.write(folder / "noise.flac", sound), ANN)


def levels_of(recording: recordings.Recording, track: str = "") -> list[float]:
    """Return the waveform of a track as loudness steps. It is measured first if it is not stored."""
    found = waveform.stored_or_started(recording, track)
    return waveform.steps(found.result(LONG) if isinstance(found, Future) else found)


def test_waveform_is_high_where_the_sound_is_loud(tmp_path: Path):
    peaks = levels_of(recorded(tmp_path, 0.05, 0.2, 0.0, 0.1))
    assert len(peaks) == waveform.STEPS and max(peaks) == 1
    heights = [float(np.median(part)) for part in np.split(np.array(peaks), 4)]
    assert heights == pytest.approx([0.25, 1, 0, 0.5], abs=0.1)


@pytest.mark.parametrize("seconds", [0.2, 3.0])
def test_short_recording_has_a_waveform(tmp_path: Path, seconds: float):
    sound = recordings.take_in(audio.write(tmp_path / "short.wav", audio.noise(seconds)), ANN)
    assert len(levels_of(sound)) == waveform.STEPS


def test_each_track_has_a_waveform_and_all_together_have_the_loudest(tmp_path: Path):
    """Use two tracks: one has sound in its first 5 s, the other in its last 5 s."""
    first, second = (
        np.concatenate(parts) for parts in ((audio.noise(5), audio.silence(5)), (audio.silence(5), audio.noise(5)))
    )
    sound = audio.write_tracks(tmp_path / "call.mkv", [(first, {}), (second, {})])
    recording = recordings.take_in(sound, ANN)
    halves = {
        track: [float(np.median(half)) for half in np.split(np.array(levels_of(recording, track)), 2)]
        for track in ("1", "2", "all")
    }
    assert halves["1"] == pytest.approx([1, 0], abs=0.2)
    assert halves["2"] == pytest.approx([0, 1], abs=0.2)
    assert halves["all"] == pytest.approx([1, 1], abs=0.2)


def test_silence_is_flat(tmp_path: Path):
    quiet = recordings.take_in(audio.write(tmp_path / "quiet.wav", audio.silence(2)), ANN)
    assert set(levels_of(quiet)) == {0}


def test_waveform_is_computed_once_stored_and_deleted_with_the_recording(tmp_path: Path):
    recording = recorded(tmp_path, 0.1)
    first = levels_of(recording)
    recording.path.write_bytes(b"")  # without sound, only the stored waveform can be returned
    assert levels_of(recording) == first
    recordings.remove(recording.id, ANN)
    with database().connect() as connection:
        assert connection.execute(sa.select(waveforms)).all() == []


def test_slow_waveform_is_answered_as_pending_and_returned_later(monkeypatch: pytest.MonkeyPatch):
    go_on, measure = threading.Event(), waveform.measure
    monkeypatch.setattr(waveform, "REQUEST_TIMEOUT", 0.05)
    monkeypatch.setattr(waveform, "measure", lambda *values: go_on.wait(LONG) and measure(*values))
    talk, client = finished(ANN), TestClient(Starlette(routes=ROUTES))
    mine = {"cookie": f"{visitors.COOKIE}={visitors.cookie_for(VISITOR)}"}
    answer = client.get(f"/audio/{talk.id}/waveform", headers=mine)
    assert answer.status_code == 202 and answer.json() == {"peaks": None}
    go_on.set()
    while answer.status_code == 202:
        answer = client.get(f"/audio/{talk.id}/waveform", headers=mine)
    assert len(answer.json()["peaks"]) == waveform.STEPS


def test_unreadable_recording_has_no_waveform(tmp_path: Path):
    recording = recorded(tmp_path, 0.1)
    recording.path.write_bytes(b"no sound at all")
    assert levels_of(recording) == []


def test_transient_read_error_is_not_stored(tmp_path: Path):
    recording = recorded(tmp_path, 0.1)
    aside = recording.path.rename(tmp_path / "aside")
    recording.path.mkdir()  # like a file on a failing disk, a folder cannot be read
    for _ in range(2):
        with pytest.raises(StorageUnavailable):
            levels_of(recording)
    recording.path.rmdir()
    aside.rename(recording.path)
    assert len(levels_of(recording)) == waveform.STEPS


def test_one_owner_does_not_block_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    go_on = threading.Event()
    monkeypatch.setattr(waveform, "measure", lambda *_: go_on.wait(LONG) and b"")
    sound = recorded(tmp_path, 0.1)
    mine = [replace(sound, id=f"mine{number}") for number in range(waveform.MAX_PENDING_PER_OWNER + 2)]
    started = [waveform.stored_or_started(each) for each in mine]
    assert (
        started[waveform.MAX_PENDING_PER_OWNER :] == [None, None]
        and None not in started[: waveform.MAX_PENDING_PER_OWNER]
    )
    theirs = waveform.stored_or_started(replace(sound, id="theirs", owner="visitor:ben"))
    assert theirs is not None
    go_on.set()
    theirs.result(LONG)


def test_waveform_needs_the_same_access_as_the_audio():
    talk = finished(ANN)
    client = TestClient(Starlette(routes=ROUTES))
    mine = {"cookie": f"{visitors.COOKIE}={visitors.cookie_for(VISITOR)}"}
    theirs = {"cookie": f"{visitors.COOKIE}={visitors.cookie_for('ben')}"}
    answer = client.get(f"/audio/{talk.id}/waveform", headers=mine)
    while answer.status_code == 202:
        answer = client.get(f"/audio/{talk.id}/waveform", headers=mine)
    assert len(answer.json()["peaks"]) == waveform.STEPS
    assert client.get(f"/audio/{talk.id}/waveform", headers=theirs).status_code == 404
    assert client.get(f"/audio/{talk.id}/waveform").status_code == 404
    with_audio, without_audio = (sharing.create(talk.id, ANN, days=1, audio=audio) for audio in (True, False))
    shared = client.get("/audio/shared/waveform", params={"share": with_audio})
    assert shared.status_code == 200 and shared.headers["cache-control"] == "private, no-store"
    for token in (without_audio, "x" * 43, ""):
        assert client.get("/audio/shared/waveform", params={"share": token}).status_code == 404
    sharing.revoke(sharing.all_of(talk.id, ANN)[-1].id, ANN)
    sharing.revoke(sharing.all_of(talk.id, ANN)[-1].id, ANN)
    assert client.get("/audio/shared/waveform", params={"share": with_audio}).status_code == 404
    history.delete(talk.id, ANN)
    assert client.get(f"/audio/{talk.id}/waveform", headers=mine).status_code == 404


def test_recording_is_downloaded_under_its_original_name():
    talk = finished(ANN)
    client = TestClient(Starlette(routes=ROUTES))
    mine = {"cookie": f"{visitors.COOKIE}={visitors.cookie_for(VISITOR)}"}
    answer = client.get(f"/audio/{talk.id}?download", headers=mine)
    assert answer.headers["content-disposition"] == 'attachment; filename="jfk.flac"'
    assert answer.content == audio.JFK.read_bytes()
    assert "attachment" not in client.get(f"/audio/{talk.id}", headers=mine).headers.get("content-disposition", "")
