"""How Whisper is asked: speech without its long silences, one window after the other, each word with its time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from stt.stretches import RATE, Span
from stt.transcript import Segment, Word

LONG_SILENCE = 2.0  # seconds; longer ones are left out, as Whisper invents text in them
PADDING = 0.4  # seconds kept on either side of speech, for soft beginnings and endings
SEED = 1  # of the sampling when a window has to be done again, so that runs are alike
SETTINGS = {
    "beam_size": 1,
    "word_timestamps": True,
    "voice_filter": "Silero VAD",
    "condition_on_previous_text": True,
    "seed": SEED,
}
_seeded = threading.Lock()


def segments(
    model: Any, sound: np.ndarray, spans: Sequence[Span], run: Any, translate: bool, ask: Callable[[], None]
) -> Iterator[Any]:
    """faster-whisper's segments of the speech in `sound`, timed from its beginning.

    `run.language` is detected from the first window if it is None. `ask` is called between windows and may raise.
    """
    import ctranslate2
    from faster_whisper.tokenizer import Tokenizer
    from faster_whisper.transcribe import pad_or_trim, restore_speech_timestamps

    kept = _kept(spans, len(sound))
    speech = np.concatenate([sound[part["start"] : part["end"]] for part in kept])
    features = model.feature_extractor(speech)
    # Encoded once: the library would encode the first window again after it has read the language from it.
    encoded = model.encode(pad_or_trim(features[:, : features.shape[-1] - 1]))
    if run.language is None:
        token, run.language_probability = model.model.detect_language(encoded)[0][0]
        run.language = token[2:-2]
    tokenizer = Tokenizer(
        model.hf_tokenizer, model.model.is_multilingual, task="translate" if translate else "transcribe",
        language=run.language,
    )
    with _seeded:
        ctranslate2.set_random_seed(SEED)
    heard = restore_speech_timestamps(
        model.generate_segments(features, tokenizer, _options(tokenizer), False, encoded), kept, RATE
    )
    for segment in heard:
        yield segment
        ask()


def _kept(spans: Sequence[Span], samples: int) -> list[dict[str, int]]:
    """The parts to hear, as samples: spans of speech with the short silences between them, and a little around."""
    parts: list[list[float]] = []
    for start, end in spans:
        if parts and start - parts[-1][1] < LONG_SILENCE:
            parts[-1][1] = end
        else:
            parts.append([start, end])
    return [
        {"start": max(0, int((start - PADDING) * RATE)), "end": min(samples, int((end + PADDING) * RATE))}
        for start, end in parts
    ]


def _options(tokenizer: Any) -> Any:
    """The library's defaults, but beam 1 (as accurate here, and a third faster) and word times."""
    from faster_whisper.transcribe import TranscriptionOptions, get_suppressed_tokens

    return TranscriptionOptions(
        beam_size=1,
        best_of=5,
        patience=1,
        length_penalty=1,
        repetition_penalty=1,
        no_repeat_ngram_size=0,
        log_prob_threshold=-1.0,
        no_speech_threshold=0.6,
        compression_ratio_threshold=2.4,
        condition_on_previous_text=True,
        prompt_reset_on_temperature=0.5,
        temperatures=[0.0, 0.2, 0.4, 0.6, 0.8, 1.0],
        initial_prompt=None,
        prefix=None,
        suppress_blank=True,
        suppress_tokens=get_suppressed_tokens(tokenizer, [-1]),
        without_timestamps=False,
        max_initial_timestamp=1.0,
        word_timestamps=True,
        prepend_punctuations="\"'“¿([{-",
        append_punctuations="\"'.。,，!！?？:：”)]}、",
        multilingual=False,
        max_new_tokens=None,
        clip_timestamps="0",
        hallucination_silence_threshold=None,
        hotwords=None,
    )


def in_order(heard: Any, earliest: float, latest: float) -> Segment | None:
    """Our segment from the library's, with words in time order, none before `earliest` or after `latest` seconds."""
    words: list[Word] = []
    at = earliest
    for word in heard.words or ():
        if not word.word:
            continue
        start = min(max(float(word.start), at), latest)
        end = min(max(float(word.end), start), latest)
        at = start
        words.append(Word(word.word, round(start, 2), round(end, 2), round(min(max(float(word.probability), 0.0), 1.0), 3)))
    text = "".join(word.text for word in words)
    if not text.strip():
        return None
    return Segment(words[0].start, max(word.end for word in words), text, tuple(words))
