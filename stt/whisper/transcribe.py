"""Transcribe 16 kHz samples with Whisper on this machine: segments with word times.

The default model is loaded at its first use, or earlier by `warm`. To use another model, the caller passes it to
`transcribe` as `model`. The settings for decoding were chosen by measurement, and accuracy counted more than speed:
see `python -m tests.bench.accuracy`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, nullcontext
from functools import partial
from importlib import metadata
from itertools import pairwise
from typing import Any

import numpy as np

from stt.errors import BadOption, Cancelled, SttError
from stt.settings import settings
from stt.speech import vad
from stt.speech.samples import Samples
from stt.speech.vad import RATE
from stt.transcript.languages import LANGUAGES
from stt.transcript.model import Segment
from stt.whisper import memory, weights
from stt.whisper.loading import loaded
from stt.whisper.loading.device import CPU, THREADS
from stt.whisper.parallel import DecodePool, OrderedResults

SPLIT_SECONDS = 60.0  # longer sound is split into parts, which are decoded in parallel
LEEWAY = 5.0  # maximum seconds by which a part may exceed its equal share of the sound, so that it can end at a pause

log = logging.getLogger("stt.whisper.transcribe")
_lock = threading.Lock()
_found: weights.Weights | None = None


DecodedSegment = tuple[Segment, float | None]  # a segment and the probability of its language


class Transcription:
    """An iterable over the segments of one chunk, in order, as they are decoded. The iterable can be used only once.

    `language` is a code such as "en": the language of the last segment. Until there is a segment, it is the language
    or the previous language that was passed to `transcribe`, or None. `language_probability` (0 to 1) is the
    probability of `language` in the first segment after the last change of language. The probability is None if the
    user gave the language, and until there is a segment.
    """

    def __init__(
        self, segments: Callable[[Transcription], Generator[Segment | None, None, None]], language: str | None
    ) -> None:
        self.language = language
        self.language_probability: float | None = None
        self._segments = segments(self)
        self._progress: dict[int, float] = {}

    def __iter__(self) -> Iterator[Segment]:
        with closing(self._segments) as events:
            yield from (segment for segment in events if segment is not None)

    def events(self) -> Generator[Segment | None, None, None]:
        """Yield the segments, and None as a heartbeat whenever `parallel.TICK` seconds pass without a segment."""
        return self._segments

    @property
    def seconds_done(self) -> float:
        """Return the total seconds decoded in all parts, including segments that have not been yielded yet."""
        return sum(list(self._progress.values()))

    def accept(self, decoded: DecodedSegment | None) -> Segment | None:
        """Record the language of a decoded segment, and return the segment. If `decoded` is None, return None."""
        if decoded is None:
            return None
        segment, probability = decoded
        if segment.language != self.language or self.language_probability is None:
            self.language, self.language_probability = segment.language, probability
        return segment

    def report_progress(self, part: int, seconds: float) -> None:
        """Record the seconds decoded of the part that begins at sample `part`. The part's thread calls this method."""
        self._progress[part] = seconds


def transcribe(
    samples: Samples,
    *,
    language: str | None = None,
    candidates: Sequence[str] = (),
    previous: str | None = None,
    likely: str | None = None,
    translate: bool = False,
    terms: Sequence[str] = (),
    prompt: str = "",
    cancelled: Callable[[], bool] = lambda: False,
    pool: DecodePool | None = None,
    model: loaded.Model | None = None,
) -> Transcription:
    """Transcribe 16 kHz mono float32 samples. Return an iterable that yields segments during decoding.

    Times are in seconds from the first sample. Every segment has words with times and confidences. The joined words are
    the segment's text. `language` is a code of LANGUAGES, or None to detect the language of each window among
    `candidates` (empty: all languages). `previous` is the language spoken before these samples, if known. If it
    is not known, `likely` is the language to expect, such as that of the other speakers. If `translate`, the segments
    are in English. `terms` are names to recognise. `prompt` is a text that shows style or script, and conditions each
    window. Silence, noise and music give no segments. Equal samples give equal segments. Without a `model`, the default
    model is used.

    If `pool` is given, and also `language` or `previous`, decoding starts as soon as a thread of the pool is idle.
    Otherwise decoding starts with the iteration.

    Raises BadOption if a language is unknown. The iteration raises WeightsError if the weights are missing or cannot be
    loaded, and Cancelled as soon as `cancelled()` returns True. Windows that are being decoded at that moment take up
    to two more seconds, and their segments are discarded.
    """
    for code in filter(None, (language, *candidates)):
        if code not in LANGUAGES:
            raise BadOption(f"Whisper does not know the language {code!r}.")
    sound = vad.clean(samples)

    def check_cancelled() -> None:
        if cancelled():
            raise Cancelled()

    def submit(transcription: Transcription, bounds: list[int], pool: DecodePool) -> OrderedResults[DecodedSegment]:
        # `transcription.language` is read here, before the parts start, because the language of a part must not depend
        # on how much of the other parts has been decoded when the part starts.
        languages = (language, transcription.language, candidates, likely)
        hints = (terms, prompt)
        decode = partial(_decode_part, model, transcription, translate, len(bounds) == 2, languages, hints)
        return pool.submit([partial(decode, sound[a:b], a) for a, b in pairwise(bounds)], check_cancelled)

    def segments(transcription: Transcription) -> Generator[Segment | None, None, None]:
        at = 0
        with nullcontext(pool) if pool else DecodePool(THREADS) as threads:
            try:
                check_cancelled()
                while transcription.language is None and len(sound) - at > SPLIT_SECONDS * RATE:
                    # Detect the language in one short part before the rest of the sound is split.
                    end = at + vad.cut(sound[at:], vad.FIRST_CHUNK_SECONDS)
                    yield from map(transcription.accept, submit(transcription, [at, end], threads).events())
                    at = end
                rest = submitted or submit(transcription, _part_bounds(sound, at), threads)
                yield from map(transcription.accept, rest.events())
            finally:
                memory.trim()

    transcription = Transcription(segments, language or previous)
    submitted = submit(transcription, _part_bounds(sound, 0), pool) if pool and transcription.language else None
    return transcription


def _part_bounds(sound: Samples, at: int) -> list[int]:
    """Return the sample numbers at which the sound after sample `at` is split into parts of similar length.

    There is at most one part per thread. The result includes `at` and the end of the sound.
    """
    bounds = [at]
    for left in range(THREADS, 1, -1):
        rest = sound[bounds[-1] :]
        if len(rest) < SPLIT_SECONDS / 2 * left * RATE:
            continue
        longest = min(len(rest) / RATE / left + LEEWAY, len(rest) / RATE)
        bounds.append(bounds[-1] + vad.cut(rest, longest))
    return [*bounds, len(sound)]


def _decode_part(
    chosen: loaded.Model | None,
    transcription: Transcription,
    translate: bool,
    alone: bool,
    languages: tuple[str | None, str | None, Sequence[str], str | None],
    given: tuple[Sequence[str], str],
    part: Samples,
    at: int,
    checkpoint: Callable[[], None],
) -> Iterator[DecodedSegment]:
    """Yield the segments of the part that begins at sample `at`. If `alone`, the part is decoded with all threads.

    `languages` are the given language or None, the previous language, the candidates, and the likely language. `given`
    are the terms and the prompt.
    """
    from stt.vocabulary.rescoring import Rescorer
    from stt.whisper import decoding, sliding, word_times  # late, because importing CTranslate2 is slow
    from stt.whisper.language_choice import LanguageChoice

    chosen = chosen or _model()
    model = chosen.whole if alone else chosen.per_thread()
    voice = vad.speech_probabilities(part)
    checkpoint()
    last, length = 0.0, len(part) / RATE
    language, previous, candidates, likely = languages
    hints = sliding.Hints(Rescorer(given[0]), given[1]) if any(given) else None
    if vad.spans(voice):
        choice = language or LanguageChoice(previous, candidates, likely)
        with model.session(checkpoint, short=alone and length <= SPLIT_SECONDS) as session:
            for decoded in decoding.segments(session, part, voice, choice, translate, hints):
                if segment := word_times.segment(decoded, last, length):
                    last = segment.end
                    transcription.report_progress(at, last)
                    yield segment.moved(at / RATE), decoded.language_probability
    transcription.report_progress(at, length)


def warm() -> None:
    """Load the default model and the VAD, so that the first recording does not wait for them."""
    try:
        _ = _model().whole
        vad.speech(np.zeros(RATE, np.float32))
    except SttError as error:  # logged at the start, so that the host reads the guidance before a job fails
        log.error("Whisper cannot be used: %s %s", error, error.guidance)
    except Exception:
        log.exception("Whisper could not be loaded; the first recording tries again")


def provenance(model: loaded.Model | None = None, terms: Sequence[str] = (), prompt: str = "") -> dict[str, Any]:
    """Return the engine, model, weights, libraries and settings of a transcript. Load the model if necessary."""
    from stt.whisper import decoding

    model = model or _model()
    _ = model.whole
    found, plan = model.found, model.plan
    threads = {"cpu_threads": THREADS} if plan is CPU else {"windows_at_once": plan.windows}
    fell_back = {"fell_back": model.fell_back} if model.fell_back else {}
    return {
        "engine": "Whisper on this machine",
        "model": found.name,
        "weights_sha256": found.sha256,
        "libraries": {name: metadata.version(name) for name in ("faster-whisper", "ctranslate2", "onnxruntime")},
        "settings": {
            "device": plan.device,
            "compute_type": plan.compute_type,
            **threads,
            **decoding.provenance_settings(),
        },
        **fell_back,
        **({"vocabulary": ", ".join(terms)} if terms else {}),
        **({"prompt": prompt, **_left_out(model.whole, prompt)} if prompt else {}),
    }


def _left_out(model: Any, prompt: str) -> dict[str, str]:
    """Return the provenance entry that says what Whisper leaves out of a too long prompt; {} if it takes all of it."""
    from stt.whisper.model import GIVEN_TOKENS

    tokens = model.hf_tokenizer.encode(f" {prompt.strip()}", add_special_tokens=False).ids
    left = len(tokens) - GIVEN_TOKENS
    return {"prompt_left_out": f"the first {left} tokens of the prompt"} if left > 0 else {}


def _model() -> loaded.Model:
    """Return the model that the setting STT_WHISPER_MODEL names: base by default."""
    global _found
    with _lock:
        if _found is None:
            _found = weights.find(settings())
    return loaded.of(_found)
