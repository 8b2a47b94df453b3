"""A fitted network as it maps rows of features: what an estimator keeps of its fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.data import Preparation
from chalknet.engine import named, weights_of
from chalknet.lazy import torch
from chalknet.module import build
from chalknet.network import Network
from chalknet.planning import LOSSES, Loss
from chalknet.training import ArrayForward, FitResult, ModuleForward, Prediction, predicted, weight_shapes

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class FittedNet:
    """What maps rows of features to predictions.

    Args:
        network: None for a module that no Network describes.
        weights: by the names that the module of `build` gives them.
        module: maps the rows where arrays cannot; None where they do.
        loss: the row of the loss, which says what the numbers mean.
        preparation: of the training rows.
    """

    network: Network | None
    weights: Mapping[str, Array]
    module: Any
    loss: Loss
    preparation: Preparation

    @classmethod
    def of(cls, result: FitResult, loss: Loss, preparation: Preparation) -> FittedNet:
        """Return what a fit has made."""
        module = result.module
        weights = {name: value.numpy() for name, value in weights_of(named(result.plan, module)).items()}
        kept = None if weight_shapes(result.plan) is not None else module
        return cls(result.plan.network, weights, kept, replace(loss, function=None), preparation)

    def prediction(self, x: Array) -> Prediction:
        """Return what the network says of rows of features `(n, columns)`, in float64 where arrays map them.

        So a row's prediction does not depend on the rows beside it.
        """
        if self.module is None:
            assert self.network is not None
            wide = {name: value.astype(np.float64) for name, value in self.weights.items()}
            scaled = replace(self.preparation, dtype="float64").apply(x)
            forward: ArrayForward | ModuleForward = ArrayForward(self.network, wide)
        else:
            scaled, forward = self.preparation.apply(x), ModuleForward(self.module, None)
        return predicted(forward((scaled,)), self.judged, self.preparation, forward.activation)

    @property
    def judged(self) -> Loss:
        """Return the loss by which outputs are read; those of a function of classes are plain numbers."""
        classes = self.loss.target == "any" and not self.preparation.y
        return LOSSES["cross_entropy"] if classes else self.loss

    def to_module(self) -> Any:
        """Return a module of torch with the weights, which maps scaled rows."""
        if self.module is not None:
            return self.module
        assert self.network is not None
        module = build(self.network, seed=0)
        for name, parameter in module.named_parameters():
            parameter.data = torch.from_numpy(self.weights[name].copy())
        return module
