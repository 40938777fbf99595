"""Where somebody speaks, and where a long recording may be cut: at pauses, never inside a word if it can be helped."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

RATE = 16_000  # Hz
FIRST_STRETCH = 20.0  # seconds; about 1 s of work on two cores, so that first words come soon
STRETCH = 300.0  # seconds; a killed server does at most this much again, and memory stays flat

Span = tuple[float, float]  # start and end, in seconds

GOOD_PAUSE = 0.5  # seconds; such a pause rarely parts words that belong together
QUIET = 0.1  # seconds; where there is no pause, the quietest moment of this length is the place to cut


def clean(samples: np.ndarray) -> np.ndarray:
    """The samples as float32 within -1 to 1, with 0 for what is not a number."""
    samples = np.asarray(samples, np.float32)
    if np.isfinite(samples).all() and np.abs(samples).max(initial=0.0) <= 1.0:
        return samples
    return np.clip(np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0), -1.0, 1.0)


def speech(samples: np.ndarray, pause: float = 0.1) -> list[Span]:
    """Spans of speech in 16 kHz mono float32 samples, apart by pauses of at least `pause` seconds.

    Speech is what Silero VAD takes for it (threshold 0.5), without padding. Empty for silence, noise and music.
    """
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    if not len(samples):
        return []
    options = VadOptions(min_silence_duration_ms=round(pause * 1000), speech_pad_ms=0)
    return [
        (span["start"] / RATE, span["end"] / RATE) for span in get_speech_timestamps(clean(samples), options)
    ]


def cut(samples: np.ndarray, longest: float, spans: Sequence[Span] | None = None) -> int:
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


def _at_quietest(samples: np.ndarray, earliest: int, latest: int) -> int:
    width = int(QUIET * RATE)
    blocks = clean(samples[earliest:latest])
    blocks = blocks[: len(blocks) // width * width].reshape(-1, width)
    if not len(blocks):
        return latest
    return earliest + int(np.argmin((blocks**2).mean(axis=1))) * width + width // 2
