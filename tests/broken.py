"""Write damaged and unusual recordings: truncated, partly overwritten, without sound, or with a rare PCM codec."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from tests import audio


def cut_off(path: Path, keep: float = 0.6) -> Path:
    """Truncate the file to the share `keep` (0 to 1) of its size, like an interrupted copy."""
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    return path


def overwritten(path: Path, start: float = 0.4, end: float = 0.5, seed: int = 0) -> Path:
    """Overwrite a part of the file with random bytes. `start` and `end` are fractions of the file's size (0 to 1)."""
    content = path.read_bytes()
    a, b = int(len(content) * start), int(len(content) * end)
    path.write_bytes(content[:a] + np.random.default_rng(seed).bytes(b - a) + content[b:])
    return path


def mp4(path: Path, sound: np.ndarray | None = None, *, picture: bool = True, **options: str) -> Path:
    """Write an MP4, with video if `picture`, and with sound if `sound` is given (mono samples at 16 kHz).

    `options` are options of FFmpeg's MP4 muxer.
    """
    with av.open(str(path), "w", format="mp4", options=options) as container:
        video = container.add_stream("mpeg4", rate=5) if picture else None
        track = container.add_stream("aac", rate=audio.RATE, layout="mono") if sound is not None else None
        if video is not None:
            video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
            for _ in range(5 if sound is None else int(5 * len(sound) / audio.RATE)):
                picture_frame = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")
                container.mux(video.encode(picture_frame))
            container.mux(video.encode(None))
        if track is not None:
            frame = av.AudioFrame.from_ndarray(sound[np.newaxis], format="fltp", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = audio.RATE, 0, Fraction(1, audio.RATE)
            container.mux(track.encode(frame))
            container.mux(track.encode(None))
    return path


def pcm_wav(path: Path, sound: np.ndarray, codec: str, rate: int, layout: str = "mono") -> Path:
    """Write a WAV with any PCM codec ("pcm_alaw", "pcm_u8", "pcm_f32le" …)."""
    sound = np.atleast_2d(sound)
    with av.open(str(path), "w", format="wav") as container:
        stream = container.add_stream(codec, rate=rate, layout=layout)
        resampler = av.AudioResampler(format=stream.codec_context.format, layout=layout, rate=rate)
        # The channels are interleaved in one plane, because PyAV 18 cannot create planar frames with eight channels.
        frame = av.AudioFrame.from_ndarray(sound.T.astype(np.float32).reshape(1, -1), format="flt", layout=layout)
        frame.sample_rate = audio.RATE
        for converted in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(converted))
        container.mux(stream.encode(None))
    return path
