"""Join single utterances to conversations in which the speaker and the times of each word are known."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from stt.transcript.model import Transcript
from tests import audio

RATE = audio.RATE
TURN_PAUSE = 0.5  # minimum seconds of a pause between two words of a speaker at which the turn ends
FADE = 80  # samples of the fade-in and of the fade-out of a turn, without which the cuts would click
Change = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """Represent a word with its start and end in seconds, and its speaker."""

    text: str
    start: float
    end: float
    speaker: str


@dataclass(frozen=True, slots=True)
class Conversation:
    samples: np.ndarray
    words: list[SpokenWord]

    @property
    def duration(self) -> float:
        return len(self.samples) / RATE

    @property
    def speakers(self) -> list[str]:
        return sorted({word.speaker for word in self.words})

    @property
    def turns(self) -> list[tuple[float, float, str]]:
        """Return (start, end, speaker) of each turn: a run of one speaker's words with pauses under TURN_PAUSE."""
        turns: list[tuple[float, float, str]] = []
        for speaker in self.speakers:
            own_turns: list[tuple[float, float, str]] = []
            for word in (word for word in self.words if word.speaker == speaker):
                if own_turns and word.start - own_turns[-1][1] < TURN_PAUSE:
                    own_turns[-1] = (own_turns[-1][0], max(own_turns[-1][1], word.end), speaker)
                else:
                    own_turns.append((word.start, word.end, speaker))
            turns += own_turns
        return sorted(turns)

    def changed(self, change: Change) -> Conversation:
        return Conversation(change(self.samples).astype(np.float32), self.words)


@cache
def utterances() -> dict[str, tuple[np.ndarray, list[tuple[str, float, float]]]]:
    """Return (samples, words) of each utterance by its name. A word is (text, start, end), in seconds."""
    aligned = json.loads((audio.AUDIO / "librispeech" / "word-times.json").read_text())
    return {
        name: (audio.samples(audio.utterance(name)), [tuple(word) for word in words]) for name, words in aligned.items()
    }


@cache
def at_rate(name: str, rate: float) -> tuple[np.ndarray, list[tuple[str, float, float]]]:
    """Return (samples, words) of the utterance `name` played `rate` times as fast, which sounds like another voice."""
    samples, words = utterances()[name]
    at = np.arange(0, len(samples) - 1, rate)
    return (
        np.interp(at, np.arange(len(samples)), samples).astype(np.float32),
        [(text, start / rate, end / rate) for text, start, end in words],
    )


def speakers() -> list[str]:
    return sorted({name.split("-")[0] for name in utterances()})


def voice(speaker: str) -> tuple[str, float]:
    """Return the LibriSpeech speaker and the playback rate of a voice such as "1688" or "1688*0.88"."""
    number, _, rate = speaker.partition("*")
    return number, float(rate or 1)


def utterances_of(speaker: str) -> list[tuple[np.ndarray, list[tuple[str, float, float]]]]:
    number, rate = voice(speaker)
    return [at_rate(name, rate) for name in utterances() if name.split("-")[0] == number]


def conversation(
    voices: Sequence[str],
    seed: int,
    turns: int = 22,
    lengths: tuple[float, float] = (1.0, 10.0),
    overlapping: float = 0.1,
    loudness: Sequence[float] = (),
) -> Conversation:
    """Return a conversation of the speakers `voices`, with turns of `lengths` seconds and pauses of 0 to 1 s.

    `lengths` is (minimum, maximum). About the share `overlapping` of the turns (0 to 1) begins before the previous turn
    ends. No speaker has two turns in a row unless there is only one speaker. Speakers who have not spoken yet are
    preferred. `loudness` has a factor for each of `voices`.
    """
    rng = random.Random(seed)
    order: list[str] = []
    while len(order) < turns:
        others = [speaker for speaker in voices if speaker not in order[-1:]] or list(voices)
        waiting = [speaker for speaker in others if speaker not in order]
        order.append(rng.choice(waiting if waiting and rng.random() < 0.6 else others))
    mixed, words, at = np.zeros(0, np.float32), list[SpokenWord](), 0.5
    for number, speaker in enumerate(order[:turns]):
        sound, spoken = rng.choice(utterances_of(speaker))
        first, last = _run_of_words(spoken, rng.uniform(*lengths), rng)
        begin, end = max(spoken[first][1] - 0.05, 0), min(spoken[last][2] + 0.05, len(sound) / RATE)
        turn = sound[int(begin * RATE) : int(end * RATE)] * (loudness[list(voices).index(speaker)] if loudness else 1)
        turn[:FADE] *= np.linspace(0, 1, FADE)
        turn[-FADE:] *= np.linspace(1, 0, FADE)
        pause = rng.uniform(0, 1)
        if number and rng.random() < overlapping:
            pause = -min(rng.uniform(0.3, 1.5), 0.6 * (end - begin))
        at = max(0.0, at + pause)
        place = int(at * RATE)
        mixed = np.pad(mixed, (0, max(0, place + len(turn) - len(mixed))))
        mixed[place : place + len(turn)] += turn
        words += [
            SpokenWord(text, at + start - begin, at + stop - begin, speaker)
            for text, start, stop in spoken[first : last + 1]
        ]
        at += len(turn) / RATE
    return Conversation(mixed, sorted(words, key=lambda word: word.start))


def _run_of_words(spoken: list[tuple[str, float, float]], length: float, rng: random.Random) -> tuple[int, int]:
    """Return the indexes of the first and the last word of a run of about `length` seconds in `spoken`."""
    first = rng.randrange(len(spoken))
    while first and spoken[-1][2] - spoken[first][1] < length:
        first -= 1
    last = first
    while last + 1 < len(spoken) and spoken[last + 1][2] - spoken[first][1] <= length:
        last += 1
    return first, last


def diarization_error(
    reference: Sequence[tuple[float, float, str]],
    found: Sequence[tuple[float, float, str]],
    collar: float = 0.25,
    duration: float | None = None,
) -> float:
    """Return the diarization error rate in %. Overlapping speech counts once for each speaker.

    Times within `collar` seconds of the start or the end of a reference turn are not counted. The found speakers are
    matched one to one with the speakers of the reference in the way that gives the smallest error.
    """
    step = 0.01
    size = int(max([duration or 0, *(turn[1] for turn in [*reference, *found])]) / step) + 1
    names = [sorted({turn[2] for turn in turns}) for turns in (reference, found)]
    grids = [np.zeros((len(known), size), bool) for known in names]
    for grid, known, turns in zip(grids, names, (reference, found), strict=True):
        for start, end, speaker in turns:
            grid[known.index(speaker), round(start / step) : round(end / step)] = True
    counted = np.ones(size, bool)
    for start, end, _ in reference:
        for edge in (start, end):
            counted[max(round((edge - collar) / step), 0) : round((edge + collar) / step)] = False
    expected, assigned = grids[0][:, counted], grids[1][:, counted]
    overlap = expected.astype(int) @ assigned.T.astype(int) if len(assigned) else np.zeros((len(expected), 0), int)
    right = sum(overlap[pair] for pair in matched(overlap))
    errors = np.maximum(expected.sum(0), assigned.sum(0)).sum() - right
    return float(100 * errors / max(expected.sum(), 1))


def matched(overlap: np.ndarray) -> list[tuple[int, int]]:
    """Return the (row, column) pairs of the one-to-one match whose values in `overlap` have the largest sum."""
    if overlap.shape[0] > overlap.shape[1]:
        return [(row, column) for column, row in matched(overlap.T)]
    best = {0: (0.0, list[tuple[int, int]]())}  # bit set of used columns: (largest sum, pairs that give this sum)
    for row, values in enumerate(overlap.tolist()):
        after: dict[int, tuple[float, list[tuple[int, int]]]] = {}
        for taken, (total, pairs) in best.items():
            for column, value in enumerate(values):
                bits = taken | 1 << column
                if bits != taken and (bits not in after or after[bits][0] < total + value):
                    after[bits] = (total + value, [*pairs, (row, column)])
        best = after
    return max(best.values(), key=lambda found: found[0])[1]


def in_noise(samples: np.ndarray, decibels: float = 12.0, seed: int = 5) -> np.ndarray:
    """Return the samples with added pink noise, `decibels` dB quieter than the speech."""
    white = np.random.default_rng(seed).standard_normal(len(samples))
    spectrum = np.fft.rfft(white)
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 1))
    noise = np.fft.irfft(spectrum, len(samples))
    loud = np.abs(samples) > 0.02 * np.abs(samples).max()
    power = np.sqrt(np.mean(samples[loud] ** 2)) / np.sqrt(np.mean(noise**2))
    return (samples + noise * power * 10 ** (-decibels / 20)).astype(np.float32)


def telephone(samples: np.ndarray) -> np.ndarray:
    """Return the samples as they sound over a telephone line: 300 to 3400 Hz, 8-bit mu-law at 8 kHz."""
    size = len(samples) // 2 * 2
    narrow = audio.telephone(samples[:size])[::2]
    peak = max(float(np.abs(narrow).max()), 1e-9)
    compressed = np.round(127 * np.sign(narrow) * np.log1p(255 * np.abs(narrow / peak)) / np.log(256)) / 127
    expanded = np.sign(compressed) * np.expm1(np.abs(compressed) * np.log(256)) / 255 * peak
    spectrum = np.fft.rfft(expanded)
    return np.fft.irfft(np.pad(spectrum, (0, size // 2 - len(spectrum) + 1)), size).astype(np.float32) * 2


def changing_distance(samples: np.ndarray, seed: int = 3) -> np.ndarray:
    """Return the samples as if the speaker walked around: a distant voice is quieter and more reverberant."""
    rng = np.random.default_rng(seed)
    tail = rng.standard_normal(int(0.4 * RATE)) * np.exp(-np.arange(int(0.4 * RATE)) / (0.08 * RATE))
    size = len(samples) + len(tail)
    room = np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(tail / np.sqrt(np.sum(tail**2)), size), size)[
        : len(samples)
    ]
    far = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(len(samples)) / RATE / 47)
    return ((1 - 0.85 * far) * samples + 0.25 * far * room).astype(np.float32)


def share_right(talk: Conversation, found: Transcript) -> float:
    """Return the share of words, 0 to 1, that `found` assigns to the right speaker.

    Found and true speakers are matched one to one so that the share is largest.
    """
    names = found.speakers
    overlap = np.zeros((len(talk.speakers), max(len(names), 1)))
    for spoken, word in zip(talk.words, found.words, strict=True):
        if word.speaker:
            overlap[talk.speakers.index(spoken.speaker), names.index(word.speaker)] += 1
    return float(sum(overlap[pair] for pair in matched(overlap)) / len(talk.words))
