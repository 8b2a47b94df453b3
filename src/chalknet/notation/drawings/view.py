"""A reading of the first columns of a drawing, and a column within it as the rules see it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from chalknet.network import Activation, PReLU, Residual, Step
from chalknet.notation.drawings.columns import UnitColumn
from chalknet.notation.drawings.rules import Role
from chalknet.notation.drawings.typos import spelled
from chalknet.notation.drawings.vocabulary import Said
from chalknet.notation.drawings.widths import embedded, stated_width
from chalknet.notation.drawings.words import COUNT_OF_WEIGHTS, LAYERS_LEFT_OUT, SHAPE_IN_BRACKETS, pattern

_COUNTED_ACT = pattern(r"\d{1,6}\s*[×✕x·*,|/\n]?\s*[^\W\d]{2}")
SOFTMAXES = (Activation("softmax"), Activation("log_softmax"))


def activates(steps: Iterable[Step]) -> bool:
    """Return whether an activation is among the steps, or a block, which has its own."""
    return any(isinstance(step, Activation | PReLU | Residual) for step in steps)


@dataclass(frozen=True)
class Map:
    """A linear map met on the way, and the steps behind it.

    Args:
        column: the column it leads to.
        width_from: the column that states its width: the same, or a value behind it.
        bias: whether its text says so.
        steps: what follows.
        told: whether it is known that no more activation follows.
        as_state: whether its value is drawn as one of a linear map, so that no activation follows if none is
            told anywhere.
    """

    column: int
    width_from: int
    bias: bool | None
    steps: tuple[Step, ...] = ()
    told: bool = False
    as_state: bool = False

    @property
    def activated(self) -> bool:
        """Return whether its activation is known."""
        return self.told or activates(self.steps)


class Part(NamedTuple):
    """What one column is in a reading, and why."""

    column: int
    role: Role
    rule: str


@dataclass(frozen=True)
class Reading:
    """A reading of the first columns.

    Args:
        weight: of all evidence so far.
        parts: the role of each column.
        start: the column that is X; -1 before it is met.
        before: steps on X itself.
        maps: the linear maps so far.
        was_function: whether the last column named what is done, and no value.
        out: whether the result was already handed out.
        hidden: whether layers are left out, and nobody says how many.
        stated: whether each layer so far states its width.
    """

    weight: float = 0.0
    parts: tuple[Part, ...] = ()
    start: int = -1
    before: tuple[Step, ...] = ()
    maps: tuple[Map, ...] = ()
    was_function: bool = False
    out: bool = False
    hidden: bool = False
    stated: bool = True

    @property
    def is_open(self) -> bool:
        """Return whether the activation of the last map is not known yet."""
        return bool(self.maps) and not self.maps[-1].activated

    def with_steps(self, steps: Sequence[Step]) -> Reading:
        """Return the reading with steps on its last value; the same activation twice is one."""
        target = self.maps[-1].steps if self.maps else self.before
        for step in steps:
            if not (isinstance(step, Activation) and target and target[-1] == step):
                target = (*target, step)
        if not self.maps:
            return replace(self, before=target)
        last, often = self.maps[-1], 1
        second = last.activated and activates(steps)  # `2 x Dense 64 ReLU`, sigmoid: behind the last alone
        while not second and often < len(self.maps) and self.maps[-often - 1] == last:
            often += 1  # a layer that stands there several times: each has the steps
        return replace(self, maps=(*self.maps[:-often], *[replace(last, steps=target)] * often))

    def with_bias(self) -> Reading:
        """Return the reading with a bias in its last map."""
        return replace(self, maps=(*self.maps[:-1], replace(self.maps[-1], bias=True)))

    def with_told(self) -> Reading:
        """Return the reading with no activation behind its last map."""
        return replace(self, maps=(*self.maps[:-1], replace(self.maps[-1], told=True)))


def _is_box(column: UnitColumn) -> bool:
    """Return whether a node is a map, by its words or by the shape of what comes out of it."""
    said = column.said
    return said.operation or bool(SHAPE_IN_BRACKETS.search(said.text) or COUNT_OF_WEIGHTS.search(said.text))


@dataclass(frozen=True, eq=False)
class Whole:
    """All columns of a drawing, and what they say together, looked up once."""

    columns: Sequence[UnitColumn]

    @cached_property
    def separate(self) -> bool:
        """Return whether the drawing has boxes for maps and others for activations."""
        functions = [column.said for column in self.columns if column.said.is_function]
        return any(one.operation for one in functions) and any(
            activates(one.steps) and not one.operation for one in functions
        )

    @cached_property
    def arrows_are_maps(self) -> bool:
        """Return whether `linear` stands on the arrows to several columns: the name of a map there."""
        return sum(column.edge.linear and not activates(column.edge.steps) for column in self.columns) > 1

    @cached_property
    def arrows_act_before(self) -> bool:
        """Return whether an activation on an arrow is that of the box before: the first has none."""
        acts = [activates(column.edge.steps) for column in self.columns[1:]]
        boxes = [column.is_single and _is_box(column) for column in self.columns[1:]]
        first = boxes.index(True) if True in boxes else 0
        if not any(acts) or acts[first]:
            return False
        last = self.columns[-1].edge.steps
        if sum(acts) == 1 and any(step in SOFTMAXES for step in last):
            return False  # softmax is that of the output
        passing = [column.said.is_function and not column.said.operation for column in self.columns[1:]]
        return all(boxes[at - 1] or passing[at - 1] for at, act in enumerate(acts) if act)

    def counts_and_acts(self, column: UnitColumn) -> bool:
        """Return whether a box says how many units there are and what they do, as others do."""
        return id(column) in self._count_and_act

    @cached_property
    def _count_and_act(self) -> frozenset[int]:
        acting = [column for column in self.columns if column.said.steps or column.said.linear]
        found = [column for column in acting if column.is_single and _COUNTED_ACT.match(column.said.text)]
        return frozenset(map(id, found)) if len(found) == len(acting) > 1 else frozenset()

    @cached_property
    def unit_shapes(self) -> set[str]:
        """Return the shapes in which units are drawn that are not alone in their column."""
        return {unit.shape for column in self.columns if len(column.units) > 1 for unit in column.units}

    @cached_property
    def roles_before(self) -> list[frozenset[str]]:
        """Return for each column the roles that those before it say they have."""
        found, seen = [], frozenset[str]()
        for column in self.columns:
            found.append(seen)
            if (role := column.said.role or column.title.role) not in seen:
                seen |= {role}
        return found

    @cached_property
    def all_single(self) -> bool:
        """Return whether each column is one node."""
        return all(column.is_single for column in self.columns)

    @cached_property
    def stated(self) -> list[int | str | None]:
        """Return the width that each column states in so many words."""
        return [stated_width(self.columns, place, surely=True) for place in range(len(self.columns))]


@dataclass(frozen=True, eq=False)
class View:
    """A column within a reading, as the rules see it.

    Args:
        whole: all columns.
        at: the number of this one.
        reading: of those before.
    """

    whole: Whole
    at: int
    reading: Reading

    @property
    def columns(self) -> Sequence[UnitColumn]:
        """Return all columns."""
        return self.whole.columns

    @property
    def separate(self) -> bool:
        """Return whether the drawing has boxes for maps and others for activations."""
        return self.whole.separate

    @cached_property
    def here(self) -> UnitColumn:
        """Return the column itself."""
        return self.columns[self.at]

    @cached_property
    def before(self) -> UnitColumn:
        """Return the column before it; an empty one before the first."""
        return self.columns[self.at - 1] if self.at else UnitColumn()

    @cached_property
    def after(self) -> UnitColumn:
        """Return the column behind it; an empty one behind the last."""
        return self.columns[self.at + 1] if self.at + 1 < len(self.columns) else UnitColumn()

    @property
    def is_last(self) -> bool:
        """Return whether none is behind it."""
        return self.at + 1 == len(self.columns)

    @cached_property
    def said(self) -> Said:
        """Return what its units say together."""
        return self.here.said

    @property
    def title(self) -> Said:
        """Return what its titles say."""
        return self.here.title

    @property
    def edge(self) -> Said:
        """Return what stands over the arrows that lead to it."""
        return self.here.edge

    @cached_property
    def last_role(self) -> Role:
        """Return the role of the column before it."""
        return self.reading.parts[-1].role if self.reading.parts else "nothing"

    @cached_property
    def now(self) -> int | str | None:
        """Return the width of the value that arrives, None where it is not known."""
        maps = self.reading.maps
        at = maps[-1].width_from if maps else self.reading.start
        if at < 0:
            return None
        column = self.columns[at]
        width = self.whole.stated[at] or (None if column.is_single else len(column.units) + column.left_out)
        if maps or not isinstance(width, int):
            return width
        return embedded(self.columns, at, self.at - 1, width)

    @property
    def all_single(self) -> bool:
        """Return whether each column is one node."""
        return self.whole.all_single

    @property
    def widths_are_stated(self) -> bool:
        """Return whether all layers so far state their widths."""
        return bool(self.reading.maps) and self.reading.stated

    @property
    def is_bare(self) -> bool:
        """Return whether no activation has followed the last map yet."""
        maps = self.reading.maps
        return bool(maps) and not activates(maps[-1].steps)

    @property
    def is_behind_for_all(self) -> bool:
        """Return whether the box before it stands for a function of as many units as there are here."""
        return (
            self.at >= 2
            and self.before.is_single
            and len(self.columns[self.at - 2].units) == len(self.here.units) > 1
        )

    @cached_property
    def layers_left_out(self) -> int:
        """Return how many layers a box says that it stands for: `... 3 more hidden layers ...` -> 3."""
        match = LAYERS_LEFT_OUT.search(spelled(self.said.text)) if self.here.is_single else None
        return int(next(filter(None, match.groups()))) if match else 0

    @property
    def gives_width(self) -> bool:
        """Return whether a value states the width of the map before it, which states none."""
        maps, stated = self.reading.maps, self.whole.stated[self.at]
        if not maps or stated is None or self.here.join != "one" or self.said.operation or self.said.steps:
            return False
        place = maps[-1].width_from
        column = self.columns[place]
        known = column.said.operation or not self.said.state  # u3 behind v2 is a map of its own
        return column.is_single and column.said.state and known and self.whole.stated[place] is None

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """Return the steps that the column, its arrows or its title name."""
        return self.said.steps or self.edge.steps or self.title.steps

    @property
    def activates(self) -> bool:
        """Return whether its units name an activation."""
        return activates(self.said.steps)
