"""Test playback copies: which recordings need one, their times, and their life cycle."""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import psutil
import pytest
import sqlalchemy as sa
from dbos import DBOS
from starlette.applications import Starlette
from starlette.testclient import TestClient

from stt.audio import decoder, decoder_pool
from stt.auth import visitors
from stt.background.playback import copy_maker, copying
from stt.db.engine import database
from stt.db.tables import copies
from stt.db.tables import recordings as recordings_table
from stt.errors import SttError, UnsafeRecording
from stt.files import paths
from stt.library import history
from stt.store import audio_files, playback_copies, recordings, records, removals
from stt.store.erasure import delete_workflows
from stt.store.playback_copies import FAILED, MAKING, ORIGINAL, READY, Playback
from stt.store.recordings import Recording
from stt.transcript.model import Segment, Transcript
from stt.web.routes import ROUTES
from tests import audio, formats, hostile, transcripts
from tests.waiting import until

VISITOR = "ann"
ANN = f"visitor:{VISITOR}"
CLOSE = 0.02  # maximum error of a position in the sound, in seconds


@pytest.fixture(scope="module")
def jfk() -> np.ndarray:
    return audio.samples(audio.JFK)


def aiff(path: Path, sound: np.ndarray) -> Path:
    return formats.write(path, sound, "pcm_s16be", "aiff", rate=16_000)


def read(path: Path, track: int | None = None) -> np.ndarray:
    with decoder.Reader(path, track=track) as reader:
        return reader.read(1e6)[0]


def settled(recording: Recording, track: str = "") -> Playback:
    return until(lambda: (s := playback_copies.playback_of(recording, track)) and s.state != MAKING and s)


# ---- which recordings need a copy ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", formats.FORMATS)
def test_only_formats_that_every_browser_seeks_exactly_need_no_copy(tmp_path: Path, jfk: np.ndarray, name: str):
    assert decoder.probe(formats.FORMATS[name](tmp_path / name, jfk)).seekable is (name in formats.ORIGINALS)


def _cut(path: Path, jfk: np.ndarray) -> Path:
    """Write an MP4 whose edit list removes its first 3 s, as phones do."""
    content = bytearray(audio.write(path, jfk).read_bytes())
    # In the box "elst", the media time of the first edit follows the version, the number of edits and a duration.
    at = content.index(b"elst") + 16
    content[at : at + 4] = struct.pack(">i", 3 * 16_000)
    path.write_bytes(content)
    return path


def _in_pieces(path: Path, jfk: np.ndarray) -> Path:
    return formats.write(path, jfk, "aac", "mp4", muxer={"movflags": "frag_keyframe+empty_moov"})


def _truncated(path: Path, jfk: np.ndarray) -> Path:
    content = formats.write(path, jfk, "aac", "mp4", muxer={"movflags": "faststart"}).read_bytes()
    path.write_bytes(content[: len(content) // 2])
    return path


def _stale(path: Path, jfk: np.ndarray) -> Path:
    """Write a WAV whose header declares a quarter of its length."""
    content = bytearray(audio.write(path, jfk).read_bytes())
    data = content.index(b"data")
    quarter = (len(content) - data - 8) // 4
    content[4:8], content[data + 4 : data + 8] = struct.pack("<I", data + quarter), struct.pack("<I", quarter)
    path.write_bytes(content)
    return path


def _hole(path: Path, jfk: np.ndarray) -> Path:
    content = audio.write(path, jfk).read_bytes()
    path.write_bytes(content[: len(content) // 3] + content[len(content) // 2 :])
    return path


UNRELIABLE: dict[str, Callable[[Path, np.ndarray], Path]] = {
    "cut.m4a": _cut,
    "in pieces.m4a": _in_pieces,
    "truncated.m4a": _truncated,
    "stale.wav": _stale,
    "hole.flac": _hole,
    "streamed.wav": lambda p, s: formats.write(p, s, "pcm_s16le", "wav", pipe=True),
    "six channels.flac": lambda p, s: audio.write(p, np.tile(s, (6, 1))),
    "quicktime.mov": lambda p, s: formats.write(p, s, "aac", "mov"),
    "two tracks.mp4": lambda p, s: audio.write_tracks(p, [(s, {}), (s, {})]),
}


@pytest.mark.parametrize("name", UNRELIABLE)
def test_unreliable_files_need_a_copy(tmp_path: Path, jfk: np.ndarray, name: str):
    assert not decoder.probe(UNRELIABLE[name](tmp_path / name, jfk)).seekable


@pytest.mark.parametrize("name", ["plain.wav", "plain.flac", "plain.m4a", "plain.mp4"])
def test_plain_files_need_no_copy(tmp_path: Path, jfk: np.ndarray, name: str):
    assert decoder.probe(audio.write(tmp_path / name, jfk)).seekable


# ---- time line and channels of a copy --------------------------------------------------------------------------------


def _gap(path: Path, jfk: np.ndarray) -> Path:
    """Write a Matroska file whose sound stops at 5.5 s and continues after a gap of 20 s."""
    with av.open(str(path), "w", format="matroska") as container:
        stream = container.add_stream("pcm_s16le", rate=16_000, layout="mono")
        for at in range(0, len(jfk), 1600):
            packet = av.Packet((jfk[at : at + 1600] * 32_767).astype("<i2").tobytes())
            packet.stream, packet.time_base = stream, Fraction(1, 16_000)
            packet.pts = packet.dts = at + (20 * 16_000 if at >= 88_000 else 0)
            container.mux(packet)
    return path


def _damaged(path: Path, jfk: np.ndarray) -> Path:
    speech = np.concatenate([jfk, *map(audio.samples, audio.AUSTEN)])
    content = bytearray(formats.write(path, speech, "libmp3lame", "mp3").read_bytes())
    content[len(content) // 3 : len(content) // 3 + 20_000] = np.random.default_rng(1).bytes(20_000)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("gap.mkv", _gap),
        ("damaged.mp3", _damaged),
        ("six.flac", UNRELIABLE["six channels.flac"]),
        *formats.FORMATS.items(),
    ],
)
def test_copy_has_the_time_line_of_the_recording(
    tmp_path: Path, jfk: np.ndarray, name: str, make: Callable[[Path, np.ndarray], Path]
):
    recording = make(tmp_path / name, jfk)
    copy_maker.make(recording, tmp_path / "copy.m4a", None, longest=1000)
    before, after = read(recording), read(tmp_path / "copy.m4a")
    assert abs(len(before) - len(after)) <= 0.1 * audio.RATE
    for at in (1.0, len(before) / audio.RATE - 3):
        piece = before[round(at * audio.RATE) : round((at + 2) * audio.RATE)]
        assert abs(formats.place_of(piece, after) - at) <= CLOSE
    content = (tmp_path / "copy.m4a").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat"), "the index is in front"
    assert decoder.probe(tmp_path / "copy.m4a").seekable


def test_two_channels_stay_two(tmp_path: Path, jfk: np.ndarray):
    recording = formats.write(tmp_path / "two.mp3", jfk, "libmp3lame", "mp3", layout="stereo")
    copy_maker.make(recording, tmp_path / "copy.m4a", None, longest=1000)
    found = decoder.probe(tmp_path / "copy.m4a")
    assert (found.channels, found.sample_rate) == (2, 44_100)


# ---- hostile recordings ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", hostile.ALL)
def test_hostile_recording_gives_at_most_a_small_copy(tmp_path: Path, what: str):
    path = hostile.ALL[what](tmp_path / "recording")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(copy_maker, "DECODE", {"processor": 5.0, "timeout": 30.0})
        with contextlib.suppress(SttError):
            copy_maker.make(path, tmp_path / "copy.m4a", None, longest=100)
    sizes = [file.stat().st_size for file in tmp_path.glob("copy.m4a")]
    assert sum(sizes) < 4 << 20


def test_invalid_output_of_a_compromised_encoder_is_refused():
    for sizes, lengths, content in (
        ([4], [1024], b"\xff\xf1aa"),  # a muxer would take the first bytes for an ADTS header
        ([4], [0], b"aaaa"),
        ([4], [4096], b"aaaa"),
        ([4_000], [1024], bytes(4_000)),
        ([4], [1024], b"aa"),
        ([-2, 4], [1024, 1024], b"aa"),
    ):
        with pytest.raises(UnsafeRecording):
            copy_maker._apart(content, sizes, lengths)


def test_copying_a_recording_longer_than_the_host_allows_is_refused(tmp_path: Path):
    with pytest.raises(SttError, match="minutes"):
        copy_maker.make(audio.write(tmp_path / "long.wav", audio.silence(120)), tmp_path / "copy.m4a", None, longest=60)


# ---- life cycle of a copy --------------------------------------------------------------------------------------------


def put(sound: Path, **values: object) -> records.Job:
    return records.load(
        transcripts.store(ANN, Transcript((Segment(0.0, 1.0, "Ask not."),), 11.0), sound, **values), ANN
    )


def recording_of(job: records.Job) -> Recording:
    return recordings.find(job.recording_id or "", None)


def rows() -> int:
    with database().connect() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(copies)).scalar_one()


@pytest.fixture
def client(engine: Path) -> TestClient:
    cookie = f"{visitors.COOKIE}={visitors.cookie_for(VISITOR)}"
    return TestClient(Starlette(routes=ROUTES), headers={"cookie": cookie})


def test_first_request_starts_a_copy_that_the_route_then_serves(client: TestClient, tmp_path: Path, jfk: np.ndarray):
    job = put(aiff(tmp_path / "old.aiff", jfk))
    recording, content = recording_of(job), (tmp_path / "old.aiff").read_bytes()
    before = client.get(f"/audio/{job.id}")
    assert before.content == content and before.headers["content-type"] == "audio/aiff"
    assert client.get(f"/audio/{job.id}/state").json()["state"] in (MAKING, READY)
    assert settled(recording) == Playback(READY, 100)
    assert client.get(f"/audio/{job.id}/state").json() == {"state": READY, "percent": 100}
    after = client.get(f"/audio/{job.id}", headers={"if-none-match": before.headers["etag"]})
    assert after.status_code == 200 and after.headers["content-type"] == "audio/mp4"
    assert after.content == audio_files.local(recordings.copy_name(recording.id, "")).read_bytes()
    assert client.get(f"/audio/{job.id}", headers={"range": "bytes=4-7"}).content == b"ftyp"
    assert client.get(f"/audio/{job.id}", headers={"if-none-match": after.headers["etag"]}).status_code == 304
    for parameter in ("download", "original"):
        assert client.get(f"/audio/{job.id}?{parameter}").content == content
    stranger = TestClient(
        Starlette(routes=ROUTES), headers={"cookie": f"{visitors.COOKIE}={visitors.cookie_for('ben')}"}
    )
    for path in (f"/audio/{job.id}", f"/audio/{job.id}/state"):
        assert stranger.get(path).status_code == 404
    history.delete(job.id, ANN)
    assert client.get(f"/audio/{job.id}/state").status_code == 404
    assert not list(paths.folder("audio").glob(f"{recording.id}*"))


def test_recording_that_is_played_directly_gets_no_copy(client: TestClient):
    job = put(audio.JFK)
    assert client.get(f"/audio/{job.id}/state").json()["state"] == ORIGINAL
    assert playback_copies.playback_of(recording_of(job), "") == Playback(ORIGINAL)
    assert client.get(f"/audio/{job.id}").content == audio.JFK.read_bytes()


def test_recording_of_an_older_version_is_probed_at_its_first_request(
    client: TestClient, tmp_path: Path, jfk: np.ndarray
):
    cases = [(put(audio.JFK), ORIGINAL), (put(aiff(tmp_path / "old.aiff", jfk)), READY)]
    with database().begin() as connection:
        connection.execute(recordings_table.update().values(seekable=None))
    for job, state in cases:
        assert client.get(f"/audio/{job.id}/state").json()["state"] in (MAKING, state)
        assert settled(recording_of(job)).state == state


def test_copy_has_the_track_that_was_transcribed(client: TestClient, tmp_path: Path, jfk: np.ndarray):
    other = audio.samples(audio.AUSTEN[0])
    sound = audio.write_tracks(tmp_path / "two.mkv", [(jfk, {"title": "One"}), (other, {"title": "Two"})])
    one = put(sound)
    recording = recording_of(one)
    for options, track, expected in (
        ({}, "", [jfk]),
        ({"track": "2"}, "2", [other]),
        ({"track": "all"}, "all", [jfk, other]),
    ):
        assert playback_copies.track_of(recording, options) == track
        copying.begin(recording, track)
        assert settled(recording, track).state == READY
        path = playback_copies.copy_of(recording, track)
        assert path is not None
        samples = read(path)
        for each in expected:
            assert abs(formats.place_of(each[16_000:40_000], samples, 0.3) - 1.0) <= CLOSE
    history.delete(one.id, ANN)
    until(lambda: not list(paths.folder("audio").glob(f"{recording.id}*")))


def test_recording_deleted_while_its_copy_is_made_leaves_nothing(engine: Path, tmp_path: Path, jfk: np.ndarray):
    job = put(formats.write_long_mp3(tmp_path / "long.mp3", jfk, 60))
    recording = recording_of(job)
    copying.begin(recording, "")
    until(lambda: (s := playback_copies.playback_of(recording, "")) and 0 < s.percent < 100)
    history.delete(job.id, ANN)
    assert rows() == 0 or playback_copies.playback_of(recording, "") is None
    until(lambda: not list(paths.folder("incoming").iterdir()))
    until(lambda: not delete_workflows() and not DBOS.list_workflows(workflow_id_prefix=f"{recording.id}-"))
    assert not list(paths.folder("audio").glob(f"{recording.id}*"))
    assert not [name for name in removals.due(removals.AUDIO) if name.startswith(recording.id)]


def test_unreadable_recording_is_not_retried_but_a_transient_error_is(
    engine: Path, tmp_path: Path, jfk: np.ndarray, monkeypatch: pytest.MonkeyPatch
):
    recording = recording_of(put(aiff(tmp_path / "old.aiff", jfk)))
    recording.path.write_bytes(b"no sound at all")
    copying.begin(recording, "")
    assert settled(recording) == Playback(FAILED, 0)
    monkeypatch.setattr(copying, "RETRY_AFTER", 0.0)
    copying.begin(recording, "")
    assert playback_copies.playback_of(recording, "") == Playback(FAILED, 0)
    other = recording_of(put(aiff(tmp_path / "old.aiff", jfk)))
    aside = other.path.rename(tmp_path / "aside")
    other.path.mkdir()  # a folder makes reading fail, as a failing disk would
    copying.begin(other, "")
    assert settled(other) == Playback(FAILED, 0)
    other.path.rmdir()
    aside.rename(other.path)
    copying.begin(other, "")
    assert settled(other) == Playback(READY, 100)


def test_decoder_that_made_a_copy_is_not_reused(tmp_path: Path, jfk: np.ndarray):
    """Check that the next decoder has normal priority. The one that made the copy cannot raise its priority again."""
    copy_maker.make(aiff(tmp_path / "old.aiff", jfk), tmp_path / "copy.m4a", None, longest=100)
    process = decoder_pool.take()
    assert psutil.Process(process.pid).nice() == psutil.Process().nice()
    decoder_pool.release(process)


@pytest.mark.parametrize("extension", [".wav", ".flac"])
def test_header_with_too_short_a_duration_needs_a_copy(tmp_path: Path, extension: str):
    """Understate the duration in the header. Browsers would stop at the declared end."""
    path = audio.write(tmp_path / f"a{extension}", audio.samples(audio.JFK))
    assert decoder.probe(path).seekable
    content = bytearray(path.read_bytes())
    if extension == ".wav":
        at = content.index(b"data") + 4
        content[at : at + 4] = (88_000).to_bytes(4, "little")
    else:
        content[21:26] = bytes([content[21] & 0xF0]) + (44_000).to_bytes(4, "big")
    path.write_bytes(content)
    found = decoder.probe(path)
    assert found.duration == pytest.approx(11, abs=0.1) and not found.seekable
