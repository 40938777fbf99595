"""Define the type of audio samples, and of values measured from samples."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

# Sound has the shape (samples,) or (channels, samples), and values from -1 to 1. VAD scores and mel bands are also of
# this type.
Samples = npt.NDArray[np.float32]
