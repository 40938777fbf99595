"""Test that sound cut by an MP4 edit list is skipped as in players, and reported at the time where it is missing."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import numpy as np
import pytest

from stt.audio.decoder import probe
from stt.audio.reader import Reader
from tests import audio

TONES = (440, 880, 1320)  # frequencies in Hz; each tone lasts four seconds
# By what the edit list leaves out: its edits, each as (seconds to play, second of the stored sound at which they start,
# or None for silence); the expected tone in each second of the sound that is read; and each span that is left out, as
# (second at which it is missing, length in seconds).
EDITS = {
    "nothing cut": ([(12, 0)], "440 440 440 440 880 880 880 880 1320 1320 1320 1320", []),
    "beginning cut": ([(9, 3)], "440 880 880 880 880 1320 1320 1320 1320", [(0, 3)]),
    "middle cut": ([(4, 0), (4, 8)], "440 440 440 440 1320 1320 1320 1320", [(4, 4)]),
    "end cut": ([(6, 0)], "440 440 440 440 880 880", [(6, 6)]),
    "several spans cut": ([(2, 1), (2, 5), (2, 9)], "440 440 880 880 1320 1320", [(0, 1), (2, 2), (4, 2), (6, 1)]),
    "span cut after silence": ([(2, None), (4, 0), (4, 8)], "440 440 440 440 1320 1320 1320 1320", [(4, 4)]),
}
REASON = r"the file's own edits leave out (\d+\.\d) s of sound here, and players do the same"


def write_edited(path: Path, edits: list[tuple[float, float | None]]) -> Path:
    """Write the three tones to an MP4 with this edit list."""
    at = np.arange(4 * audio.RATE) / audio.RATE
    sound = np.concatenate([0.3 * np.sin(2 * np.pi * tone * at) for tone in TONES]).astype(np.float32)
    original = audio.write(path, sound).read_bytes()
    movie = original.index(b"mvhd") + 4
    scale: int = struct.unpack(">I", original[movie + 12 : movie + 16])[0]
    rows = [
        struct.pack(">Iii", round(shown * scale), -1 if begins is None else round(begins * audio.RATE), 1 << 16)
        for shown, begins in edits
    ]
    table = struct.pack(">4sII", b"elst", 0, len(rows)) + b"".join(rows)
    start = original.index(b"edts") - 4
    size: int = struct.unpack(">I", original[start : start + 4])[0]
    new = struct.pack(">I4sI", len(table) + 12, b"edts", len(table) + 4) + table
    content = bytearray(original[:start] + new + original[start + size :])
    # The boxes around the edit list grow. The sound keeps its byte offset, because it lies before the edit list.
    for box in (b"moov", b"trak"):
        place = content.index(box) - 4
        grown = struct.unpack(">I", content[place : place + 4])[0] + len(new) - size
        content[place : place + 4] = struct.pack(">I", grown)
    path.write_bytes(content)
    return path


def tone(second: np.ndarray) -> int:
    """Return the loudest frequency in one second of sound, in Hz rounded to tens, or 0 for silence."""
    inner = second[audio.RATE // 4 : -audio.RATE // 4]
    if np.abs(inner).max() < 0.01:
        return 0
    return 10 * round(float(np.abs(np.fft.rfft(inner)).argmax() * audio.RATE / len(inner) / 10))


@pytest.mark.parametrize("name", EDITS)
def test_sound_cut_by_an_edit_list_is_reported_where_it_is_missing(tmp_path: Path, name: str):
    edits, tones, missing = EDITS[name]
    path = write_edited(tmp_path / "a.m4a", edits)
    with Reader(path) as reader:
        sound = reader.read(60)[0]
    seconds = [sound[at : at + audio.RATE] for at in range(0, len(sound) - audio.RATE // 2, audio.RATE)]
    assert " ".join(str(tone(second)) for second in seconds) == tones
    found = [(start, end, re.fullmatch(REASON, why)) for start, end, why in reader.lost]
    assert [(start, end) for start, end, _ in found] == [(at, at) for at, _ in missing]
    for (*_, match), (_, left_out) in zip(found, missing, strict=True):
        assert match and float(match[1]) == pytest.approx(left_out, abs=0.11)  # the encoder pads its last frame
    assert probe(path).duration == pytest.approx(len(tones.split()), abs=0.1)
