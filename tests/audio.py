"""Provide sounds for tests: recorded speech, noise, music and silence, and functions that encode them to files."""

from __future__ import annotations

import csv
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import numpy as np

AUDIO = Path(__file__).parent / "speech"
JFK = AUDIO / "jfk.flac"
JFK_WORDS = "and so my fellow americans ask not what your country can do for you ask what you can do for your country"
AUSTEN_WORDS = {
    "austen-0870": "and mister john dashwood had then leisure to consider how much there might be prudently in his power"
    " to do for them",
    "austen-0890": "unless to be rather cold hearted and rather selfish is to be ill disposed",
}
AUSTEN = [AUDIO / "austen-0870.wav", AUDIO / "austen-0890.wav"]
RATE = 16_000

_CODECS = {  # file extension: (codec, the only sample rate in Hz to encode with, or None for any rate)
    ".wav": ("pcm_s16le", None),
    ".aiff": ("pcm_s16be", None),
    ".flac": ("flac", None),
    ".mp3": ("libmp3lame", None),
    ".m4a": ("aac", None),
    ".mp4": ("aac", None),
    ".ogg": ("libopus", 48_000),
    ".opus": ("libopus", 48_000),
    ".webm": ("libopus", 48_000),
}


def librispeech() -> dict[str, str]:
    """Return the text of each LibriSpeech utterance by the utterance's name, in the order of the list file."""
    with open(AUDIO / "librispeech" / "transcripts.tsv", newline="") as file:
        return {row[0]: row[1] for row in csv.reader(file, delimiter="\t") if len(row) > 1 and row[0] != "name"}


def utterance(name: str) -> Path:
    return AUDIO / "librispeech" / f"{name}.flac"


def samples(path: Path) -> np.ndarray:
    """Return the 16 kHz mono float32 samples of a sound file. Those of the files in AUDIO are cached and read-only."""
    return _speech_samples(path) if path.is_relative_to(AUDIO) else _decode(path)


@cache
def _speech_samples(path: Path) -> np.ndarray:
    sound = _decode(path)
    sound.flags.writeable = False  # all tests of a session share it
    return sound


def _decode(path: Path) -> np.ndarray:
    from faster_whisper.audio import decode_audio  # it collects all garbage of the process, which takes up to 0.5 s

    return decode_audio(str(path), sampling_rate=RATE)


def speech(seconds: float) -> np.ndarray:
    """Return `seconds` of speech, at most 380 s, as 16 kHz mono float32 samples.

    No clip occurs twice in the result, because Whisper takes several times as long to decode repeated words.
    """
    clips = (np.append(samples(utterance(name)), silence(0.5)) for name in librispeech())
    return np.concatenate(list(clips))[: round(seconds * RATE)]


def silence(seconds: float) -> np.ndarray:
    return np.zeros(int(seconds * RATE), np.float32)


def noise(seconds: float, loudness: float = 0.05, seed: int = 1) -> np.ndarray:
    return (np.random.default_rng(seed).standard_normal(int(seconds * RATE)) * loudness).astype(np.float32)


def chords(seconds: float) -> np.ndarray:
    """Return music without a voice: four chords of three notes with overtones, each struck twice, one second apart."""
    at = np.arange(int(seconds * RATE)) / RATE
    roots = np.array([220.0, 174.6, 261.6, 196.0])[(at.astype(int) // 2) % 4]
    notes = [
        np.sin(2 * np.pi * roots * step * overtone * at) / overtone
        for step in (1, 1.26, 1.5)
        for overtone in (1, 2, 3, 4)
    ]
    return (0.05 * np.sum(notes, axis=0) * np.exp(-2 * (at % 1))).astype(np.float32)


def melody(seconds: float, seed: int) -> np.ndarray:
    """Return a random melody with a voice-like timbre. Pace, vibrato, slides, overtones and a beat are random."""
    rng = np.random.default_rng(seed)
    at = np.arange(int(seconds * RATE)) / RATE
    pace = rng.uniform(0.15, 0.9)
    steps = rng.choice([0, 2, 3, 5, 7, 8, 10, 12], int(seconds / pace) + 2)
    pitch = rng.uniform(100, 500) * 2 ** (steps[(at / pace).astype(int)] / 12)
    slide = int(rng.uniform(0.005, 0.15) * RATE)
    pitch = np.convolve(np.pad(pitch, (slide, slide), "edge"), np.ones(slide) / slide, "same")[slide:-slide]
    pitch = pitch * (1 + rng.uniform(0, 0.08) * np.sin(2 * np.pi * rng.uniform(4, 7.5) * at))
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    falloff, formants, widths = rng.uniform(0.6, 2.0), rng.uniform(300, 3000, 3), rng.uniform(80, 400, 3)
    voiced = rng.random() < 0.5
    sound = np.zeros(len(at))
    for overtone in range(1, 16):
        level = overtone**-falloff
        if voiced:
            level = level * (
                0.1 + sum(np.exp(-(((overtone * pitch - t) / w) ** 2)) for t, w in zip(formants, widths, strict=True))
            )
        sound += np.where(overtone * pitch < 7500, level * np.sin(overtone * phase), 0)
    sound *= np.minimum(1, at % pace / rng.uniform(0.01, 0.1)) * np.exp(-rng.uniform(0, 4) * (at % pace))
    sound *= 1 + rng.uniform(0, 0.6) * np.sin(2 * np.pi * rng.uniform(2, 7) * at)
    sound /= np.abs(sound).max() + 1e-9
    if rng.random() < 0.4:
        beat = rng.uniform(0.3, 0.7)
        sound += 0.5 * rng.standard_normal(len(at)) * np.exp(-30 * (at % beat))
    return (sound * rng.uniform(0.1, 0.6) / np.abs(sound).max()).astype(np.float32)


def telephone(sound: np.ndarray) -> np.ndarray:
    """Return 16 kHz samples band-limited to a telephone line, 300 to 3400 Hz."""
    spectrum = np.fft.rfft(sound)
    frequencies = np.fft.rfftfreq(len(sound), 1 / RATE)
    spectrum[(frequencies < 300) | (frequencies > 3400)] = 0
    return np.fft.irfft(spectrum, len(sound)).astype(np.float32)


def write(path: Path, sound: np.ndarray, rate: int = RATE) -> Path:
    """Encode `sound` in the format of the file extension, at `rate` Hz, or at 48 kHz for Opus.

    `sound` is float32 at 16 kHz, shape (n,) or (channels, n).
    """
    codec, fixed_rate = _CODECS[path.suffix]
    sound = np.atleast_2d(sound)
    layout = {1: "mono", 2: "stereo", 3: "2.1", 4: "quad", 6: "5.1"}[sound.shape[0]]
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=fixed_rate or rate, layout=layout)
        resampler = av.AudioResampler(format=stream.codec_context.format, layout=layout, rate=fixed_rate or rate)
        for at in range(0, sound.shape[1], RATE):
            block = np.ascontiguousarray(sound[:, at : at + RATE])
            frame = av.AudioFrame.from_ndarray(block, format="fltp", layout=layout)
            frame.sample_rate, frame.pts, frame.time_base = RATE, at, Fraction(1, RATE)
            for converted in resampler.resample(frame):
                container.mux(stream.encode(converted))
        for converted in resampler.resample(None):
            container.mux(stream.encode(converted))
        container.mux(stream.encode(None))
    return path


def write_tracks(path: Path, tracks: list[tuple[np.ndarray, dict[str, str]]]) -> Path:
    """Write several tracks into an MP4, MKV, MKA, MOV or TS. Each track is (16 kHz mono samples, {tag: value})."""
    codec = {".mp4": "aac", ".mkv": "pcm_s16le", ".mka": "flac", ".mov": "pcm_s16le", ".ts": "mp2"}[path.suffix]
    with av.open(str(path), "w") as container:
        streams = [container.add_stream(codec, rate=RATE, layout="mono") for _ in tracks]
        for stream, (_, tags) in zip(streams, tracks, strict=True):
            stream.metadata.update(tags)
        packets = []
        for stream, (sound, _) in zip(streams, tracks, strict=True):
            resampler = av.AudioResampler(format=stream.codec_context.format, layout="mono", rate=RATE)
            if len(sound):
                frame = av.AudioFrame.from_ndarray(
                    np.ascontiguousarray(sound)[np.newaxis], format="fltp", layout="mono"
                )
                frame.sample_rate, frame.pts, frame.time_base = RATE, 0, Fraction(1, RATE)
                packets += [packet for converted in resampler.resample(frame) for packet in stream.encode(converted)]
            packets += stream.encode(None)
        for packet in sorted(packets, key=lambda packet: packet.dts * packet.time_base):
            container.mux(packet)
    return path
