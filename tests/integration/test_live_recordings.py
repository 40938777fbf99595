"""Test live recordings: ordered, repeated, missing, too many or another owner's pieces, and recovery after a crash."""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from stt.audio import decoder
from stt.errors import Conflict, LimitReached, NotFound, NotSound, StorageUnavailable, TooLarge, UnsafeRecording
from stt.library import retention
from stt.recorder import live_recordings
from stt.recorder.live_recordings import ABANDONED, MOST_OPEN, MOST_TRIES, PAUSED, REMEMBERED, SILENT
from stt.store import recordings
from tests import audio
from tests.conftest import read_settings_again
from tests.live import OWNER, PIECE, finish, send, send_all, set_silence, start, stored_suffixes

STRANGER = "visitor:ben"

pytestmark = pytest.mark.usefixtures("data", "patient_recorder")


@pytest.fixture(scope="module")
def pieces() -> list[bytes]:
    """Return a recording in pieces, as a microphone delivers them."""
    sound = audio.JFK.read_bytes()
    return [sound[at : at + PIECE] for at in range(0, len(sound), PIECE)]


def test_pieces_become_a_recording_byte_for_byte(data: Path, pieces: list[bytes]):
    id = start()
    send_all(id, pieces)
    recording = finish(id)
    assert recording.path.read_bytes() == audio.JFK.read_bytes()
    assert (recording.owner, recording.name, round(recording.duration or 0)) == (OWNER, "Recording of today.webm", 11)
    assert recordings.unused_ids(OWNER) == [recording.id]
    assert stored_suffixes(data) == [".done"]


def test_piece_that_is_sent_twice_counts_once(pieces: list[bytes]):
    id = start()
    for number, piece in enumerate(pieces):
        assert send(id, number, piece) == send(id, number, piece) == send(id, 0, pieces[0]) == number + 1
    assert finish(id).path.read_bytes() == audio.JFK.read_bytes()


def test_piece_out_of_order_is_refused(pieces: list[bytes]):
    id = start()
    send(id, 0, pieces[0])
    with pytest.raises(Conflict, match="Piece 1 "):
        send(id, 2, pieces[2])
    assert send(id, 1, pieces[1]) == 2


def test_piece_truncated_by_a_crash_is_written_again(data: Path, pieces: list[bytes]):
    id = start()
    send(id, 0, pieces[0])
    (sound,) = (data / "live").rglob("*.sound")
    with open(sound, "ab") as file:
        file.write(pieces[1][:100])  # as if the process was killed while it wrote this piece
    for number, piece in enumerate(pieces[1:], 1):
        send(id, number, piece)
    assert finish(id).path.read_bytes() == audio.JFK.read_bytes()


def test_partial_piece_at_the_end_after_a_crash_is_ignored(data: Path, pieces: list[bytes]):
    id = start()
    send_all(id, pieces)
    (sound,) = (data / "live").rglob("*.sound")
    with open(sound, "ab") as file:
        file.write(b"half a piece")
    assert finish(id).path.read_bytes() == audio.JFK.read_bytes()


def test_visitor_cannot_add_to_or_finish_another_visitors_recording(pieces: list[bytes]):
    id = start()
    send_all(id, pieces)
    with pytest.raises(NotFound):
        send(id, len(pieces), pieces[0], STRANGER, "ben")
    with pytest.raises(NotFound):
        finish(id, STRANGER, "ben")
    assert live_recordings.take_up(STRANGER, "ben") == ([], 0)
    assert finish(id).size == audio.JFK.stat().st_size


@pytest.mark.parametrize("id", ["", "..", "x" * 27, "../" * 9, "a" * 26 + "\n", "é" * 27, "x" * 10_000])
def test_unknown_id_is_not_found(id: str):
    start()
    for call in (lambda: send(id, 0, b"x"), lambda: finish(id)):
        with pytest.raises(NotFound):
            call()


def test_second_finish_returns_the_same_and_later_pieces_are_refused(pieces: list[bytes]):
    id = start()
    send_all(id, pieces)
    recording = finish(id)
    assert finish(id) == recording
    with pytest.raises(NotFound):
        send(id, len(pieces), pieces[0])
    recordings.remove(recording.id, OWNER)
    with pytest.raises(NotFound):
        finish(id)


def test_live_recording_ends_at_the_upload_limit_and_received_pieces_are_kept(
    host: Callable[..., None], pieces: list[bytes]
):
    host(STT_UPLOAD_LIMIT_MB=2)
    id = start()
    send_all(id, pieces)
    with pytest.raises(TooLarge):
        send(id, len(pieces), bytes(1 << 20))
    assert finish(id).path.read_bytes() == audio.JFK.read_bytes()


def test_open_live_recordings_per_visitor_are_limited(pieces: list[bytes]):
    ids = [start() for _ in range(MOST_OPEN)]
    with pytest.raises(LimitReached):
        start()
    assert start(STRANGER, "ben")
    send_all(ids[0], pieces)
    finish(ids[0])
    assert start()


def test_live_recording_without_sound_is_refused_and_deleted(data: Path):
    id = start()
    send(id, 0, b"This is text, and no sound. " * 40)
    with pytest.raises(NotSound):
        finish(id)
    assert stored_suffixes(data) == []


def end_decoders(patch: pytest.MonkeyPatch) -> None:
    """Let every probe end without a result: its decoder process fails to set the limit, or exceeds it."""
    patch.setattr(decoder, "LOOK", {"processor": -math.inf, "timeout": 8.0})


def _as_a_browser_writes(path: Path, sound: np.ndarray) -> bytes:
    """Encode `sound` (shape (channels, samples) at 16 kHz) as Opus in WebM without a declared length."""
    with (
        av.open(str(audio.write(path, sound))) as source,
        av.open(f"{path}.live", "w", "webm", {"live": "1"}) as target,
    ):
        stream = target.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(audio=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    return Path(f"{path}.live").read_bytes()


@pytest.mark.parametrize("shared", [False, True], ids=["microphone", "call"])
def test_recording_longer_than_the_limit_is_kept_up_to_the_limit(
    host: Callable[..., None], data: Path, tmp_path: Path, talk: np.ndarray, shared: bool
):
    host(STT_LENGTH_LIMIT=1)
    sound = np.stack([talk[: 70 * audio.RATE]] * (1 + shared))
    id = live_recordings.start(OWNER, "ann", "Recording of today.webm", shared=shared)
    content = _as_a_browser_writes(tmp_path / "a.webm", sound)
    send_all(id, [content[at : at + PIECE] for at in range(0, len(content), PIECE)])
    recording = finish(id)
    assert 50 < (recording.duration or 0) <= 60 and recording.channels == 1 + shared
    assert stored_suffixes(data) == [".done"]


def test_recording_is_finished_later_if_it_could_not_be_checked(
    data: Path, pieces: list[bytes], monkeypatch: pytest.MonkeyPatch
):
    id = start()
    send_all(id, pieces)
    with monkeypatch.context() as patch:
        end_decoders(patch)
        with pytest.raises(UnsafeRecording) as refused:
            finish(id)
        assert refused.value.guidance.startswith("What was recorded is kept.")
        set_silence(data, ABANDONED + 1)
        live_recordings.sweep()
    assert live_recordings.take_up(OWNER, "ann") == ([], 0)
    set_silence(data, ABANDONED + 1)
    live_recordings.sweep()
    assert recordings.unused_ids(OWNER) == [] and stored_suffixes(data) == [".json", ".sound"], (
        "the second wait is longer"
    )
    set_silence(data, 2 * ABANDONED + 1)
    live_recordings.sweep()
    assert live_recordings.take_up(OWNER, "ann") == (recordings.unused_ids(OWNER), 0)
    assert finish(id).path.read_bytes() == audio.JFK.read_bytes()


def test_recording_that_can_never_be_checked_is_tried_a_few_times_and_deleted_after_a_day(
    data: Path, pieces: list[bytes], monkeypatch: pytest.MonkeyPatch
):
    end_decoders(monkeypatch)
    id = start()
    send_all(id, pieces)
    for _ in range(MOST_TRIES):
        set_silence(data, REMEMBERED - 60)
        live_recordings.sweep()
    set_silence(data, REMEMBERED - 60)
    (note,) = (data / "live").rglob("*.json")
    content = note.read_bytes()
    live_recordings.sweep()
    assert note.read_bytes() == content, "no further attempt"
    assert len([start() for _ in range(MOST_OPEN)]) == MOST_OPEN, "it does not count as a running recording"
    os.utime(note, (time.time() - REMEMBERED - 1,) * 2)
    live_recordings.sweep()
    assert not note.exists() and not note.with_suffix(".sound").exists()


def test_owner_recovers_interrupted_recordings_and_not_running_ones(data: Path, pieces: list[bytes]):
    interrupted, running = start(), start()
    send_all(interrupted, pieces)
    set_silence(data, SILENT + 1)
    send_all(running, pieces)
    (found,), still_open = live_recordings.take_up(OWNER, "ann")
    assert still_open == 1
    assert recordings.unused_ids(OWNER) == [found] == [finish(interrupted).id]
    send(running, len(pieces), b"")  # its browser is still connected, however long all this has taken
    assert live_recordings.take_up(OWNER, "ann") == ([found], 1)
    assert send(running, len(pieces), pieces[0])


def test_paused_live_recording_may_be_silent_for_longer(data: Path, pieces: list[bytes]):
    id = start()
    send_all(id, pieces)
    assert send(id, len(pieces), b"", paused=True) == len(pieces)
    set_silence(data, SILENT + 1)
    assert live_recordings.take_up(OWNER, "ann") == ([], 1)
    set_silence(data, PAUSED + 1)
    (found,), still_open = live_recordings.take_up(OWNER, "ann")
    assert (still_open, recordings.unused_ids(OWNER)) == (0, [found])


def test_visitors_who_share_a_history_recover_only_their_own_recordings(data: Path, pieces: list[bytes]):
    id = start("shared", "ann")
    for number, piece in enumerate(pieces):
        send(id, number, piece, "shared")
    set_silence(data, SILENT + 1)
    assert live_recordings.take_up("shared", "ben") == ([], 0)
    assert live_recordings.take_up("shared", "ann") == (recordings.unused_ids("shared"), 0)


def test_abandoned_live_recordings_become_recordings_and_leave_nothing_else(data: Path, pieces: list[bytes]):
    good, bad, fresh = start(), start(), start(STRANGER, "ben")
    send_all(good, pieces)
    send(bad, 0, b"no sound")
    set_silence(data, ABANDONED + 1)
    send(fresh, 0, pieces[0], STRANGER, "ben")
    live_recordings.sweep()
    assert len(recordings.unused_ids(OWNER)) == 1
    assert stored_suffixes(data) == [".done", ".json", ".sound"]
    assert send(fresh, 1, pieces[1], STRANGER, "ben") == 2
    for path in (data / "live").rglob("*.done"):
        os.utime(path, (0, 0))
    live_recordings.sweep()
    assert stored_suffixes(data) == [".json", ".sound"]


def test_unreadable_state_after_a_power_cut_stops_no_other_recovery(data: Path, pieces: list[bytes]):
    for content in ("", "{", "[]", "{}", '{"id": 1, "size": 2}'):
        id = start(STRANGER, "ben")
        send(id, 0, pieces[0], STRANGER, "ben")
        (note,) = (data / "live").rglob(f"{id}.json")
        note.write_text(content)
    sound = (data / "live").rglob("*.sound")
    lost = {path.name: path.read_bytes() for path in sound}
    send(start(STRANGER, "ben"), 0, b"".join(pieces), STRANGER, "ben")
    send_all(start(), pieces)
    set_silence(data, ABANDONED + 1)
    live_recordings.sweep()
    assert [len(recordings.unused_ids(owner)) for owner in (OWNER, STRANGER)] == [1, 1]
    assert live_recordings.take_up(STRANGER, "ben") == (recordings.unused_ids(STRANGER), 0)
    assert {path.name: path.read_bytes() for path in (data / "live").rglob("*.sound")} == lost != {}
    assert stored_suffixes(data).count(".broken") == 5
    for path in (data / "live").rglob("*.broken"):
        os.utime(path, (0, 0))
    live_recordings.sweep()
    assert not {".broken", ".sound"} & set(stored_suffixes(data)), "sound that nobody can find or delete stays for ever"


def test_sound_of_an_unreadable_state_is_kept_for_a_day_after_it_was_found(data: Path, pieces: list[bytes]):
    id = start()
    send_all(id, pieces)
    (note,) = (data / "live").rglob(f"{id}.json")
    note.write_text("")  # a power cut on Friday; the server starts again on Monday
    set_silence(data, 2 * REMEMBERED)
    for _ in range(2):
        live_recordings.sweep()
    assert note.with_suffix(".sound").read_bytes() == audio.JFK.read_bytes()


def test_unreadable_folder_stops_no_other_recovery(data: Path, pieces: list[bytes], caplog: pytest.LogCaptureFixture):
    send_all(start(), pieces)
    for name in ("0", "z"):  # files in place of the folders of owners
        (data / "live" / name).write_text("")
        (data / "live" / f"{name}.folder" / "x.json").mkdir(parents=True)
    set_silence(data, ABANDONED + 1)
    live_recordings.sweep()
    assert len(recordings.unused_ids(OWNER)) == 1


def test_unavailable_store_deletes_nothing(data: Path, pieces: list[bytes], monkeypatch: pytest.MonkeyPatch):
    id = start()
    send_all(id, pieces)
    set_silence(data, ABANDONED + 1)
    with monkeypatch.context() as patch:
        patch.setenv("STT_STORAGE", "http://localhost:9/nobody-listens")
        read_settings_again()
        live_recordings.sweep()
        assert live_recordings.take_up(OWNER, "ann") == ([], 1)
        with pytest.raises(StorageUnavailable):
            finish(id)
    read_settings_again()
    assert finish(id).path.read_bytes() == audio.JFK.read_bytes()


def test_delete_everything_deletes_live_recordings_too(data: Path, pieces: list[bytes]):
    send_all(start(), pieces)
    start(STRANGER, "ben")
    retention.delete_everything(OWNER)
    assert stored_suffixes(data) == [".json", ".sound"]
    assert live_recordings.take_up(OWNER, "ann") == ([], 0)


def test_concurrent_requests_for_one_recording_do_not_mix(pieces: list[bytes]):
    """Imitate tabs that recover one recording at the same time. Each tab sends all pieces again."""
    id, recording_ids = start(), []

    def repeat() -> None:
        for number, piece in enumerate(pieces):
            assert send(id, number, piece) > number
        recording_ids.append(finish(id).id)

    def cautious() -> None:
        try:
            repeat()
        except NotFound:  # another thread has finished the recording
            recording_ids.append(finish(id).id)

    threads = [threading.Thread(target=cautious) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(recording_ids) == 4 and set(recording_ids) == set(recordings.unused_ids(OWNER))
    assert recordings.find(recording_ids[0], OWNER).path.read_bytes() == audio.JFK.read_bytes()


def test_received_sound_is_synced_to_disk_every_few_seconds(pieces: list[bytes], monkeypatch: pytest.MonkeyPatch):
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
    assert [Path(path).suffix for path in synced] == [".sound", ".part", ""] * 2, (
        "the sound is synced before the note that counts it"
    )


def test_sound_lost_in_a_power_cut_is_not_replaced(data: Path, pieces: list[bytes]):
    id = start()
    send_all(id, pieces)
    (sound,) = (data / "live").rglob("*.sound")
    os.truncate(sound, 5 * PIECE)
    assert finish(id).path.read_bytes() == audio.JFK.read_bytes()[: 5 * PIECE]


def test_live_recording_is_dated_by_its_start(pieces: list[bytes]):
    before = time.time()
    id = start()
    began = time.time()
    send_all(id, pieces)
    recording = finish(id)
    assert recording.dated is not None and before <= recording.dated <= began and recording.dated_by == "moment"
