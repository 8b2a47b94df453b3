"""From the readings of a drawing to its network, with a note for all that had to be assumed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import inf
from typing import Any, NamedTuple

from chalknet.errors import ChalknetError, Undecided
from chalknet.network import Linear, Network
from chalknet.notation.drawings.account import account_of
from chalknet.notation.drawings.autograd import from_autograd
from chalknet.notation.drawings.keras_plots import without_layer_names
from chalknet.notation.drawings.labels import without_numbers
from chalknet.notation.drawings.readings import FAR, readings
from chalknet.notation.drawings.refusals import refuse_branches, refuse_foreign, refuse_other_charts
from chalknet.notation.drawings.sketch import Sketch
from chalknet.notation.drawings.structures import Structure, structures_of
from chalknet.notation.drawings.unread import unread
from chalknet.notation.drawings.view import Reading
from chalknet.notation.drawings.vocabulary import said
from chalknet.notation.drawings.walk import Walk, name_of

_EQUAL = 0.4  # readings that differ by less evidence are equally good: the user is asked
_NEARLY = 2.5  # a second reading within so much is told
_MOST = 5  # other readings that may be asked for by their number


class _Candidate(NamedTuple):
    """A network that a drawing may show."""

    weight: float
    network: Network
    structure: Structure
    reading: Reading


def network_of(sketch: Sketch, name: str | None = None) -> Network:
    """Return the network that a sketch shows; its account holds the other readings that are nearly as good.

    Args:
        sketch: what is drawn.
        name: which of several networks.

    Raises:
        NotationError, CannotExpress: for what is no feed-forward network, with the reason.
        Undecided: for two readings that the drawing bears out equally well.
    """
    sketch.check_labels()
    for key, label in without_numbers({key: node.text for key, node in sketch.nodes.items()}).items():
        sketch.nodes[key].label = label
    without_layer_names(sketch)
    _name_linear_arrows(sketch)
    from_autograd(sketch)
    refuse_foreign(sketch)
    found = _candidates(sketch, name)
    found = [one for one in found if found[0].weight - one.weight < FAR][:_MOST]
    accounts = [account_of(one.structure, one.reading) for one in found]
    shown = tuple(
        replace(one.network, account=account, notes=tuple(dict.fromkeys((*one.network.notes, *_unread(one)))))
        for one, account in zip(found, accounts, strict=True)
    )
    if len(found) > 1 and found[0].weight - found[1].weight < _EQUAL:
        raise _undecided(sketch, found, shown)
    chosen = replace(shown[0], account=replace(accounts[0], readings=shown))
    if len(found) > 1 and found[0].weight - found[1].weight < _NEARLY:
        doubt = f"or {_short(found[1].network)}, if {_difference(*found[:2])}: say --reading 2"
        return replace(chosen, notes=(*chosen.notes, doubt))
    return chosen


def _unread(one: _Candidate) -> Iterator[str]:
    return unread(one.structure, one.reading, one.network)


def _name_linear_arrows(sketch: Sketch) -> None:
    """Let `linear` on an arrow be no map where other arrows name activations of the layers before."""
    if any(said(link.label).only_steps for link in sketch.links if link.label):
        for link in sketch.links:
            if link.label.strip().lower() in ("linear", "lineal", "linéaire", "lineare", "lineær"):
                link.label = "identity"


def _candidates(sketch: Sketch, name: str | None) -> list[_Candidate]:
    """Return the distinct networks that a drawing may show, the best first."""
    found: dict[str, _Candidate] = {}
    problems: list[tuple[float, ChalknetError]] = []
    for structure in structures_of(sketch, name):
        for reading, network in _networks(sketch, structure):
            weight = reading.weight + structure.weight
            if isinstance(network, ChalknetError):  # a worse reading is no better for being possible
                problems.append((weight, network))
                continue
            value = _value_of(network)
            if value not in found or found[value].weight < weight:
                found[value] = _Candidate(weight, network, structure, reading)
    best = max((one.weight for one in found.values()), default=-inf)
    worst = max(problems, key=lambda one: one[0], default=None)
    if worst is not None and worst[0] >= best:
        raise worst[1]
    if not found:
        raise sketch.source.refuse(0, got="no layer behind X", wanted="at least one step")
    return sorted(found.values(), key=lambda one: -one.weight)


def _value_of(network: Network) -> str:
    """Return what two readings of the same network have in common: all but the names of unknown widths."""
    names: dict[str, str] = {}

    def known(size: int | str) -> int | str:
        return names.setdefault(size, f"#{len(names)}") if isinstance(size, str) else size

    steps = [
        (known(step.out_features), step.bias) if isinstance(step, Linear) else step for step in network.steps
    ]
    return f"{[known(size) for size in network.input_shape]} {steps}"


def _networks(sketch: Sketch, structure: Structure) -> Iterator[tuple[Reading, Network | ChalknetError]]:
    """Yield the readings of a structure, each with its network, or with why it is none.

    A refusal counts as much as the best reading of its structure: where nothing explains the drawing better.
    """
    refused = _refusal(sketch, structure)
    try:
        found = readings(structure.columns.all)
    except ChalknetError as problem:
        found, refused = [], problem
    if refused is not None:
        yield found[0] if found else Reading(-inf if structure.weight else inf), refused
        return
    for reading in found:
        if found[0].weight - reading.weight >= FAR:
            return  # it would neither be told nor asked for
        try:
            yield reading, Walk(structure, reading).network()
        except ChalknetError as problem:
            yield reading, problem


def _refusal(sketch: Sketch, structure: Structure) -> ChalknetError | None:
    """Return why a structure is no feed-forward network; None where nothing speaks against it."""
    try:
        refuse_branches(sketch, structure.columns.all)
        refuse_other_charts(sketch, structure)
    except ChalknetError as problem:
        return problem
    return None


def _short(network: Network) -> str:
    """Return the widths of a network in one line."""
    return "-".join(str(size) for size in _sizes(network))


def _sizes(network: Network) -> list[Any]:
    return [
        network.input_shape[0],
        *(visit.output_shape[-1] for visit in network.walk() if isinstance(visit.step, Linear)),
    ]


def _difference(first: _Candidate, second: _Candidate) -> str:
    """Return in what the second of two readings differs, as the end of "or 3-3-1-1, if ..."."""
    sides, others = first.structure.sides, second.structure.sides
    for key, fact in first.structure.facts.nodes.items():
        if sides.role(key) != others.role(key):
            return f"{fact.first_line!r} is a {others.role(key)}"
    for one, two in zip(first.reading.parts, second.reading.parts, strict=False):
        if one.role != two.role:
            return f"{name_of(second.structure.columns.all[two.column])} is {_AS[two.role]}"
    return "it is read otherwise"


_AS = {
    "input": "the input", "hand-in": "what comes before it", "unit": "a layer", "operation": "a map",
    "activation": "an activation", "unknown": "an activation without a name", "value": "the value before it",
    "hand-out": "what only hands out the result", "elided": "layers that are left out",
}  # fmt: skip


def _undecided(sketch: Sketch, found: list[_Candidate], readings: tuple[Network, ...]) -> Undecided:
    equal = [one for one in found if found[0].weight - one.weight < _EQUAL]
    shown = "; ".join(f"{number}: {_short(one.network)}" for number, one in enumerate(equal, start=1))
    problem = Undecided(
        where=sketch.source.what,
        got=f"a drawing with {len(equal)} readings that are equally good ({shown}), "
        f"by whether {_difference(*found[:2])}",
        wanted="one that can be read in one way",
        remedy="Say which: --reading 1, in Python reading=1; --explain shows what each mark is taken for.",
    )
    problem.readings = readings
    return problem
