"""The one door between Network and torch.nn."""

from chalknet.module.batch_statistics import batch_statistics
from chalknet.module.build import build, class_named, require_settled
from chalknet.module.onnx_file import OnnxModel, read_onnx, write_onnx
from chalknet.module.random import (
    DEFAULT_GENERATORS,
    MODULE_HOOKS,
    TENSOR_HOOKS,
    RandomStream,
    default_generators_kept,
    draws_from_default,
)
from chalknet.module.read import Fitted, check_module, flat, network_of, read_module, read_weights
from chalknet.module.tensors_file import (
    check_weights,
    expected_weights,
    most_bytes,
    run_of_tensors,
    tensors_from_bytes,
    tensors_to_bytes,
)

# fmt: off
__all__ = [
    "DEFAULT_GENERATORS", "MODULE_HOOKS", "TENSOR_HOOKS", "Fitted", "OnnxModel", "RandomStream",
    "batch_statistics", "build", "check_module", "check_weights", "class_named", "default_generators_kept",
    "draws_from_default", "expected_weights", "flat", "most_bytes", "network_of", "read_module",
    "read_onnx", "read_weights", "require_settled", "run_of_tensors", "tensors_from_bytes",
    "tensors_to_bytes", "write_onnx",
]
