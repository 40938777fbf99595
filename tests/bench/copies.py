"""Measure the time to make the playback copy of an hour of audio: `python -m tests.bench.copies`.

Copies of a mono and a stereo recording are made alone, and one of the stereo recording while it is transcribed. The
recordings repeat one minute of speech. The benchmark takes five to ten minutes.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

from stt.audio import decoder
from stt.background.playback import copy_maker
from tests import formats
from tests.bench.app_speed import speech
from tests.bench.table import print_table
from tests.waiting import until

MINUTE, HOUR = 60, 3600  # seconds
GOAL = 10  # goal for the time until the copy is ready, in percent of the time until the text is ready


def during_transcription(sound: Path, folder: Path) -> list[str]:
    """Transcribe an hour of audio, and return a table row about when its playback copy was ready.

    The row has the seconds until the copy was ready, and their percentage of the seconds until the text was ready.
    """
    os.environ["STT_DATA_DIR"] = str(folder / "data")
    from stt import lifecycle
    from stt.jobs import service
    from stt.store import playback_copies, recordings

    lifecycle.check()
    service.start()
    generation_id, began = service.create(sound), time.monotonic()
    recording = recordings.find(service.get(generation_id).job.recording_id or "", None)

    def is_ready() -> bool:
        found = playback_copies.playback_of(recording, "")
        return found is not None and found.state == playback_copies.READY

    until(is_ready, HOUR, every=0.1)
    ready = time.monotonic() - began
    until(lambda: not service.get(generation_id).job.pending, HOUR, every=0.1)
    transcribed = time.monotonic() - began
    service.stop()
    return [
        f"{sound.name}, during its transcription",
        f"{ready:.1f}",
        f"{100 * ready / transcribed:.1f} % of {transcribed:.0f} s",
    ]


def main() -> None:
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, layout in (("mono.mp3", "mono"), ("stereo.mp3", "stereo")):
            sound = Path(folder) / name
            formats.write_long_mp3(sound, speech(MINUTE), HOUR // MINUTE, layout=layout)
            began = time.monotonic()
            copy_maker.make(sound, Path(folder) / "copy.m4a", None, longest=2 * HOUR)
            rows.append([f"{name}, without a transcription", f"{time.monotonic() - began:.1f}", ""])
            length = decoder.probe(Path(folder) / "copy.m4a").duration or 0.0
            assert HOUR <= length < HOUR + 10, "the last frame of each minute is padded"
        rows.append(during_transcription(Path(folder) / "stereo.mp3", Path(folder)))
    print_table(
        f"Playback copy of an hour (goal: {GOAL} %)", ["recording", "ready after, s", "of the transcription time"], rows
    )


if __name__ == "__main__":
    main()
