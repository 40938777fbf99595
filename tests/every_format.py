"""Write a recording in each format that the bundled FFmpeg can write, and in some formats that FFmpeg can only read."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from tests import audio

# Name of a muxer: (format that FFmpeg detects in the written file, codec, sample rate in Hz to encode with).
WRITTEN: dict[str, tuple[str, str, int]] = {
    "ac3": ("ac3", "ac3", 48_000),
    "eac3": ("eac3", "eac3", 48_000),
    "adts": ("aac", "aac", 16_000),
    "aiff": ("aiff", "pcm_s16be", 16_000),
    "amr": ("amr", "libopencore_amrnb", 8_000),
    "apm": ("apm", "adpcm_ima_apm", 16_000),
    "argo_asf": ("argo_asf", "adpcm_argo", 16_000),
    "asf": ("asf", "wmav2", 44_100),
    "ast": ("ast", "pcm_s16be_planar", 16_000),
    "au": ("au", "pcm_s16be", 16_000),
    "avi": ("avi", "pcm_s16le", 16_000),
    "caf": ("caf", "pcm_s16le", 16_000),
    "dv": ("dv", "pcm_s16le", 48_000),
    "flac": ("flac", "flac", 16_000),
    "flv": ("flv", "libmp3lame", 44_100),
    "gxf": ("gxf", "pcm_s16le", 48_000),
    "ipod": ("mov", "aac", 16_000),
    "ircam": ("ircam", "pcm_s16le", 16_000),
    "ismv": ("mov", "aac", 16_000),
    "kvag": ("kvag", "adpcm_ima_ssi", 16_000),
    "latm": ("loas", "aac", 16_000),
    "matroska": ("matroska", "libopus", 48_000),
    "mmf": ("mmf", "adpcm_yamaha", 8_000),
    "mov": ("mov", "pcm_s16be", 16_000),
    "mp2": ("mp3", "mp2", 48_000),
    "mp3": ("mp3", "libmp3lame", 16_000),
    "mp4": ("mov", "aac", 16_000),
    "mpeg": ("mpeg", "mp2", 48_000),
    "mpegts": ("mpegts", "mp2", 48_000),
    "mxf": ("mxf", "pcm_s16le", 48_000),
    "mxf_opatom": ("mxf", "pcm_s16le", 48_000),
    "nut": ("nut", "libopus", 48_000),
    "ogg": ("ogg", "libopus", 48_000),
    "rm": ("rm", "ac3", 48_000),
    "sox": ("sox", "pcm_s32le", 16_000),
    "spdif": ("spdif", "ac3", 48_000),
    "swf": ("swf", "libmp3lame", 44_100),
    "tta": ("tta", "tta", 16_000),
    "vob": ("mpeg", "ac3", 48_000),
    "voc": ("voc", "pcm_u8", 8_000),
    "w64": ("w64", "pcm_s16le", 16_000),
    "wav": ("wav", "pcm_s16le", 16_000),
    "wsaud": ("wsaud", "adpcm_ima_ws", 16_000),
    "wtv": ("wtv", "mp2", 48_000),
    "wv": ("wv", "wavpack", 16_000),
    "3gp": ("mov", "libopencore_amrnb", 8_000),
    "f4v": ("mov", "aac", 16_000),
    "webm": ("matroska", "libopus", 48_000),
    "alp": ("alp", "adpcm_ima_alp", 22_050),
}
VIDEO_CODECS = {"mxf": "mpeg2video", "dv": "dvvideo", "gxf": "mpeg2video"}  # muxer: codec of the video it needs


def write(path: Path, muxer: str, sound: np.ndarray) -> Path:
    """Write 16 kHz mono samples with the muxer named `muxer`. Raises PyAV's errors if FFmpeg cannot encode or write."""
    _, codec, rate = WRITTEN[muxer]
    options = {"strict": "experimental"}
    with av.open(str(path), "w", format=muxer, options=options) as container:
        if muxer in VIDEO_CODECS:
            video = container.add_stream(VIDEO_CODECS[muxer], rate=25, options=options)
            video.width, video.height, video.pix_fmt = 720, 576, "yuv420p" if muxer != "gxf" else "yuv422p"
        layout = "stereo" if muxer == "dv" else "mono"
        stream = container.add_stream(codec, rate=rate, layout=layout, options=options)
        if codec == "wmav2":
            stream.bit_rate = 64_000
        if video_frames := round(len(sound) / audio.RATE * 25) if muxer in VIDEO_CODECS else 0:
            picture = av.VideoFrame.from_ndarray(np.zeros((576, 720, 3), np.uint8), format="rgb24")
            packets = [packet for _ in range(video_frames) for packet in video.encode(picture)] + video.encode(None)
        else:
            packets = []
        resampler = av.AudioResampler(
            format=stream.codec_context.format or "s16",
            layout=layout,
            rate=rate,
            frame_size=stream.codec_context.frame_size or 1024,
        )
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound[np.newaxis]), format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = audio.RATE, 0, Fraction(1, audio.RATE)
        for converted in [*resampler.resample(frame), *resampler.resample(None), None]:
            packets += stream.encode(converted)
        packets.sort(key=lambda packet: float((packet.dts or 0) * packet.time_base))
        for packet in packets:
            container.mux(packet)
    return path


def _pcm(sound: np.ndarray, kind: str) -> bytes:
    return (np.clip(sound, -1, 1) * 32767).astype(kind).tobytes()


def nist(sound: np.ndarray) -> bytes:
    fields = f"channel_count -i 1\nsample_rate -i 16000\nsample_n_bytes -i 2\nsample_byte_format -s2 01\nsample_count -i {len(sound)}"
    head = f"NIST_1A\n   1024\n{fields}\nsample_sig_bits -i 16\nsample_coding -s3 pcm\nend_head\n"
    return head.encode().ljust(1024) + _pcm(sound, "<i2")


def pvf(sound: np.ndarray) -> bytes:
    return b"PVF1\n1 16000 16\n" + _pcm(sound, ">i2")


def epaf(sound: np.ndarray) -> bytes:
    return (b"fap " + struct.pack("<IIIIII", 0, 1, 16_000, 0, 1, 0)).ljust(2048, b"\0") + _pcm(sound, "<i2")


def svx(sound: np.ndarray) -> bytes:
    body = (np.clip(sound, -1, 1) * 127).astype("i1").tobytes()
    head = b"8SVXVHDR" + struct.pack(">IIIIHBBI", 20, len(body), 0, 0, 16_000, 1, 0, 65_536)
    content = head + b"BODY" + struct.pack(">I", len(body)) + body
    return b"FORM" + struct.pack(">I", len(content)) + content


def avr(sound: np.ndarray) -> bytes:
    head = (
        b"2BIT"
        + b"a".ljust(8, b"\0")
        + struct.pack(">HHHHH", 0, 16, 0xFFFF, 0, 0xFFFF)
        + b"\xff"
        + (16_000).to_bytes(3, "big")
    )
    return (head + struct.pack(">III", len(sound), 0, len(sound))).ljust(128, b"\0") + _pcm(sound, ">i2")


# Format: (function from 16 kHz mono samples to the bytes of a file, display name of the format in the app).
BY_HAND = {
    "NIST SPHERE": (nist, "NIST SPHERE"),
    "PVF": (pvf, "PVF"),
    "EPAF": (epaf, "EPAF"),
    "8SVX": (svx, "IFF"),
    "AVR": (avr, "AVR"),
}
