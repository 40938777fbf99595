"""The analysis of one chunk of a recording, as plain data for a checkpoint."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from stt.speakers import voiceprints
from stt.speakers.models import Models
from stt.speakers.segmentation import FRAMES, RATE, Activity, Piece, classify, frame_count, seconds

SEGMENTATION = 0.5  # estimated share of the analysis time that segmentation takes, used to report progress
FORMER_HOP = 148  # frames between the starts of two windows in old checkpoints, which do not store `hop`
ROUNDED = np.float16  # type of the stored voiceprints; its precision suffices


@dataclass(frozen=True, eq=False)
class Chunk:
    """The analysis of one chunk. `start` and `duration` are in seconds.

    `prints` are the voiceprints of the pieces of speech in `activity`, (pieces, SIZE).
    """

    start: float
    duration: float
    activity: Activity
    prints: np.ndarray

    @property
    def pieces(self) -> list[Piece]:
        return self.activity.pieces

    def to_dict(self) -> dict[str, Any]:
        """Return the analysis as plain data, about 350 bytes for each second of speech."""
        return {
            "start": self.start,
            "duration": self.duration,
            "frames": self.activity.frames,
            "hop": self.activity.hop,
            "classes": _packed(self.activity.classes),
            "voiceprints": _packed(self.prints.astype(ROUNDED)),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Chunk:
        classes = np.frombuffer(_unpacked(data["classes"]), np.uint8).reshape(-1, FRAMES)
        prints = np.frombuffer(_unpacked(data["voiceprints"]), ROUNDED).reshape(-1, voiceprints.SIZE)
        activity = Activity(classes, int(data["frames"]), int(data.get("hop", FORMER_HOP)))
        return cls(float(data["start"]), float(data["duration"]), activity, prints.astype(np.float32))


def analyse(
    samples: np.ndarray,
    start: float,
    models: Models,
    report: Callable[[int], None] = lambda percent: None,
    check_cancelled: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Analyse a chunk, and return the data for clustering (`Chunk.to_dict`).

    `samples` are 16 kHz mono float32 and begin at `start` seconds in the recording. `report` receives the progress from
    0 to 100. `check_cancelled` may raise an exception to stop the analysis. The analysis takes about 60 kB of memory
    for each second of sound.
    """

    def progress(share: float) -> None:
        check_cancelled()
        report(round(100 * share))

    samples = np.nan_to_num(np.asarray(samples, np.float32))
    classes = classify(samples, models, lambda share: progress(share * SEGMENTATION))
    activity = Activity(classes, frame_count(len(samples)))
    chunk = Chunk(start, len(samples) / RATE, activity, np.zeros((0, voiceprints.SIZE), np.float32))
    banks = voiceprints.filter_banks(samples)
    narrow = voiceprints.is_narrow(banks)

    def voiceprint(piece: Piece) -> np.ndarray:
        first, last = (round(seconds(frame) * RATE / voiceprints.SHIFT) for frame in piece.near)
        first = max(0, min(first, len(banks) - 1))  # a chunk shorter than 25 ms ends before its only frame begins
        return models.voiceprint(voiceprints.normalised(banks[first : max(last, first + 1)], narrow))

    prints = []
    for found in models.each(voiceprint, chunk.pieces):
        prints.append(found)
        progress(SEGMENTATION + (1 - SEGMENTATION) * len(prints) / len(chunk.pieces))
    stacked = np.array(prints, np.float32).reshape(-1, voiceprints.SIZE)
    report(100)
    return Chunk(start, chunk.duration, activity, stacked).to_dict()


def _packed(array: np.ndarray) -> str:
    return base64.b64encode(zlib.compress(array.tobytes())).decode()


def _unpacked(text: str) -> bytes:
    return zlib.decompress(base64.b64decode(text))
