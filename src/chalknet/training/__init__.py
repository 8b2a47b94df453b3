"""Fit: choose a plan, run the only loop, record, keep."""

from chalknet.training.chart import Chart, Curve, plot, plot_curves, plot_images
from chalknet.training.choice.cost_model import Candidate, CostEstimate, estimate_cost, usual_update_s
from chalknet.training.choice.prepare import PreparedFit, load_for, prepare
from chalknet.training.choice.timing_cache import machine_and_versions
from chalknet.training.choice.torch_threads import using_threads
from chalknet.training.history import Evaluation, FitResult, History, Outcome, Progress
from chalknet.training.kept.run_folder import load_run
from chalknet.training.predict import predict
from chalknet.training.prediction import Prediction
from chalknet.training.record.record_options import RecordOptions
from chalknet.training.run.fit import FitKeywords, fit, plan
from chalknet.training.run.resume import resume

# fmt: off
__all__ = [
    "Candidate", "Chart", "CostEstimate", "Curve", "Evaluation", "FitKeywords", "FitResult", "History",
    "Outcome", "Prediction", "PreparedFit", "Progress", "RecordOptions", "estimate_cost", "fit", "load_for",
    "load_run", "machine_and_versions", "plan", "plot", "plot_curves", "plot_images", "predict", "prepare",
    "resume", "using_threads", "usual_update_s",
]
