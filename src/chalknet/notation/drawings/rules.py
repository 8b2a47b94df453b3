"""A rule: what speaks for or against a role, with its weight and a drawing in which it decides."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, Literal, NamedTuple, TypeAlias, TypeVar

Role: TypeAlias = Literal[
    "input", "unit", "layer", "operation", "activation", "value", "hand-in", "hand-out", "elided", "bias", "weight",
    "sample", "target", "loss", "training", "caption", "title", "idea", "legend", "order", "gradient", "nothing", "unknown",
]  # fmt: skip
View = TypeVar("View")


@dataclass(frozen=True)
class Rule(Generic[View]):
    """One piece of evidence.

    Args:
        name: what it says, as the account of a drawing shows it.
        role: the role for which it speaks.
        weight: how strongly, in units of log-odds; below 0 where it speaks against the role.
        holds: whether it applies to a view of the mark.
    """

    name: str
    role: Role
    weight: float
    holds: Callable[[View], object]


class Weighed(NamedTuple):
    """A role with the sum of its evidence, and the rule that spoke loudest for it."""

    role: Role
    weight: float
    rule: str


def weigh(rules: Iterable[Rule[View]], view: View, role: Role, start: float = 0.0) -> Weighed:
    """Return a role with the weight of all rules that hold."""
    weight, loudest, name = start, 0.0, ""
    for rule in rules:
        if rule.holds(view):
            weight += rule.weight
            if rule.weight > loudest:
                loudest, name = rule.weight, rule.name
    return Weighed(role, weight, name)
