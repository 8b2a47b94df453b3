"""Fit: choose a plan, run the only loop, record, keep."""

from chalknet.training.chart import Chart, Curve, plot, plot_curves, plot_images
from chalknet.training.choose import Prepared, Wish, prepare
from chalknet.training.fit import fit, plan
from chalknet.training.history import Evaluation, History, Outcome
from chalknet.training.loop import Progress
from chalknet.training.predict import predict
from chalknet.training.remembered import machine_and_versions
from chalknet.training.result import FitResult
from chalknet.training.resume import resume
from chalknet.training.rule import Candidate
from chalknet.training.run_folder import load_run
from chalknet.training.threads import using_threads
from chalknet.training.work import Work, usual_update_s, work_of

# fmt: off
__all__ = [
    "Candidate", "Chart", "Curve", "Evaluation", "FitResult", "History", "Outcome", "Prepared",
    "Progress", "Wish", "Work", "fit", "load_run", "machine_and_versions", "plan",
    "plot", "plot_curves", "plot_images", "predict", "prepare", "resume", "using_threads",
    "usual_update_s", "work_of",
]
