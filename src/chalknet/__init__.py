"""chalknet: from the blackboard to the GPU.

Write a network the way it is chalked on a board, fit it with (stochastic) gradient descent:

    import chalknet as cn
    net = cn.read("X(n,784) -l1-> u1(n,32) -relu-> v1(n,32) -l2-> u2(n,1) -sig-> v2(n,1) = yhat")
    result = cn.fit(net, "mnist01", loss="bce", batch_size=2048, updates=700, seed=1)
    result.module     # a plain torch.nn.Sequential

Names are resolved on first use: `import chalknet` loads neither torch nor numpy.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chalknet.compare import Comparison as Comparison
    from chalknet.compare import compare as compare
    from chalknet.convert import draw as draw
    from chalknet.convert import read as read
    from chalknet.convert import write as write
    from chalknet.count import Counts as Counts
    from chalknet.count import count as count
    from chalknet.data import describe as describe
    from chalknet.data import load as load
    from chalknet.devices import Device as Device
    from chalknet.devices import MemoryEstimate as MemoryEstimate
    from chalknet.devices import devices as devices
    from chalknet.devices import explain as explain
    from chalknet.devices import memory as memory
    from chalknet.devices import place as place
    from chalknet.difference import Difference as Difference
    from chalknet.difference import difference as difference
    from chalknet.draw import Drawing as Drawing
    from chalknet.errors import ChalknetError as ChalknetError
    from chalknet.fit import Chart as Chart
    from chalknet.fit import FitResult as FitResult
    from chalknet.fit import Outcome as Outcome
    from chalknet.fit import fit as fit
    from chalknet.fit import load_run as load_run
    from chalknet.fit import plan as plan
    from chalknet.fit import plot as plot
    from chalknet.fit import plot_images as plot_images
    from chalknet.fit import predict as predict
    from chalknet.fit import resume as resume
    from chalknet.module import build as build
    from chalknet.network import Activation as Activation
    from chalknet.network import Dropout as Dropout
    from chalknet.network import Flatten as Flatten
    from chalknet.network import Linear as Linear
    from chalknet.network import Network as Network
    from chalknet.plan import Plan as Plan
    from chalknet.plan import Recipe as Recipe
    from chalknet.race import Race as Race
    from chalknet.race import race as race

__version__ = "0.1.0"

_ROOMS = {
    "compare": ("Comparison", "compare"),
    "convert": ("draw", "read", "write"),
    "count": ("Counts", "count"),
    "data": ("describe", "load"),
    "devices": ("Device", "MemoryEstimate", "devices", "explain", "memory", "place"),
    "difference": ("Difference", "difference"),
    "draw": ("Drawing",),
    "errors": ("ChalknetError",),
    "fit": (
        *("Chart", "FitResult", "Outcome", "fit", "load_run", "plan", "plot", "plot_images", "predict"),
        "resume",
    ),
    "module": ("build",),
    "network": ("Activation", "Dropout", "Flatten", "Linear", "Network"),
    "plan": ("Plan", "Recipe"),
    "race": ("Race", "race"),
}
_FACE = {name: f"chalknet.{room}" for room, names in _ROOMS.items() for name in names}

__all__ = sorted(_FACE)


class _Face(ModuleType):
    """The package as its users see it: `cn.fit` is the verb, although `chalknet.fit` is also a room."""

    def __getattr__(self, name: str) -> object:
        if name not in _FACE:
            raise AttributeError(f"module 'chalknet' has no attribute {name!r}")
        value = getattr(import_module(_FACE[name]), name)
        self.__dict__[name] = value
        return value

    def __setattr__(self, name: str, value: object) -> None:
        # The import system hangs every room that is loaded on the package; a verb keeps its name.
        if not (name in _FACE and isinstance(value, ModuleType)):
            super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *_FACE]


sys.modules[__name__].__class__ = _Face
