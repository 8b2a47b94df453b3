"""Fit: choose a plan, run the only loop, record, keep."""

from chalknet.fit.chart import Chart, plot, plot_images
from chalknet.fit.fit import fit, plan
from chalknet.fit.history import Evaluation, History, Outcome
from chalknet.fit.loop import Progress
from chalknet.fit.predict import predict
from chalknet.fit.result import FitResult
from chalknet.fit.resume import resume
from chalknet.fit.run_folder import load_run

__all__ = [
    "Chart",
    "Evaluation",
    "FitResult",
    "History",
    "Outcome",
    "Progress",
    "fit",
    "load_run",
    "plan",
    "plot",
    "plot_images",
    "predict",
    "resume",
]
