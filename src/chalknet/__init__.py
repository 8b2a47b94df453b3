"""chalknet: from the blackboard to the GPU.

Write a network the way it is chalked on a board, fit it with (stochastic) gradient descent:

    import chalknet as cn
    net = cn.read("X(n,784) -l1-> u1(n,32) -relu-> v1(n,32) -l2-> u2(n,1) -sig-> v2(n,1) = yhat")
    result = cn.fit(net, "mnist01", loss="bce", batch_size=2048, updates=700, seed=1)
    result.module     # a plain torch.nn.Sequential

Names are resolved on first use: `import chalknet` loads neither torch nor numpy.
"""

from __future__ import annotations

__version__ = "0.1.0"


_ROOMS: dict[str, str] = {}  # where each public name is; filled on first use


def __getattr__(name: str) -> object:
    if name == "__all__":
        return __dir__()
    if name not in _rooms():
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = globals()[name] = getattr(import_module(_rooms()[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted(_rooms())


def _rooms() -> dict[str, str]:
    """Return where each public name is, from the stub, which is the only list and what type checkers read.

    Nothing is imported before: the command handles Ctrl-C once this package is there.
    """
    if not _ROOMS:
        import re
        from pkgutil import get_data

        stub = (get_data(__name__, "__init__.pyi") or b"").decode()
        found = re.findall(r"^from (\S+) import (\w+)", stub, re.MULTILINE)
        _ROOMS.update({name: room for room, name in found})
    return _ROOMS
