"""Outputs of a network over places and samples: decision regions, curves, losses, as numbers and bytes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

import chalknet as cn
from chalknet.lazy import torch
from chalknet.planning import LOSSES, Loss
from chalknet.studio.features import Array, Features
from chalknet.studio.history import SnapshotEvaluation
from chalknet.studio.points import BOX, Points

SIDE, ALONG = 100, 200  # places along a side of a region picture; along a curve
_MARGIN = 0.05


@dataclass(frozen=True)
class RegionGrid:
    """The places at which a picture shows the network's output.

    Args:
        low: the corner with the smallest x1 and x2.
        high: the opposite corner.
        x: the places, `(places, columns)`: row by row from the top, or from left to right.
        inputs: the inputs of the network at the places.
        values: the range of the colour scale.
    """

    low: tuple[float, ...]
    high: tuple[float, ...]
    x: Array
    inputs: Array
    values: tuple[float, float]

    @classmethod
    def of(cls, points: Points, features: Features) -> RegionGrid | None:
        """Return the places for points of one or two columns; None for more columns.

        Raises:
            DataError: for a feature that is not finite at a place.
        """
        columns = points.x.shape[1]
        if columns > 2:
            return None
        low, high = points.x.min(0), points.x.max(0)
        low, high = low - _MARGIN * (high - low), high + _MARGIN * (high - low)
        low, high = np.minimum(low, -BOX), np.maximum(high, BOX)
        across = np.linspace(low[0], high[0], SIDE if columns == 2 else ALONG)
        x = across[:, None]
        if columns == 2:
            down = np.linspace(high[1], low[1], SIDE)
            x = np.stack([np.tile(across, SIDE), np.repeat(down, SIDE)], 1)
        y = points.y
        values = (0.0, 1.0) if points.classes else (float(y.min()), float(y.max()))
        inputs = features(x, points.names)
        return cls(tuple(low.tolist()), tuple(high.tolist()), x.astype(np.float32), inputs, values)


class SnapshotModel:
    """A separate copy of a network that maps samples with the weights of any moment; not thread-safe.

    Args:
        network: the network to build.
        loss: the name of the loss; it determines what yhat means.
        seed: of the weights before the first update.
    """

    def __init__(self, network: cn.Network, loss: str, seed: int) -> None:
        self.module: torch.nn.Sequential = cn.build(network, seed=seed)
        self.loss: Loss = LOSSES[loss]
        self._criterion = _criterion(self.loss)
        self._lock = threading.Lock()
        self.module.eval()

    def weights(self) -> dict[str, Array]:
        """Return copies of its weights."""
        return copied_weights(self.module)

    def outputs(self, weights: Mapping[str, Array], x: Array) -> Array:
        """Return yhat of samples, `(rows, outputs)`.

        Args:
            weights: of a moment.
            x: the inputs of the network, `(rows, features)`.
        """
        with self._lock, torch.inference_mode():
            self._take(weights)
            made: Array = self.module(torch.from_numpy(x)).numpy()
            return made.reshape(len(x), -1)

    def predictions(self, weights: Mapping[str, Array], x: Array) -> Array:
        """Return probabilities `(rows, 1)` or `(rows, classes)`, or values `(rows, 1)`."""
        made = self.outputs(weights, x)
        with np.errstate(over="ignore"):
            return _READ.get(self.loss.decision, {}).get(self.loss.name, _as_they_are)(made)

    def classes(self, weights: Mapping[str, Array], x: Array) -> Array:
        """Return the number of the predicted class of samples, `(rows,)`; of two classes 0 or 1."""
        with self._lock, torch.inference_mode():
            self._take(weights)
            found: Array = self._decided(self.module(torch.from_numpy(x))).numpy().astype(np.int64)
            return found.reshape(len(x))

    def loss_and_accuracy(self, weights: Mapping[str, Array], x: Array, y: Array) -> tuple[float, float]:
        """Return the mean loss and the accuracy.

        Args:
            weights: of a moment.
            x: the inputs of the network, `(rows, features)`.
            y: the targets.
        """
        with self._lock, torch.inference_mode():
            self._take(weights)
            made, wanted = self.module(torch.from_numpy(x)), torch.from_numpy(y)
            loss = float(self._criterion(made, wanted))
            if self.loss.metric != "accuracy":
                return loss, float("nan")
            classes = wanted if self.loss.decision == "largest" else wanted > 0.5
            return loss, float((self._decided(made) == classes).float().mean())

    def _decided(self, made: torch.Tensor) -> torch.Tensor:
        """Return the classes of yhat: their numbers, or whether it is class 1."""
        if self.loss.decision == "largest":
            return made.argmax(1)
        return made > (0.0 if self.loss.decision == "above 0" else 0.5)

    def _take(self, weights: Mapping[str, Array]) -> None:
        for name, value in self.module.state_dict().items():
            np.copyto(value.numpy(), weights[name])


def evaluate(
    model: SnapshotModel, weights: Mapping[str, Array], train: Pair, held_out: Pair | None
) -> SnapshotEvaluation:
    """Evaluate weights over the training samples and the held-out ones."""
    loss, accuracy = model.loss_and_accuracy(weights, *train)
    held_out_loss, held_out_accuracy = (
        model.loss_and_accuracy(weights, *held_out) if held_out else (float("nan"), float("nan"))
    )
    return SnapshotEvaluation(loss, held_out_loss, accuracy, held_out_accuracy)


Pair = tuple[Array, Array]


def module_with(network: cn.Network, weights: Mapping[str, Array]) -> torch.nn.Sequential:
    """Return a new module with the weights of a moment, in evaluation mode."""
    module: torch.nn.Sequential = cn.build(network)
    module.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()})
    return module.eval()


def copied_weights(module: torch.nn.Module) -> dict[str, Array]:
    """Return copies of a module's parameters and buffers as arrays, from any device."""
    return {name: value.detach().cpu().numpy().copy() for name, value in module.state_dict().items()}


def as_bytes(grid: RegionGrid, predictions: Array) -> bytes:
    """Return one byte per place: from 0 for the smallest to 255 for the largest value of the grid.

    For three or more classes: one byte per place for the class, then one per place for its probability.
    """
    if predictions.shape[1] > 1:
        best = predictions.argmax(1)
        sure = np.take_along_axis(predictions, best[:, None], 1)[:, 0]
        return bytes(best.astype(np.uint8)) + _scaled(sure, 0.0, 1.0)
    return _scaled(predictions[:, 0], *grid.values)


def weight_tiles(weights: Mapping[str, Array], pixels: int, most: int = 32) -> tuple[int, bytes]:
    """Return the first layer's weights as a picture per unit: the number of units, and a byte per pixel.

    128 stands for 0; the weight with the largest magnitude in a unit for 1 or 255.
    """
    first = next((value for value in weights.values() if value.ndim == 2), None)
    if first is None or first.shape[1] != pixels * pixels:
        return 0, b""
    shown = first[:most]
    largest = np.abs(shown).max(1, keepdims=True)
    return len(shown), _scaled(shown / np.where(largest > 0, largest, 1.0), -1.0, 1.0)


def _scaled(values: Array, low: float, high: float) -> bytes:
    scaled = (values - low) * (255 / ((high - low) or 1.0))
    whole: Array = np.nan_to_num(np.clip(scaled, 0, 255)).round().astype(np.uint8)
    return bytes(whole.tobytes())


def _as_they_are(made: Array) -> Array:
    return made


def _sigmoid(made: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-made)))


def _softmax(made: Array) -> Array:
    powers = np.exp(made - made.max(1, keepdims=True))
    return np.asarray(powers / powers.sum(1, keepdims=True))


# How yhat becomes probabilities, by the decision of the loss, then by its name.
_READ: Mapping[str, Mapping[str, Callable[[Array], Array]]] = {
    "above 0": {"bce_logits": _sigmoid},
    "largest": {"cross_entropy": _softmax, "focal_cross_entropy": _softmax, "nll": np.exp},
}


def _criterion(loss: Loss) -> Callable[[torch.Tensor, torch.Tensor], Any]:
    room, _, name = loss.torch_class.rpartition(".")
    kind = getattr(import_module(room) if room else torch.nn, name)
    return kind(**loss.options)  # type: ignore[no-any-return]
