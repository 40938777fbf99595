"""Whisper on this machine: 16 kHz samples in, segments with word times out.

One model per process, loaded at first use or in the background. Settings are chosen by measurement, accuracy
first: see `python -m tests.bench.accuracy`.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, nullcontext
from functools import partial
from importlib import metadata
from itertools import pairwise
from typing import Any

import numpy as np

from stt.errors import BadOption, Cancelled, SttError, WeightsError
from stt.settings import settings
from stt.speech import vad
from stt.speech.samples import Samples
from stt.speech.vad import RATE
from stt.transcript.languages import LANGUAGES
from stt.transcript.model import Segment
from stt.whisper import memory, weights
from stt.whisper.parallel import Lanes, SideBySide

MODEL_ID = "local/whisper-base"
COMPUTE_TYPE = "int8"
# The cores that this process may use: fewer than the machine has where it is pinned to some.
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
THREADS = min(4, CORES)
LONG = 60.0  # seconds; longer sound is heard in lanes
LEEWAY = 5.0  # seconds by which a lane may be longer than its share, to end at a pause

log = logging.getLogger("stt.whisper.transcribe")
_lock = threading.Lock()
_loaded: _Models | None = None


Heard = tuple[Segment, float | None]  # and the probability of its language


class Run:
    """Segments of one stretch, in order, as they are heard: iterate once.

    `language` (a code such as "en") is that of the last segment, and `language_probability` (0 to 1) of the first one
    in it. Both stay as given, or None, if nobody speaks. The probability is None where the language was given.
    """

    def __init__(self, segments: Callable[[Run], Generator[Segment | None, None, None]], language: str | None) -> None:
        self.language = language
        self.language_probability: float | None = None
        self._segments = segments(self)
        self._reached: dict[int, float] = {}

    def __iter__(self) -> Iterator[Segment]:
        with closing(self._segments) as live:
            yield from (segment for segment in live if segment is not None)

    def live(self) -> Generator[Segment | None, None, None]:
        """The same, and None whenever `lanes.TICK` has passed without a segment: time to tell how far it is."""
        return self._segments

    @property
    def seconds_done(self) -> float:
        """How much of the sound is heard, over all lanes: more than where the last segment that was given ends."""
        return sum(list(self._reached.values()))

    def given(self, heard: Heard | None) -> Segment | None:
        """Note the language of a segment that is given now."""
        if heard is None:
            return None
        segment, probability = heard
        if segment.language != self.language or self.language_probability is None:
            self.language, self.language_probability = segment.language, probability
        return segment

    def reached(self, part: int, seconds: float) -> None:
        """So much is heard of the part that begins at sample `part`; called by the lane that hears it."""
        self._reached[part] = seconds


def transcribe(
    samples: Samples,
    *,
    language: str | None = None,
    among: Sequence[str] = (),
    before: str | None = None,
    translate: bool = False,
    cancelled: Callable[[], bool] = lambda: False,
    lanes: Lanes | None = None,
) -> Run:
    """Hear 16 kHz mono float32 samples; segments come as soon as they are known, at least every few seconds.

    Times are in seconds from the first sample. Every segment has words with times and confidences; joined they are
    its text. `language` is a code of LANGUAGES, None to detect it window by window, `among` those that are named or
    else all; `before` is the language that was spoken until here, if that is known. `translate` gives English. Silence,
    noise and music give no segments. Equal samples give equal segments.

    With `lanes`, sound of a known language, or with one before it, is begun at once, before anybody asks for its
    segments: as soon as a lane is done with what was begun before.

    Raises BadOption for an unknown language, WeightsError without usable weights, and Cancelled while iterating, at
    once when `cancelled()` turns true. What is being decoded then goes on for up to two seconds, and is forgotten.
    """
    for code in filter(None, (language, *among)):
        if code not in LANGUAGES:
            raise BadOption(f"Whisper does not know the language {code!r}.")
    sound = vad.clean(samples)

    def ask() -> None:
        if cancelled():
            raise Cancelled()

    def heard(run: Run, bounds: list[int], lanes: Lanes) -> SideBySide[Heard]:
        spoken = (language, run.language, among)  # now, as lanes that begin later must not depend on how far others are
        hear = partial(_heard, run, translate, len(bounds) == 2, spoken)
        return lanes.begin([partial(hear, sound[a:b], a) for a, b in pairwise(bounds)], ask)

    def segments(run: Run) -> Generator[Segment | None, None, None]:
        at = 0
        with nullcontext(lanes) if lanes else Lanes(THREADS) as free:
            try:
                ask()
                while run.language is None and len(sound) - at > LONG * RATE:
                    # One short part alone tells the language for all lanes.
                    end = at + vad.cut(sound[at:], vad.FIRST_STRETCH)
                    yield from map(run.given, heard(run, [at, end], free).live())
                    at = end
                yield from map(run.given, (begun or heard(run, _bounds(sound, at), free)).live())
            finally:
                memory.give_back()

    run = Run(segments, language or before)
    begun = heard(run, _bounds(sound, 0), lanes) if lanes and run.language else None
    return run


def _bounds(sound: Samples, at: int) -> list[int]:
    """Where to cut the sound from sample `at` on into parts of like length, one a lane, both ends included."""
    bounds = [at]
    for left in range(THREADS, 1, -1):
        rest = sound[bounds[-1] :]
        if len(rest) < LONG / 2 * left * RATE:
            continue
        longest = min(len(rest) / RATE / left + LEEWAY, len(rest) / RATE)
        bounds.append(bounds[-1] + vad.cut(rest, longest))
    return [*bounds, len(sound)]


def _heard(
    run: Run,
    translate: bool,
    alone: bool,
    spoken: tuple[str | None, str | None, Sequence[str]],
    part: Samples,
    at: int,
    ask: Callable[[], None],
) -> Iterator[Heard]:
    """The segments of the part of a sound that begins at sample `at`; with all threads if it is `alone`.

    `spoken` is the language, or None; else the one before, and those that are possible.
    """
    from stt.whisper import decoding, word_times  # brings faster-whisper and CTranslate2
    from stt.whisper.language_choice import LanguageChoice

    model = _models().whole if alone else _models().lanes()
    voice = vad.voice(part)
    ask()
    last, length = 0.0, len(part) / RATE
    language, before, among = spoken
    if vad.spans(voice):
        choice = language or LanguageChoice(before, among)
        with model.part(ask, short=alone and length <= LONG) as mine:
            for heard in decoding.segments(mine, part, voice, choice, translate):
                if segment := word_times.segment(heard, last, length):
                    last = segment.end
                    run.reached(at, last)
                    yield segment.moved(at / RATE), heard.language_probability
    run.reached(at, length)


def warm() -> None:
    """Load the model now, so that the first recording need not wait for it."""
    try:
        _models()
        vad.speech(np.zeros(RATE, np.float32))
    except SttError as error:  # says what the host can do, before anybody waits for a transcript
        log.error("Whisper cannot be used: %s %s", error, error.guidance)
    except Exception:
        log.exception("Whisper could not be loaded; it is tried again with the first recording")


def provenance() -> dict[str, Any]:
    """Which engine, model, weights, libraries and settings: what a transcript was made with. Loads the model."""
    from stt.whisper import decoding

    found = _models().found
    return {
        "engine": "Whisper on this machine",
        "model": found.name,
        "weights_sha256": found.sha256,
        "libraries": {name: metadata.version(name) for name in ("faster-whisper", "ctranslate2", "onnxruntime")},
        "settings": {"compute_type": COMPUTE_TYPE, "cpu_threads": THREADS, **decoding.settings()},
    }


class _Models:
    """The weights: one model with all threads for a single part, and one with a thread for each lane.

    On two cores they are the same: two lanes of two threads each take no longer there than two of one, and the
    weights are kept once. Four of four took twice as long as four of one.
    """

    def __init__(self, found: weights.Weights) -> None:
        self.found = found
        self.whole = self._load(cpu_threads=THREADS, num_workers=2)  # a second job can run beside the first
        self._lanes: Any = None
        self._lock = threading.Lock()

    def lanes(self) -> Any:
        with self._lock:
            if self._lanes is None:
                self._lanes = self.whole if THREADS == 2 else self._load(cpu_threads=1, num_workers=THREADS)
            return self._lanes

    def _load(self, **threads: int) -> Any:
        from stt.whisper.model import Whisper  # half a second that pages need not wait for

        try:
            with memory.keeping():
                return Whisper(str(self.found.folder), device="cpu", compute_type=COMPUTE_TYPE, **threads)
        except (RuntimeError, ValueError, OSError) as error:
            raise WeightsError(f"The weights in {self.found.folder} cannot be loaded.", detail=str(error)) from error


def _models() -> _Models:
    """The models of this process, loaded at first use."""
    global _loaded
    with _lock:
        if _loaded is None:
            _loaded = _Models(weights.find(settings()))
        return _loaded
