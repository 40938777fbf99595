"""Make ONNX models of the published checkpoints, without PyTorch and without the `onnx` package.

`tensors` reads a checkpoint, `graphs` describes both models with its tensors, `onnx_writer` writes them.
"""
