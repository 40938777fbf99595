"""Live recordings: pieces in order, twice, missing, too many, and of others; what was interrupted is not lost."""

from __future__ import annotations

import io
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from stt.audio import decoder, tracks
from stt.errors import Conflict, LimitReached, NotFound, NotSound, StorageUnavailable, TooLarge
from stt.library import call_tracks, live_recordings, retention
from stt.library.live_recordings import ABANDONED, MOST_OPEN, PAUSED, SILENT
from stt.store import audio_files, recordings
from tests import audio, formats

OWNER, STRANGER = "visitor:ann", "visitor:ben"
PIECE = 10_000  # bytes

pytestmark = pytest.mark.usefixtures("data")


@pytest.fixture(scope="module")
def pieces() -> list[bytes]:
    """A recording in pieces, as a microphone gives them."""
    sound = audio.JFK.read_bytes()
    return [sound[at : at + PIECE] for at in range(0, len(sound), PIECE)]


def start(owner: str = OWNER, visitor: str = "ann") -> str:
    return live_recordings.start(owner, visitor, "Recording of today.webm")


def send(id: str, number: int, piece: bytes, owner: str = OWNER, visitor: str = "ann", **more: bool) -> int:
    return live_recordings.append(id, owner, visitor, number, io.BytesIO(piece), **more)


def send_all(id: str, pieces: list[bytes]) -> None:
    for number, piece in enumerate(pieces):
        assert send(id, number, piece) == number + 1


def finish(id: str, owner: str = OWNER, visitor: str = "ann") -> recordings.Recording:
    return live_recordings.finish(id, owner, visitor)


def kept(data: Path) -> list[str]:
    return sorted(path.suffix for path in (data / "live").rglob("*") if path.is_file() and path.suffix != ".lock")


def silent_for(data: Path, seconds: float) -> None:
    """As if nothing had been heard of any live recording for so long."""
    for note in (data / "live").rglob("*.json"):
        os.utime(note, (time.time() - seconds,) * 2)


def test_pieces_become_a_recording_byte_for_byte(data: Path, pieces: list[bytes]):
    id = start()
    send_all(id, pieces)
    made = finish(id)
    assert made.path.read_bytes() == audio.JFK.read_bytes()
    assert (made.owner, made.name, round(made.duration or 0)) == (OWNER, "Recording of today.webm", 11)
    assert recordings.unused_ids(OWNER) == [made.id]
    assert kept(data) == [".done"]


def test_a_piece_that_comes_twice_counts_once(pieces: list[bytes]):
    id = start()
    for number, piece in enumerate(pieces):
        assert send(id, number, piece) == send(id, number, piece) == send(id, 0, pieces[0]) == number + 1
    assert finish(id).path.read_bytes() == audio.JFK.read_bytes()


def test_a_piece_before_its_turn_is_not_taken(pieces: list[bytes]):
    id = start()
    send(id, 0, pieces[0])
    with pytest.raises(Conflict, match="Piece 1 "):
        send(id, 2, pieces[2])
    assert send(id, 1, pieces[1]) == 2


def test_a_piece_that_was_cut_off_by_a_crash_is_written_again(data: Path, pieces: list[bytes]):
    id = start()
    send(id, 0, pieces[0])
    (sound,) = (data / "live").rglob("*.sound")
    with open(sound, "ab") as file:
        file.write(pieces[1][:100])  # and the process was killed before it could note it
    for number, piece in enumerate(pieces[1:], 1):
        send(id, number, piece)
    assert finish(id).path.read_bytes() == audio.JFK.read_bytes()


def test_what_a_crash_cut_off_at_the_end_does_not_count(data: Path, pieces: list[bytes]):
    id = start()
    send_all(id, pieces)
    (sound,) = (data / "live").rglob("*.sound")
    with open(sound, "ab") as file:
        file.write(b"half a piece")
    assert finish(id).path.read_bytes() == audio.JFK.read_bytes()


def test_nobody_adds_to_or_finishes_what_is_somebody_elses(pieces: list[bytes]):
    id = start()
    send_all(id, pieces)
    with pytest.raises(NotFound):
        send(id, len(pieces), pieces[0], STRANGER, "ben")
    with pytest.raises(NotFound):
        finish(id, STRANGER, "ben")
    assert live_recordings.take_up(STRANGER, "ben") == ([], 0)
    assert finish(id).size == audio.JFK.stat().st_size


@pytest.mark.parametrize("id", ["", "..", "x" * 27, "../" * 9, "a" * 26 + "\n", "é" * 27, "x" * 10_000])
def test_an_id_that_was_not_given_is_not_found(id: str):
    start()
    for ask in (lambda: send(id, 0, b"x"), lambda: finish(id)):
        with pytest.raises(NotFound):
            ask()


def test_after_the_end_finish_gives_the_same_and_pieces_are_refused(pieces: list[bytes]):
    id = start()
    send_all(id, pieces)
    made = finish(id)
    assert finish(id) == made
    with pytest.raises(NotFound):
        send(id, len(pieces), pieces[0])
    recordings.remove(made.id, OWNER)
    with pytest.raises(NotFound):
        finish(id)


def test_it_ends_at_the_upload_limit_and_what_arrived_is_kept(host: Callable[..., None], pieces: list[bytes]):
    host(STT_UPLOAD_LIMIT_MB=2)
    id = start()
    send_all(id, pieces)
    with pytest.raises(TooLarge):
        send(id, len(pieces), bytes(1 << 20))
    assert finish(id).path.read_bytes() == audio.JFK.read_bytes()


def test_a_visitor_has_only_so_many_at_once(pieces: list[bytes]):
    ids = [start() for _ in range(MOST_OPEN)]
    with pytest.raises(LimitReached):
        start()
    assert start(STRANGER, "ben")
    send_all(ids[0], pieces)
    finish(ids[0])
    assert start()


def test_what_is_no_sound_is_refused_and_deleted(data: Path):
    id = start()
    send(id, 0, b"This is text, and no sound. " * 40)
    with pytest.raises(NotSound):
        finish(id)
    assert kept(data) == []


def test_the_owner_finds_what_was_interrupted_and_not_what_still_runs(data: Path, pieces: list[bytes]):
    interrupted, running = start(), start()
    send_all(interrupted, pieces)
    silent_for(data, SILENT + 1)
    send_all(running, pieces)
    (found,), still = live_recordings.take_up(OWNER, "ann")
    assert still == 1
    assert recordings.unused_ids(OWNER) == [found] == [finish(interrupted).id]
    assert live_recordings.take_up(OWNER, "ann") == ([found], 1)
    assert send(running, len(pieces), pieces[0])


def test_one_that_is_paused_may_be_silent_for_longer(data: Path, pieces: list[bytes]):
    id = start()
    send_all(id, pieces)
    assert send(id, len(pieces), b"", paused=True) == len(pieces)
    silent_for(data, SILENT + 1)
    assert live_recordings.take_up(OWNER, "ann") == ([], 1)
    silent_for(data, PAUSED + 1)
    (found,), still = live_recordings.take_up(OWNER, "ann")
    assert (still, recordings.unused_ids(OWNER)) == (0, [found])


def test_where_all_share_one_history_each_takes_up_its_own(data: Path, pieces: list[bytes]):
    id = start("shared", "ann")
    for number, piece in enumerate(pieces):
        send(id, number, piece, "shared")
    silent_for(data, SILENT + 1)
    assert live_recordings.take_up("shared", "ben") == ([], 0)
    assert live_recordings.take_up("shared", "ann") == (recordings.unused_ids("shared"), 0)


def test_abandoned_ones_become_recordings_and_nothing_else_is_left(data: Path, pieces: list[bytes]):
    good, bad, fresh = start(), start(), start(STRANGER, "ben")
    send_all(good, pieces)
    send(bad, 0, b"no sound")
    silent_for(data, ABANDONED + 1)
    send(fresh, 0, pieces[0], STRANGER, "ben")
    live_recordings.sweep()
    assert len(recordings.unused_ids(OWNER)) == 1
    assert kept(data) == [".done", ".json", ".sound"]
    assert send(fresh, 1, pieces[1], STRANGER, "ben") == 2
    for path in (data / "live").rglob("*.done"):
        os.utime(path, (0, 0))
    live_recordings.sweep()
    assert kept(data) == [".json", ".sound"]


def test_a_store_that_is_away_deletes_nothing(data: Path, pieces: list[bytes], monkeypatch: pytest.MonkeyPatch):
    id = start()
    send_all(id, pieces)
    silent_for(data, ABANDONED + 1)
    with monkeypatch.context() as patch:
        patch.setenv("STT_STORAGE", "http://localhost:9/nobody-listens")
        audio_files.settings.cache_clear()
        live_recordings.sweep()
        assert live_recordings.take_up(OWNER, "ann") == ([], 1)
        with pytest.raises(StorageUnavailable):
            finish(id)
    audio_files.settings.cache_clear()
    assert finish(id).path.read_bytes() == audio.JFK.read_bytes()


def test_delete_everything_deletes_live_ones_too(data: Path, pieces: list[bytes]):
    send_all(start(), pieces)
    start(STRANGER, "ben")
    retention.delete_everything(OWNER)
    assert kept(data) == [".json", ".sound"]
    assert live_recordings.take_up(OWNER, "ann") == ([], 0)


def test_many_requests_about_one_recording_at_once_do_not_mix(pieces: list[bytes]):
    """A browser that repeats what it believes lost, and two tabs that take up the same recording."""
    id, made = start(), []

    def repeat() -> None:
        for number, piece in enumerate(pieces):
            assert send(id, number, piece) > number
        made.append(finish(id).id)

    def cautious() -> None:
        try:
            repeat()
        except NotFound:  # the other has finished
            made.append(finish(id).id)

    threads = [threading.Thread(target=cautious) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 4 and set(made) == set(recordings.unused_ids(OWNER))
    assert recordings.find(made[0], OWNER).path.read_bytes() == audio.JFK.read_bytes()


# ---- calls -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sides() -> np.ndarray:
    """What the microphone and the other side of a call say."""
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
    monkeypatch.setattr(live_recordings, "FINISHING", 0.0)
    with pytest.raises(Conflict, match="being finished"):
        finish(id)
    monkeypatch.setattr(live_recordings, "FINISHING", 60.0)
    made = finish(id)
    assert recordings.unused_ids(OWNER) == [made.id] and len(made.tracks or []) == 2


# ---- power cuts ------------------------------------------------------------------------------------------------------


def test_the_disk_writes_down_what_arrived_every_few_seconds(pieces: list[bytes], monkeypatch: pytest.MonkeyPatch):
    synced, sync = [], os.fsync
    monkeypatch.setattr(os, "fsync", lambda file: (synced.append(os.readlink(f"/proc/self/fd/{file}")), sync(file))[1])
    monkeypatch.setattr(live_recordings, "SYNCED", 3600.0)
    id = start()
    send_all(id, pieces)
    assert [Path(path).suffix for path in synced] == [".part", "", ".sound", ".part", ""], (
        "at its start and with the first piece"
    )
    synced.clear()
    monkeypatch.setattr(live_recordings, "SYNCED", 0.0)
    for number in (len(pieces), len(pieces) + 1):
        send(id, number, pieces[0])
    assert [Path(path).suffix for path in synced] == [".sound", ".part", ""] * 2, "the sound before what counts it"


def test_what_a_power_cut_took_from_the_sound_is_not_made_up(data: Path, pieces: list[bytes]):
    id = start()
    send_all(id, pieces)
    (sound,) = (data / "live").rglob("*.sound")
    os.truncate(sound, 5 * PIECE)
    assert finish(id).path.read_bytes() == audio.JFK.read_bytes()[: 5 * PIECE]


def test_a_live_recording_is_dated_by_when_it_began(pieces: list[bytes]):
    before = time.time()
    id = start()
    began = time.time()
    send_all(id, pieces)
    made = finish(id)
    assert made.dated is not None and before <= made.dated <= began and made.dated_by == "moment"
