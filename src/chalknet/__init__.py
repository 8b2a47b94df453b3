"""chalknet: from the blackboard to the GPU.

Write a network the way it is chalked on a board, fit it with (stochastic) gradient descent:

    import chalknet as cn
    net = cn.read("X(n,784) -l1-> u1(n,32) -relu-> v1(n,32) -l2-> u2(n,1) -sig-> v2(n,1) = yhat")
    result = cn.fit(net, "mnist01", loss="bce", batch_size=2048, updates=700, seed=1)
    result.module     # a plain torch.nn.Sequential

Names are resolved on first use: `import chalknet` loads neither torch nor numpy.
"""

from __future__ import annotations

import re
from importlib import import_module
from pkgutil import get_data

__version__ = "0.1.0"

# The stub is the only list of the public names; type checkers read it in the place of this file.
_STUB = (get_data(__name__, "__init__.pyi") or b"").decode()
_ROOMS = {name: room for room, name in re.findall(r"^from (\S+) import (\w+)", _STUB, re.MULTILINE)}

__all__ = sorted(_ROOMS)


def __getattr__(name: str) -> object:
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_ROOMS[name]), name)
    return value


def __dir__() -> list[str]:
    return __all__
