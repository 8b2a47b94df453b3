"""Readings of a drawing: each column gets a role, and the roles that the evidence favours together win."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from chalknet.network import Activation, Dropout
from chalknet.notation.drawings.agreement import first_known
from chalknet.notation.drawings.columns import UnitColumn
from chalknet.notation.drawings.labels import plain
from chalknet.notation.drawings.rules import Role, Weighed, weigh
from chalknet.notation.drawings.signs import edge_restates
from chalknet.notation.drawings.view import Map, Part, Reading, View, Whole, activates
from chalknet.notation.drawings.vocabulary import Said, adds_bias, is_dots, writes_bias
from chalknet.notation.drawings.words import SUM

_Z = re.compile(r"[zZ](?![A-Za-z])")

_MOST_LEFT_OUT = 10_000
_WIDEST = 12  # readings that are followed at once
_LOST = 16.0  # the later columns never make up for so much evidence
FAR = 6.0  # a reading that has so much less evidence for it than the best is of no interest


def readings(columns: Sequence[UnitColumn]) -> list[Reading]:
    """Return the readings of a drawing that the evidence favours, the best first.

    Args:
        columns: from the first to the last.
    """
    from chalknet.notation.drawings.evidence import EVIDENCE

    whole = Whole(columns)
    found = [Reading()]
    for at in range(len(columns)):
        possible: list[_Possible] = []
        weighed: dict[object, list[Weighed]] = {}
        for reading in found:
            view, goes_on = View(whole, at, reading), _goes_on(reading)
            if goes_on not in weighed:
                weighed[goes_on] = [weigh(EVIDENCE[role], view, role) for role in _possible(view)]
            possible += [_Possible(reading.weight + what.weight, view, what) for what in weighed[goes_on]]
        possible.sort(key=lambda one: -one.weight)
        found = _of_interest(possible)
    return [reading for reading in found if reading.start >= 0 and (reading.maps or reading.before)]


class _Possible(NamedTuple):
    """A role that the next column of a reading may have, and the weight of both."""

    weight: float
    view: View
    what: Weighed


def _goes_on(reading: Reading) -> tuple[object, ...]:
    """Return all of a reading that the rules for the next column see."""
    return (
        reading.parts[-1].role if reading.parts else "", reading.maps[-1:], reading.start,
        () if reading.maps else reading.before,
        reading.was_function, reading.out, reading.hidden, reading.stated,
    )  # fmt: skip


def _of_interest(possible: list[_Possible]) -> list[Reading]:
    """Return the best readings; of those that go on alike only what is near the best of them.

    Args:
        possible: the best first.
    """
    best: dict[object, float] = {}
    kept: list[Reading] = []
    for weight, view, what in possible:
        reading = _taken(view, what.role, what.weight, what.rule)
        if best.setdefault(_goes_on(reading), weight) - weight < FAR:
            kept.append(reading)
        if len(kept) == _WIDEST or (kept and kept[0].weight - weight > _LOST):
            break
    return kept


def _possible(view: View) -> Iterator[Role]:
    """Yield the roles that a column may have behind those before it."""
    reading = view.reading
    if reading.out:
        yield "hand-out"
        return
    if reading.start < 0:
        yield "input"
        if view.here.is_single and view.said.operation:
            yield "operation"
        if view.at + 2 < len(view.columns):
            yield "hand-in"
        return
    if view.layers_left_out or (view.here.is_single and is_dots(view.here.units[0].text)):
        yield "elided"
        return
    yield "unit"
    if view.steps:
        yield "activation"
    elif view.here.join == "each" and reading.is_open:
        yield "unknown"
    if view.here.join != "all" or view.is_behind_for_all:
        yield "value"
    if reading.maps:
        yield "hand-out"


def _taken(view: View, role: Role, weight: float, rule: str) -> Reading:
    """Return the reading with one more column in a role."""
    step = replace(
        view.reading,
        weight=view.reading.weight + weight,
        parts=(*view.reading.parts, Part(view.at, role, rule)),
    )
    if view.here.biases and step.maps and role in ("value", "activation"):
        step = step.with_bias()
    return _TAKE[role](view, step)


def _input(view: View, step: Reading) -> Reading:
    steps = [*view.said.steps, *[one for one in view.title.steps if one not in view.said.steps]]
    fitted = any(one.trainable for one in steps)  # an activation behind a norm or a block is no mistake
    before = tuple(one for one in steps if fitted or not isinstance(one, Activation))
    return replace(step, start=view.at, before=before)


def _unit(view: View, step: Reading) -> Reading:
    said, title, edge = view.said, view.title, view.edge
    if view.whole.arrows_act_before and edge.steps and view.is_bare:
        step, edge = step.with_steps(edge.steps), Said("")
    elif edge.steps and not activates(edge.steps):  # Dropout on the way
        step, edge = step.with_steps(edge.steps), replace(edge, steps=())
    steps = said.steps or edge.steps or title.steps
    extra = [one for one in title.steps if steps is not title.steps and isinstance(one, Dropout)]
    activated = activates((*steps, *extra))
    only_a_name = said.operation and said.text.lower() == "linear"
    on_arrow = edge.linear and (edge.text.lower() != "linear" or not view.whole.arrows_are_maps)
    linear = not activated and (said.linear or title.linear or on_arrow) and not only_a_name
    torch_like = said.in_width is not None and "linear" in said.text.lower()
    told = linear or ((view.separate or torch_like) and said.operation and not said.steps)
    one = Map(view.at, view.at, first_known(said.bias, title.bias, edge.bias), (*steps, *extra), told)
    repeats = said.repeats if said.repeats != 1 else title.repeats
    often = min(repeats, _MOST_LEFT_OUT) if isinstance(repeats, int) else 1
    return replace(
        step,
        start=max(step.start, 0),
        maps=(*closed(step.maps, view.columns, hidden=True), *[one] * max(often, 1)),
        was_function=said.is_function,
        hidden=step.hidden or isinstance(repeats, str),
        stated=step.stated and view.whole.stated[view.at] is not None,
    )


def closed(maps: tuple[Map, ...], columns: Sequence[UnitColumn], *, hidden: bool = False) -> tuple[Map, ...]:
    """Return maps with the last one settled, if its value was drawn as such: u without a v is linear.

    A Σ in each of several units is the sign of a neuron, and does not say that nothing follows the sum.
    Hidden units named z may be what comes out of a function, `z = h(a)`, as well as what goes in.
    """
    if maps and not maps[-1].activated:
        column = columns[maps[-1].column]
        are_neurons = len(column.units) > 1 and all(SUM.fullmatch(plain(unit.text)) for unit in column.units)
        either = hidden and len(column.units) > 1 and all(_Z.match(plain(unit.text)) for unit in column.units)
        if column.said.state and not are_neurons and not either:
            return (*maps[:-1], replace(maps[-1], as_state=True))
    return maps


def _operation(view: View, step: Reading) -> Reading:
    return _unit(view, replace(step, start=view.at))


def _activation(view: View, step: Reading) -> Reading:
    if step.maps and edge_restates(view) and writes_bias(view.edge.text):
        step = step.with_bias()
    return replace(step.with_steps(view.steps), was_function=view.said.is_function)


def _value(view: View, step: Reading) -> Reading:
    if step.maps and (adds_bias(view.said.text) or writes_bias(view.said.text)):
        step = step.with_bias()
    if view.gives_width:
        step = replace(step, maps=(*step.maps[:-1], replace(step.maps[-1], width_from=view.at)))
    if step.is_open and (view.said.linear or view.title.linear):
        step = step.with_told()
    return replace(step, was_function=False)


def _elided(view: View, step: Reading) -> Reading:
    """Return the reading with the last map once more for each layer that is left out."""
    if not view.layers_left_out or not step.maps:
        return replace(step, hidden=True)
    return replace(step, maps=(*step.maps, *[step.maps[-1]] * min(view.layers_left_out, _MOST_LEFT_OUT)))


_TAKE: dict[Role, Callable[[View, Reading], Reading]] = {
    "input": _input,
    "operation": _operation,
    "hand-in": lambda view, step: step,
    "unit": _unit,
    "activation": _activation,
    "unknown": lambda view, step: step.with_steps((Activation("?"),)),
    "value": _value,
    "elided": _elided,
    "hand-out": lambda view, step: replace(step, out=True),
}
