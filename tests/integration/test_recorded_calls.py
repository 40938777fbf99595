"""Recorded calls: a track for each side, and nothing lost if that fails."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from stt.audio import decoder, tracks
from stt.errors import Conflict, NotFound, StorageUnavailable
from stt.recorder import call_tracks, live_recordings
from stt.store import audio_files, recordings
from tests import audio, formats
from tests.live import OWNER, PIECE, finish, kept, send, send_all

pytestmark = pytest.mark.usefixtures("data")


@pytest.fixture(scope="module")
def sides() -> np.ndarray:
    """Return what the microphone and the other side of a call record."""
    said = audio.samples(audio.JFK)
    return np.stack([said, np.resize(np.concatenate([audio.samples(path) for path in audio.AUSTEN]), len(said))])


def recorded(path: Path, sides: np.ndarray) -> bytes:
    return audio.write(path, sides).read_bytes()


def send_call(sound: bytes) -> str:
    id = live_recordings.start(OWNER, "ann", "Call of today, 10:30.webm", shared=True)
    send_all(id, [sound[at : at + PIECE] for at in range(0, len(sound), PIECE)])
    return id


def side(made: recordings.Recording, track: int) -> np.ndarray:
    with decoder.Reader(made.path, track=track) as reader:
        return reader.read(1000)[0]


def test_a_call_becomes_a_recording_with_a_track_for_each_side(data: Path, tmp_path: Path, sides: np.ndarray):
    made = finish(send_call(recorded(tmp_path / "call.webm", sides)))
    several = tracks.of_rows(made.tracks)
    assert [(track.title, track.channels, track.codec) for track in several] == [
        ("Microphone", 1, "opus"),
        ("Shared sound", 1, "opus"),
    ]
    assert (made.name, made.kind, made.dated_by) == ("Call of today, 10:30.webm", "WebM", "moment")
    assert tracks.usual(several) == tracks.ALL
    assert abs((made.duration or 0) - sides.shape[1] / audio.RATE) < 0.1
    for number, said in enumerate(sides, 1):
        for at in (0.5, 8.0):  # in time to a fifth of a millisecond, from begin to end
            piece = said[round(at * audio.RATE) : round((at + 2) * audio.RATE)]
            assert abs(formats.place_of(piece, side(made, number)) - at) <= 3 / audio.RATE
    assert kept(data) == [".done"]


def test_where_one_side_is_silent_the_other_is_chosen(tmp_path: Path, sides: np.ndarray):
    for quiet, chosen in ((0, "2"), (1, "1")):
        half = sides.copy()
        half[quiet] = 0
        made = finish(send_call(recorded(tmp_path / "call.webm", half)))
        assert tracks.usual(tracks.of_rows(made.tracks)) == chosen


def _damaged(path: Path, sides: np.ndarray) -> bytes:
    whole = bytearray(recorded(path, sides))
    whole[len(whole) // 2 : len(whole) // 2 + 20_000] = np.random.default_rng(1).bytes(20_000)
    return bytes(whole)


@pytest.mark.parametrize(
    "make",
    [
        _damaged,
        lambda path, sides: recorded(path, sides[0]),
        lambda path, sides: recorded(path.with_suffix(".flac"), sides[:1]),
    ],
    ids=["damaged", "one channel", "one channel of another kind"],
)
def test_what_is_best_left_as_it_is_stays_so(data: Path, tmp_path: Path, sides: np.ndarray, make: Callable[..., bytes]):
    sound = make(tmp_path / "call.webm", sides)
    made = finish(send_call(sound))
    assert made.path.read_bytes() == sound and not made.tracks
    assert kept(data) == [".done"]


def test_a_call_whose_tracks_cannot_be_made_is_kept_as_it_came(
    data: Path, tmp_path: Path, sides: np.ndarray, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(call_tracks, "LARGEST", 1)  # as if the reader had been taken over
    sound = recorded(tmp_path / "call.webm", sides)
    made = finish(send_call(sound))
    assert made.path.read_bytes() == sound and made.channels == 2
    assert kept(data) == [".done"]


def test_tracks_that_were_made_wait_for_a_store_that_is_away(
    data: Path, tmp_path: Path, sides: np.ndarray, monkeypatch: pytest.MonkeyPatch
):
    sound = recorded(tmp_path / "call.webm", sides)
    id, count = send_call(sound), -(-len(sound) // PIECE)
    with monkeypatch.context() as patch:
        patch.setenv("STT_STORAGE", "http://localhost:9/nobody-listens")
        audio_files.settings.cache_clear()
        with pytest.raises(StorageUnavailable):
            finish(id)
        assert kept(data) == [".json", ".tracks"]
        with pytest.raises(NotFound):  # so the browser begins another one with what is left
            send(id, count, b"more")
    audio_files.settings.cache_clear()
    assert len(finish(id).tracks or []) == 2


def test_a_request_does_not_wait_for_a_long_call(tmp_path: Path, sides: np.ndarray, monkeypatch: pytest.MonkeyPatch):
    id = send_call(recorded(tmp_path / "call.webm", sides))
    monkeypatch.setattr(live_recordings, "FINISH_TIMEOUT", 0.0)
    with pytest.raises(Conflict, match="being finished"):
        finish(id)
    monkeypatch.setattr(live_recordings, "FINISH_TIMEOUT", 60.0)
    made = finish(id)
    assert recordings.unused_ids(OWNER) == [made.id] and len(made.tracks or []) == 2
