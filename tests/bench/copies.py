"""How long a playback copy of an hour takes: `python -m tests.bench.copies`."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np

from stt.audio import decoder
from stt.playback import copy_maker
from tests import audio, formats

MINUTE, HOUR = 60, 3600  # seconds


def main() -> None:
    speech = np.resize(audio.samples(audio.JFK), MINUTE * audio.RATE)
    with tempfile.TemporaryDirectory() as folder:
        for name, layout in (("mono.mp3", "mono"), ("stereo.mp3", "stereo")):
            sound = Path(folder) / name
            # Frames without a header, one minute after the other: encoding an hour takes longer than its copy.
            plain = {"write_xing": "0", "id3v2_version": "0"}
            minute = formats.write(sound, speech, "libmp3lame", "mp3", layout=layout, muxer=plain).read_bytes()
            sound.write_bytes(minute * (HOUR // MINUTE))
            began = time.monotonic()
            copy_maker.make(sound, Path(folder) / "copy.m4a", None, longest=2 * HOUR)
            size = (Path(folder) / "copy.m4a").stat().st_size
            length = decoder.probe(Path(folder) / "copy.m4a").duration
            print(f"{name}: {time.monotonic() - began:.1f} s, {size / 1e6:.1f} MB, {length} s of sound")


if __name__ == "__main__":
    main()
