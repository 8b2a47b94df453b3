"""The step that a model ends with, held against the loss: fine, a note, or refused."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch

from chalknet.errors import InvalidValue
from chalknet.network import (
    Activation,
    Dropout,
    Flatten,
    Linear,
    Network,
    Range,
    Shape,
    Visit,
    activation_name,
)
from chalknet.planning import LOSSES, Loss
from chalknet.units import show_value

_ALL = Range()
# Nodes of autograd that lay out or choose values and leave them as they are.
_LAYOUT = ("View", "UnsafeView", "Reshape", "Squeeze", "Unsqueeze", "Clone", "Alias", "T", "Transpose",
           "Permute", "Slice", "Select", "AsStrided", "ToCopy", "Expand")  # fmt: skip
_NODE = re.compile(r"(\w+?)Backward\d*$")
_DEEPEST = 100  # nodes of autograd that are followed
_ROUNDING = 1e-5  # of sums of float32


@dataclass(frozen=True)
class Ending:
    """What a model ends with.

    Args:
        last: the name of its last activation; an empty text for a linear map, or what is not known.
        reach: between which bounds yhat lies.
        outputs: values of yhat among which a function of whole rows, such as softmax, is taken.
        known: whether it is known that nothing else comes behind the last activation.
        alone: between which bounds the last activation's values lie, whatever is before it.
        inner: the activation right before the last one; empty for a linear map.
    """

    last: str = ""
    reach: Range = _ALL
    outputs: int = 0
    known: bool = True
    alone: Range = _ALL
    inner: str = ""

    @property
    def words(self) -> str:
        """Return how a sentence calls it."""
        return self.last or "a linear map"


def ending_of_network(network: Network, loss: Loss) -> Ending:
    """Return what a network ends with.

    Args:
        network: every width a number.
        loss: the row of the loss, for what to do about a step that is refused.

    Raises:
        InvalidValue: for a step that gives the same number whatever x is.
    """
    last, inner, reach, alone = "", "", _ALL, _ALL
    for visit in network.walk():
        step = visit.step
        if isinstance(step, Activation):
            kind, reach = step.kind, _image(step, reach, int(visit.input_shape[-1]))
            if reach.low == reach.high:
                raise _constant(f"network {network.name}, step {visit.path}", step.kind, reach.low, loss)
            if kind != "identity":
                last, inner, alone = kind, last, step.image()
        elif not isinstance(step, Dropout | Flatten):
            last, inner, reach, alone = "" if step.trainable else last, "", _ALL, _ALL
    return Ending(last, reach, int(network.output_shape[-1]), True, alone, inner)


def ending_of_graph(yhat: torch.Tensor, where: str, loss: Loss) -> Ending:
    """Return what computed yhat last, as autograd recorded it; whatever it does not show is left open.

    Args:
        yhat: the output of a module, with its graph.
        where: what an error calls the module.
        loss: the row of the loss, for what to do about a step that is refused.

    Raises:
        InvalidValue: for a softmax over a single value.
    """
    steps: list[tuple[Activation, int]] = []
    node: Any = yhat.grad_fn
    for _ in range(_DEEPEST):
        match = _NODE.search(node.name()) if node is not None else None
        if match is None:
            break
        name = match.group(1)
        kind = activation_name(name)
        if kind is not None:
            steps.append((_recorded(kind, node), _values_along(node, yhat)))
        elif name not in _LAYOUT:
            break
        node = node.next_functions[0][0] if node.next_functions else None
    reach = _ALL
    for step, values in reversed(steps):
        reach = _image(step, reach, values)
        if reach.low == reach.high:
            raise _constant(where, step.kind, reach.low, loss)
    if not steps:
        return Ending(outputs=yhat.shape[-1] if yhat.dim() > 1 else 1, known=False)
    last, outputs = steps[0]
    inner = steps[1][0].kind if len(steps) > 1 else ""
    return Ending(last.kind, reach, outputs, True, last.image(), inner)


def _recorded(kind: str, node: Any) -> Activation:
    """Return an activation with the options that its node of autograd has kept."""
    row = Activation(kind).row
    kept = {name: getattr(node, f"_saved_{name}", None) for name in row.options}
    return Activation(kind, {name: value for name, value in kept.items() if isinstance(value, float | str)})


def _values_along(node: Any, yhat: torch.Tensor) -> int:
    """Return over how many values a function of whole rows was taken; 0 where it is no such function."""
    axis, result = getattr(node, "_saved_dim", None), getattr(node, "_saved_result", None)
    if axis is None or not isinstance(result, torch.Tensor):
        return yhat.shape[-1] if yhat.dim() > 1 else 1
    axis = axis - 2**64 if axis >= 2**63 else axis  # autograd keeps -1 as an unsigned number
    return int(result.shape[axis])


def _image(step: Activation, z: Range, values: int) -> Range:
    """Return between which bounds an activation's values lie; of a softmax, over so many values."""
    if step.row.elementwise or values != 1:
        return step.image(z)
    bound = next(bound for bound in reversed(step.image()) if math.isfinite(bound))
    return Range(bound, bound)  # softmax of one value is 1, its logarithm 0


def _constant(where: str, kind: str, value: float, loss: Loss) -> InvalidValue:
    alone = kind in ("softmax", "log_softmax")
    return InvalidValue(
        where=where,
        got=f"{kind} over {'a single value' if alone else 'values'}, which is always {show_value(value)}",
        wanted="a step whose value depends on x, or nothing before it can be fitted",
        remedy=f"Take {loss.wants[0]} in its place." if loss.wants else f"Leave {kind} out.",
    )


def check_outputs(output_shape: Shape, loss: Loss) -> None:
    """Refuse a single output for class numbers.

    Args:
        output_shape: shape of yhat for one sample.
        loss: the row of the loss.

    Raises:
        InvalidValue: for a model with one output whose largest output is to be the class.
    """
    if loss.target == "class" and output_shape[:1] in ((), (1,)):
        raise InvalidValue(
            where=f"loss {loss.name}",
            got="a model with one output, whose probability is always 1: the loss is always 0",
            wanted="an output for each class",
            remedy="For classes 0 and 1 take loss bce_logits; for more, end the model with as many outputs.",
        )


def check_ending(ending: Ending, loss: Loss) -> None:
    """Refuse an ending that the loss cannot take.

    Raises:
        InvalidValue: naming what the model ends with, and what would do.
    """
    if loss.wants and ending.known and ending.last not in loss.wants:
        raise refused_by_loss(loss, f"a network that ends with {ending.words}")


def refused_by_loss(loss: Loss, got: str) -> InvalidValue:
    """Return the error for yhat that a loss cannot take.

    Args:
        loss: the row of the loss.
        got: what it was given.
    """
    alike = (row for row in LOSSES.values() if row.target == loss.target)
    applying = next((row.name for row in alike if row.applies and not (row.wants or row.settings)), None)
    what = "between 0 and 1" if loss.target == "probability" else "logarithms of probabilities"
    wants = f"a network that ends with {' or '.join(loss.wants)}, so that yhat is {what}"
    add = "-sig->" if loss.target == "probability" else "".join(loss.wants[:1])
    return InvalidValue(
        where=f"loss {loss.name}",
        got=got,
        wanted=wants if loss.wants else "yhat that the loss takes",
        remedy=f"Add `{add}` at the end{f', or use the loss {applying}' if applying else ''}."
        if loss.wants
        else "Look at the shape and the numbers that the model returns.",
    )


def ending_by_values(yhat: torch.Tensor, loss: Loss) -> Ending:
    """Return what the numbers of yhat look like, where nothing else shows how a model ends.

    Args:
        yhat: of some samples `(n, ...)`.
        loss: the row of the loss.

    Raises:
        InvalidValue: for numbers outside 0 to 1 before a loss that takes none.
    """
    values = yhat.double().reshape(len(yhat), -1)
    low, high = (float(bound) for bound in values.aminmax())
    least, most = (0.0, 1.0) if loss.target == "probability" else (-math.inf, 0.0)
    if loss.wants and not least <= low <= high <= most:
        raise refused_by_loss(loss, f"yhat from {show_value(low)} to {show_value(high)}")
    if loss.target != "class" or yhat.dim() != 2:
        return Ending(known=False)
    outputs = values.shape[1]
    for name, shares, reach in (
        ("softmax", values, Range(0, 1)),
        ("log_softmax", values.exp(), Range(high=0)),
    ):
        if bool((shares >= 0).all()) and bool(((shares.sum(dim=1) - 1).abs() < _ROUNDING).all()):
            return Ending(name, reach, outputs, known=False, alone=reach)
    return Ending(outputs=outputs, known=False)


def notes_of_ending(ending: Ending, loss: Loss) -> Iterator[str]:
    """Yield what is doubtful about an ending before a loss, whatever the targets are."""
    last, reach, name = ending.last, ending.reach, loss.name
    if not last or not (loss.applies or loss.wants):
        return
    if last in loss.applies:
        twice = f"{name} takes plain numbers and applies {last} or its like itself, but the network already "
        yield f"{twice}ends with {last}: {_twice(ending, loss)}; leave {last} out"
    elif last == "log_softmax" and loss.target == "class" and loss.applies:
        yield (
            f"the network already ends with log_softmax, which {name} applies itself: a second one changes "
            "nothing, and the loss is the one that torch calls nll: leave log_softmax out, or say loss=nll"
        )
    elif loss.applies and reach != _ALL:
        yield f"{name} takes plain numbers, but {last} at the end {_kept(reach)}; leave {last} out"
    elif loss.target == "probability" and loss.wants and last == "softmax":
        yield (
            f"{name} judges each output alone, but softmax makes the outputs of a sample sum to one: for one "
            "class a sample use cross_entropy without softmax, for several take sigmoid in its place"
        )


def _twice(ending: Ending, loss: Loss) -> str:
    if loss.target == "class":
        largest = 1 / (1 + (ending.outputs - 1) * math.exp(ending.reach.low - ending.reach.high))
        return f"no probability can exceed {show_value(largest)}"
    return "each probability is 0.5 or more, so that every sample is taken for a 1"


def _kept(reach: Range) -> str:
    if reach.low == -math.inf:
        return f"keeps them at {show_value(reach.high)} or below"
    if reach.high == math.inf:
        return f"keeps them at {show_value(reach.low)} or above"
    return f"keeps them between {show_value(reach.low)} and {show_value(reach.high)}"


def notes_of_steps(network: Network) -> Iterator[str]:
    """Yield what is doubtful about a network's steps, whatever the loss is."""
    visits = list(network.walk())
    if isinstance(visits[-1].step, Dropout) and visits[-1].step.p > 0:
        yield "Dropout is the last step: in training it sets values of yhat itself to 0; leave it out"
    for visit in visits:
        if isinstance(visit.step, Dropout) and visit.step.p == 1:
            yield (
                f"Dropout at step {visit.path} sets every value to 0 in training: nothing before it is fitted"
            )
    maps = [visit for visit in visits if not _is_idle(visit)]
    for first, second in pairwise(maps):
        if isinstance(first.step, Linear) and isinstance(second.step, Linear):
            ends = first.input_shape[-1], second.output_shape[-1]
            inner = first.output_shape[-1]
            if all(isinstance(size, int) for size in (*ends, inner)) and int(inner) >= min(map(int, ends)):
                yield (
                    f"the linear maps at steps {first.path} and {second.path} have no activation between "
                    f"them: together they are one linear map, {ends[0]} -> {ends[1]}"
                )


def _is_idle(visit: Visit) -> bool:
    step = visit.step
    return isinstance(step, Dropout) or (isinstance(step, Activation) and step.kind == "identity")
