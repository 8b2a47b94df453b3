"""What went wrong in a fit: rules as rows, each with a condition and a sentence that says what to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from chalknet.training.diagnosis import remedies
from chalknet.training.diagnosis.conditions import (
    duplicates,
    falling,
    forgotten,
    jumps,
    large_targets,
    layer_that_is,
    learned_nothing,
    overfits,
    rare,
    sorted_rows,
    unscaled,
    unused_rate,
)
from chalknet.training.diagnosis.evidence import FitEvidence
from chalknet.units import show_count, show_share, show_value


@dataclass(frozen=True)
class DiagnosisRule:
    """One thing that goes wrong.

    Args:
        name: of it.
        applies: whether a fit shows it.
        sentence: says what is seen and what to do.
        of_good: whether a fit that explains nearly all of its training rows can show it too.
    """

    name: str
    applies: Callable[[FitEvidence], bool]
    sentence: Callable[[FitEvidence], str]
    of_good: bool = False


def diagnose(evidence: FitEvidence) -> tuple[str, ...]:
    """Return what went wrong in a fit, a sentence each: the first cause seen, and what is apart from it.

    Nothing is said of a fit that ended early, or was too short to see anything, and no cause where a note of
    the plan named it before the first update.
    """
    if not evidence.tells:
        return ()
    found = [rule.sentence(evidence) for rule in APART if rule.applies(evidence)]
    if not any(words in note for note in evidence.plan.notes for words in _SAID_BEFORE):
        rules = (rule for rule in CAUSES if rule.of_good or not evidence.is_good)
        causes = (rule.sentence(evidence) for rule in rules if rule.applies(evidence))
        found += [sentence for sentence in [next(causes, "")] if sentence]
    return tuple(found)


# What notes of the plan hold that name the cause of a fit that fails.
_SAID_BEFORE = ("where yhat, which", "unlike scales", "twice class 1", "already ends with", "nothing to tell")


def _unscaled(evidence: FitEvidence) -> str:
    sizes = np.abs(evidence.seen.x).max(axis=0)
    sizes = sizes[sizes > 0]
    return (
        f"features from {show_value(float(sizes.min()))} to {show_value(float(sizes.max()))} in size hold the "
        f"fit back: {_beside(evidence)}; bring them to one scale, {remedies.STANDARDISE}"
    )


def _large_targets(evidence: FitEvidence) -> str:
    y = evidence.seen.y.double()
    return (
        f"targets around {show_value(float(y.mean()))}, up to {show_value(float(y.abs().max()))} in size, are "
        f"far from what the network gives at its start: {_beside(evidence)}; bring them to one scale, "
        f"{remedies.STANDARDISE_BOTH}"
    )


def _sorted(evidence: FitEvidence) -> str:
    return (
        "the rows stand sorted by their target and were not shuffled, so that the fit follows the rows it saw last: "
        f"{_beside(evidence)}; say shuffle=True (--shuffle)"
    )


def _too_fast(evidence: FitEvidence) -> str:
    losses = evidence.losses
    if evidence.end > evidence.start:
        seen = (
            f"the loss ended at {show_value(evidence.end)}, above its start of {show_value(evidence.start)}"
        )
    elif losses.max() > 2 * evidence.start:
        seen = f"the loss jumped up to {show_value(float(losses.max()))} from {show_value(evidence.start)}"
    elif (evidence.moved or 0.0) > 1:
        seen = f"the weights went {show_value(evidence.moved or 0.0)} times as far as they are large at the start"
    else:
        seen = "the loss goes up and down from update to update"
    lr = show_value(evidence.plan.recipe.lr or 0.0)
    return f"the learning rate {lr} is too large: {seen}; take {remedies.smaller_rate(evidence)}"


def _dead(evidence: FitEvidence) -> str:
    index, share = layer_that_is("dead", evidence)
    return (
        f"{show_share(share)} of the units of hidden layer {index} are dead: relu gives 0 for every row, and no "
        f"gradient comes back; {_beside(evidence)}; take {_gentler(evidence)} and leaky_relu in the place of relu"
    )


def _saturated(evidence: FitEvidence) -> str:
    index, share = layer_that_is("saturated", evidence)
    kind = evidence.seen.layers[index - 1].kind.lower()
    return (
        f"hidden layer {index} is saturated: {show_share(share)} of its values are at the bounds of {kind}, where "
        f"hardly any gradient comes back; {_beside(evidence)}; take {_gentler(evidence)}"
    )


def _gentler(evidence: FitEvidence) -> str:
    """Return what keeps units where they have a gradient: features of size 1, or smaller steps."""
    if float(np.abs(evidence.seen.x).max()) > _LARGE:
        return remedies.STANDARDISE
    return remedies.smaller_rate(evidence)


_LARGE = 10.0


def _too_slow(evidence: FitEvidence) -> str:
    return (
        f"the learning rate {show_value(evidence.plan.recipe.lr or 0.0)} is far too small: in "
        f"{show_count(evidence.updates)} updates the loss went from {show_value(evidence.start)} to "
        f"{show_value(evidence.end)}; take {remedies.larger_rate(evidence)}"
    )


def _unfinished(evidence: FitEvidence) -> str:
    third, last = evidence.quarters[2:]
    times = float(np.clip(2 * falling(evidence), 3, 20))
    return (
        f"the loss was still falling when the fit ended, from {show_value(float(third))} to "
        f"{show_value(float(last))} over its last two quarters: go on, {remedies.longer(evidence, times)}, or take "
        "a larger learning rate"
    )


def _overfitted(evidence: FitEvidence) -> str:
    assert evidence.held_out is not None
    train, held_out = (float(each.losses.mean()) for each in (evidence.seen, evidence.held_out))
    return (
        f"the network overfits: the loss is {show_value(held_out)} on held-out rows and {show_value(train)} on "
        f"training rows; {remedies.earlier_end(evidence)}"
    )


def _forgotten(evidence: FitEvidence) -> str:
    numbers = forgotten(evidence)
    preparation = evidence.prepared.source.preparation
    words = preparation.y[0].words if preparation is not None and preparation.classes else None
    named = [repr(words[number]) if words else str(number) for number in numbers]
    which = f"class {named[0]} is" if len(named) == 1 else f"classes {', '.join(named)} are"
    counts = np.bincount(evidence.seen.y.reshape(-1).long().numpy())
    share = float(sum(counts[number] for number in numbers) / counts.sum())
    way = (
        remedies.evener_classes()
        if rare(evidence, numbers)
        else (f"{remedies.longer(evidence, 5)}, or a larger learning rate")
    )
    return f"{which} never predicted, though {show_share(share)} of the rows are of it: take {way}"


def _nothing_learned(evidence: FitEvidence) -> str:
    return (
        f"the fit explains far less than a linear map of the same rows: {_beside(evidence)}; take optimizer='adam', lr=0.01, "
        f"batch_size=32, shuffle=True, and {remedies.STANDARDISE}"
    )


def _duplicated(evidence: FitEvidence) -> str:
    alike, looked_at = duplicates(evidence)
    return (
        f"{show_count(alike)} of {show_count(looked_at)} held-out rows stand among the training rows too: their "
        "metric says nothing about new rows; remove double rows before the split, such as by "
        "frame.drop_duplicates()"
    )


def _beside(evidence: FitEvidence) -> str:
    """Return how good the fit is, beside a linear map where that is better."""
    quality, linear = evidence.quality, evidence.linear
    what = (
        "R²" if evidence.plan.recipe.loss_row.metric == "error" else "accuracy above the most frequent class"
    )
    if quality is None or linear is None or quality >= linear:
        return f"{show_share(max(0.0, evidence.skill))} of the trivial predictor's loss is gone"
    return f"{what} is {show_value(quality)}, that of a linear map {show_value(linear)}"


CAUSES: tuple[DiagnosisRule, ...] = (
    DiagnosisRule("unscaled features", unscaled, _unscaled),
    DiagnosisRule("targets of another size", large_targets, _large_targets),
    DiagnosisRule("sorted rows", sorted_rows, _sorted),
    DiagnosisRule("learning rate too large", jumps, _too_fast),
    DiagnosisRule("dead units", lambda evidence: layer_that_is("dead", evidence)[0] > 0, _dead),
    DiagnosisRule(
        "saturated units", lambda evidence: layer_that_is("saturated", evidence)[0] > 0, _saturated
    ),
    DiagnosisRule("rare class", lambda evidence: rare(evidence, forgotten(evidence)), _forgotten, True),
    DiagnosisRule("learning rate too small", unused_rate, _too_slow),
    DiagnosisRule("still falling", lambda evidence: falling(evidence) > 0, _unfinished),
    DiagnosisRule("overfitting", lambda evidence: overfits(evidence), _overfitted, True),
    DiagnosisRule("class never predicted", lambda evidence: bool(forgotten(evidence)), _forgotten, True),
    DiagnosisRule("nothing learned", learned_nothing, _nothing_learned),
)
"""What makes a fit fail, the cause before its consequences: of the first one that is seen a sentence is said."""

APART: tuple[DiagnosisRule, ...] = (
    DiagnosisRule("duplicated rows", lambda evidence: duplicates(evidence)[0] > 0, _duplicated),
)
"""What is wrong however the fit went."""
