"""Voiceprints: what tells one voice from another, as a vector of length 1."""

from __future__ import annotations

import numpy as np

RATE = 16_000
BANKS = 80
SHIFT = 160  # samples from one filter bank to the next
SIZE = 192  # numbers of a voiceprint
BLOCK = 10 * RATE
EVEN, STEEPNESS = 0.55, 16.0  # cosine at which one person and two are as likely, and how fast that changes
LOW, HIGH = 8, 56  # the first and the first but one bank that a telephone line carries: 300 to 3400 Hz
UNCHANGED, WEAKER = 1.0, 4.0  # spread of banks that carry nothing, and how far they are below those in the middle
FOLLOWING = 0.15  # how much they follow
SHORTEST = 25  # filter banks that the model needs


def filter_banks(samples: np.ndarray) -> np.ndarray:
    """Return logarithms of 80 mel filter banks for each 10 ms of 16 kHz samples, float32 (frames, 80)."""
    import kaldi_native_fbank  # only where speakers are looked for

    options = kaldi_native_fbank.FbankOptions()
    options.frame_opts.dither = 0
    options.frame_opts.samp_freq = RATE
    options.frame_opts.snip_edges = False
    options.mel_opts.num_bins = BANKS
    banks = kaldi_native_fbank.OnlineFbank(options)
    for at in range(0, len(samples), BLOCK):  # the list takes ten times the memory of the array
        banks.accept_waveform(RATE, samples[at : at + BLOCK].tolist())
    banks.input_finished()
    return np.array([banks.get_frame(number) for number in range(banks.num_frames_ready)], np.float32)


def is_narrow(banks: np.ndarray) -> bool:
    """Return whether the sound is that of a telephone line: above 4 kHz it is much weaker, and does not change."""
    if not len(banks):
        return False
    high, middle = banks[:, HIGH + 6 :], banks[:, LOW + 6 : HIGH - 8]
    return float(high.std(0).mean()) < UNCHANGED and float(middle.mean() - high.mean()) > WEAKER


def normalised(banks: np.ndarray, narrow: bool = False) -> np.ndarray:
    """Take the mean of each bank away, which takes loudness and line away; too short ones are repeated.

    Of a `narrow` line, the banks outside of it follow the nearest ones inside: else they make all voices alike.
    """
    if len(banks) < SHORTEST:
        banks = np.tile(banks, (-(-SHORTEST // len(banks)), 1))
    banks = banks - banks.mean(0)
    if narrow:
        banks[:, :LOW] = FOLLOWING * banks[:, LOW : LOW + 6].mean(1, keepdims=True)
        banks[:, HIGH:] = FOLLOWING * banks[:, HIGH - 8 : HIGH].mean(1, keepdims=True)
    return np.asarray(banks, np.float32)


def likeness(one: np.ndarray, two: np.ndarray) -> float:
    """Return how likely two voiceprints are of one person, 0 to 1."""
    cosine = float(one @ two / max(float(np.linalg.norm(one) * np.linalg.norm(two)), 1e-9))
    return float(1 / (1 + np.exp(-STEEPNESS * (cosine - EVEN))))
