"""chalknet: from the blackboard to the GPU.

Write a network the way it is chalked on a board, fit it with (stochastic) gradient descent:

    import chalknet as cn
    net = cn.read("X(n,784) -l1-> u1(n,32) -relu-> v1(n,32) -l2-> u2(n,1) -sig-> v2(n,1) = yhat")
    result = cn.fit(net, "mnist01", loss="bce", batch_size=2048, updates=700, seed=1)
    result.module     # a plain torch.nn.Sequential

Names are resolved on first use: `import chalknet` loads neither torch nor numpy.
"""

from __future__ import annotations

from chalknet.lazy import door

__version__ = "0.1.0"

__getattr__ = door(__name__)


def __dir__() -> list[str]:
    names: list[str] = __getattr__("__all__")
    return names


def load_ipython_extension(shell: object) -> None:
    """Give a notebook the cell magic `%%network`: `%load_ext chalknet` calls this."""
    from importlib import import_module  # by name: it imports rooms that use this one

    import_module("chalknet.notebook").add_magic(shell)
