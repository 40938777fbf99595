"""Write speech in common containers and codecs, including formats that browsers cannot play or seek."""

from __future__ import annotations

import io
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from tests.audio import RATE

FRAME_RATE = 10  # video frames per second


class _Pipe(io.RawIOBase):
    """An output file without seek: the muxer cannot add a duration or an index, as in a browser's recording."""

    def __init__(self, path: Path) -> None:
        self._file = open(path, "wb")  # noqa: SIM115 - closed below

    def writable(self) -> bool:
        return True

    def write(self, content) -> int:
        return self._file.write(content)

    def close(self) -> None:
        self._file.close()


def write(
    path: Path, sound: np.ndarray, codec: str, format: str, *, rate: int = 44_100, layout: str = "mono",
    pipe: bool = False, bits: int | None = None, muxer: dict[str, str] | None = None, **options: str,
) -> Path:  # fmt: skip
    """Encode 16 kHz mono float32 samples at `rate` Hz, with `muxer` as muxer options and `options` as codec options."""
    target = _Pipe(path) if pipe else str(path)
    with av.open(target, "w", format=format, options=muxer or {}) as container:
        stream = container.add_stream(codec, rate=rate, layout=layout, options=options)
        if bits:
            stream.codec_context.bit_rate = bits
        resampler = av.AudioResampler(format=stream.codec_context.format, layout=layout, rate=rate)
        for at in range(0, len(sound), RATE):
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound[np.newaxis, at : at + RATE]), "fltp", "mono")
            frame.sample_rate, frame.pts, frame.time_base = RATE, at, Fraction(1, RATE)
            for converted in resampler.resample(frame):
                container.mux(stream.encode(converted))
        for converted in resampler.resample(None):
            container.mux(stream.encode(converted))
        container.mux(stream.encode(None))
    if pipe:
        target.close()
    return path


_FRAMES_ONLY = {"write_xing": "0", "id3v2_version": "0"}  # muxer options for MP3 files that can be joined


def write_long_mp3(path: Path, sound: np.ndarray, times: int, *, layout: str = "stereo") -> Path:
    """Write an MP3 file without a VBR header that repeats 16 kHz mono samples, which are encoded only once."""
    write(path, sound, "libmp3lame", "mp3", layout=layout, muxer=_FRAMES_ONLY)
    path.write_bytes(path.read_bytes() * times)
    return path


def _vbr_without_header(path: Path, sound: np.ndarray) -> Path:
    """Write a VBR MP3 without a VBR header, as dictaphones do: six joined pieces, alternately at 32 and 192 kbit/s."""
    runs = []
    for number, part in enumerate(np.array_split(sound, 6)):
        bits = (32_000, 192_000)[number % 2]
        run = write(
            path.with_suffix(f".{number}"),
            part,
            "libmp3lame",
            "mp3",
            bits=bits,
            muxer=_FRAMES_ONLY,
        )
        runs.append(run.read_bytes())
        run.unlink()
    path.write_bytes(b"".join(runs))
    return path


def write_video(
    path: Path, sound: np.ndarray, codec: str, *, rate: int = RATE, late: float = 0.0, gap: tuple[float, float] = (0.0, 0.0),
) -> Path:  # fmt: skip
    """Write 16 kHz mono samples as the sound of an H.264 video with few key frames.

    The sound begins `late` seconds after the video. At second `gap[0]` of the sound, it pauses for `gap[1]` seconds.
    """
    with av.open(str(path), "w") as container:
        picture = container.add_stream(
            "libx264", rate=FRAME_RATE, width=64, height=64, pix_fmt="yuv420p", options={"g": "250"}
        )
        stream = container.add_stream(codec, rate=rate, layout="mono")
        packets = []
        for number in range(int((late + gap[1] + len(sound) / RATE) * FRAME_RATE)):
            frame = av.VideoFrame.from_ndarray(np.full((64, 64), number % 200, np.uint8), "gray").reformat(
                format="yuv420p"
            )
            frame.pts, frame.time_base = number, Fraction(1, FRAME_RATE)
            packets += picture.encode(frame)
        packets += picture.encode(None)
        resampler = av.AudioResampler(format=stream.codec_context.format, layout="mono", rate=rate)
        sound_packets = []
        for at in range(0, len(sound), RATE // 10):
            part = np.ascontiguousarray(sound[np.newaxis, at : at + RATE // 10])
            frame = av.AudioFrame.from_ndarray(part, "fltp", "mono")
            frame.sample_rate, frame.pts, frame.time_base = RATE, at, Fraction(1, RATE)
            for converted in resampler.resample(frame):
                sound_packets += stream.encode(converted)
        sound_packets += [packet for converted in resampler.resample(None) for packet in stream.encode(converted)]
        for packet in [*sound_packets, *stream.encode(None)]:
            at = float(packet.pts * packet.time_base)
            delay = late + (gap[1] if gap[1] and at >= gap[0] else 0.0)
            packet.pts = packet.dts = packet.pts + round(delay / packet.time_base)
            packets.append(packet)
        for packet in sorted(packets, key=lambda packet: packet.dts * packet.time_base):
            container.mux(packet)
    return path


FORMATS: dict[str, Callable[[Path, np.ndarray], Path]] = {
    "VBR MP3 with header.mp3": lambda p, s: write(p, s, "libmp3lame", "mp3", flags="+qscale", global_quality="472"),
    "VBR MP3 without header.mp3": _vbr_without_header,
    "ADTS.aac": lambda p, s: write(p, s, "aac", "adts"),
    "WMA.wma": lambda p, s: write(p, s, "wmav2", "asf", bits=64_000),
    "AIFF.aiff": lambda p, s: write(p, s, "pcm_s16be", "aiff"),
    "CAF.caf": lambda p, s: write(p, s, "pcm_s16le", "caf"),
    "AC-3.ac3": lambda p, s: write(p, s, "ac3", "ac3", rate=48_000),
    "mu-law WAV.wav": lambda p, s: write(p, s, "pcm_mulaw", "wav", rate=8_000),
    "MKV.mkv": lambda p, s: write(p, s, "libopus", "matroska", rate=48_000),
    "WebM without duration.webm": lambda p, s: write(p, s, "libopus", "webm", rate=48_000, pipe=True),
    "Ogg.ogg": lambda p, s: write(p, s, "libopus", "ogg", rate=48_000),
    "M4A.m4a": lambda p, s: write(p, s, "aac", "mp4", layout="stereo"),
    "FLAC.flac": lambda p, s: write(p, s, "flac", "flac"),
    "video.mp4": lambda p, s: write_video(p, s, "aac"),
}
ORIGINALS = ("M4A.m4a", "FLAC.flac", "video.mp4")  # need no playback copy: browsers seek in them exactly


def place_of(piece: np.ndarray, whole: np.ndarray, likeness: float = 0.5) -> float:
    """Return the time in seconds at which `piece` begins in `whole`, both 16 kHz mono samples.

    Fails if the highest normalised correlation (0 to 1) is not over `likeness`.
    """
    size = 1 << (len(whole) + len(piece)).bit_length()
    correlation = np.fft.irfft(np.fft.rfft(whole, size) * np.fft.rfft(piece, size).conj(), size)[: len(whole)]
    energy = np.cumsum(np.pad(whole.astype(float) ** 2, (1, len(piece))))
    energy = energy[len(piece) : len(piece) + len(correlation)] - energy[: len(correlation)]
    similarity = correlation / np.sqrt(np.maximum(energy, energy.max() * 1e-4) * np.dot(piece, piece))
    at = int(similarity.argmax())
    assert similarity[at] > likeness, f"the best match has a likeness of only {similarity[at]:.2f}"
    return at / RATE
