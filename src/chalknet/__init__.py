"""chalknet: from the blackboard to the GPU.

Write a network the way it is chalked on a board, fit it with (stochastic) gradient descent:

    import chalknet as cn
    net = cn.read("X(n,784) -l1-> u1(n,32) -relu-> v1(n,32) -l2-> u2(n,1) -sig-> v2(n,1) = yhat")
    result = cn.fit(net, "mnist01", loss="bce", batch_size=2048, updates=700, seed=1)
    result.module     # a plain torch.nn.Sequential

Names are resolved on first use: `import chalknet` loads neither torch nor numpy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chalknet.comparison import Comparison as Comparison
    from chalknet.comparison import compare as compare
    from chalknet.counting import Counts as Counts
    from chalknet.data import Source as Source
    from chalknet.data import describe as describe
    from chalknet.data import load as load
    from chalknet.differences import Difference as Difference
    from chalknet.differences import difference as difference
    from chalknet.drawing import Drawing as Drawing
    from chalknet.drawing import Style as Style
    from chalknet.errors import CannotExpress as CannotExpress
    from chalknet.errors import ChalknetError as ChalknetError
    from chalknet.errors import DataError as DataError
    from chalknet.errors import DeviceMismatch as DeviceMismatch
    from chalknet.errors import FileProblem as FileProblem
    from chalknet.errors import InvalidValue as InvalidValue
    from chalknet.errors import MissingPackage as MissingPackage
    from chalknet.errors import NotationError as NotationError
    from chalknet.errors import OutOfMemory as OutOfMemory
    from chalknet.errors import Refused as Refused
    from chalknet.errors import ShapeMismatch as ShapeMismatch
    from chalknet.errors import UnknownName as UnknownName
    from chalknet.errors import Unsettled as Unsettled
    from chalknet.forms import build as build
    from chalknet.forms import count as count
    from chalknet.forms import draw as draw
    from chalknet.forms import read as read
    from chalknet.forms import write as write
    from chalknet.hardware import Device as Device
    from chalknet.hardware import MemoryEstimate as MemoryEstimate
    from chalknet.hardware import devices as devices
    from chalknet.hardware import explain as explain
    from chalknet.hardware import memory as memory
    from chalknet.hardware import place as place
    from chalknet.network import Activation as Activation
    from chalknet.network import Dropout as Dropout
    from chalknet.network import Flatten as Flatten
    from chalknet.network import Linear as Linear
    from chalknet.network import Network as Network
    from chalknet.planning import Plan as Plan
    from chalknet.planning import Recipe as Recipe
    from chalknet.racing import Race as Race
    from chalknet.racing import race as race
    from chalknet.training import Chart as Chart
    from chalknet.training import FitResult as FitResult
    from chalknet.training import History as History
    from chalknet.training import Outcome as Outcome
    from chalknet.training import Progress as Progress
    from chalknet.training import fit as fit
    from chalknet.training import load_run as load_run
    from chalknet.training import plan as plan
    from chalknet.training import plot as plot
    from chalknet.training import plot_images as plot_images
    from chalknet.training import predict as predict
    from chalknet.training import resume as resume

__version__ = "0.1.0"

_ROOMS = {
    "comparison": "Comparison compare",
    "counting": "Counts",
    "data": "Source describe load",
    "differences": "Difference difference",
    "drawing": "Drawing Style",
    "errors": (
        "CannotExpress ChalknetError DataError DeviceMismatch FileProblem InvalidValue "
        "MissingPackage NotationError OutOfMemory Refused ShapeMismatch UnknownName Unsettled "
    ),
    "forms": "build count draw read write",
    "hardware": "Device MemoryEstimate devices explain memory place",
    "network": "Activation Dropout Flatten Linear Network",
    "planning": "Plan Recipe",
    "racing": "Race race",
    "training": (
        "Chart FitResult History Outcome Progress fit load_run plan plot plot_images predict resume "
    ),
}
_FACE = {name: f"chalknet.{room}" for room, names in _ROOMS.items() for name in names.split()}

__all__ = sorted(_FACE)


def __getattr__(name: str) -> object:
    if name not in _FACE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_FACE[name]), name)
    return value


def __dir__() -> list[str]:
    return __all__
