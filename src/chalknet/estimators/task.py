"""The loss, the number of outputs and the network for a target."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from chalknet.errors import InvalidValue, ShapeMismatch
from chalknet.estimators.parameters import is_auto
from chalknet.forms import model_of
from chalknet.network import UNKNOWN_WIDTH, Activation, Dropout, Linear, Network
from chalknet.planning import LOSS_OF_TARGET, Loss, Recipe


@dataclass(frozen=True)
class TargetTask:
    """What to predict.

    Args:
        kind: "values", "classes" (one of two or more) or "labels" (several yes-or-no labels per row).
        outputs: values or labels per row, or the number of classes.
    """

    kind: str
    outputs: int

    @property
    def target(self) -> str:
        """Return the default recipe's name for it."""
        if self.kind == "classes" and self.outputs == 2:
            return "two classes"
        return {"values": "numbers", "classes": "classes", "labels": "questions"}[self.kind]


@dataclass(frozen=True)
class ChosenLoss:
    """A network and the loss to fit it with.

    Args:
        model: a Network, or a copied module.
        loss: the row of the loss.
        given: the loss as the recipe's value.
        notes: changes to the network, one sentence each.
    """

    model: Any
    loss: Loss
    given: Any
    notes: tuple[str, ...] = ()


_TARGETS: Mapping[str, tuple[str, ...]] = {  # kind of task -> kinds of target of its losses
    "values": ("real", "any"),
    "classes": ("class", "probability", "any"),
    "labels": ("probability",),
}


def chosen_for(model: object, loss: object, task: TargetTask) -> ChosenLoss:
    """Return the network with its outputs, and the loss.

    Args:
        model: the parameter `model`.
        loss: the parameter `loss`.
        task: what to predict.

    Raises:
        InvalidValue: for a loss that does not suit the task.
        ChalknetError: for an invalid model.
    """
    built = _model(model)
    notes: list[str] = []
    if is_auto(loss):
        built, notes = _without_softmax(built, task)
        loss = _loss(built, task)
    row = _known(loss) if isinstance(loss, str) else Recipe(loss=loss, updates=1).loss_row  # type: ignore[arg-type]
    if row.target not in _TARGETS[task.kind]:
        instead = 'NetClassifier, or loss="mse"' if task.kind == "values" else 'loss="auto"'
        raise InvalidValue(
            where="loss",
            got=f"{row.name} for {_NAMES[task.kind]}",
            wanted=f"a loss of {_NAMES[task.kind]}",
            remedy=f"Take {instead}.",
        )
    if task.kind == "classes" and row.target == "probability" and task.outputs != 2:
        raise InvalidValue(
            where="loss",
            got=f"{row.name}, which is of two classes, for {task.outputs} classes",
            wanted="a loss of several classes",
            remedy='Take loss="cross_entropy", or "auto".',
        )
    outputs = (1 if task.kind == "classes" and row.target == "probability" else task.outputs) * row.outputs
    return ChosenLoss(_with_outputs(built, outputs, task), row, loss, tuple(notes))


_NAMES = {"values": "numbers", "classes": "classes", "labels": "labels a row"}


def _model(model: object) -> Any:
    """Return a Network, or a module that no other fit shares."""
    if isinstance(model, str) and _is_arrows(model):
        return _read(model)
    found = model_of(model)  # type: ignore[arg-type]
    return found if isinstance(found, Network) else copy.deepcopy(found)


def _is_arrows(text: str) -> bool:
    with suppress(OSError, ValueError):  # a text that cannot be a path
        return "->" in text and not Path(text).exists()
    return False


@lru_cache(maxsize=256)
def _read(text: str) -> Any:
    return model_of(text)


@lru_cache(maxsize=256)
def _known(loss: str) -> Loss:
    return Recipe(loss=loss, updates=1).loss_row


def _last(model: object) -> tuple[str, object]:
    """Return a network's last activation and its last width; empty for a module."""
    ending, width = "", None
    if isinstance(model, Network):
        for step in reversed(model.steps):
            if isinstance(step, Activation) and not ending and step.kind != "identity":
                ending = step.kind
            elif isinstance(step, Linear):
                width = step.out_features
                break
            elif not isinstance(step, Dropout | Activation):
                break
    return ending, width


def _loss(model: object, task: TargetTask) -> str:
    ending, width = _last(model)
    target = task.target
    if target == "two classes" and (ending == "log_softmax" or width not in (UNKNOWN_WIDTH, 1)):
        target = "classes"  # one output for each of the two
    losses = LOSS_OF_TARGET[target]
    return losses.get(ending, losses[""])


def _without_softmax(model: Any, task: TargetTask) -> tuple[Any, list[str]]:
    """Return a classifier without its final softmax, which the loss applies itself."""
    if task.kind != "classes" or _last(model)[0] != "softmax" or model.steps[-1] != Activation("softmax"):
        return model, []
    told = "the softmax at the end of the network is part of the loss: network_ is without it"
    return replace(model, steps=model.steps[:-1]), [told]


def _with_outputs(model: Any, outputs: int, task: TargetTask) -> Any:
    """Return a network with the width `?` of its last map replaced by a number.

    Raises:
        ShapeMismatch: for a network with another number of outputs.
    """
    if not isinstance(model, Network):
        return model
    width = _last(model)[1]
    if isinstance(width, int) and width != outputs:
        raise ShapeMismatch(
            where=f"network {model.name}",
            got=f"{width} outputs for {task.outputs} {_NAMES[task.kind]}",
            wanted=f"{outputs}",
            remedy="Write ? for its last width, which is then what y asks for.",
        )
    steps = list(model.steps)
    for place in reversed(range(len(steps))):
        step = steps[place]
        if isinstance(step, Linear):
            if step.out_features == UNKNOWN_WIDTH:
                steps[place] = replace(step, out_features=outputs)
            break
    return replace(model, steps=tuple(steps))
