"""The public names and their rooms: what type checkers read, and where `__init__.py` finds each name."""

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
from chalknet.errors import Undecided as Undecided
from chalknet.errors import UnknownName as UnknownName
from chalknet.errors import Unsettled as Unsettled
from chalknet.forms import build as build
from chalknet.forms import count as count
from chalknet.forms import draw as draw
from chalknet.forms import draw_account as draw_account
from chalknet.forms import read as read
from chalknet.forms import write as write
from chalknet.hardware import Device as Device
from chalknet.hardware import MemoryEstimate as MemoryEstimate
from chalknet.hardware import devices as devices
from chalknet.hardware import explain as explain
from chalknet.hardware import memory as memory
from chalknet.hardware import place as place
from chalknet.network import Account as Account
from chalknet.network import Activation as Activation
from chalknet.network import Dropout as Dropout
from chalknet.network import Flatten as Flatten
from chalknet.network import Linear as Linear
from chalknet.network import Network as Network
from chalknet.planning import Plan as Plan
from chalknet.planning import Recipe as Recipe
from chalknet.racing import Race as Race
from chalknet.racing import race as race
from chalknet.reporting import report as report
from chalknet.training import Chart as Chart
from chalknet.training import FitResult as FitResult
from chalknet.training import History as History
from chalknet.training import Outcome as Outcome
from chalknet.training import Prediction as Prediction
from chalknet.training import Progress as Progress
from chalknet.training import Scores as Scores
from chalknet.training import evaluate as evaluate
from chalknet.training import fit as fit
from chalknet.training import load_run as load_run
from chalknet.training import plan as plan
from chalknet.training import plot as plot
from chalknet.training import plot_images as plot_images
from chalknet.training import predict as predict
from chalknet.training import resume as resume

__version__: str

def __dir__() -> list[str]: ...
