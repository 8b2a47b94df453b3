"""Names that need no numba: the rows that have compiled code, and the type of arrays."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray[Any, Any]

# In the order of the tables they name; tests/engine/test_fused_cpu.py holds them equal.
ACTIVATION_NAMES = (
    "relu", "sigmoid", "tanh", "leaky_relu", "elu", "gelu none", "gelu tanh", "silu", "softplus", "identity",
)  # fmt: skip
ACTIVATION_CODES = {name: code for code, name in enumerate(ACTIVATION_NAMES)}
RELU = ACTIVATION_CODES["relu"]
ROW_WISE = ("softmax", "log_softmax")
