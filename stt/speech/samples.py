"""Define the type of audio samples, and of values measured from samples, and mix channels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

# Sound has the shape (samples,) or (channels, samples), and values from -1 to 1. VAD scores and mel bands are also of
# this type.
Samples = npt.NDArray[np.float32]


def mix_down(samples: Samples) -> Samples:
    """Return the mean of the channels of samples of the shape (channels, samples). One channel is not copied."""
    mixed: Samples = samples[0] if len(samples) == 1 else samples.mean(axis=0)
    return mixed
