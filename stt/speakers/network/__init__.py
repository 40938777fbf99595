"""Convert the published PyTorch checkpoints to ONNX models, without PyTorch and without the `onnx` package.

`tensors` reads the tensors of a checkpoint. `graphs` builds the graph of each model from its tensors. `onnx_writer`
writes a graph in the ONNX format.
"""
