"""Detect speech (Silero VAD), and cut long recordings at pauses rather than inside words."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np

from stt.speech.samples import Samples

# ONNX Runtime, which runs the VAD, sends telemetry unless this variable is set before its import.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

RATE = 16_000  # sample rate, Hz
FIRST_CHUNK_SECONDS = 20.0  # maximum length of the first chunk; the first words appear after about 1 s on two cores
# Maximum length of later chunks, seconds. After a server was killed, about this much is transcribed again. With chunks
# of 180 s, a job took 3 % longer, because each part of a chunk that is decoded in parallel ends in a short window.
# With 300 s, the memory use is still independent of the length of the recording.
CHUNK_SECONDS = 300.0

TAIL_TOLERANCE = 0.25  # share of the maximum length by which the last chunk may be longer, so that it is not short

Span = tuple[float, float]  # start and end, in seconds

FRAME = 512  # samples per VAD score
VAD_KEEP = 0.35  # minimum VAD score of speech within a span; `whisper.decoding` also uses the lower VAD_LOW
VAD_HIGH = 0.5  # VAD score that at least one frame of a span must reach; noise and music have far lower scores
GOOD_PAUSE = 0.5  # minimum length of a good pause, seconds; such a pause rarely separates words that belong together
LONG_SILENCE = 2.0  # minimum length of a long silence, seconds
QUIET_BLOCK = 0.1  # length of a block, seconds; sound without a pause is cut in its quietest block


def clean(samples: np.ndarray) -> Samples:
    """Return samples as float32 clipped to -1 to 1, with 0 for NaN and infinity."""
    samples = np.asarray(samples, np.float32)
    if samples.min(initial=0.0) >= -1.0 and samples.max(initial=0.0) <= 1.0:  # both comparisons are false with NaN
        return samples
    clipped: Samples = np.clip(np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0), -1.0, 1.0)
    return clipped


def speech_probabilities(samples: Samples) -> Samples:
    """Return the probability of speech, 0 to 1, for every FRAME samples of 16 kHz mono sound.

    Silero's state adapts to loud speakers, so long "silent" spans are scored again in isolation to recover quiet
    speech.
    """
    sound = clean(samples)
    scores = _score(sound)
    found = spans(scores, LONG_SILENCE)
    edges = [0.0, *(edge for span in found for edge in span), len(scores) * FRAME / RATE]
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        first, last = round(start * RATE / FRAME), round(end * RATE / FRAME)
        if found and end - start >= LONG_SILENCE:
            scores[first:last] = np.maximum(scores[first:last], _score(sound[first * FRAME : last * FRAME]))
    return scores


def _score(sound: Samples) -> Samples:
    from stt.compat.faster_whisper import speech_scores  # imported late, because it imports CTranslate2

    if not len(sound):
        return np.zeros(0, np.float32)
    return speech_scores(np.pad(sound, (0, -len(sound) % FRAME)))


def spans(scores: Samples, pause: float = 0.1, low: float = VAD_KEEP, high: float = VAD_HIGH) -> list[Span]:
    """Return spans of speech in seconds, separated by at least `pause` seconds.

    `scores` are those of `speech_probabilities`. A span begins and ends with a score of at least `low`, and at least
    one of its scores reaches `high`. Silence, noise and music have no spans.
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], scores >= low, [False]]))).reshape(-1, 2)
    if not len(edges):
        return []
    breaks = np.flatnonzero((edges[1:, 0] - edges[:-1, 1]) * FRAME / RATE >= pause) + 1
    runs = [(run[0, 0], run[-1, 1]) for run in np.split(edges, breaks)]
    return [
        (float(start) * FRAME / RATE, float(end) * FRAME / RATE)
        for start, end in runs
        if scores[start:end].max() >= high
    ]


def speech(samples: Samples) -> list[Span]:
    """Return the spans of speech in 16 kHz mono float32 samples. Spans are in seconds, and at least 0.1 s apart."""
    return [(start, min(end, len(samples) / RATE)) for start, end in spans(speech_probabilities(samples))]


def cut(samples: Samples, longest: float, spans: Sequence[Span] | None = None) -> int:
    """Return the sample at which to cut off a chunk of at most `longest` seconds from 16 kHz mono samples.

    The cut is in the middle of the last good pause before `longest`. Without a good pause it is in the middle of the
    longest pause, and without any pause at the quietest moment. The cut is never before half of `longest`. Samples that
    are not longer than `longest` are not cut: their number is returned. `spans` is the result of `speech` for the
    samples; without `spans`, only the last 30 s before `longest` are searched. Equal samples give equal cuts.
    """
    limit = int(longest * RATE)
    if len(samples) <= limit:
        return len(samples)
    half = limit // 2
    if spans is None:
        # Score only the last 30 s before the limit: most recordings have a pause there, and scoring a whole chunk takes
        # noticeable time.
        since = max(half, limit - 30 * RATE)
        spans = [(start + since / RATE, end + since / RATE) for start, end in speech(samples[since:limit])]
        return _at_pause(spans, since / RATE, longest) or _at_quietest(samples, max(since, limit - 10 * RATE), limit)
    return _at_pause(spans, half / RATE, longest) or _at_quietest(samples, half, limit)


def _at_pause(spans: Sequence[Span], earliest: float, latest: float) -> int | None:
    """Return the middle sample of the last good pause from `earliest` to `latest`, in seconds.

    Without a good pause, return the middle of the longest pause; without any pause, return None.
    """
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
    width = int(QUIET_BLOCK * RATE)
    blocks = clean(samples[earliest:latest])
    blocks = blocks[: len(blocks) // width * width].reshape(-1, width)
    if not len(blocks):
        return latest
    return earliest + int(np.argmin((blocks**2).mean(axis=1))) * width + width // 2
