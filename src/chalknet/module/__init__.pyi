"""The names of the room and their places, for `__init__.py` and for type checkers."""

from chalknet.module.batch_statistics import batch_statistics as batch_statistics
from chalknet.module.fitted import Fitted as Fitted
from chalknet.module.onnx_file import OnnxModel as OnnxModel
from chalknet.module.onnx_file import read_onnx as read_onnx
from chalknet.module.onnx_file import write_onnx as write_onnx
from chalknet.module.random import DEFAULT_GENERATORS as DEFAULT_GENERATORS
from chalknet.module.random import MODULE_HOOKS as MODULE_HOOKS
from chalknet.module.random import TENSOR_HOOKS as TENSOR_HOOKS
from chalknet.module.random import RandomStream as RandomStream
from chalknet.module.random import default_generators_kept as default_generators_kept
from chalknet.module.random import draws_from_default as draws_from_default
from chalknet.module.read import check_module as check_module
from chalknet.module.read import flat as flat
from chalknet.module.read import network_of as network_of
from chalknet.module.read import read_module as read_module
from chalknet.module.read import read_weights as read_weights
from chalknet.module.sequential import build as build
from chalknet.module.sequential import class_named as class_named
from chalknet.module.sequential import require_settled as require_settled
from chalknet.module.tensors_file import arrays_from_bytes as arrays_from_bytes
from chalknet.module.tensors_file import most_bytes as most_bytes
from chalknet.module.tensors_file import run_of_tensors as run_of_tensors
from chalknet.module.tensors_file import tensors_from_bytes as tensors_from_bytes
from chalknet.module.tensors_file import tensors_to_bytes as tensors_to_bytes
from chalknet.module.weights import check_weights as check_weights
from chalknet.module.weights import expected_weights as expected_weights
