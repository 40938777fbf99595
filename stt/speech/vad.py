"""Where somebody speaks, and where a long recording may be cut: at pauses, never inside a word if it can be helped."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np

from stt.speech.samples import Samples

# ONNX Runtime, which runs the voice filter, tells Microsoft of its use unless this is set before it is imported.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

RATE = 16_000  # Hz
FIRST_STRETCH = 20.0  # seconds; about 1 s of work on two cores, so that first words come soon
# Seconds; a killed server does at most this much again. With 180 it had a fifth more windows to decode, as each lane
# ends with a short one, and took 3 % longer; with 300 memory is still flat.
STRETCH = 300.0

REST = 0.25  # of a stretch; where less would be left over for the last one, the one before takes it

Span = tuple[float, float]  # start and end, in seconds

FRAME = 512  # samples that the voice filter judges at once
SURE = 0.5  # how likely speech must be at some moment; noise and music stay far below
GOOD_PAUSE = 0.5  # seconds; such a pause rarely parts words that belong together
LONG_SILENCE = 2.0  # seconds without speech
QUIET = 0.1  # seconds; where there is no pause, the quietest moment of this length is the place to cut


def clean(samples: np.ndarray) -> Samples:
    """The samples as float32 within -1 to 1, with 0 for what is not a number."""
    samples = np.asarray(samples, np.float32)
    if samples.min(initial=0.0) >= -1.0 and samples.max(initial=0.0) <= 1.0:  # false with what is not a number
        return samples
    clipped: Samples = np.clip(np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0), -1.0, 1.0)
    return clipped


def voice(samples: Samples) -> Samples:
    """How likely it is that somebody speaks, 0 to 1, for every FRAME of 16 kHz mono samples: Silero VAD's judgement.

    The filter gets used to a voice: after a clear one it takes one on the telephone for noise. So where it hears
    nobody for long, it is asked once more, about that part alone.
    """
    sound = clean(samples)
    judged = _judged(sound)
    heard = spans(judged, LONG_SILENCE)
    edges = [0.0, *(edge for span in heard for edge in span), len(judged) * FRAME / RATE]
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        first, last = round(start * RATE / FRAME), round(end * RATE / FRAME)
        if heard and end - start >= LONG_SILENCE:
            judged[first:last] = np.maximum(judged[first:last], _judged(sound[first * FRAME : last * FRAME]))
    return judged


def _judged(sound: Samples) -> Samples:
    from faster_whisper.vad import get_vad_model

    if not len(sound):
        return np.zeros(0, np.float32)
    likely: Samples = get_vad_model()(np.pad(sound, (0, -len(sound) % FRAME))).ravel()
    return likely


def spans(voice: Samples, pause: float = 0.1, faint: float = 0.35, sure: float = SURE) -> list[Span]:
    """Where somebody speaks: at least at `faint`, at some moment `sure`; apart by at least `pause` seconds.

    Empty for silence, noise and music.
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], voice >= faint, [False]]))).reshape(-1, 2)
    if not len(edges):
        return []
    parted = np.flatnonzero((edges[1:, 0] - edges[:-1, 1]) * FRAME / RATE >= pause) + 1
    runs = [(run[0, 0], run[-1, 1]) for run in np.split(edges, parted)]
    return [
        (float(start) * FRAME / RATE, float(end) * FRAME / RATE)
        for start, end in runs
        if voice[start:end].max() >= sure
    ]


def speech(samples: Samples) -> list[Span]:
    """Spans of speech in 16 kHz mono float32 samples, apart by pauses of at least 0.1 s. Empty where nobody speaks."""
    return [(start, min(end, len(samples) / RATE)) for start, end in spans(voice(samples))]


def cut(samples: Samples, longest: float, spans: Sequence[Span] | None = None) -> int:
    """The sample at which to cut off a stretch of at most `longest` seconds from 16 kHz mono samples.

    In the middle of the last good pause before `longest`, or else of the longest pause there is, or else at the
    quietest moment; always in the second half of `longest`. All samples if they are no longer than that.
    `spans` are those of `speech`, if they are known already. The same samples always give the same cut.
    """
    limit = int(longest * RATE)
    if len(samples) <= limit:
        return len(samples)
    half = limit // 2
    if spans is None:
        # A little is enough in most recordings, and the whole of a long stretch takes noticeable time.
        since = max(half, limit - 30 * RATE)
        spans = [(start + since / RATE, end + since / RATE) for start, end in speech(samples[since:limit])]
        return _at_pause(spans, since / RATE, longest) or _at_quietest(samples, max(since, limit - 10 * RATE), limit)
    return _at_pause(spans, half / RATE, longest) or _at_quietest(samples, half, limit)


def _at_pause(spans: Sequence[Span], earliest: float, latest: float) -> int | None:
    """The middle of the best pause between `earliest` and `latest`, as a sample; None without any."""
    ends = [earliest, *(end for _, end in spans if end > earliest)]
    starts = [*(start for start, end in spans if end > earliest), latest]
    pauses = [
        (max(end, earliest), min(start, latest))
        for end, start in zip(ends, starts, strict=True)
        if min(start, latest) > max(end, earliest)
    ]
    if not pauses:
        return None
    good = [pause for pause in pauses if pause[1] - pause[0] >= GOOD_PAUSE]
    start, end = good[-1] if good else max(pauses, key=lambda pause: pause[1] - pause[0])
    return int((start + end) / 2 * RATE)


def _at_quietest(samples: Samples, earliest: int, latest: int) -> int:
    width = int(QUIET * RATE)
    blocks = clean(samples[earliest:latest])
    blocks = blocks[: len(blocks) // width * width].reshape(-1, width)
    if not len(blocks):
        return latest
    return earliest + int(np.argmin((blocks**2).mean(axis=1))) * width + width // 2
