"""Test that a malicious recording fails soon with a message, in a process that nothing else depends on."""

from __future__ import annotations

import os
import resource
import signal
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from stt.audio import decoder_pool
from stt.audio.decoder import DECODE, LOOK, Reader, probe
from stt.errors import Cancelled, InputError, UnsafeRecording
from tests import audio, broken, hostile
from tests.waiting import until

# Maximum seconds of processor time until a file is read or refused, which do not depend on other processes. On a busy
# machine, a decoder that gets little processor time may take PATIENT times as long.
SOON = 10.0
MOST = 400 << 20  # maximum total memory of the idle decoder processes, in bytes


@pytest.mark.parametrize("kind", sorted(hostile.ALL))
def test_malicious_file_is_refused_or_bounded_and_the_next_file_is_read(tmp_path: Path, kind: str):
    path = hostile.ALL[kind](tmp_path / "recording")
    began, used = time.monotonic(), processor_seconds()
    try:
        found = probe(path, "holiday.mp3")
    except InputError as error:
        assert error.message and error.guidance
    else:
        assert found.duration > 0 and 4_000 <= found.sample_rate <= 768_000
    assert processor_seconds() - used < SOON and time.monotonic() - began < SOON * decoder_pool.PATIENT
    assert probe(audio.JFK).duration == 11.0
    assert decoder_memory() < MOST


def idle_decoders() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "stt.audio.decoder_process" in child.cmdline()]


def decoder_memory() -> int:
    """Return the total memory of the idle decoder processes, in bytes."""
    return sum(child.memory_info().rss for child in idle_decoders())


def processor_seconds() -> float:
    """Return the processor time of all processes that this process has started, those that have ended included."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    running = [child.cpu_times() for child in idle_decoders()]
    return ended.ru_utime + ended.ru_stime + sum(times.user + times.system for times in running)


@pytest.mark.parametrize(
    "kind", ["a FLAC at 1 Hz", "an AIFF at 1 Hz", "a CAF at 1 Hz", "a MOV at 1 Hz", "a WAV at 2 GHz"]
)
def test_impossible_sample_rate_is_refused_with_a_message(tmp_path: Path, kind: str):
    with pytest.raises(InputError, match=r"samples a second. Rates from 4,000 to 768,000 Hz can be read."):
        probe(hostile.ALL[kind](tmp_path / "recording"))


def test_frame_with_another_sample_rate_than_its_file_is_damage(tmp_path: Path):
    """Read frames that declare 1 kHz in a FLAC whose header declares 16 kHz. At 1 kHz they would last 197 s."""
    path = hostile.flac(tmp_path / "a.flac", *[4096] * 20, *[65_535] * 3, rate=16_000, at_1_khz=3)
    with Reader(path) as reader:
        assert reader.read(60).shape[1] == 20 * 4096
        assert reader.lost == [(5.12, 17.408, "missing at the end")]


def test_file_that_exceeds_its_time_ends_only_its_own_process(tmp_path: Path):
    with pytest.raises(UnsafeRecording, match="longer than it should"):
        probe(hostile.many_tags(tmp_path / "a.mp3"))


@pytest.mark.skipif("sys.platform == 'win32'")
def test_decoder_ended_by_the_cpu_time_limit_is_reported_as_too_slow(tmp_path: Path):
    """Let the system end the decoder for its CPU time before this process checks that time, as on a busy machine."""
    path = hostile.many_tags(tmp_path / "a.mp3")
    decoder = decoder_pool.Decoder()
    with pytest.raises(UnsafeRecording, match="longer than it should") as caught:
        bounds = {"processor": 1.0, "timeout": 60.0}
        decoder.call("probe", path=str(path), name="", check_cancelled=lambda: wait_until_ended(decoder), **bounds)
    assert caught.value.detail == f"exit {-signal.SIGXCPU}"


def wait_until_ended(decoder: decoder_pool.Decoder) -> None:
    """Wait until the system has ended the decoder. Return at once if the decoder has not received a request yet."""
    if decoder._uses:
        until(lambda: not decoder.alive)


@pytest.mark.skipif("sys.platform != 'linux'")
def test_decoder_gets_no_memory_beyond_its_limit(tmp_path: Path, monkeypatch):
    """Check the memory limit, which the system enforces, with an ordinary recording that needs more memory."""
    path = audio.write(tmp_path / "a.wav", np.resize(audio.samples(audio.JFK), 3600 * audio.RATE))
    decoder = decoder_pool.Decoder()
    decoder.call("open", path=str(path), name="", apart=False, **DECODE)
    with pytest.raises(UnsafeRecording, match="more memory"):
        decoder.call("read", seconds=3600, **DECODE)
        decoder.call("read", seconds=3600, **DECODE)
    assert not decoder.alive


@pytest.mark.parametrize("gone", [False, True], ids=["just killed", "already ended"])
def test_killed_decoder_fails_only_its_own_recording(gone: bool):
    with Reader(audio.JFK) as reader:
        reader.read(1)
        psutil.Process(reader._decoder.pid).kill()
        if gone:
            reader._decoder._process.wait()
        with pytest.raises(UnsafeRecording, match="crashed the decoder"):
            reader.read(1)
    assert probe(audio.JFK).duration == 11.0


def test_idle_decoder_that_has_ended_is_replaced():
    probe(audio.JFK)
    for decoder in list(decoder_pool._idle):
        decoder.end()
    assert probe(audio.JFK).duration == 11.0


def test_cancel_ends_a_decoder_while_it_works(tmp_path: Path):
    path = hostile.many_tags(tmp_path / "a.mp3")
    checks = []

    def check_cancelled() -> None:
        checks.append(time.monotonic())
        if len(checks) > 2:
            raise Cancelled()

    with pytest.raises(Cancelled):
        Reader(path, check_cancelled=check_cancelled)
    assert checks[-1] - checks[0] < 5
    assert not [p for p in psutil.Process().children() if p.status() != "zombie" and p.cpu_percent(0.1) > 50]


def test_decoder_has_no_secret_and_cannot_write_files(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("AIML_API_KEY", "sk-planted")
    monkeypatch.setenv("STT_SECRET", "planted" * 9)
    decoder = decoder_pool.Decoder()
    try:
        decoder.call("probe", path=str(audio.JFK), name="", **LOOK)
        process = psutil.Process(decoder.pid)
        assert not [name for name in process.environ() if name.startswith(("STT", "AIML"))]
        assert process.rlimit(psutil.RLIMIT_FSIZE) == (0, 0)
    finally:
        decoder.end()


def test_a_decoder_ends_with_its_server(tmp_path: Path):
    import subprocess
    import sys

    code = "import os; from stt.audio import decoder_pool as p; p.warm(); print(p._idle[0].pid, flush=True); os.kill(os.getpid(), 9)"
    ended = subprocess.run(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2], check=False
    )
    pid = int(ended.stdout)

    def has_ended() -> bool:
        try:
            return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    until(has_ended)


def test_probing_a_video_decodes_no_picture(tmp_path: Path):
    from stt.audio.containers import container

    allowed = container.OPTIONS["codec_whitelist"].split(",")
    assert {"aac", "mp3", "flac", "opus", "pcm_s16le"} <= set(allowed)
    assert not {"h264", "hevc", "vp9", "mjpeg", "png"} & set(allowed)
    assert probe(broken.mp4(tmp_path / "a.mp4", audio.samples(audio.JFK))).video


def test_many_unreadable_places_are_listed_as_few(tmp_path: Path):
    path = hostile.far_apart(tmp_path / "a.mka", 4000, 1.5)
    with Reader(path) as reader:
        while reader.read(600).shape[1]:
            pass
    assert 1 <= len(reader.lost) <= 1000
    assert reader.lost[-1][1] > 5900


def test_header_that_declares_less_than_the_file_holds_is_ignored(tmp_path: Path):
    """Declare 1 s in the header of an MP3 of 66 s. With a trusted header, the file would pass every length limit."""
    path = audio.write(tmp_path / "a.mp3", np.resize(audio.samples(audio.JFK), 66 * audio.RATE))
    content = bytearray(path.read_bytes())
    place = max(content.find(b"Xing"), content.find(b"Info"))
    content[place + 8 : place + 12] = (38).to_bytes(4, "big")
    path.write_bytes(content)
    assert probe(path).duration == pytest.approx(66, abs=2)


def test_tag_that_declares_less_than_the_packets_hold_is_ignored(tmp_path: Path):
    """Change the duration tag of a Matroska track from 66 s to 1 s. If trusted, it would defeat every length limit."""
    path = audio.write(tmp_path / "a.webm", np.resize(audio.samples(audio.JFK), 66 * audio.RATE))
    content = path.read_bytes()
    assert b"00:01:06" in content
    path.write_bytes(content.replace(b"00:01:06", b"00:00:01"))
    assert probe(path).duration == pytest.approx(66, abs=2)


def test_more_than_eight_channels_are_mixed_and_reported(tmp_path: Path):
    with Reader(hostile.wav(tmp_path / "a.wav", 48_000, 16), apart=True) as reader:
        assert (reader.channels, reader.mixed) == (1, 16)
    with Reader(hostile.wav(tmp_path / "a.wav", 48_000, 8), apart=True) as reader:
        assert (reader.channels, reader.mixed) == (8, 1)


def test_idle_decoders_are_few(tmp_path: Path):
    readers = [Reader(audio.JFK) for _ in range(5)]
    for reader in readers:
        reader.close()
    assert len(decoder_pool._idle) <= decoder_pool.KEPT
    assert os.getpid() == psutil.Process(decoder_pool._idle[0].pid).ppid()
