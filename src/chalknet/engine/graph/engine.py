"""The engine: which plans it can run, and the session it opens."""

from __future__ import annotations

import torch
from torch import nn

from chalknet.data import Batches
from chalknet.engine.engine import StartupCost, initialise_s, refused
from chalknet.engine.graph.recorder import CudaRecorder
from chalknet.engine.graph.session import GraphSession
from chalknet.engine.graph.updates import CAPTURABLE
from chalknet.errors import ChalknetError
from chalknet.network import Network
from chalknet.planning import Placement, Plan, Recipe

_DTYPES = ("float32", "float64", "bfloat16", "float16")
_REMEDY = 'Say engine="eager", which runs whatever torch runs.'
_CAPTURING_S = 1.0  # assumed, not measured: warm-up and capture, in each fit


class Graph:
    """Run k updates as one captured CUDA graph, for any module that works on the device alone.

    The same training as `eager` on the same device: the same batches, torch's own optimizers in the form
    that can be captured, Dropout from the same generator. Only the order of sums may differ.
    """

    name = "graph"
    stops_at_target = False

    def refusals(self, network: Network | None, recipe: Recipe, placement: Placement) -> tuple[str, ...]:
        """Return the reasons why this engine cannot run it; empty when it can.

        What a module does shows only during capture: `open` refuses what cannot be captured.
        """
        reasons = _device_reasons(placement.device)
        if placement.dtype not in _DTYPES:
            reasons.append(f"it computes in {', '.join(_DTYPES)}, not in {placement.dtype}")
        if placement.processes > 1:
            reasons.append(f"it runs in one process, not in {placement.processes} that share an update")
        if placement.micro_batch is not None:
            reasons.append(f"it takes an update whole, not {placement.micro_batch:,} samples at a time")
        if recipe.optimizer not in CAPTURABLE:
            reasons.append(f"{recipe.optimizer} has no form that can be captured")
        if not_one := recipe.schedule or (recipe.warmup and "warmup"):
            reasons.append(f"its updates have one learning rate, not those of {not_one}")
        return tuple(reasons)

    def startup_cost(self, network: Network | None, recipe: Recipe, placement: Placement) -> StartupCost:
        """Return the cost of initialising the GPU and capturing; the speed-up has to be measured."""
        return StartupCost(start_s=initialise_s(placement.device) + _CAPTURING_S)

    def open(self, plan: Plan, batches: Batches, module: nn.Module | None) -> GraphSession:
        """Return a session with captured graphs; weights and random numbers are as before the capture.

        Raises:
            Refused: for a plan that `refusals` gives reasons against, and for a module that cannot be
                captured, in torch's words; its weights are then as they were.
        """
        reasons = self.refusals(plan.network, plan.recipe, plan.placement)
        if reasons:
            raise refused(self.name, "; ".join(reasons), "a plan that it can run", _REMEDY)
        try:
            return GraphSession(plan, batches, module, CudaRecorder(torch.device(plan.placement.device)))
        except ChalknetError:
            raise
        except Exception as problem:
            words = str(problem).strip().partition("\n")[0]
            raise refused(
                self.name,
                f"{type(problem).__name__} while an update was warmed up or captured: {words}",
                "a module whose updates can be captured as a CUDA graph",
                _REMEDY,
            ) from problem


def _device_reasons(device: str) -> list[str]:
    if torch.device(device).type != "cuda":
        return [f"it runs on a CUDA device, not on {device}"]
    if not torch.cuda.is_available():
        return [f"torch {torch.__version__} sees no CUDA device"]
    return []
