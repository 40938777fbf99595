"""Voiceprints: vectors of length 1 that distinguish voices."""

from __future__ import annotations

import numpy as np

RATE = 16_000
BANKS = 80
SHIFT = 160  # distance between filter banks, samples
SIZE = 192  # dimensions of a voiceprint
BLOCK = 10 * RATE
EVEN, STEEPNESS = 0.55, 16.0  # cosine at which one person and two are equally likely, and the logistic curve's slope
LOW, HIGH = 8, 56  # range of the banks that a telephone line carries (end exclusive): 300 to 3400 Hz
UNCHANGED, WEAKER = 1.0, 4.0  # maximum deviation of banks without signal, and minimum distance below the middle ones
FOLLOWING = 0.15  # factor by which the banks outside of the line follow the nearest ones inside
SHORTEST = 25  # minimum number of filter banks that the model needs


def filter_banks(samples: np.ndarray) -> np.ndarray:
    """Return logarithms of 80 mel filter banks for each 10 ms of 16 kHz samples, float32 (frames, 80)."""
    import kaldi_native_fbank  # needed only for diarization

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
    """Return whether the sound is that of a telephone line: much weaker and almost constant above 4 kHz."""
    if not len(banks):
        return False
    high, middle = banks[:, HIGH + 6 :], banks[:, LOW + 6 : HIGH - 8]
    return float(high.std(0).mean()) < UNCHANGED and float(middle.mean() - high.mean()) > WEAKER


def normalised(banks: np.ndarray, narrow: bool = False) -> np.ndarray:
    """Subtract the mean of each bank, which removes loudness and the line's response; repeat too short input.

    For a `narrow` line, banks outside of its range follow the nearest ones inside; otherwise they make all voices
    alike.
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
