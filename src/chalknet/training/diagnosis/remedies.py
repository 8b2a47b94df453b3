"""What to do about a fit, with numbers taken from it: another learning rate, more updates."""

from __future__ import annotations

import math

import numpy as np

from chalknet.training.diagnosis.evidence import FitEvidence

_BY_STEP = ("adam", "adamw", "rmsprop", "nadam", "adagrad", "lion")  # whose lr is the size of a step
_LARGEST_STEP = 0.01
_LARGEST_RATE = 0.1
_OF_THE_EDGE = 0.3  # of the rate from which a linear map no longer descends
STANDARDISE = "cn.load(data, standardise=True) (--standardise)"
STANDARDISE_BOTH = 'cn.load(data, standardise="both") (--standardise-target)'


def rate(evidence: FitEvidence) -> float:
    """Return a learning rate at which such a fit goes down: one digit, a power of ten or three of them."""
    recipe = evidence.plan.recipe
    if recipe.optimizer in _BY_STEP:
        largest = _LARGEST_STEP
    else:
        x = evidence.seen.x
        if x.shape[1] <= 256:
            steepest = float(np.linalg.norm(x.T @ x / len(x), 2)) + 1
        else:
            steepest = float((x**2).sum(axis=1).mean()) + 1
        rows = (
            (recipe.batch_size or len(evidence.prepared.batches.source)) if recipe.reduction == "sum" else 1
        )
        momentum = float(recipe.optimizer_options.get("momentum", 0.0))  # type: ignore[arg-type]
        largest = min(_LARGEST_RATE, _OF_THE_EDGE * (1 - momentum) / (steepest * rows))
    return _rounded_down(largest)


def smaller_rate(evidence: FitEvidence) -> str:
    """Return the option of a smaller learning rate."""
    now = evidence.plan.recipe.lr or 0.0
    return _lr(min(rate(evidence), _rounded_down(now / 10)))


def larger_rate(evidence: FitEvidence) -> str:
    """Return the option of a larger learning rate; of adam where lr is not what holds the fit back."""
    now = evidence.plan.recipe.lr or 0.0
    found = rate(evidence)
    if found < 3 * now:
        return "optimizer='adam', lr=0.01 (--optimizer adam --lr 0.01)"
    return _lr(found)


def _lr(value: float) -> str:
    return f"lr={value:g} (--lr {value:g})"


def longer(evidence: FitEvidence, times: float) -> str:
    """Return the option of a budget that is so many times as large."""
    budget = evidence.plan.recipe.budget
    amount = budget.amount * times
    digits = 10 ** max(0, math.floor(math.log10(max(amount, 1))) - 1)
    whole = math.ceil(amount / digits) * digits
    return (
        f"{budget.unit}={whole:g} (--{budget.unit} {whole:g})"
        if whole < 1e6
        else (f"{budget.unit}={int(whole)} (--{budget.unit} {int(whole)})")
    )


def evener_classes() -> str:
    """Return what gives a rare class its weight."""
    return "class_weight='balanced' (--class-weight balanced)"


def earlier_end(evidence: FitEvidence) -> str:
    """Return what ends a fit where the held-out loss is least."""
    every = max(1, evidence.updates // 50)
    return (
        f"patience=5, evaluate_every={every} (--patience 5 --evaluate-every {every}), which keeps the "
        "weights with the least held-out loss"
    )


def _rounded_down(value: float) -> float:
    """Return the largest of 1, 3, 10, 30, ... and 0.3, 0.1, 0.03, ... that is not above a value."""
    if value <= 0:
        return 1e-6
    exponent = math.floor(math.log10(value) + 1e-9)
    digit = 3 if value / 10.0**exponent >= 3 - 1e-9 else 1
    return float(f"{digit}e{exponent}")
