"""Compute log mel spectra that equal those of faster-whisper in every bit, but need a fifth of the memory."""

from __future__ import annotations

import numpy as np

from stt.compat.faster_whisper import FeatureExtractor, stft
from stt.speech.samples import Samples

# Number of frames (of 10 ms) per STFT. A single STFT of the whole sound would need thirty times the memory of the log
# mel spectrum.
PIECE = 3000
MIN_POWER = 1e-10  # minimum power of a band; lower powers are raised to this value
DYNAMIC_RANGE = 8.0  # maximum difference between the values of a spectrum, in powers of ten; lower values are raised


def features(extract: FeatureExtractor, sound: Samples) -> Samples:
    """Return the log mel spectrum of 16 kHz mono float32 samples: float32, (bands, frames).

    The spectrum equals `extract(sound)` in every bit, because rounding differences would change words of low
    confidence. Only the STFT is computed in pieces, which does not change its result. The mel filters are applied to
    all frames at once, as in faster-whisper.
    """
    size, hop = extract.n_fft, extract.hop_length  # samples in a frame, and samples from one frame's start to the next
    padded = np.pad(np.pad(sound, (0, hop)), size // 2, mode="reflect")
    power = np.empty(((len(padded) - size) // hop, size // 2 + 1), np.float32)
    for first in range(0, len(power), PIECE):
        piece = power[first : first + PIECE]
        spectrum = stft(extract, padded[first * hop : (first + len(piece) - 1) * hop + size])
        np.abs(spectrum.T, out=piece)
    np.square(power, out=power)
    bands: Samples = extract.mel_filters @ power.T
    np.log10(np.maximum(bands, MIN_POWER, out=bands), out=bands)
    np.maximum(bands, bands.max() - DYNAMIC_RANGE, out=bands)
    bands += 4.0
    bands /= 4.0
    return bands
