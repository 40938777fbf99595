"""Voiceprints: vectors of length 1 that distinguish voices."""

from __future__ import annotations

import numpy as np

RATE = 16_000
BANKS = 80
SHIFT = 160  # samples from the start of a frame of filter banks to the start of the next one
SIZE = 192  # dimensions of a voiceprint
BLOCK = 10 * RATE
# Parameters of the logistic curve that maps a cosine to a probability: the cosine at which two voiceprints are equally
# likely to be of one person or of two, and the slope of the curve.
EVEN, STEEPNESS = 0.55, 16.0
LOW, HIGH = 8, 56  # range of the filter banks that a telephone line transmits (end exclusive): 300 to 3400 Hz
# A recording is from a telephone line if its high banks vary by less than UNCHANGED (standard deviation over time), and
# are weaker than the middle banks by more than WEAKER (both in natural logarithms of energy).
UNCHANGED, WEAKER = 1.0, 4.0
# Banks outside of the telephone band are replaced by this factor times the mean of the nearest banks inside the band.
FOLLOWING = 0.15
SHORTEST = 25  # minimum number of frames of filter banks that the model needs


def filter_banks(samples: np.ndarray) -> np.ndarray:
    """Return the log energies of 80 mel filter banks for each 10 ms of 16 kHz samples, float32 (frames, 80)."""
    import kaldi_native_fbank  # imported here because only diarization needs it

    options = kaldi_native_fbank.FbankOptions()
    options.frame_opts.dither = 0
    options.frame_opts.samp_freq = RATE
    options.frame_opts.snip_edges = False
    options.mel_opts.num_bins = BANKS
    banks = kaldi_native_fbank.OnlineFbank(options)
    for at in range(0, len(samples), BLOCK):  # converted in blocks: a list takes ten times as much memory
        banks.accept_waveform(RATE, samples[at : at + BLOCK].tolist())
    banks.input_finished()
    return np.array([banks.get_frame(number) for number in range(banks.num_frames_ready)], np.float32)


def is_narrow(banks: np.ndarray) -> bool:
    """Return whether the sound is from a telephone line: above 4 kHz it is much weaker, and almost constant in time."""
    if not len(banks):
        return False
    high, middle = banks[:, HIGH + 6 :], banks[:, LOW + 6 : HIGH - 8]
    return float(high.std(0).mean()) < UNCHANGED and float(middle.mean() - high.mean()) > WEAKER


def normalised(banks: np.ndarray, narrow: bool = False) -> np.ndarray:
    """Subtract the mean of each filter bank over time, which removes loudness and the frequency response of the line.

    Input of fewer than SHORTEST frames is repeated; if there is no frame, the result is SHORTEST frames of zeros.
    `narrow` means that the sound is from a telephone line. In this case the banks outside of the telephone band are
    replaced by values from the nearest banks inside the band, because the original values would make all voices alike.
    """
    if not len(banks):  # fewer than 80 samples
        return np.zeros((SHORTEST, BANKS), np.float32)
    if len(banks) < SHORTEST:
        banks = np.tile(banks, (-(-SHORTEST // len(banks)), 1))
    banks = banks - banks.mean(0)
    if narrow:
        banks[:, :LOW] = FOLLOWING * banks[:, LOW : LOW + 6].mean(1, keepdims=True)
        banks[:, HIGH:] = FOLLOWING * banks[:, HIGH - 8 : HIGH].mean(1, keepdims=True)
    return np.asarray(banks, np.float32)


def likeness(one: np.ndarray, two: np.ndarray) -> float:
    """Return the probability that two voiceprints are of one person, 0 to 1."""
    cosine = float(one @ two / max(float(np.linalg.norm(one) * np.linalg.norm(two)), 1e-9))
    return float(1 / (1 + np.exp(-STEEPNESS * (cosine - EVEN))))
