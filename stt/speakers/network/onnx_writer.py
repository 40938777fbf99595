"""Write the ONNX format, limited to the parts of the format that the diarization models need.

This module replaces the `onnx` package, which takes 70 MB when installed. The field numbers are those of
https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence

import numpy as np

IR_VERSION, OPSET = 9, 18
TYPES = {np.dtype(np.float32): 1, np.dtype(np.int64): 7}
FLOAT, INT, STRING, INTS = 1, 2, 3, 7  # values of AttributeProto.type in onnx.proto
Attribute = int | float | str | Sequence[int]


class Graph:
    """A graph under construction: its operators, in the order of evaluation, and its constants.

    `constant` and `add` return the name of a value. Operators that are added later refer to the value by this name.
    """

    def __init__(self) -> None:
        self._nodes: list[bytes] = []
        self._constants: list[bytes] = []
        self._count = 0

    def constant(self, values: np.ndarray | Sequence[int]) -> str:
        """Add a constant tensor, and return its name. Integers are stored as int64, all other values as float32."""
        array = np.asarray(values)
        array = np.ascontiguousarray(array, np.int64 if array.dtype.kind in "iu" else np.float32)
        name = self._name()
        self._constants.append(
            b"".join(_number(1, size) for size in array.shape)
            + _number(2, TYPES[array.dtype])
            + _text(8, name)
            + _field(9, array.tobytes())
        )
        return name

    def add(self, kind: str, *inputs: str, output: str = "", **attributes: Attribute) -> str:
        """Add an ONNX operator of type `kind`, and return the name of its output."""
        output = output or self._name()
        self._nodes.append(
            b"".join(_text(1, name) for name in inputs)
            + _text(2, output)
            + _text(4, kind)
            + b"".join(_field(5, _attribute(name, value)) for name, value in attributes.items())
        )
        return output

    def model(
        self, name: str, inputs: dict[str, Iterable[int | str]], outputs: dict[str, Iterable[int | str]]
    ) -> bytes:
        """Return the bytes of the ONNX file.

        `inputs` and `outputs` are the shapes of float32 tensors by name. A dimension of variable size is a
        string.
        """
        graph = (
            b"".join(_field(1, node) for node in self._nodes)
            + _text(2, name)
            + b"".join(_field(5, constant) for constant in self._constants)
            + b"".join(_field(11, _value(*one)) for one in inputs.items())
            + b"".join(_field(12, _value(*one)) for one in outputs.items())
        )
        return _number(1, IR_VERSION) + _field(7, graph) + _field(8, _text(1, "") + _number(2, OPSET))

    def _name(self) -> str:
        self._count += 1
        return f"v{self._count}"


def _attribute(name: str, value: Attribute) -> bytes:
    if isinstance(value, float):
        content = bytes([2 << 3 | 5]) + struct.pack("<f", value) + _number(20, FLOAT)
    elif isinstance(value, int):
        content = _number(3, value) + _number(20, INT)
    elif isinstance(value, str):
        content = _text(4, value) + _number(20, STRING)
    else:
        content = b"".join(_number(8, one) for one in value) + _number(20, INTS)
    return _text(1, name) + content


def _value(name: str, shape: Iterable[int | str]) -> bytes:
    sizes = b"".join(_field(1, _number(1, size) if isinstance(size, int) else _text(2, size)) for size in shape)
    return _text(1, name) + _field(2, _field(1, _number(1, 1) + _field(2, sizes)))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value & (1 << 64) - 1)


def _text(field: int, value: str) -> bytes:
    return _field(field, value.encode())


def _field(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])
