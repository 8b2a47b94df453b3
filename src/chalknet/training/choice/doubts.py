"""What the samples of a fit make doubtful: targets that yhat cannot reach, one class, unlike scales."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import exp, prod

import torch

from chalknet.data import ArraySource, Source, target_blocks
from chalknet.errors import InvalidValue
from chalknet.network import Range
from chalknet.planning import Loss, Recipe
from chalknet.training.choice.endings import Ending
from chalknet.units import show_count, show_share, show_value

_FEW_CLASSES = 20  # whole numbers 0, 1, ... of at most so many kinds look like classes
_MOST_CLASSES = 1 << 16
_MANY_FEATURES = 64  # images have pixels that are the same in all of them
_UNLIKE = 1e3  # scales of features that plain gradient descent cannot serve at one learning rate
_LARGEST_LOOK = 50_000_000  # numbers of x that are looked at
_ROWS_FOR_A_RATE = 8192
_ROUNDING = 1e-6  # of targets and bounds in float32


@dataclass
class TargetFacts:
    """What one pass over the targets finds.

    Args:
        reach: between which bounds yhat, as the loss reads it, can lie.
        count: values of y.
        low: the smallest value.
        high: the largest one.
        below: values under the reach.
        above: values over it.
        seen: the different values, where they are whole numbers from 0 on, as class numbers are.
    """

    reach: Range
    count: int = 0
    low: float = float("inf")
    high: float = float("-inf")
    below: int = 0
    above: int = 0
    seen: frozenset[int] = frozenset()

    def add(self, y: torch.Tensor) -> None:
        """Count some more targets."""
        low, high = (float(bound) for bound in y.aminmax())
        self.count, self.low, self.high = self.count + y.numel(), min(self.low, low), max(self.high, high)
        floor, ceiling = self.reach.low, self.reach.high
        if low < floor:
            self.below += int((y < floor - _ROUNDING * max(1.0, abs(floor))).sum())
        if high > ceiling:
            self.above += int((y > ceiling + _ROUNDING * max(1.0, abs(ceiling))).sum())
        if low >= 0 and high < _MOST_CLASSES and (not y.is_floating_point() or bool((y == y.floor()).all())):
            self.seen |= frozenset(y.long().reshape(-1).bincount().nonzero().flatten().tolist())


def notes_of_targets(source: Source, loss: Loss, ending: Ending, classes: int | None) -> Iterator[str]:
    """Yield what is doubtful about the targets before this loss and ending.

    Args:
        source: the samples as they were loaded.
        loss: the row of the loss.
        ending: what the model ends with.
        classes: how many classes the model tells apart, for class numbers.

    Raises:
        InvalidValue: where yhat can reach none of the targets.
    """
    facts = TargetFacts(_as_read(ending, loss))
    if source.streams and loss.target == "real" and ending.reach == Range():
        return  # a pass over a file would find little
    for _, y in target_blocks(source):
        facts.add(y)
    if facts.count < 2:
        return
    if facts.low == facts.high:
        what = f"class {facts.low:.0f}" if loss.target == "class" else show_value(facts.low)
        yield f"every y of {source.name} is {what}: there is nothing to tell apart; look at how y was chosen"
    elif classes is not None and 0 < len(facts.seen) < classes <= _MOST_CLASSES:
        missing = [str(number) for number in range(classes) if number not in facts.seen]
        some = f"{', '.join(missing[:5])}{', ...' if len(missing) > 5 else ''}"
        yield (
            f"no sample has class {some}: {len(missing)} of the model's {classes} outputs are for classes "
            f"without a sample; number the {len(facts.seen)} classes from 0 without gaps, or take all data"
        )
    yield from _unreachable(facts, ending, loss, source.name)
    yield from _like_classes(facts, source, loss)


def _as_read(ending: Ending, loss: Loss) -> Range:
    """Return which targets yhat can come to, by how the loss reads it; all where another note says more."""
    if loss.target == "class" or ending.last in loss.applies:
        return Range()
    if loss.applies:
        return Range(*(1 / (1 + exp(-min(max(bound, -700.0), 700.0))) for bound in ending.reach))
    if loss.link == "exp":
        return Range(*(exp(min(bound, 700.0)) for bound in ending.reach))
    return ending.reach


def _unreachable(facts: TargetFacts, ending: Ending, loss: Loss, name: str) -> Iterator[str]:
    beyond = facts.below + facts.above
    if not beyond:
        return
    low, high = map(show_value, facts.reach)
    sides = [f"below {low}"] * bool(facts.below) + [f"above {high}"] * bool(facts.above)
    what = f"where yhat, which ends with {ending.last}, cannot come"
    low_alone, high_alone = ending.alone
    culprit = ending.inner if low_alone <= facts.low and facts.high <= high_alone else ""
    way = (
        f"leave {culprit} before {ending.last} out"
        if culprit
        else f"leave {ending.last} out as the last step"
    )
    if beyond == facts.count:
        raise InvalidValue(
            where=f"y of {name}",
            got=f"targets from {show_value(facts.low)} to {show_value(facts.high)}, all of them "
            f"{' or '.join(sides)}, {what}",
            wanted="targets that the model can reach",
            remedy=f"{way[0].upper()}{way[1:]}, or bring y between its bounds.",
        )
    share = show_share(beyond / facts.count)
    yield (
        f"{show_count(beyond)} of {show_count(facts.count)} targets ({share} of them) lie "
        f"{' or '.join(sides)}, {what}: {way}"
    )


def _like_classes(facts: TargetFacts, source: Source, loss: Loss) -> Iterator[str]:
    kinds = len(facts.seen)
    whole = isinstance(source, ArraySource) and not source.y.is_floating_point() and prod(source.y_shape) == 1
    numbered = facts.seen == frozenset(range(kinds)) and 3 <= kinds <= _FEW_CLASSES
    if loss.target == "real" and whole and numbered and facts.count > 2 * kinds:
        yield (
            f"y of {source.name} is 0 to {kinds - 1} in whole numbers: where these are classes, {loss.name} "
            f"takes class 2 to be twice class 1; use cross_entropy with {kinds} outputs"
        )


def notes_of_features(source: Source, recipe: Recipe) -> Iterator[str]:
    """Yield what is doubtful about the features of samples in memory, a row of numbers each."""
    if not isinstance(source, ArraySource) or len(source.x_shape) != 1 or len(source) < 2:
        return
    if source.x.numel() > _LARGEST_LOOK:
        return
    low, high = source.x.aminmax(dim=0)
    constant = (low == high).nonzero().flatten().tolist()
    if constant and (len(constant) == len(low) or len(low) < _MANY_FEATURES):
        which = f"{', '.join(map(str, constant[:5]))}{', ...' if len(constant) > 5 else ''}"
        yield (
            f"{len(constant)} of the {len(low)} features (column {which} of x, counted from 0) "
            f"{'is' if len(constant) == 1 else 'are'} the same in every sample: leave such columns out"
        )
    sizes = torch.maximum(low.abs(), high.abs())[low != high]
    if recipe.optimizer == "sgd" and len(sizes) > 1:
        smallest, largest = float(sizes.min()), float(sizes.max())
        if largest > _UNLIKE * smallest:
            yield (
                f"features of unlike scales, up to {show_value(smallest)} in one column of x and up to "
                f"{show_value(largest)} in another: one learning rate cannot serve both; say "
                "cn.load(data, standardise=True) (--standardise)"
            )


def divergence_note(source: Source, recipe: Recipe, updates: int) -> str:
    """Return what to do about a fit whose loss became infinite or no number.

    Args:
        source: the samples that were fitted.
        recipe: how.
        updates: made until then.
    """
    lr = recipe.lr or 0.0
    smaller = lr / 10
    if source.is_repeatable:
        x = source.take(slice(0, min(len(source), _ROWS_FOR_A_RATE))).x
        # of a linear map with the mean squared error: below 2 / the largest curvature every update descends
        steepest = float(x.double().reshape(len(x), -1).square().sum(dim=1).max()) + 1
        rows = (recipe.batch_size or len(source)) if recipe.reduction == "sum" else 1
        smaller = min(smaller, 0.5 / (steepest * rows))
    return (
        f"the loss became infinite or no number at update {show_count(updates)}: take a smaller lr than "
        f"{show_value(lr)}, such as lr={smaller:.0e}; features of one scale bear a larger one: "
        "cn.load(data, standardise=True) (--standardise)"
    )
