"""Run the two models of diarization in ONNX Runtime."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any, TypeVar

import numpy as np

from stt.errors import SpeakerModelsError
from stt.speakers.network import graphs, tensors
from stt.speakers.weights import Weights

T = TypeVar("T")
R = TypeVar("R")
MOST_THREADS = 4
AHEAD = 2  # inputs per thread that are submitted in advance


class Models:
    """Segmentation and voiceprint model, loaded. Safe to use from several threads at once; 60 MB of memory."""

    def __init__(self, weights: Weights, threads: int | None = None) -> None:
        """Load the models. `threads` defaults to the number of cores, up to 4. Raises SpeakerModelsError."""
        self.threads = threads or min(os.cpu_count() or 1, MOST_THREADS)
        try:
            self._segmentation = _session(graphs.segmentation(tensors.load(weights.segmentation)))
            self._voiceprint = _session(graphs.voiceprint(tensors.load(weights.voiceprint)))
        except (OSError, ValueError, KeyError) as error:
            raise SpeakerModelsError("The speaker models cannot be read.", detail=str(error)) from error

    def segment(self, waves: np.ndarray) -> np.ndarray:
        """Return logarithms of the probabilities of 7 classes (batch, frames, 7) for waves (batch, samples)."""
        return np.asarray(self._segmentation.run(None, {"wave": waves[:, np.newaxis]})[0])

    def voiceprint(self, features: np.ndarray) -> np.ndarray:
        """Return the voiceprint (192,) of length 1 of filter banks (frames, 80)."""
        (found,) = self._voiceprint.run(None, {"features": features[np.newaxis]})[0]
        return np.asarray(found / max(float(np.linalg.norm(found)), 1e-9), np.float32)

    def each(self, work: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """Yield the result of `work` for each item, in order, running all threads with a few items in advance."""
        waiting = iter(items)
        with ThreadPoolExecutor(self.threads) as pool:
            ahead = [pool.submit(work, item) for item in islice(waiting, self.threads * AHEAD)]
            try:
                while ahead:
                    yield ahead.pop(0).result()
                    ahead += [pool.submit(work, item) for item in islice(waiting, 1)]
            finally:
                for future in ahead:
                    future.cancel()


def _session(model: bytes) -> Any:
    import onnxruntime  # imported late: it takes a tenth of a second

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # several inputs at once use the cores better than one on several
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # the arena would keep memory for each input length
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
