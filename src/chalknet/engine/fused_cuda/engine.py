"""The engine: which plans it can run, and the session it opens."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

import torch
from torch import nn

from chalknet.data import Batches
from chalknet.engine.engine import StartupCost, initialise_s, refused
from chalknet.engine.fused_cuda.refusals import network_reasons, placement_reasons, recipe_reasons
from chalknet.engine.fused_cuda.stages import EMBED, NORMS, stages_of
from chalknet.network import Network
from chalknet.planning import Placement, Plan, Recipe

if TYPE_CHECKING:
    from chalknet.engine.fused_cuda.machine import Machine
    from chalknet.engine.fused_cuda.session import FusedCudaSession

_LOADING_S = 0.1  # not yet measured
_COMPILING_S, _STAGE_S, _NORM_S = 0.5, 0.3, 0.1  # NVRTC on one core: the norms go over all stages again
_MOST_WORK = 1_000_000_000  # multiply-adds of a batch on its way forward
_OLDEST = 70  # the oldest architecture: compute capability 7.0
_REMEDY = 'Say engine="auto", or engine="eager", which runs whatever torch runs.'


class FusedCuda:
    """Run k updates in one launch: gather, forward, loss, backward, optimizer, next batch.

    The same training as `eager`: only the order in which sums are taken differs, and it is the same run after
    run. Dropout draws as `fused_cpu` does: the same distribution as torch's, other bits.
    """

    name = "fused_cuda"
    stops_at_target = True

    def refusals(self, network: Network | None, recipe: Recipe, placement: Placement) -> tuple[str, ...]:
        """Return the reasons why this engine cannot run it; empty when it can."""
        return (
            *_device_reasons(placement.device),
            *placement_reasons(placement),
            *recipe_reasons(recipe),
            *network_reasons(network, recipe),
        )

    def startup_cost(self, network: Network | None, recipe: Recipe, placement: Placement) -> StartupCost:
        """Return the cost of initialising the GPU, and of compiling; the speed-up has to be measured."""
        stages = () if network is None else stages_of(network)
        norms = sum(stage.kind in NORMS for stage in stages)
        once_s = _COMPILING_S + len(stages) * (_STAGE_S + norms * _NORM_S)
        return StartupCost(start_s=initialise_s(placement.device) + _LOADING_S, once_s=once_s)

    def open(self, plan: Plan, batches: Batches, module: nn.Module | None) -> FusedCudaSession:
        """Return a session with the weights and orders that the eager engine has.

        Raises:
            Refused: for a plan that `refusals` gives reasons against, and for products so large that
                the library's are faster.
            CodeUnavailable: where the kernel cannot be compiled.
        """
        reasons = self.refusals(plan.network, plan.recipe, plan.placement)
        if reasons:
            raise refused(self.name, "; ".join(reasons), "a plan that it can run", _REMEDY)
        assert plan.network is not None
        rows = min(batches.size, len(batches.source))
        stages = stages_of(plan.network)
        looked = rows * sum(stage.weights for stage in stages if stage.kind == EMBED)
        work = rows * sum(stage.positions * stage.weights for stage in stages) - looked
        for many, what, why in (
            (work, "multiply-adds forward", "the library's products are faster"),
            (looked, "gradients of embeddings, one a weight and row", "torch takes a row by its number"),
        ):
            if many > _MOST_WORK:
                got = f"an update of {many:,} {what}"
                raise refused(self.name, got, f"{_MOST_WORK:,} at most: {why}", _REMEDY)
        from chalknet.engine.fused_cuda.session import FusedCudaSession

        return FusedCudaSession(plan, batches, module, machine_of(plan.placement.device))


def machine_of(device: str) -> Machine:
    """Return what compiles and launches on a device."""
    from chalknet.engine.fused_cuda.cuda import CudaMachine

    return CudaMachine(torch.device(device))


def _device_reasons(device: str) -> list[str]:
    if torch.device(device).type != "cuda":
        return [f"it runs on a CUDA device, not on {device}"]
    if not torch.cuda.is_available():
        return [f"torch {torch.__version__} sees no CUDA device"]
    if importlib.util.find_spec("cuda") is None or importlib.util.find_spec("cuda.bindings") is None:
        return ["NVIDIA's package cuda-core is not installed; pip install 'chalknet[gpu]' brings it"]
    major, minor = torch.cuda.get_device_capability(torch.device(device))
    if 10 * major + minor < _OLDEST:
        return [f"it needs compute capability 7.0, and {device} has {major}.{minor}"]
    return []
