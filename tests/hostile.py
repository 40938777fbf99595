"""Write recordings that can exhaust a program that reads them: few bytes that declare, or expand to, far more data."""

from __future__ import annotations

import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np


def flac(path: Path, *blocks: int, rate: int = 1, at_1_khz: int = 0) -> Path:
    """Write a FLAC in which all samples of a frame are equal. `blocks` has the number of samples of each frame.

    A frame of a few bytes can declare 65,535 samples, which last 18 hours at 1 Hz. The last `at_1_khz` frames declare
    a sample rate of 1 kHz, whatever the `rate` in the header of the file.
    """
    info = struct.pack(">HH", min(blocks), max(blocks)) + bytes(6)
    info += (rate << 44 | 15 << 36 | sum(blocks)).to_bytes(8, "big") + bytes(16)
    frames = b""
    for number, count in enumerate(blocks):
        differs = number >= len(blocks) - at_1_khz
        head = (
            (b"\xff\xf8\x7c\x08" if differs else b"\xff\xf8\x70\x08") + bytes([number]) + struct.pack(">H", count - 1)
        )
        head += b"\x01" * differs  # the sample rate of this frame in kHz
        frame = head + bytes([_crc(head, 0x07, 8)]) + b"\x00\x00\x01"
        frames += frame + struct.pack(">H", _crc(frame, 0x8005, 16))
    path.write_bytes(b"fLaC\x80" + len(info).to_bytes(3, "big") + info + frames)
    return path


def aiff(path: Path, exponent: int = 16383, count: int = 16_384) -> Path:
    """Write an AIFF with `count` samples that declares a sample rate of 2 ** (exponent - 16383) Hz."""
    common = struct.pack(">hIhHQ", 1, count, 16, exponent, 1 << 63)
    body = b"AIFFCOMM" + struct.pack(">I", len(common)) + common
    body += b"SSND" + struct.pack(">I", 8 + 2 * count) + bytes(8) + bytes(2 * count)
    path.write_bytes(b"FORM" + struct.pack(">I", len(body)) + body)
    return path


def caf(path: Path, rate: float, frames_in_packet: int = 1, count: int = 32_000) -> Path:
    """Write a CAF with A-law sound, one byte per packet. Each packet declares `frames_in_packet` frames."""
    form = struct.pack(">d4sIIIII", rate, b"alaw", 0, 1, frames_in_packet, 1, 8)
    body = b"desc" + struct.pack(">q", len(form)) + form
    body += b"data" + struct.pack(">q", count + 4) + bytes(4) + b"\xd5" * count
    path.write_bytes(b"caff\x00\x01\x00\x00" + body)
    return path


def mov(path: Path, rate: int) -> Path:
    with av.open(str(path), "w", format="mov") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.ones((1, 16_384), np.int16), format="s16", layout="mono")
        frame.sample_rate = 8000
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    content = bytearray(path.read_bytes())
    place = content.index(b"sowt") + 28
    content[place : place + 4] = struct.pack(">I", rate << 16)
    path.write_bytes(content)
    return path


def wav(path: Path, rate: int, channels: int = 1, seconds: float = 1.0) -> Path:
    """Write a WAV that declares `rate` and has `seconds` of 16-bit samples, at most 100,000 samples per channel."""
    data = (
        np.random.default_rng(1)
        .integers(-99, 99, min(round(rate * seconds), 100_000) * channels)
        .astype("<i2")
        .tobytes()
    )
    form = struct.pack("<HHIIHH", 1, channels, rate, min(rate * 2 * channels, 0xFFFFFFFF), 2 * channels, 16)
    body = b"WAVEfmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", len(data)) + data
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    return path


def many_tags(path: Path, count: int = 30_000) -> Path:
    """Write an MP3 with `count` different ID3 tags. FFmpeg compares each tag with all previous tags."""
    frames = b""
    for number in range(count):
        text = b"\x03" + f"k{number}\0v".encode()
        frames += b"TXXX" + struct.pack(">IH", len(text), 0) + text
    size = bytes(len(frames) >> shift & 127 for shift in (21, 14, 7, 0))
    path.write_bytes(b"ID3\x03\x00\x00" + size + frames + b"\xff\xfb\x90\x64" + bytes(413))
    return path


def many_comments(path: Path, count: int = 60_000) -> Path:
    """Write a FLAC with `count` different comments. FFmpeg compares each comment with all previous comments."""
    comments = struct.pack("<I", 0) + struct.pack("<I", count)
    for number in range(count):
        text = f"k{number}=v".encode()
        comments += struct.pack("<I", len(text)) + text
    plain = flac(path, *[4096] * 40, rate=16_000).read_bytes()
    block = b"\x84" + len(comments).to_bytes(3, "big") + comments
    path.write_bytes(plain[:4] + b"\x00" + plain[5:42] + block + plain[42:])
    return path


def far_apart(path: Path, count: int = 4000, gap: float = 25.0) -> Path:
    """Write a Matroska file of `count` samples that are `gap` seconds apart, by default 28 hours in a small file."""
    with av.open(str(path), "w", format="matroska") as container:
        stream = container.add_stream("pcm_s16le", rate=16_000, layout="mono")
        for number in range(count):
            packet = av.Packet(b"\x01\x00")
            packet.stream, packet.time_base = stream, Fraction(1, 1000)
            packet.pts = packet.dts = round(number * gap * 1000)
            container.mux(packet)
    return path


def flv(path: Path, count: int = 40) -> Path:
    """Write an FLV with PCM sound that has one sample per FLV tag, with time stamps 14 hours apart."""
    content = b"FLV\x01\x04\x00\x00\x00\x09" + bytes(4)
    for number in range(count):
        at = number * 50_000_000
        tag = (
            b"\x08\x00\x00\x02" + (at & 0xFFFFFF).to_bytes(3, "big") + bytes([at >> 24 & 0x7F]) + bytes(3) + b"\x30\x80"
        )
        content += tag + struct.pack(">I", len(tag))
    path.write_bytes(content)
    return path


ALL: dict[str, Callable[[Path], Path]] = {
    "a FLAC at 1 Hz": lambda path: flac(path, 16_384),
    "a FLAC at 1 Hz with a small first frame": lambda path: flac(path, 16, 65_535, 65_535, 65_535, 65_535),
    "an AIFF at 1 Hz": aiff,
    "a CAF at 1 Hz": lambda path: caf(path, 1.0),
    "a MOV at 1 Hz": lambda path: mov(path, 1),
    "a WAV at 2 GHz": lambda path: wav(path, 2_147_483_647),
    "an MP3 with 30,000 tags": many_tags,
    "a FLAC with 60,000 comments": many_comments,
    "samples 25 s apart": far_apart,
    "an FLV with hours between samples": flv,
    "a CAF with packets of many hours": lambda path: caf(path, 16_000.0, 400_000),
    "a WAV of 64 channels": lambda path: wav(path, 48_000, 64, 2.0),
}


def _crc(content: bytes, polynomial: int, bits: int) -> int:
    value = 0
    for byte in content:
        value ^= byte << (bits - 8)
        for _ in range(8):
            value = (value << 1 ^ polynomial if value >> (bits - 1) else value << 1) & (1 << bits) - 1
    return value
