"""The trivial predictor: the answer that is best where every row gets the same one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch

from chalknet.data import ArraySource, Preparation, Source, StreamedSource
from chalknet.engine import loss_function
from chalknet.planning import Loss, Plan, Recipe
from chalknet.training.choice.prepare import PreparedFit
from chalknet.training.evaluation import Baseline
from chalknet.units import show_value

_MOST_ROWS = 50_000  # of a source in memory; of one in a file
_MOST_ROWS_READ = 4_096
_LEAST_SHARE = 1e-6  # of a class that no row has, in a logarithm


def rows_of(source: Source, most: int) -> torch.Tensor | slice:
    """Return at most so many rows of a source, in their order and spread evenly over all of it."""
    count = len(source)
    if count <= most:
        return slice(0, count)
    return torch.arange(most) * count // most


def may_be_looked_at(source: Source) -> bool:
    """Return whether rows may be taken beside the fit's own; not of a source of the user's."""
    return type(source) in (ArraySource, StreamedSource)  # a class derived from one is the user's


def plain_targets(y: torch.Tensor, plan: Plan) -> torch.Tensor:
    """Return targets as the loss takes them, without the weight of each sample that may stand behind them."""
    if not plan.recipe.weighs:
        return y
    plain = y[:, :-1].reshape(len(y), *(size for size in plan.data.y_shape if isinstance(size, int)))
    return plain.long() if plan.recipe.loss_row.target == "class" else plain


def baseline_of(prepared: PreparedFit) -> Baseline | None:
    """Return the trivial predictor of a fit, by the targets of the training samples.

    Of very many rows it looks at some, spread evenly; of a source of the user's, which may be slow to read or
    change as it is read, at none.
    """
    source, recipe = prepared.batches.source, prepared.plan.recipe
    if not may_be_looked_at(prepared.source):
        return None
    if recipe.weighs and recipe.loss_row.metric == "error":
        return None  # the error weighs the samples, which the mean of y does not
    parts = [source, *([] if prepared.held_out is None else [prepared.held_out])]
    y, *aside = [
        plain_targets(
            part.take(rows_of(part, _MOST_ROWS_READ if part.streams else _MOST_ROWS)).y, prepared.plan
        )
        for part in parts
    ]
    constant = best_constant(y, recipe)
    if constant is None:
        return None
    train, *others = [constant.metric(each) for each in (y, *aside)]
    return Baseline(constant.words(prepared.source.preparation), train, *others)


@dataclass(frozen=True)
class Constant:
    """One answer for every row.

    Args:
        name: "mean", "median", or "class".
        answer: what it says: a class number, a 0 or 1 for each output, or a value for each.
        metric: gives the metric of the evaluations for targets.
        loss: gives the loss of each row `(n,)`, of targets, for the answer with the least loss.
    """

    name: str
    answer: torch.Tensor
    metric: Callable[[torch.Tensor], float]
    loss: Callable[[torch.Tensor], torch.Tensor]

    def words(self, preparation: Preparation | None) -> str:
        """Return what it says, in the words and the unit of the data."""
        if self.name != "class":
            of_y = "" if preparation is None else preparation.restore(self.answer.reshape(1, -1).numpy())
            shown = self.answer.reshape(-1).tolist() if isinstance(of_y, str) else of_y.reshape(-1).tolist()
            return f"the {self.name} of y" + (f", {show_value(shown[0])}" if len(shown) == 1 else "")
        numbers = self.answer.reshape(-1).tolist()
        if len(numbers) > 1:
            return "the more frequent answer of each output"
        words = preparation.y[0].words if preparation is not None and preparation.classes else None
        number = int(numbers[0])
        return repr(words[number]) if words and number < len(words) else f"class {number}"


def best_constant(y: torch.Tensor, recipe: Recipe) -> Constant | None:
    """Return the best answer for all of these targets `(n, ...)`; None where the loss has none."""
    row = recipe.loss_row
    if row.target == "class":
        return _most_frequent_class(y)
    if row.target == "probability":
        return _most_frequent_answers(y)
    if row.target == "any" or row.link not in _LINKS:
        return None
    return _best_value(y, recipe)


def _most_frequent_class(y: torch.Tensor) -> Constant:
    counts = torch.bincount(y.reshape(-1))
    shares = (counts.double() / counts.sum()).clamp_min(_LEAST_SHARE)
    most = counts.argmax()

    def loss(targets: torch.Tensor) -> torch.Tensor:
        numbers = targets.reshape(-1)
        known = numbers < len(shares)
        return -torch.where(known, shares[numbers.clamp_max(len(shares) - 1)], _LEAST_SHARE).log()

    return Constant("class", most, lambda targets: float((targets == most).double().mean()), loss)


def _most_frequent_answers(y: torch.Tensor) -> Constant:
    share = y.double().mean(dim=0).clamp(_LEAST_SHARE, 1 - _LEAST_SHARE)
    answer = (y > _HALF).double().mean(dim=0) > _HALF

    def loss(targets: torch.Tensor) -> torch.Tensor:
        found = -(targets * share.log() + (1 - targets) * (1 - share).log())
        return found.reshape(len(targets), -1).mean(dim=1)

    return Constant(
        "class", answer.long(), lambda targets: float(((targets > _HALF) == answer).double().mean()), loss
    )


_HALF = 0.5


_LINKS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "": lambda value: value,
    "exp": lambda value: value.clamp_min(_LEAST_SHARE).log(),
}


def _yhat_for(value: torch.Tensor, y: torch.Tensor, row: Loss) -> torch.Tensor:
    """Return what a network gives for a value: of a mean and a variance, both."""
    if row.outputs > 1:
        spread = (y - value).square().mean(dim=0).clamp_min(_LEAST_SHARE).log()
        return torch.cat([value, spread], dim=-1)
    return _LINKS[row.link](value)


def _best_value(y: torch.Tensor, recipe: Recipe) -> Constant | None:
    error_of, wide = loss_function(recipe, reduction="none"), y.double()

    def loss_of(value: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        yhat = _yhat_for(value, wide, recipe.loss_row)
        found: torch.Tensor = error_of(yhat.expand(len(targets), *yhat.shape).to(targets.dtype), targets)
        return found.double().reshape(len(targets), -1).mean(dim=1)

    def candidates() -> Iterator[tuple[str, torch.Tensor]]:
        yield "mean", wide.mean(dim=0)
        yield "median", wide.median(dim=0).values

    name, value = min(candidates(), key=lambda each: float(loss_of(each[1], y).mean()))
    return Constant(
        name, value, lambda targets: float(loss_of(value, targets).mean()),
        lambda targets: loss_of(value, targets),
    )  # fmt: skip
