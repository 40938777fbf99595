"""Whisper on this machine: 16 kHz samples in, segments with word times out.

One model per process, loaded at first use or in the background. Settings are chosen by measurement, accuracy
first: see `python -m tests.bench.accuracy`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from importlib import metadata
from typing import Any

import numpy as np

from stt import decoding, stretches, weights
from stt.errors import BadOption, Cancelled, WeightsError
from stt.languages import LANGUAGES
from stt.settings import settings
from stt.transcript import Segment

MODEL_ID = "local/whisper-base"
SETTINGS = {"compute_type": "int8", "cpu_threads": 2, "num_workers": 2}
# Two threads keep a lone clip quick, two workers let a second job run beside it.

log = logging.getLogger("stt.whisper")
_lock = threading.Lock()
_loaded: tuple[Any, weights.Weights] | None = None


class Run:
    """Segments of one stretch, in order, as they are heard: iterate once.

    `language` (a code such as "en") and `language_probability` (0 to 1) are known from the first segment on. Both
    stay as given, or None, if nobody speaks. The probability is None where the language was given.
    """

    def __init__(self, segments: Callable[[Run], Iterator[Segment]], language: str | None) -> None:
        self.language = language
        self.language_probability: float | None = None
        self._segments = segments(self)

    def __iter__(self) -> Iterator[Segment]:
        return self._segments


def transcribe(
    samples: np.ndarray,
    *,
    language: str | None = None,
    translate: bool = False,
    cancelled: Callable[[], bool] = lambda: False,
) -> Run:
    """Hear 16 kHz mono float32 samples; segments come as soon as they are known, at least every few seconds.

    Times are in seconds from the first sample. Every segment has words with times and confidences; joined they are
    its text. `language` is a code of LANGUAGES, None to detect it; `translate` gives English. Silence, noise and
    music give no segments. Equal samples give equal segments.

    Raises BadOption for an unknown language, WeightsError without usable weights, and Cancelled while iterating, at
    most about 1.5 s after `cancelled()` turned true.
    """
    if language is not None and language not in LANGUAGES:
        raise BadOption(f"Whisper does not know the language {language!r}.")
    sound = stretches.clean(samples)

    def segments(run: Run) -> Iterator[Segment]:
        _ask(cancelled)
        spans = stretches.speech(sound)
        if not spans:
            return
        model = _model()
        last = 0.0
        for heard in decoding.segments(model, sound, spans, run, translate, lambda: _ask(cancelled)):
            if heard is not None and (segment := decoding.in_order(heard, last, len(sound) / stretches.RATE)):
                last = segment.end
                yield segment

    return Run(segments, language)


def _ask(cancelled: Callable[[], bool]) -> None:
    if cancelled():
        raise Cancelled()


def warm() -> None:
    """Load the model in the background, so that the first recording need not wait for it."""
    if not ready():
        threading.Thread(target=_warm, name="whisper-warm", daemon=True).start()


def _warm() -> None:
    try:
        _model()
        stretches.speech(np.zeros(stretches.RATE, np.float32))
    except Exception:
        log.exception("Whisper could not be loaded; it is tried again with the first recording")


def ready() -> bool:
    """Whether the model is loaded."""
    return _loaded is not None


def provenance() -> dict[str, Any]:
    """Which engine, model, weights, libraries and settings: what a transcript was made with. Loads the model."""
    _model()
    assert _loaded is not None
    found = _loaded[1]
    return {
        "engine": "Whisper on this machine",
        "model": found.name,
        "weights_sha256": found.sha256,
        "libraries": {name: metadata.version(name) for name in ("faster-whisper", "ctranslate2", "onnxruntime")},
        "settings": {**SETTINGS, **decoding.SETTINGS},
    }


def _model() -> Any:
    """The `WhisperModel` of this process, loaded at first use."""
    global _loaded
    with _lock:
        if _loaded is None:
            from faster_whisper import WhisperModel  # half a second that pages need not wait for

            found = weights.find(settings())
            try:
                _loaded = WhisperModel(str(found.folder), device="cpu", **SETTINGS), found
            except (RuntimeError, ValueError, OSError) as error:
                raise WeightsError(f"The weights in {found.folder} cannot be loaded.", detail=str(error)) from error
        return _loaded[0]
