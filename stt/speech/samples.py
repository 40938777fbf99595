"""Define the type of audio samples, and of values measured from them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

# Sound: (samples,) or (channels, samples), -1 to 1. VAD scores and mel bands are float32, too.
Samples = npt.NDArray[np.float32]
