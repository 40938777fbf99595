"""Test recorded calls: one track per side, and no loss if making the tracks fails."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from stt.audio import decoder, tracks
from stt.errors import Conflict, NotFound, StorageUnavailable
from stt.recorder import call_tracks, live_recordings
from stt.store import recordings
from tests import audio, formats
from tests.conftest import read_settings_again
from tests.live import OWNER, PIECE, finish, send, send_all, stored_suffixes

pytestmark = pytest.mark.usefixtures("data")


@pytest.fixture(scope="module")
def sides() -> np.ndarray:
    """Return the samples of both sides of a call: one row for the microphone, one for the other person."""
    speech = audio.samples(audio.JFK)
    return np.stack([speech, np.resize(np.concatenate([audio.samples(path) for path in audio.AUSTEN]), len(speech))])


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let requests wait until a call is finished, however busy the machine is."""
    monkeypatch.setattr(live_recordings, "FINISH_TIMEOUT", None)


def recorded(path: Path, sides: np.ndarray) -> bytes:
    return audio.write(path, sides).read_bytes()


def send_call(sound: bytes) -> str:
    id = live_recordings.start(OWNER, "ann", "Call of today, 10:30.webm", shared=True)
    send_all(id, [sound[at : at + PIECE] for at in range(0, len(sound), PIECE)])
    return id


def side(recording: recordings.Recording, track: int) -> np.ndarray:
    with decoder.Reader(recording.path, track=track) as reader:
        return reader.read(1000)[0]


def test_a_call_becomes_a_recording_with_a_track_for_each_side(data: Path, tmp_path: Path, sides: np.ndarray):
    recording = finish(send_call(recorded(tmp_path / "call.webm", sides)))
    several = tracks.of_rows(recording.tracks)
    assert [(track.title, track.channels, track.codec) for track in several] == [
        ("Microphone", 1, "opus"),
        ("Shared sound", 1, "opus"),
    ]
    assert (recording.name, recording.kind, recording.dated_by) == ("Call of today, 10:30.webm", "WebM", "moment")
    assert tracks.usual(several) == tracks.ALL
    assert abs((recording.duration or 0) - sides.shape[1] / audio.RATE) < 0.1
    for number, sound in enumerate(sides, 1):
        for at in (0.5, 8.0):  # near the beginning and the end, the error is below 0.2 ms
            piece = sound[round(at * audio.RATE) : round((at + 2) * audio.RATE)]
            assert abs(formats.place_of(piece, side(recording, number)) - at) <= 3 / audio.RATE
    assert stored_suffixes(data) == [".done"]


def test_where_one_side_is_silent_the_other_is_chosen(tmp_path: Path, sides: np.ndarray):
    for quiet, chosen in ((0, "2"), (1, "1")):
        half = sides.copy()
        half[quiet] = 0
        recording = finish(send_call(recorded(tmp_path / "call.webm", half)))
        assert tracks.usual(tracks.of_rows(recording.tracks)) == chosen


def _damaged(path: Path, sides: np.ndarray) -> bytes:
    content = bytearray(recorded(path, sides))
    content[len(content) // 2 : len(content) // 2 + 20_000] = np.random.default_rng(1).bytes(20_000)
    return bytes(content)


@pytest.mark.parametrize(
    "make",
    [
        _damaged,
        lambda path, sides: recorded(path, sides[0]),
        lambda path, sides: recorded(path.with_suffix(".flac"), sides[:1]),
    ],
    ids=["damaged", "one channel", "one channel, FLAC"],
)
def test_damaged_or_one_channel_call_is_stored_unchanged(
    data: Path, tmp_path: Path, sides: np.ndarray, make: Callable[..., bytes]
):
    sound = make(tmp_path / "call.webm", sides)
    recording = finish(send_call(sound))
    assert recording.path.read_bytes() == sound and not recording.tracks
    assert stored_suffixes(data) == [".done"]


def test_call_is_stored_unchanged_when_its_tracks_cannot_be_made(
    data: Path, tmp_path: Path, sides: np.ndarray, monkeypatch: pytest.MonkeyPatch
):
    # With a maximum packet size of 1 byte, all packets are refused, as if a compromised decoder had sent them.
    monkeypatch.setattr(call_tracks, "LARGEST", 1)
    sound = recorded(tmp_path / "call.webm", sides)
    recording = finish(send_call(sound))
    assert recording.path.read_bytes() == sound and recording.channels == 2
    assert stored_suffixes(data) == [".done"]


def test_finished_tracks_wait_for_unavailable_storage(
    data: Path, tmp_path: Path, sides: np.ndarray, monkeypatch: pytest.MonkeyPatch
):
    sound = recorded(tmp_path / "call.webm", sides)
    id, count = send_call(sound), -(-len(sound) // PIECE)
    with monkeypatch.context() as patch:
        patch.setenv("STT_STORAGE", "http://localhost:9/nobody-listens")
        read_settings_again()
        with pytest.raises(StorageUnavailable):
            finish(id)
        assert stored_suffixes(data) == [".json", ".tracks"]
        with pytest.raises(NotFound):  # the browser then starts another recording for the remaining sound
            send(id, count, b"more")
    read_settings_again()
    assert len(finish(id).tracks or []) == 2


def test_a_request_does_not_wait_for_a_long_call(tmp_path: Path, sides: np.ndarray, monkeypatch: pytest.MonkeyPatch):
    id = send_call(recorded(tmp_path / "call.webm", sides))
    monkeypatch.setattr(live_recordings, "FINISH_TIMEOUT", 0.0)
    with pytest.raises(Conflict, match="being finished"):
        finish(id)
    monkeypatch.setattr(live_recordings, "FINISH_TIMEOUT", None)
    recording = finish(id)
    assert recordings.unused_ids(OWNER) == [recording.id] and len(recording.tracks or []) == 2
