"""Align the words of windows with the sound, and find the probability that Whisper gives to each word."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from stt.compat.faster_whisper import Tokenizer, pad_or_trim
from stt.speech.samples import Samples
from stt.speech.vad import FRAME, RATE
from stt.transcript import scripts
from stt.whisper.forced_alignment.plan import Guess, Placed
from stt.whisper.forced_alignment.windows import Window
from stt.whisper.model import Whisper
from stt.whisper.word_times import LONGEST_WORD, SHORTEST_WORD

FRAMES_PER_SECOND = 100
MOST_TOKENS = 400  # maximum number of tokens of a window; Whisper takes 448, which include special tokens
VOICE = 0.1  # VAD threshold for possible speech


def placed(
    model: Whisper,
    sound: Samples,
    voice: Samples,
    offset: float,
    words: Sequence[Guess],
    windows: Sequence[Window],
    language: str,
    checkpoint: Callable[[], None] = lambda: None,
) -> dict[int, Placed]:
    """Return the times and the probability of the words in `windows`, by the word's index in `words`.

    `sound` is 16 kHz samples that begin at `offset` seconds of the recording. `voice` is the result of
    `vad.speech_probabilities` for `sound`. `checkpoint` is called before each window, and may raise an exception to
    stop. Words that cannot be aligned are not in the result.
    """
    if not windows:
        return {}
    tokenizer = model.tokenizer("transcribe", language)
    features = model.features(sound)
    found: dict[int, Placed] = {}
    for window in windows:
        checkpoint()
        first = max(0, round((window.start - offset) * FRAMES_PER_SECOND))
        last = min(features.shape[-1], round((window.end - offset) * FRAMES_PER_SECOND), first + model.longest_window)
        own = words[window.first : window.last]
        runs = [_tokens(tokenizer, word.text) for word in own]
        while sum(map(len, runs)) > MOST_TOKENS:  # speech never has so many tokens, so the last words are omitted
            runs.pop()
        tokens = [token for run in runs for token in run]
        if last - first < 2 or not tokens:
            continue
        encoded = model.encode_window(pad_or_trim(features[:, first:last]))
        starts, probabilities = model.token_times(encoded, tokenizer, tokens, last - first)
        at = 0
        begin = offset + first / FRAMES_PER_SECOND
        for number, (word, run) in enumerate(zip(own, runs, strict=False)):
            if not run:
                continue
            start, end = begin + starts[at], begin + starts[at + len(run)]
            if number == 0 and word.firm:
                start = min(max(start, word.start), max(start, end - SHORTEST_WORD))
            share = float(np.mean(probabilities[at : at + len(run)]))
            at += len(run)
            start, end = _voiced(voice, start - offset, end - offset)
            found[window.first + number] = _bounded(word, start + offset, end + offset, share)
    return found


def _tokens(tokenizer: Tokenizer, text: str) -> list[int]:
    """Return the tokens of a word, without Whisper's special tokens."""
    bare = text.strip()
    # In scripts with spaces, each word begins with a space in Whisper's tokens, including the first word of a text.
    tokens: list[int] = tokenizer.encode(bare if scripts.is_unspaced(bare[:1]) else " " + bare)
    return [token for token in tokens if token < tokenizer.eot]


def _voiced(voice: Samples, start: float, end: float) -> tuple[float, float]:
    """Return the times of a word without the silence at its edges, because Whisper's word times include pauses."""
    first, last = int(start * RATE / FRAME), int(end * RATE / FRAME) + 1
    voiced = np.flatnonzero(voice[first:last] >= VOICE)
    if not len(voiced):
        return start, end
    begin, finish = (first + voiced[0]) * FRAME / RATE, (first + voiced[-1] + 1) * FRAME / RATE
    start = max(start, min(begin, end - SHORTEST_WORD))
    return start, max(start + SHORTEST_WORD, min(end, finish))


def _bounded(word: Guess, start: float, end: float, probability: float) -> Placed:
    """Limit a word's times to its bounds, and if possible its length to the range SHORTEST_WORD to LONGEST_WORD."""
    start = min(max(start, word.earliest), max(word.latest - SHORTEST_WORD, word.earliest))
    end = min(max(end, start + SHORTEST_WORD), start + LONGEST_WORD, max(word.latest, start))
    return Placed(start, end, min(max(probability, 0.0), 1.0))
