"""Test that the length in a header is only a hint: all existing sound is read, and missing sound is listed."""

from __future__ import annotations

import struct
from pathlib import Path

import av
import numpy as np
import pytest

from stt.audio import decoder
from stt.audio.containers import headers
from tests import audio, broken, formats, stale

LENGTH = 11.0
EXACT = ("WAV", "RF64", "BW64", "W64", "AIFF", "CAF", "AU", "FLAC")


def read_all(path: Path) -> tuple[np.ndarray, list, float]:
    with decoder.Reader(path) as reader:
        return reader.read(10_000)[0], reader.lost, decoder.probe(path).duration


@pytest.mark.parametrize("name", stale.WHOLE)
def test_a_recording_is_read_to_its_real_end(tmp_path: Path, name: str):
    make, times = stale.WHOLE[name]
    sound, lost, duration = read_all(make(tmp_path / "recording"))
    assert lost == []
    assert len(sound) / audio.RATE == pytest.approx(LENGTH * times, abs=0.02 if name.startswith(EXACT) else 0.35)
    # The tolerance is larger where the times of the last frames are not known.
    tolerance = (
        1.1 if "time table" in name else 0.35 if "FLAC, two" in name else 0.02 if name.startswith(EXACT) else 0.35
    )
    assert duration == pytest.approx(LENGTH * times, abs=tolerance)
    if name.startswith(EXACT):
        expected = np.tile(stale.JFK, times)
        np.testing.assert_allclose(sound[: len(expected)], expected[: len(sound)], rtol=0, atol=1e-3)
    else:
        assert similarity(sound, stale.JFK) > 0.95


def similarity(sound: np.ndarray, of: np.ndarray) -> float:
    """Return the best correlation of `sound` with `of` without its first and last second, at shifts up to 0.1 s."""
    middle = of[16_000 : len(of) - 16_000].astype(np.float64)
    middle -= middle.mean()
    shifted = sound[16_000 - 1600 : 16_000 + 1600 + len(middle)].astype(np.float64)
    assert len(shifted) == len(middle) + 3200
    sums, squares = (np.cumsum(np.append(0, values)) for values in (shifted, shifted**2))
    sums, squares = sums[len(middle) :] - sums[: -len(middle)], squares[len(middle) :] - squares[: -len(middle)]
    size = 2 ** len(shifted).bit_length()
    products = np.fft.irfft(np.fft.rfft(shifted, size) * np.conj(np.fft.rfft(middle, size)))[: len(sums)]
    return float(np.max(products / np.sqrt((squares - sums**2 / len(middle)) * np.sum(middle**2))))


@pytest.mark.parametrize("name", stale.MISSING)
def test_sound_that_a_header_declares_and_the_file_lacks_is_listed(tmp_path: Path, name: str):
    make, declared = stale.MISSING[name]
    sound, lost, _ = read_all(make(tmp_path / "recording"))
    assert [why for _, _, why in lost] == ["missing at the end"]
    assert lost[0][:2] == (pytest.approx(len(sound) / audio.RATE, abs=0.02), pytest.approx(declared, abs=0.15))


def test_wav_with_a_stale_size_is_read_in_full(tmp_path: Path):
    """Write a 16-bit WAV file of 11 s whose header declares only a quarter of the samples, 2.75 s."""
    path = tmp_path / "a.wav"
    path.write_bytes(stale.wav(88_000, riff=88_070))
    sound, lost, duration = read_all(path)
    assert (len(sound), lost, duration) == (176_000, [], 11.0)


@pytest.mark.parametrize("format", ["wav", "w64"])
@pytest.mark.parametrize("codec", ["adpcm_ima_wav", "adpcm_ms"])
def test_intact_recording_with_a_rounded_byte_rate_lacks_no_sound(tmp_path: Path, codec: str, format: str):
    """Encode 4 minutes at 8 kHz, and declare the bytes per second without their fraction, as many writers do."""
    path, sound = tmp_path / "recording", np.tile(stale.JFK[::2], 22)
    with av.open(str(path), "w", format=format) as container:
        stream = container.add_stream(codec, rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray((sound * 32767).astype(np.int16)[np.newaxis], format="s16", layout="mono")
        frame.sample_rate, frame.pts = 8000, 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    written = bytearray(path.read_bytes())
    begin = written.index(b"fmt ") + (8 if format == "wav" else 24)
    align, samples = struct.unpack("<H4xH", written[begin + 12 : begin + 20])
    struct.pack_into("<I", written, begin + 8, 8000 * align // samples)
    path.write_bytes(written)
    sound, lost, duration = read_all(path)
    assert lost == []
    assert duration == pytest.approx(len(sound) / audio.RATE, abs=0.001) and duration >= 22 * LENGTH
    path.write_bytes(written[: len(written) // 2])
    sound, lost, _ = read_all(path)
    assert lost == [
        (pytest.approx(len(sound) / audio.RATE, abs=0.02), pytest.approx(duration, abs=0.001), "missing at the end")
    ]


def test_truncated_wma_in_wav_lacks_its_end(tmp_path: Path):
    """Cut a file whose header gives samples of 16 bits, which do not tell the number of bytes per second."""
    path = formats.write(
        tmp_path / "recording", np.tile(audio.samples(audio.JFK), 4), "wmav2", "wav", rate=16_000, bits=64_000
    )
    assert read_all(path)[1] == []
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    _, lost, duration = read_all(path)
    assert [reason for _, _, reason in lost] == ["missing at the end"]
    assert duration == pytest.approx(44, abs=0.1)


def test_intact_gsm_recording_lacks_no_sound(tmp_path: Path):
    """Write 6000 blocks of GSM, 320 samples in 65 bytes each, at 11,025 Hz: 2239.45 bytes per second."""
    path = tmp_path / "recording"
    form = struct.pack("<HHIIHHHH", 0x31, 1, 11_025, 2239, 65, 0, 2, 320)
    sound = b"data" + struct.pack("<I", 6000 * 65) + bytes(6000 * 65)
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + sound
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    _, lost, duration = read_all(path)
    assert lost == [] and duration == pytest.approx(6000 * 320 / 11_025, abs=0.001)


def test_file_over_four_gigabytes_with_a_stale_size_is_read_to_its_end(tmp_path: Path):
    """Write a sparse file with 5 GB of samples. Its header holds only the low 32 bits of their size in bytes."""
    path = tmp_path / "a.wav"
    size = 5_000_000_000
    path.write_bytes(stale.wav(size % 2**32))
    with open(path, "r+b") as file:
        file.seek(44 + size - len(stale.PCM) * 2)
        file.write(stale.PCM.tobytes())
    with decoder.Reader(path) as reader:
        assert reader.promised == size / 32_000
    assert decoder.probe(path).duration == size / 32_000


@pytest.mark.parametrize("size", [0, 1, 7, 44, 45, 100])
@pytest.mark.parametrize(
    "start", [stale.wav(0), stale.rf64(0), stale.w64(0), stale.aiff(0), stale.caf(-1), stale.au(0)]
)
def test_truncated_header_raises_no_error(tmp_path: Path, start: bytes, size: int):
    path = tmp_path / "a"
    path.write_bytes(start[:size])
    with open(path, "rb") as file:
        assert headers.mended(file, size) is None or headers.mended(file, size)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "WAV, two joined",
            "RF64, a quarter declared",
            "W64, a quarter declared",
            "AIFF-C, a quarter declared",
            "CAF, a quarter declared",
            "AU, a quarter declared",
        ),
        *("MP3, a tenth declared", "MP4, media data box too small", "MKV, segment too small"),
    ],
)
def test_damaged_or_truncated_header_never_reads_beyond_its_file(tmp_path: Path, name: str):
    intact = stale.WHOLE[name][0](tmp_path / "recording").read_bytes()
    head, chance = intact[:400], np.random.default_rng(1)
    path = tmp_path / "bent"
    for _ in range(150):
        damaged = bytearray(head + intact[-2000:])
        for at in chance.integers(4, 200, 3):
            width = int(chance.integers(1, 9))
            damaged[at : at + width] = chance.choice([b"\0", b"\xff", b"\x7f", b"\x80", chance.bytes(1)]) * width
        damaged = damaged[: int(chance.integers(8, len(damaged)))] if chance.random() < 0.4 else damaged
        path.write_bytes(damaged)
        recording = headers.Recording(path)
        read = recording.read()
        recording.close()
        assert len(read) <= len(damaged) + 64


def test_reading_in_any_pieces_gives_the_same_bytes(tmp_path: Path):
    path = tmp_path / "a.wav"
    path.write_bytes(stale.wav(100, stale.LIST) + stale.wav(0))
    recording = headers.Recording(path)
    content = recording.read()
    assert len(content) == 44 + 2 * 2 * len(stale.PCM)
    chance = np.random.default_rng(1)
    for at in chance.integers(0, len(content), 50):
        size = int(chance.integers(1, 60_000))
        assert recording.seek(int(at)) == at
        assert recording.read(size) == content[at : at + size]
        assert recording.tell() == min(len(content), at + size)
    assert recording.seek(0, 2) == len(content)
    assert recording.read(10) == b""
    assert recording.seek(-5) < 0
    recording.close()


WRAP = 2**33 / 90_000  # seconds after which the MPEG clock wraps to zero

# By name: format, codec, clock jumps (from the second at which a jump occurs to its size in seconds), first time stamp
# in seconds, and length in seconds according to the time stamps.
CLOCK_JUMPS: dict[str, tuple[str, str, dict[float, float], float, float]] = {
    "MPEG-TS, jump of an hour": ("mpegts", "mp2", {4: 3600}, 0, 11),
    "MPEG-TS, three jumps": ("mpegts", "mp2", {2: 3600, 5: 90, 8: 20_000}, 0, 11),
    "MPEG-TS, late start": ("mpegts", "mp2", {}, 50_000, 11),
    "MPEG-TS, clock wraps": ("mpegts", "mp2", {}, WRAP - 5, 11),
    "MPEG-TS, gap of 5 s": ("mpegts", "mp2", {4: 5}, 0, 16),
    "MPEG, jump of an hour": ("mpeg", "mp2", {4: 3600}, 0, 11),
    "FLV, jump of an hour": ("flv", "libmp3lame", {4: 3600}, 0, 11),
    "FLV, late start": ("flv", "libmp3lame", {}, 5000, 11),
    "NUT, jump of an hour": ("nut", "mp2", {4: 3600}, 0, 11),
    "MKV, gap of 5 s": ("matroska", "libopus", {4: 5}, 0, 16),
    "MP4, gap of 30 s": ("mov", "aac", {4: 30}, 0, 41),
}


@pytest.mark.parametrize("name", CLOCK_JUMPS)
def test_clock_jumps_are_followed(tmp_path: Path, name: str):
    format, codec, jumps, start, length = CLOCK_JUMPS[name]
    sound, lost, duration = read_all(stale.packets(tmp_path / "recording", format, jumps, codec, start))
    assert duration == pytest.approx(length, abs=0.2)
    assert len(sound) / audio.RATE == pytest.approx(length, abs=0.2)
    assert sum(end - start for start, end, _ in lost) == pytest.approx(length - LENGTH, abs=0.1)
    assert {why for _, _, why in lost} <= {"the file stores no sound in this span"}
    assert similarity(sound[: round(4 * audio.RATE)], stale.JFK[: round(3.9 * audio.RATE)]) > 0.95
    gap = length - LENGTH
    assert similarity(sound[round((5 + gap) * audio.RATE) :], stale.JFK[5 * audio.RATE :]) > 0.95


@pytest.mark.parametrize("order", ["aa", "ab", "ba", "bab", "abc", "cba"])
def test_joined_broadcasts_are_all_read_although_their_clocks_jump(tmp_path: Path, order: str):
    starts = {"a": 0.0, "b": 9000.0, "c": WRAP - 4}
    broadcasts = {
        part: stale.packets(tmp_path / part, "mpegts", {}, start=start).read_bytes() for part, start in starts.items()
    }
    path = tmp_path / "recording"
    path.write_bytes(b"".join(broadcasts[part] for part in order))
    sound, lost, duration = read_all(path)
    assert lost == []
    assert duration == pytest.approx(LENGTH * len(order), abs=0.2)
    assert len(sound) / audio.RATE == pytest.approx(LENGTH * len(order), abs=0.2)
    for number in range(len(order)):
        assert similarity(sound[round(number * 11.016 * audio.RATE) :], stale.JFK) > 0.95


def test_too_small_declared_length_discards_no_time_stamp_after_damage(tmp_path: Path):
    """Declare a quarter of the real length, and damage the file beyond that. Later sound must keep its time."""
    path = tmp_path / "a.flac"
    stale.flac(len(stale.PCM) // 4)(path)
    intact = read_all(path)[0]
    broken.overwritten(path, 0.6, 0.7)
    sound, lost, _ = read_all(path)
    assert len(sound) / audio.RATE == pytest.approx(LENGTH, abs=0.1)
    assert [why for _, _, why in lost] == ["damaged"]
    assert np.array_equal(sound[-16_000:], intact[-16_000:])
