"""Define the type of sound in memory, and of what is measured in it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[
    np.float32
]  # of sound: n, or channels x n, -1 to 1; VAD judgements and mel bands are float32, too
