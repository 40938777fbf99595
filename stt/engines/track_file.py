"""Write one sound track of a recording as a file, because a provider may transcribe another track of the recording."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import numpy as np

from stt.audio import tracks
from stt.audio.decoder import RATE, Reader
from stt.files import paths
from stt.store import recordings
from stt.store.recordings import Recording

READ_SECONDS = 30.0  # seconds of sound requested from the decoder at once


@contextmanager
def track_file(recording: Recording, choice: str, check_cancelled: Callable[[], None]) -> Iterator[Path]:
    """Write the track that `choice` selects (see `tracks.picked`) as a FLAC file of 16 kHz, and yield the file's path.

    If each track is a speaker, each track becomes a channel of the file. The file is deleted after the block.
    `check_cancelled` is called regularly, and may raise. Raises what `decoder.Reader` raises, BadOption if the file
    cannot hold all tracks, and DiskFull if too little space is left on the disk.
    """
    several = tracks.of_rows(recording.tracks)
    tracks.check_fits(several, choice)  # older versions of the app created such jobs
    track, _ = tracks.picked(several, choice)
    part = paths.folder("incoming") / recordings.new_id()
    try:
        with (
            recordings.disk_errors(),
            Reader(recording.path, name=recording.name, track=track, check_cancelled=check_cancelled) as reader,
        ):
            with av.open(str(part), "w", format="flac") as container:
                stream = container.add_stream("flac", rate=RATE)
                stream.layout = f"{reader.channels}c"
                stream.format = "s16"
                while (samples := reader.read(READ_SECONDS, check_cancelled)).size:
                    paths.check_room(part.parent)
                    packed = np.round(samples * 32767).astype(np.int16).T.reshape(1, -1)
                    frame = av.AudioFrame.from_ndarray(
                        np.ascontiguousarray(packed), format="s16", layout=stream.layout.name
                    )
                    frame.sample_rate = RATE
                    container.mux(stream.encode(frame))
                container.mux(stream.encode(None))
        yield part
    finally:
        part.unlink(missing_ok=True)
