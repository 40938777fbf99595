"""Read the tensors of a PyTorch checkpoint without PyTorch."""

from __future__ import annotations

import collections
import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

STORAGES = {"FloatStorage": np.float32, "LongStorage": np.int64, "IntStorage": np.int32}


def load(path: Path) -> dict[str, np.ndarray]:
    """Return the tensors of a checkpoint by name.

    The pickle in the file may refer only to tensors, their storages and OrderedDict. No other class or function is
    imported or called. Raises ValueError if the file refers to anything else, is damaged, or holds no tensors.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            (pickled,) = [name for name in archive.namelist() if name.endswith("/data.pkl")]
            found = _Reader(archive, pickled).load()
    except (zipfile.BadZipFile, pickle.UnpicklingError, ArithmeticError, EOFError, LookupError, TypeError) as error:
        raise ValueError(f"{path.name} is not a checkpoint of tensors: {error}") from error
    tensors = found.get("state_dict", found) if isinstance(found, dict) else {}
    named = {str(name): tensor for name, tensor in tensors.items() if isinstance(tensor, np.ndarray)}
    if not named:
        raise ValueError(f"{path.name} holds no tensors.")
    return named


class _Reader(pickle.Unpickler):
    def __init__(self, archive: zipfile.ZipFile, pickled: str) -> None:
        super().__init__(io.BytesIO(archive.read(pickled)))
        self._archive, self._root = archive, pickled.removesuffix("data.pkl")

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _tensor
        if module == "torch" and name in STORAGES:
            return STORAGES[name]
        raise pickle.UnpicklingError(f"{module}.{name} is not allowed")

    def persistent_load(self, pid: Any) -> np.ndarray:
        """Return a storage: the flat array that holds the values of one or more tensors."""
        _, kind, key, _, size = pid
        if kind not in STORAGES.values() or not str(key).isdigit():
            raise pickle.UnpicklingError(f"storage {key!r} is not allowed")
        return np.frombuffer(self._archive.read(f"{self._root}data/{key}"), kind, count=int(size))


def _tensor(storage: np.ndarray, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: Any) -> np.ndarray:
    reach = sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True))
    if min((*shape, *strides, offset), default=0) < 0 or (all(shape) and offset + reach >= len(storage)):
        raise pickle.UnpicklingError("a tensor reaches beyond its storage")
    return np.array(as_strided(storage[offset:], shape, [stride * storage.itemsize for stride in strides]))
