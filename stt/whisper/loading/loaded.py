"""Keep several models in memory within a memory limit. The least recently used model is evicted first."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from stt.errors import WeightsError
from stt.settings import settings
from stt.whisper import memory
from stt.whisper.loading import device
from stt.whisper.loading.device import CPU, THREADS, Plan
from stt.whisper.weights import Weights

# Bytes of memory per byte of `model.bin`. The weights are in memory as 8-bit integers, and again as MKL's packed copy.
MEMORY_PER_BYTE = 1.3
WAIT = 0.3  # interval between checks whether another model is no longer in use, seconds

log = logging.getLogger("stt.whisper.loading.loaded")
_changed = threading.Condition()
_loaded: OrderedDict[Path, Model] = OrderedDict()  # least recently used first


class Model:
    """The weights of one model, loaded at first use.

    `whole` decodes a single part of a recording with all threads. `per_thread` decodes several parts at once, with one
    thread each. On two cores or a GPU both are the same object, so the weights are loaded only once. On two cores, two
    parts at once are as fast with two threads each as with one thread each. On four cores, four parts at once take
    twice as long with four threads each as with one thread each.
    """

    def __init__(self, found: Weights) -> None:
        self.found = found
        self.memory = copies() * int((found.folder / "model.bin").stat().st_size * MEMORY_PER_BYTE)
        self.users = 0
        self.fell_back: str | None = None  # why the model fell back to the CPU, or to fewer windows on the GPU
        self._plans = list(device.plans())
        self._whole: Any = None
        self._per_thread: Any = None
        self._lock = threading.Lock()

    @property
    def plan(self) -> Plan:
        """Return how the model runs now: the device, the compute type and the number of windows."""
        return self._plans[0]

    @property
    def whole(self) -> Any:
        """Return the model for decoding a single part of a recording, and load it if necessary.

        Raises WeightsError if it cannot be loaded.
        """
        with self._lock:
            return self._load_whole()

    def per_thread(self) -> Any:
        """Return the model for decoding several parts of a recording at once, and load it if necessary.

        Raises WeightsError if it cannot be loaded.
        """
        with self._lock:
            whole = self._load_whole()  # loaded first, because loading it may change the plan
            if self._per_thread is None:
                one = self.plan.device != CPU.device or copies() == 1
                self._per_thread = whole if one else self._load(cpu_threads=1, num_workers=THREADS)
            return self._per_thread

    def step_down(self, plan: Plan, error: Exception) -> bool:
        """Fall back to fewer windows on the GPU, or to the CPU, if `plan` failed. Return whether the plan changed."""
        with self._lock:
            if self.plan is plan and len(self._plans) > 1:
                self._next_plan(error)
                return True
            return self.plan is not plan

    def _next_plan(self, error: Exception) -> None:
        failed = self._plans.pop(0)
        self._whole = self._per_thread = None
        why = error.detail if isinstance(error, WeightsError) else str(error)
        self.fell_back = f"{failed} failed: {why[:200]}"
        log.warning("%s: %s; now on %s", self.found.name, self.fell_back, self.plan)

    def _load_whole(self) -> Any:
        while self._whole is None:
            try:
                workers = self.plan.windows or 2  # two on the CPU, so that a second job can decode at the same time
                self._whole = self._load(cpu_threads=THREADS, num_workers=workers)
            except WeightsError as error:
                if len(self._plans) == 1:
                    raise
                self._next_plan(error)
        return self._whole

    def _load(self, **threads: int) -> Any:
        from stt.whisper.model import Whisper  # late, because this takes half a second, and pages do not need it

        plan, folder = self.plan, self.found.folder
        try:
            with memory.loading_weights():
                return Whisper(str(folder), device=plan.device, compute_type=plan.compute_type, **threads)
        except (RuntimeError, ValueError, OSError) as error:
            raise WeightsError(f"The weights in {folder} cannot be loaded.", detail=str(error)) from error


def copies() -> int:
    """Return how many times a model's weights are in memory on the CPU (see `Model`)."""
    return 1 if THREADS == 2 else 2


def limit() -> int:
    """Return the bytes of memory that models may take.

    The limit is the setting `model_memory_mb`, or half of the memory that was free before the first model was loaded.
    """
    chosen = settings().model_memory_mb
    return chosen << 20 if chosen is not None else _half_of_free()


@cache
def _half_of_free() -> int:
    return memory.available() // 2


def of(found: Weights) -> Model:
    """Return the model of the weights `found`. The model may be evicted as soon as another model needs the memory."""
    with use(found) as model:
        return model


@contextmanager
def use(
    found: Weights, check: Callable[[], None] = lambda: None, waiting: Callable[[], None] = lambda: None
) -> Iterator[Model]:
    """Yield the model of the weights `found`, which stays in memory during the `with` block.

    Other models are evicted to make room, the least recently used first. If models in use leave no room, `use` calls
    `waiting` once, and then waits. While waiting, it calls `check` repeatedly, which may raise an exception to stop. A
    model may exceed the limit if no other model is in use.
    """
    limit()  # called for its effect: it measures the free memory before the first model is loaded
    model = _acquire(found)
    if model is None:
        waiting()
    while model is None:
        check()
        with _changed:
            _changed.wait(WAIT)
        model = _acquire(found)
    try:
        yield model
    finally:
        with _changed:
            model.users -= 1
            _changed.notify_all()


def in_memory() -> list[Model]:
    """Return the models in memory, the least recently used first."""
    with _changed:
        return list(_loaded.values())


def _acquire(found: Weights) -> Model | None:
    """Return the model and count it as in use. Return None while models in use leave no room for it."""
    with _changed:
        model = _loaded.get(found.folder)
        if model is None or model.found != found:  # the model is not loaded, or its weights were replaced on the disk
            model = Model(found)
            if _make_room(model.memory):
                memory.trim()
            if _taken() + model.memory > limit() and any(each.users for each in _loaded.values()):
                return None
            _loaded[found.folder] = model
        _loaded.move_to_end(found.folder)
        model.users += 1
        return model


def _make_room(size: int) -> int:
    """Evict models that are not in use until `size` more bytes are within the limit. Return the number of evictions."""
    left = 0
    for folder in [folder for folder, model in _loaded.items() if not model.users]:
        if _taken() + size <= limit():
            break
        log.info("%s leaves the memory for another model", _loaded.pop(folder).found.name)
        left += 1
    return left


def _taken() -> int:
    return sum(model.memory for model in _loaded.values())
