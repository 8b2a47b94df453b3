"""Fit: choose a plan, run the only loop, record, keep."""

from chalknet.fit.chart import Chart, Curve, plot, plot_curves, plot_images
from chalknet.fit.choose import Prepared, Wish, prepare
from chalknet.fit.fit import fit, plan
from chalknet.fit.history import Evaluation, History, Outcome
from chalknet.fit.loop import Progress
from chalknet.fit.predict import predict
from chalknet.fit.remembered import machine_and_versions
from chalknet.fit.result import FitResult
from chalknet.fit.resume import resume
from chalknet.fit.rule import Candidate
from chalknet.fit.run_folder import load_run
from chalknet.fit.threads import using_threads
from chalknet.fit.work import Work, usual_update_s, work_of

# fmt: off
__all__ = [
    "Candidate", "Chart", "Curve", "Evaluation", "FitResult", "History", "Outcome", "Prepared",
    "Progress", "Wish", "Work", "fit", "load_run", "machine_and_versions", "plan",
    "plot", "plot_curves", "plot_images", "predict", "prepare", "resume", "using_threads",
    "usual_update_s", "work_of",
]
