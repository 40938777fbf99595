"""Segmentation of a chunk: which local speakers speak in each frame.

The model distinguishes up to three local speakers within a window of ten seconds. A frame is 270 samples (16.9 ms) of
16 kHz sound. Windows overlap, and the same person may be a different local speaker in each window. So the local
speakers of consecutive windows are linked by the frames that both windows contain. Linked local speakers form a track.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise, permutations

import numpy as np

from stt.speakers.models import Models

RATE = 16_000
STEP = 270  # distance between frames, samples
FIELD = 991  # receptive field of a frame, samples
WINDOW = 160_000  # length of a window, samples
FRAMES = (WINDOW - FIELD) // STEP + 1  # frames per window: 589
# Frames between the starts of two windows (3.1 s). With 148, analysis takes a tenth longer and is not more accurate.
HOP = 184
BATCH = 4  # windows per run of the model; this is a fifth faster than one window per run
CLASSES = np.array(  # for each class of the model: which of the three local speakers speak
    [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [1, 0, 1], [0, 1, 1]], bool
)
LOCAL = CLASSES.shape[1]
PAUSE, SHORT, AROUND = (
    0.15,
    0.8,
    0.4,
)  # seconds: pause that ends a piece, usual length of a piece, context before and after a piece for its voiceprint
# Two local speakers of overlapping windows are linked if the number of frames in which both speak is at least this
# share of the number of frames in which the less active of the two speaks. Only frames in both windows are counted.
LINK = 0.5


def frame_count(samples: int) -> int:
    return max((samples - FIELD) // STEP + 1, 1)


def seconds(frame: float) -> float:
    """Return the start of a frame in seconds. A frame consists of the middle STEP samples of its receptive field."""
    return max((frame * STEP + (FIELD - STEP) / 2) / RATE, 0.0)


def offsets(frames: int, hop: int = HOP) -> list[int]:
    """Return the first frame of each window in a chunk of `frames` frames. The last window ends with the chunk."""
    last = max(frames - FRAMES, 0)
    return [*range(0, last, hop), last]


def classify(samples: np.ndarray, models: Models, progress: Callable[[float], None]) -> np.ndarray:
    """Return the most probable class of each frame of each window, uint8 (windows, FRAMES).

    `progress` receives the share of the windows that are processed, 0 to 1, and may raise an exception to stop.
    """
    starts = offsets(frame_count(len(samples)))

    def batch(first: int) -> np.ndarray:
        waves = np.zeros((len(starts[first : first + BATCH]), WINDOW), np.float32)
        for wave, start in zip(waves, starts[first:], strict=False):
            part = samples[start * STEP : start * STEP + WINDOW]
            wave[: len(part)] = part
        return np.asarray(models.segment(waves).argmax(2), np.uint8)

    found = []
    for classes in models.each(batch, range(0, len(starts), BATCH)):
        found.append(classes)
        progress(len(found) * BATCH / (len(starts) + BATCH))
    return np.concatenate(found)


@dataclass(frozen=True, slots=True)
class Piece:
    """A span in which only one track speaks, without a pause, from `start` to `end` in frames of the chunk.

    `near` is the range of frames from which the piece's voiceprint is computed: the piece, and up to AROUND seconds of
    the track's speech right before and after it.
    """

    track: int
    start: int
    end: int
    near: tuple[int, int]

    @property
    def seconds(self) -> float:
        return (self.end - self.start) * STEP / RATE


@dataclass(frozen=True, eq=False)
class Activity:
    """The segmentation of a chunk of `frames` frames.

    `classes` has the class of each frame of each window, uint8 (windows, FRAMES). A window begins every `hop` frames,
    but the last window may begin earlier.
    """

    classes: np.ndarray
    frames: int
    hop: int = HOP

    @cached_property
    def offsets(self) -> list[int]:
        return offsets(self.frames, self.hop)

    @cached_property
    def active(self) -> np.ndarray:
        """Return which local speakers speak in each frame of each window, bool (windows, FRAMES, LOCAL).

        No local speaker speaks after the end of the chunk.
        """
        active: np.ndarray = CLASSES[self.classes]
        active[-1, self.frames - self.offsets[-1] :] = False
        return active

    @cached_property
    def tracks(self) -> np.ndarray:
        """Return which track each local speaker of each window belongs to: track numbers, int (windows, LOCAL)."""
        tracks = np.zeros((len(self.offsets), LOCAL), int)
        tracks[0] = range(LOCAL)
        count = LOCAL
        for before, (start, end) in enumerate(pairwise(self.offsets)):
            one = self.active[before, end - start :]
            two = self.active[before + 1, : len(one)]
            together = np.einsum("fa,fb->ab", one, two, dtype=int)
            best = max(permutations(range(LOCAL)), key=lambda order: sum(together[order, range(LOCAL)]))
            for local, other in enumerate(best):
                shorter = min(one[:, other].sum(), two[:, local].sum())
                if shorter and together[other, local] >= LINK * shorter:
                    tracks[before + 1, local] = tracks[before, other]
                else:
                    tracks[before + 1, local] = count
                    count += 1
        return tracks

    @cached_property
    def speaking(self) -> tuple[np.ndarray, np.ndarray]:
        """Return which local speakers speak in each frame of the chunk, and their tracks: bool and int (frames, LOCAL).

        If several windows contain a frame, the window whose middle is nearest to the frame is used.
        """
        starts = np.array(self.offsets)
        frames = np.arange(self.frames)
        owners = np.abs(frames[:, np.newaxis] - (starts + FRAMES / 2)).argmin(1)
        return self.active[owners, frames - starts[owners]], self.tracks[owners]

    @cached_property
    def pieces(self) -> list[Piece]:
        """Return the speech during which only one track speaks, in order of time, cut into pieces.

        Speech is cut at pauses of at least PAUSE seconds. Speech of at least SHORT + 2 * AROUND seconds without a pause
        is cut into pieces of about SHORT seconds.
        """
        active, tracks = self.speaking
        alone = active.sum(1) == 1
        clean = np.where(alone, tracks[np.arange(self.frames), active.argmax(1)], -1)
        pause, short, around = (round(seconds * RATE / STEP) for seconds in (PAUSE, SHORT, AROUND))
        found = []
        for track in np.unique(clean[alone]):
            spoken = np.flatnonzero(clean == track)
            for run in np.split(spoken, np.flatnonzero(np.diff(spoken) > pause) + 1):
                start, end = int(run[0]), int(run[-1]) + 1
                count = 1 if end - start < short + 2 * around else -(-(end - start) // short)
                edges = np.linspace(start, end, count + 1).round().astype(int).tolist()
                found += [
                    Piece(int(track), one, two, (max(start, one - around), min(end, two + around)))
                    for one, two in pairwise(edges)
                ]
        return sorted(found, key=lambda piece: (piece.start, piece.track))
