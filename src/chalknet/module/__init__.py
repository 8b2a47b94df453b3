"""The one door between Network and torch.nn."""

from chalknet.module.build import build, require_settled
from chalknet.module.onnx_file import OnnxModel, read_onnx, write_onnx
from chalknet.module.random import RandomStream
from chalknet.module.read import flat, read_module, read_weights

__all__ = [
    "OnnxModel",
    "RandomStream",
    "build",
    "flat",
    "read_module",
    "read_onnx",
    "read_weights",
    "require_settled",
    "write_onnx",
]
