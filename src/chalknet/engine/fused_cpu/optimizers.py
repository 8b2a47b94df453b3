"""The optimizers as compiled code: one row each, over a stretch of weights.

Source: the single-tensor loops of torch.optim, operation by operation; `o` holds the numbers of one
update: those of `numbers_of`, then what `prepare` makes of the update's number.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from chalknet.engine.fused_cpu.memory import OptimizerState
from chalknet.engine.fused_cpu.optimizer_rows import (
    BETA1,
    BETA2,
    CENTERED,
    CODES,
    DAMPENING,
    DECAY,
    DECOUPLED,
    EPS,
    FADE,
    FRESH,
    LR,
    MOMENTUM,
    MOVE,
    NESTEROV,
    ROOT,
    SIZE,
    UPDATE,
)
from chalknet.engine.fused_cpu.scalars import copy, like, part, scalar

# ruff: noqa: D103
# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, misc"


@part
def state_of(state, start, stop):
    """Return what is kept of a stretch of weights."""
    return OptimizerState(state.first[start:stop], state.second[start:stop], state.third[start:stop])


@scalar
def prepare(fit, rate, made, update, o):
    """Write into o the recipe's numbers and what they are at this update, counted from 1.

    Args:
        fit: all of the fit.
        rate: the learning rate.
        made: the update's number in this call.
        update: its number in the fit.
        o: is filled.
    """
    numbers = fit.rule.numbers
    copy(numbers, o[: len(numbers)])
    o[LR], o[UPDATE] = rate, update
    o[FRESH] = 1.0 if update == 1 else 1.0 - numbers[DAMPENING]
    o[SIZE] = rate / (1.0 - numbers[BETA1] ** update)
    o[ROOT] = 1.0 / math.sqrt(1.0 - numbers[BETA2] ** update)
    if len(fit.shared.products):
        prepare_nadam(numbers, fit.shared.products[made], update, o)


@scalar
def prepare_nadam(numbers, product, update, o):
    now = numbers[BETA1] * (1.0 - 0.5 * 0.96 ** (update * numbers[FADE]))
    after = numbers[BETA1] * (1.0 - 0.5 * 0.96 ** ((update + 1) * numbers[FADE]))
    o[SIZE] = o[LR] * (1.0 - now) / (1.0 - product)
    o[MOVE] = o[LR] * after / (1.0 - product * after)


@scalar
def sgd(w, g, state, o):
    model, first = w[0], state.first
    lr, decay = like(o[LR], model), like(o[DECAY], model)
    momentum, fresh = like(o[MOMENTUM], model), like(o[FRESH], model)
    if o[MOMENTUM] == 0.0:
        for i in range(len(w)):
            w[i] -= lr * (g[i] + decay * w[i])
    elif o[NESTEROV] == 0.0:
        for i in range(len(w)):
            first[i] = momentum * first[i] + fresh * (g[i] + decay * w[i])
            w[i] -= lr * first[i]
    else:
        for i in range(len(w)):
            gradient = g[i] + decay * w[i]
            first[i] = momentum * first[i] + fresh * gradient
            w[i] -= lr * (gradient + momentum * first[i])


@scalar
def _adam(w, g, state, o, decay):
    model, first, second = w[0], state.first, state.second
    keep, fresh = like(o[BETA2], model), like(1.0 - o[BETA2], model)
    change, eps = like(1.0 - o[BETA1], model), like(o[EPS], model)
    size, root = like(o[SIZE], model), like(o[ROOT], model)
    for i in range(len(w)):
        gradient = g[i] + decay * w[i]
        first[i] += change * (gradient - first[i])
        second[i] = keep * second[i] + fresh * gradient * gradient
        w[i] -= size * first[i] / (math.sqrt(second[i]) * root + eps)


@scalar
def adam(w, g, state, o):
    _adam(w, g, state, o, like(o[DECAY], w[0]))


@scalar
def adamw(w, g, state, o):
    keep = like(1.0 - o[LR] * o[DECAY], w[0])
    for i in range(len(w)):
        w[i] *= keep
    _adam(w, g, state, o, like(0.0, w[0]))


@scalar
def rmsprop(w, g, state, o):
    model, first, second, third = w[0], state.first, state.second, state.third
    lr, decay, eps = like(o[LR], model), like(o[DECAY], model), like(o[EPS], model)
    keep, fresh, momentum = like(o[BETA2], model), like(1.0 - o[BETA2], model), like(o[MOMENTUM], model)
    for i in range(len(w)):
        gradient = g[i] + decay * w[i]
        second[i] = keep * second[i] + fresh * gradient * gradient
        spread = second[i]
        if o[CENTERED] != 0.0:
            first[i] += fresh * (gradient - first[i])
            spread -= first[i] * first[i]
        move = gradient / (math.sqrt(spread) + eps)
        if o[MOMENTUM] != 0.0:
            third[i] = momentum * third[i] + move
            move = third[i]
        w[i] -= lr * move


@scalar
def adagrad(w, g, state, o):
    model, second = w[0], state.second
    decay, eps = like(o[DECAY], model), like(o[EPS], model)
    lr = like(o[LR] / (1.0 + (o[UPDATE] - 1.0) * o[FADE]), model)
    for i in range(len(w)):
        gradient = g[i] + decay * w[i]
        second[i] += gradient * gradient
        w[i] -= lr * gradient / (math.sqrt(second[i]) + eps)


@scalar
def nadam(w, g, state, o):
    model, first, second = w[0], state.first, state.second
    keep, fresh = like(o[BETA2], model), like(1.0 - o[BETA2], model)
    change, eps = like(1.0 - o[BETA1], model), like(o[EPS], model)
    size, move, root = like(o[SIZE], model), like(o[MOVE], model), like(o[ROOT], model)
    apart = o[DECOUPLED] != 0.0
    decay = like(0.0 if apart else o[DECAY], model)
    kept = like(1.0 - o[LR] * o[DECAY] if apart else 1.0, model)
    for i in range(len(w)):
        gradient = g[i] + decay * w[i]
        first[i] += change * (gradient - first[i])
        second[i] = keep * second[i] + fresh * gradient * gradient
        w[i] = kept * w[i] - (size * gradient + move * first[i]) / (math.sqrt(second[i]) * root + eps)


@scalar
def lion(w, g, state, o):
    model, first = w[0], state.first
    lr, kept = like(o[LR], model), like(1.0 - o[LR] * o[DECAY], model)
    toward, change = like(1.0 - o[BETA1], model), like(1.0 - o[BETA2], model)
    none = like(0.0, model)
    for i in range(len(w)):
        direction = first[i] + toward * (g[i] - first[i])
        step = lr if direction > none else (-lr if direction < none else direction)  # no number stays none
        w[i] = kept * w[i] - step
        first[i] += change * (g[i] - first[i])


ROWS: dict[str, Any] = {
    "sgd": sgd, "adam": adam, "adamw": adamw, "rmsprop": rmsprop, "adagrad": adagrad, "nadam": nadam,
    "lion": lion,
}  # fmt: skip


def _link(code: int, row: Any, otherwise: Any) -> Callable[..., None]:
    @scalar
    def step(wanted, w, g, state, o):
        if wanted == code:
            row(w, g, state, o)
        else:
            otherwise(wanted, w, g, state, o)

    return step  # type: ignore[no-any-return]


@scalar
def _nothing(wanted, w, g, state, o):
    pass


def _chained() -> Any:
    """Return the function `(code, weights, gradients, state, numbers)` that finds a row by its number."""
    step: Any = _nothing
    for name, row in ROWS.items():
        step = _link(CODES[name], row, step)
    return step


optimizer_step = _chained()
