"""Run the two models of diarization, segmentation and voiceprint, in ONNX Runtime."""

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
AHEAD = 2  # number of items per thread that `each` submits in advance


class Models:
    """Hold the loaded segmentation and voiceprint models, which take 60 MB of memory. Several threads may use them."""

    def __init__(self, weights: Weights, threads: int | None = None) -> None:
        """Load the models. Raises SpeakerModelsError if their files cannot be read.

        `threads` is the number of threads that `each` uses: by default the number of cores, but at most MOST_THREADS.
        """
        self.threads = threads or min(os.cpu_count() or 1, MOST_THREADS)
        try:
            self._segmentation = _session(graphs.segmentation(tensors.load(weights.segmentation)))
            self._voiceprint = _session(graphs.voiceprint(tensors.load(weights.voiceprint)))
        except (OSError, ValueError, KeyError) as error:
            raise SpeakerModelsError("The speaker models cannot be read.", detail=str(error)) from error

    def segment(self, waves: np.ndarray) -> np.ndarray:
        """Return the log probabilities of the 7 classes of `segmentation.CLASSES` in each frame.

        `waves` are 16 kHz samples (batch, samples). The result is (batch, frames, 7).
        """
        return np.asarray(self._segmentation.run(None, {"wave": waves[:, np.newaxis]})[0])

    def voiceprint(self, features: np.ndarray) -> np.ndarray:
        """Return the voiceprint of filter banks (frames, 80): a vector (192,) of length 1."""
        (found,) = self._voiceprint.run(None, {"features": features[np.newaxis]})[0]
        return np.asarray(found / max(float(np.linalg.norm(found)), 1e-9), np.float32)

    def each(self, work: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """Yield the result of `work` for each item, in order. The items are processed in `self.threads` threads.

        Up to AHEAD items per thread are submitted in advance.
        """
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
    import onnxruntime  # imported here because the import takes a tenth of a second

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # `each` runs one input per thread, which uses the cores better
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # the arena would keep separate memory for each length of input
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
