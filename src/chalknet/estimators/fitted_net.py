"""A fitted network that maps rows of features: the part of a fit that an estimator stores."""

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
    """Maps rows of features to predictions.

    Args:
        network: None for a module that no Network describes.
        weights: by their names in the module of `build`.
        module: maps the rows if numpy cannot; else None.
        loss: the row of the loss; determines what the outputs mean.
        preparation: of the training rows.
    """

    network: Network | None
    weights: Mapping[str, Array]
    module: Any
    loss: Loss
    preparation: Preparation

    @classmethod
    def of(cls, result: FitResult, loss: Loss, preparation: Preparation) -> FittedNet:
        """Return the fitted network of a fit."""
        module = result.module
        weights = {name: value.numpy() for name, value in weights_of(named(result.plan, module)).items()}
        kept = None if weight_shapes(result.plan) is not None else module
        return cls(result.plan.network, weights, kept, replace(loss, function=None), preparation)

    def prediction(self, x: Array) -> Prediction:
        """Return predictions for rows of features `(n, columns)`, in float64 if numpy computes them.

        In float64 the prediction for a row does not depend on the rows beside it.
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
        """Return the loss that interprets the outputs; for a function on classes they are plain numbers."""
        classes = self.loss.target == "any" and not self.preparation.y
        return LOSSES["cross_entropy"] if classes else self.loss

    def to_module(self) -> Any:
        """Return a torch module with the weights; it maps scaled rows."""
        if self.module is not None:
            return self.module
        assert self.network is not None
        module = build(self.network, seed=0)
        for name, parameter in module.named_parameters():
            parameter.data = torch.from_numpy(self.weights[name].copy())
        return module
