"""Test that recordings joined byte by byte are all read in order, or the transcript states what was not read."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from stt.audio import decoder
from stt.audio.containers import following
from tests import audio, every_format

JFK = audio.samples(audio.JFK)
ONE, OTHER = JFK[: 2 * audio.RATE], JFK[4 * audio.RATE : 7 * audio.RATE]
BY_HAND = ("wav", "aiff", "caf", "w64", "au", "mp4", "mov", "3gp", "webm", "matroska", "asf", "avi")
FOUND = ("flv", "ogg", "flac", "tta", "wv", "voc", "wtv", "mmf", "amr", "rm")
READ_ALONG = ("mp3", "mp2", "adts", "ac3", "eac3", "latm", "mpegts", "mpeg", "vob", "mxf", "dv")
MIXED = [
    *(
        ("wav", other)
        for other in ("mp3", "flac", "ogg", "mp4", "webm", "adts", "aiff", "mpegts", "mpeg", "amr", "flv", "avi")
    ),
    *(("mp3", other) for other in ("wav", "flac", "ogg", "mp4", "mpeg")),
    *(("flac", other) for other in ("mp3", "wav", "webm", "adts", "mpegts")),
    *(("ogg", other) for other in ("mp3", "wav", "mp4", "asf", "caf")),
    *(("mp4", other) for other in ("wav", "mp3", "webm", "mpegts", "w64")),
    *(("webm", other) for other in ("mp4", "mp3", "flac", "wav", "ogg")),
    *(("adts", other) for other in ("mp4", "wav", "ogg", "mp3", "flac")),
    *(("mpegts", other) for other in ("mp4", "wav", "mpeg", "flv", "mp3")),
    *(("amr", other) for other in ("mp4", "wav", "mp3", "adts", "webm")),
    *(
        ("aiff", "mp3"),
        ("caf", "mp4"),
        ("w64", "flac"),
        ("au", "ogg"),
        ("flv", "mp4"),
        ("asf", "wav"),
        ("avi", "mp3"),
        ("mpeg", "mp4"),
    ),
]


def read_all(path: Path) -> tuple[np.ndarray, list, float]:
    with decoder.Reader(path) as reader:
        return reader.read(10_000)[0], reader.lost, decoder.probe(path).duration


def joined(folder: Path, *parts: tuple[str, np.ndarray]) -> Path:
    path = folder / "recording"
    path.write_bytes(
        b"".join(every_format.write(folder / f"{number}", *part).read_bytes() for number, part in enumerate(parts))
    )
    return path


def similarity(sound: np.ndarray, of: np.ndarray, around: float) -> float:
    """Find `of`, without its first and last 0.5 s, in `sound` near `around` (seconds).

    Return the correlation at the position that fits best.
    """
    part, size = of[8_000:-8_000], 1 << 17
    begin = max(0, round((around - 0.5) * audio.RATE))
    here = sound[begin : begin + len(of) + audio.RATE]
    at = int(np.argmax(np.fft.irfft(np.fft.rfft(here, size) * np.conj(np.fft.rfft(part, size)), size)))
    return float(np.corrcoef(here[at : at + len(part)], part)[0, 1])


@pytest.mark.parametrize("muxer", [*BY_HAND, *FOUND, *READ_ALONG])
def test_two_files_of_one_format_are_both_read(tmp_path: Path, muxer: str):
    sound, lost, duration = read_all(joined(tmp_path, (muxer, ONE), (muxer, OTHER)))
    assert lost == []
    assert (len(sound) / audio.RATE, duration) == (pytest.approx(5, abs=0.3), pytest.approx(5, abs=0.45))
    assert similarity(sound, ONE, 0) > 0.85
    assert similarity(sound, OTHER, 2) > 0.85


@pytest.mark.parametrize("first, second", MIXED)
def test_two_files_of_different_formats_are_both_read(tmp_path: Path, first: str, second: str):
    sound, lost, duration = read_all(joined(tmp_path, (first, ONE), (second, OTHER)))
    assert lost == []
    assert (len(sound) / audio.RATE, duration) == (pytest.approx(5, abs=0.3), pytest.approx(5, abs=0.45))
    assert similarity(sound, ONE, 0) > 0.85
    assert similarity(sound, OTHER, 2) > 0.85


def test_more_than_two_files_of_any_format_are_read(tmp_path: Path):
    kinds = ("flv", "mp4", "wav", "flac", "webm", "ogg", "mp3")
    sound, lost, duration = read_all(joined(tmp_path, *((kind, ONE) for kind in kinds)))
    assert lost == []
    assert (len(sound) / audio.RATE, duration) == (pytest.approx(14, abs=0.4), pytest.approx(14, abs=0.6))
    assert all(similarity(sound, ONE, 2.03 * number) > 0.9 for number in range(len(kinds)))


@pytest.mark.parametrize(
    "format, codecs",
    [
        ("wav", (("pcm_s16le", 16_000, "mono"), ("pcm_s24le", 44_100, "stereo"))),
        ("wav", (("pcm_s16le", 16_000, "mono"), ("pcm_alaw", 8_000, "mono"))),
        ("aiff", (("pcm_s16be", 44_100, "stereo"), ("pcm_s16be", 16_000, "mono"))),
        ("matroska", (("libopus", 48_000, "mono"), ("aac", 44_100, "stereo"))),
        ("matroska", (("flac", 16_000, "mono"), ("libmp3lame", 44_100, "mono"))),
        ("mp4", (("aac", 16_000, "mono"), ("aac", 48_000, "stereo"))),
        ("mp4", (("aac", 44_100, "stereo"), ("flac", 16_000, "mono"))),
        ("mov", (("pcm_s16le", 16_000, "mono"), ("aac", 44_100, "mono"))),
        ("ogg", (("libopus", 48_000, "mono"), ("flac", 16_000, "mono"))),
        ("ogg", (("flac", 16_000, "mono"), ("libopus", 48_000, "stereo"))),
        ("flac", (("flac", 16_000, "mono"), ("flac", 44_100, "stereo"))),
        ("flv", (("libmp3lame", 44_100, "mono"), ("aac", 44_100, "stereo"))),
        ("avi", (("pcm_s16le", 16_000, "mono"), ("libmp3lame", 44_100, "mono"))),
    ],
)
def test_two_files_of_one_format_with_different_codecs_are_both_read(tmp_path: Path, format: str, codecs):
    path, content = tmp_path / "recording", b""
    for samples, codec in zip((ONE, OTHER), codecs, strict=True):
        content += encoded(tmp_path / "part", format, samples, *codec).read_bytes()
    path.write_bytes(content)
    sound, lost, duration = read_all(path)
    assert lost == []
    assert (len(sound) / audio.RATE, duration) == (pytest.approx(5, abs=0.3), pytest.approx(5, abs=0.45))
    assert similarity(sound, ONE, 0) > 0.85
    assert similarity(sound, OTHER, 2) > 0.85


def encoded(path: Path, format: str, sound: np.ndarray, codec: str, rate: int, layout: str) -> Path:
    with av.open(str(path), "w", format=format, options={"strict": "experimental"}) as container:
        stream = container.add_stream(codec, rate=rate, layout=layout)
        resampler = av.AudioResampler(format=stream.codec_context.format, layout=layout, rate=rate)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound[np.newaxis]), format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = audio.RATE, 0, Fraction(1, audio.RATE)
        for out in [*resampler.resample(frame), *resampler.resample(None), None]:
            container.mux(stream.encode(out))
    return path


REST = np.random.default_rng(3).bytes(200_000)


@pytest.mark.parametrize("muxer", ["flac", "ogg", "flv", "tta", "wv", "ast"])
def test_unknown_bytes_at_the_end_are_reported(tmp_path: Path, muxer: str):
    path = every_format.write(tmp_path / "recording", muxer, ONE)
    path.write_bytes(path.read_bytes() + REST)
    sound, lost, _ = read_all(path)
    assert len(sound) / audio.RATE == pytest.approx(2, abs=0.2)
    assert len(lost) == 1
    assert lost[0][0] == lost[0][1] == pytest.approx(2, abs=0.2)
    assert lost[0][2] == "0.2 MB at the end of the file could not be read"


@pytest.mark.parametrize("muxer", ["wav", "mp4", "flv", "flac", "webm"])
def test_file_without_sound_at_the_end_is_reported(tmp_path: Path, muxer: str):
    path = every_format.write(tmp_path / "recording", muxer, ONE)
    path.write_bytes(
        path.read_bytes() + every_format.write(tmp_path / "part", "webm", ONE).read_bytes()[:300] + bytes(200_000)
    )
    sound, lost, _ = read_all(path)
    assert len(sound) / audio.RATE == pytest.approx(2, abs=0.1)
    assert [why for _, _, why in lost] == ["0.2 MB at the end of the file could not be read"]


@pytest.mark.parametrize("muxer", every_format.WRITTEN)
def test_single_recording_has_nothing_after_its_end(tmp_path: Path, muxer: str):
    path = every_format.write(tmp_path / "recording", muxer, ONE)
    assert read_all(path)[1] == []


@pytest.mark.parametrize("muxer", ["wav", "mp4", "webm", "flac", "tta", "ogg"])
def test_zeros_and_tags_at_the_end_are_not_reported_as_lost(tmp_path: Path, muxer: str):
    path = every_format.write(tmp_path / "recording", muxer, ONE)
    content = path.read_bytes()
    for after in (bytes(300_000), b"TAG" + b"x" * 125, b"APETAGEX" + REST[:100_000]):
        path.write_bytes(content + after)
        sound, lost, _ = read_all(path)
        assert (lost, len(sound) / audio.RATE) == ([], pytest.approx(2, abs=0.1))


def test_reading_a_file_of_very_many_recordings_ends(tmp_path: Path):
    path = tmp_path / "recording"
    path.write_bytes(
        every_format.write(tmp_path / "part", "flv", JFK[:3_200]).read_bytes() * (following.MOST_PARTS + 20)
    )
    sound, lost, _ = read_all(path)
    assert len(sound) / audio.RATE > following.MOST_PARTS * 0.2
    assert len(lost) == 1
    assert lost[0][2].endswith(" at the end of the file could not be read")


CUT = {"ogg": (0.5, 0.7, 0.93), "mpegts": (0.31, 0.5, 0.93)}


@pytest.mark.parametrize("muxer, keep", [(muxer, keep) for muxer, keeps in CUT.items() for keep in keeps])
def test_file_that_ends_inside_a_page_or_packet_is_reported_as_cut_off(tmp_path: Path, muxer: str, keep: float):
    path = every_format.write(tmp_path / "recording", muxer, JFK)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    sound, lost, _ = read_all(path)
    assert 2 < len(sound) / audio.RATE < 10.9
    assert lost[-1][2] == "the file is cut off here"


def test_ogg_without_its_last_page_is_reported(tmp_path: Path):
    path = every_format.write(tmp_path / "recording", "ogg", JFK)
    content = path.read_bytes()
    path.write_bytes(content[: content.rindex(b"OggS")])
    sound, lost, _ = read_all(path)
    assert len(sound) / audio.RATE > 5
    assert [why for _, _, why in lost] == ["the file ends without its last page, so it may be cut off here"]


@pytest.mark.parametrize("muxer", ["ogg", "mpegts", "mpeg", "vob", "adts", "flv"])
def test_file_that_ends_where_it_may_end_is_complete(tmp_path: Path, muxer: str):
    """Check that a format may end early: MPEG without an end code, and MPEG-TS after any complete packet."""
    path = every_format.write(tmp_path / "recording", muxer, JFK)
    if muxer == "mpegts":
        path.write_bytes(path.read_bytes()[: 188 * 400])
    if muxer == "mpeg":
        path.write_bytes(path.read_bytes().removesuffix(b"\0\0\1\xb9"))
    assert read_all(path)[1] == []


def test_many_tags_at_the_end_are_no_recording(tmp_path: Path):
    path = every_format.write(tmp_path / "recording", "tta", ONE)
    path.write_bytes(path.read_bytes() + (b"ID3\4\0\0" + bytes(4)) * 30_000)
    assert len(read_all(path)[0]) / audio.RATE == pytest.approx(2, abs=0.1)
