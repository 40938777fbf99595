"""Build the ONNX graphs of the segmentation model and the voiceprint model, from the tensors of their checkpoints."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from stt.speakers.network.onnx_writer import Graph

Tensors = Mapping[str, np.ndarray]
HIDDEN = 128  # hidden size of each direction of an LSTM


def segmentation(tensors: Tensors) -> bytes:
    """Return the ONNX model of pyannote segmentation-3.0 (PyanNet).

    The input is "wave" (batch, 1, samples). The output is "classes" (batch, frames, 7), as log probabilities.
    https://github.com/pyannote/pyannote-audio/blob/3.1.1/pyannote/audio/models/segmentation/PyanNet.py
    """
    graph = Graph()

    def of(name: str) -> str:
        return graph.constant(tensors[name])

    def normalised(value: str, name: str) -> str:
        return graph.add("InstanceNormalization", value, of(f"{name}.weight"), of(f"{name}.bias"), epsilon=1e-5)

    value = normalised("wave", "sincnet.wav_norm1d")
    value = graph.add("Abs", graph.add("Conv", value, graph.constant(_sinc_filters(tensors)), strides=[10]))
    for layer in range(3):
        if layer:
            name = f"sincnet.conv1d.{layer}"
            value = graph.add("Conv", value, of(f"{name}.weight"), of(f"{name}.bias"))
        value = graph.add("MaxPool", value, kernel_shape=[3], strides=[3])
        value = graph.add("LeakyRelu", normalised(value, f"sincnet.norm1d.{layer}"), alpha=0.01)
    value = graph.add("Transpose", value, perm=[2, 0, 1])
    for layer in range(4):
        value = graph.add("LSTM", value, *(graph.constant(part) for part in _lstm(tensors, layer)),
                          direction="bidirectional", hidden_size=HIDDEN)  # fmt: skip
        value = graph.add("Transpose", value, perm=[0, 2, 1, 3])
        value = graph.add("Reshape", value, graph.constant([0, 0, 2 * HIDDEN]))
    for name in ("linear.0", "linear.1", "classifier"):
        value = graph.add("MatMul", value, graph.constant(tensors[f"{name}.weight"].T))
        value = graph.add("Add", value, of(f"{name}.bias"))
        value = value if name == "classifier" else graph.add("LeakyRelu", value, alpha=0.01)
    graph.add("Transpose", graph.add("LogSoftmax", value, axis=-1), perm=[1, 0, 2], output="classes")
    return graph.model("segmentation", {"wave": ("batch", 1, "samples")}, {"classes": ("batch", "frames", 7)})


def _sinc_filters(tensors: Tensors) -> np.ndarray:
    """Return 40 even and 40 odd band-pass filters of 251 samples, computed from their corner frequencies in Hz."""
    prefix = "sincnet.conv1d.0.filterbank"
    low = 50 + np.abs(tensors[f"{prefix}.low_hz_"])
    high = np.clip(low + 50 + np.abs(tensors[f"{prefix}.band_hz_"]), 50, 8000)
    turns, window = tensors[f"{prefix}.n_"], tensors[f"{prefix}.window_"]
    lows, highs, band = low @ turns, high @ turns, 2 * (high - low)
    even = (np.sin(highs) - np.sin(lows)) / (turns / 2) * window
    odd = (np.cos(lows) - np.cos(highs)) / (turns / 2) * window
    filters = [
        np.concatenate([even, band, even[:, ::-1]], 1) / band,
        np.concatenate([odd, np.zeros_like(band), -odd[:, ::-1]], 1) / band,
    ]
    return np.concatenate(filters)[:, np.newaxis]


def _lstm(tensors: Tensors, layer: int) -> list[np.ndarray]:
    """Return the weights, recurrent weights and biases of both directions of an LSTM layer, in ONNX's order of gates.

    PyTorch orders the gates i, f, g, o, and ONNX orders them i, o, f, g.
    """

    def ordered(name: str) -> np.ndarray:
        first, forget, cell, out = np.split(tensors[f"lstm.{name}"], 4)
        return np.concatenate([first, out, forget, cell])

    ends = (f"l{layer}", f"l{layer}_reverse")
    return [
        np.stack([ordered(f"weight_ih_{end}") for end in ends]),
        np.stack([ordered(f"weight_hh_{end}") for end in ends]),
        np.stack([np.concatenate([ordered(f"bias_ih_{end}"), ordered(f"bias_hh_{end}")]) for end in ends]),
    ]


def voiceprint(tensors: Tensors) -> bytes:
    """Return the ONNX model of CAM++ (from 3D-Speaker).

    The input is "features" (batch, frames, 80). The output is "voiceprint" (batch, 192).
    https://github.com/modelscope/3D-Speaker/blob/main/speakerlab/models/campplus/DTDNN.py
    """
    model = _Campplus(tensors)
    graph = model.graph
    value = graph.add("Unsqueeze", graph.add("Transpose", "features", perm=[0, 2, 1]), graph.constant([1]))
    value = model.relu(model.norm(model.conv(value, "head.conv1", (1, 1), 1), "head.bn1"))
    for name in ("head.layer1.0", "head.layer1.1", "head.layer2.0", "head.layer2.1"):
        value = model.residual(value, name, 2 if name.endswith("0") else 1)
    value = model.relu(model.norm(model.conv(value, "head.conv2", (2, 1), 1), "head.bn2"))
    value = graph.add("Reshape", value, graph.constant([0, 320, -1]))
    value = model.relu(
        model.norm(model.conv(value, "xvector.tdnn.linear", (2,), 2), "xvector.tdnn.nonlinear.batchnorm")
    )
    for block, (layers, dilation) in enumerate(((12, 1), (24, 2), (16, 2)), 1):
        for layer in range(1, layers + 1):
            dense = model.dense(value, f"xvector.block{block}.tdnnd{layer}", dilation)
            value = graph.add("Concat", value, dense, axis=1)
        name = f"xvector.transit{block}"
        value = model.conv(model.relu(model.norm(value, f"{name}.nonlinear.batchnorm")), f"{name}.linear", (1,))
    value = model.statistics(model.relu(model.norm(value, "xvector.out_nonlinear.batchnorm")))
    value = model.norm(model.conv(value, "xvector.dense.linear", (1,)), "xvector.dense.nonlinear.batchnorm")
    graph.add("Squeeze", value, graph.constant([-1]), output="voiceprint")
    return graph.model("campplus", {"features": ("batch", "frames", 80)}, {"voiceprint": ("batch", 192)})


class _Campplus:
    def __init__(self, tensors: Tensors) -> None:
        self.graph, self._tensors = Graph(), tensors

    def conv(self, value: str, name: str, strides: tuple[int, ...], padding: int = 0, dilation: int = 1) -> str:
        parts = [self._tensors[f"{name}.{part}"] for part in ("weight", "bias") if f"{name}.{part}" in self._tensors]
        sizes = len(strides)
        return self.graph.add("Conv", value, *map(self.graph.constant, parts), strides=strides,
                              pads=[padding] * 2 * sizes, dilations=[dilation] * sizes)  # fmt: skip

    def norm(self, value: str, name: str) -> str:
        mean, variance = self._tensors[f"{name}.running_mean"], self._tensors[f"{name}.running_var"]
        scale = self._tensors.get(f"{name}.weight", np.ones_like(mean))
        bias = self._tensors.get(f"{name}.bias", np.zeros_like(mean))
        parts = map(self.graph.constant, (scale, bias, mean, variance))
        return self.graph.add("BatchNormalization", value, *parts, epsilon=1e-5)

    def relu(self, value: str) -> str:
        return self.graph.add("Relu", value)

    def residual(self, value: str, name: str, stride: int) -> str:
        inner = self.relu(self.norm(self.conv(value, f"{name}.conv1", (stride, 1), 1), f"{name}.bn1"))
        inner = self.norm(self.conv(inner, f"{name}.conv2", (1, 1), 1), f"{name}.bn2")
        if f"{name}.shortcut.0.weight" in self._tensors:
            value = self.norm(self.conv(value, f"{name}.shortcut.0", (stride, 1)), f"{name}.shortcut.1")
        return self.relu(self.graph.add("Add", inner, value))

    def dense(self, value: str, name: str, dilation: int) -> str:
        value = self.conv(self.relu(self.norm(value, f"{name}.nonlinear1.batchnorm")), f"{name}.linear1", (1,))
        value = self.relu(self.norm(value, f"{name}.nonlinear2.batchnorm"))
        masked = f"{name}.cam_layer"
        local = self.conv(value, f"{masked}.linear_local", (1,), dilation, dilation)
        mask = self.relu(self.conv(self._context(value), f"{masked}.linear1", (1,)))
        return self.graph.add("Mul", local, self.graph.add("Sigmoid", self.conv(mask, f"{masked}.linear2", (1,))))

    def _context(self, value: str) -> str:
        """Return for each frame the mean over all frames plus the mean over the frame's block of 100 frames."""
        add, constant = self.graph.add, self.graph.constant
        mean = add("ReduceMean", value, constant([-1]), keepdims=1)
        near = add("AveragePool", value, kernel_shape=[100], strides=[100], ceil_mode=1)
        near = add("Unsqueeze", near, constant([-1]))
        near = add("Expand", near, constant([1, 1, 1, 100]))
        near = add("Reshape", near, constant([0, 0, -1]))
        frames = add("Slice", add("Shape", value), constant([2]), constant([3]))
        return add("Add", add("Slice", near, constant([0]), frames, constant([2])), mean)

    def statistics(self, value: str) -> str:
        """Return the mean and the standard deviation over time, concatenated."""
        add, constant = self.graph.add, self.graph.constant
        mean = add("ReduceMean", value, constant([-1]), keepdims=1)
        apart = add("Sub", value, mean)
        squares = add("ReduceSum", add("Mul", apart, apart), constant([-1]), keepdims=1)
        frames = add("Cast", add("Slice", add("Shape", value), constant([2]), constant([3])), to=1)
        spread = add("Sqrt", add("Div", squares, add("Sub", frames, constant(np.ones(1)))))
        return add("Concat", mean, spread, axis=1)
