"""From the levels of a drawing to its network, with a note for all that had to be assumed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

from chalknet.network import Activation, Dropout, Flatten, Linear, Network, Step
from chalknet.notation.drawings.agreement import first_known, is_one_to_one, merged, over, tells, together
from chalknet.notation.drawings.autograd import from_autograd
from chalknet.notation.drawings.labels import plain
from chalknet.notation.drawings.levels import LOOSE, Level, Sorted, sort_out
from chalknet.notation.drawings.refusals import refuse_branches, refuse_foreign, refuse_other_charts
from chalknet.notation.drawings.sketch import Sketch
from chalknet.notation.drawings.vocabulary import Said, clauses, is_weight, said, weight_of
from chalknet.notation.drawings.widths import Widths

_SOFTMAXES = (Activation("softmax"), Activation("log_softmax"))


def network_of(sketch: Sketch) -> Network:
    """Return the network that a sketch shows.

    Raises:
        NotationError, CannotExpress: for what is no feed-forward network, with the reason.
    """
    sketch.check_labels()
    from_autograd(sketch)
    found = sort_out(sketch)
    refuse_foreign(sketch)
    refuse_branches(sketch, found)
    refuse_other_charts(sketch, found)
    return _Reading(sketch, found).network()


@dataclass
class _Map:
    """A linear map met on the way, and the steps behind it.

    Args:
        width: its features.
        level: the level it leads to.
        bias: whether its text says so.
        steps: what follows.
        told: whether it is known that no more activation follows.
        as_state: whether its value is drawn as one of a linear map, so that no activation follows if none
            is told anywhere.
        weights: rows an output, where every edge carries a number.
        biases: the numbers on the edges from a bias node.
    """

    width: int | str
    level: int
    bias: bool | None
    steps: list[Step] = field(default_factory=list)
    told: bool = False
    as_state: bool = False
    weights: list[list[float]] | None = None
    biases: list[float] | None = None

    @property
    def activated(self) -> bool:
        """Return whether its activation is known."""
        return self.told or any(isinstance(step, Activation) for step in self.steps)


class _Reading:
    """Walks through the levels and gathers the steps."""

    def __init__(self, sketch: Sketch, found: Sorted) -> None:
        self._sketch, self._levels = sketch, found.levels
        self._notes = list(found.notes)
        self._captions = found.captions
        self._maps: list[_Map] = []
        self._before: list[Step] = []  # steps on X itself
        self._shape: tuple[int, ...] = ()
        self._drop_what_comes_before()
        self._said = [merged(level) for level in found.levels]
        self._titles = [together([said(text) for text in level.texts]) for level in found.levels]
        self._widths = Widths(self._levels, self._said, self._titles, self._notes)
        functions = [one for one in self._said if one.is_function]
        self._separate = any(one.operation for one in functions) and any(
            one.steps and not one.operation for one in functions
        )
        self._was_function = False
        self._value_at = -1  # a level that only shows the value of the function before it

    def network(self) -> Network:
        self._x = self._input()
        for place in range(1, len(self._levels)):
            self._level(place)
        self._follow_captions()
        steps: list[Step] = list(self._before)
        drawn_bias = any(level.biases for level in self._levels)
        drawn_bias = drawn_bias or any(one.bias for one in (*self._said, *self._titles))
        parameters: dict[str, list[Any]] = {}
        for number, one in enumerate(self._maps, start=1):
            path = len(steps)
            steps.append(Linear(one.width, bias=self._bias(one, number, drawn_bias)))
            if one.weights is not None:
                parameters[f"{path}.weight"] = one.weights
                if one.biases is not None:
                    parameters[f"{path}.bias"] = one.biases
            steps += one.steps
            if not one.activated and not one.as_state:
                steps.append(Activation("?"))
                self._note_open("the last layer" if number == len(self._maps) else f"layer {number}")
        if not steps:
            raise self._sketch.source.refuse(0, got="no layer behind X", wanted="at least one step")
        shape = self._shape if len(self._shape) > 1 and Flatten() in self._before else (self._x,)
        return Network(shape, tuple(steps), notes=tuple(dict.fromkeys(self._notes)), weights=parameters)

    def _note_open(self, which: str) -> None:
        self._notes.append(f"the activation of {which} is not drawn: it stays ?")

    def _drop_what_comes_before(self) -> None:
        """Take out boxes in front of the input, such as files, where the input says what it is."""
        for place in range(1, len(self._levels) - 1):
            chain = self._levels[: place + 1]
            if any(len(level.units) != 1 for level in chain):
                return
            before = [said(level.units[0].text) for level in chain[:-1]]
            idle = all(len(one.text) > 3 and not tells(replace(one, role="")) for one in before)
            here = said(chain[-1].units[0].text)
            is_input = here.sure and not here.operation and not here.steps and here.role in ("", "input")
            if idle and is_input:
                names = ", ".join(one.text.splitlines()[0] for one in before)
                self._notes.append(f"{names}: read as what comes before the network")
                del self._levels[:place]
                return

    # The input

    def _input(self) -> int | str:
        level, what, title = self._levels[0], self._said[0], self._titles[0]
        width = self._widths.of(0, 0)
        self._shape = what.shape or title.shape
        steps = [*what.steps, *[step for step in title.steps if step not in what.steps]]
        if what.operation and not what.state and what.role != "input" and len(level.units) == 1:
            into = what.in_width
            if into is None:
                self._notes.append("no input is drawn: x has m features")
            self._add_map(0, what, title, width, Said(""))
            return into or "m"
        self._before += [step for step in steps if not isinstance(step, Activation)]
        self._was_function = False
        return width

    # Levels

    def _level(self, place: int) -> None:
        level, what, title = self._levels[place], self._said[place], self._titles[place]
        if place == self._value_at:
            return
        edge = together([over(label) for label in {link.label: None for link in level.links} if label])
        weighty = any(is_weight(link.label) for link in level.links)
        before = self._levels[place - 1]
        single = len(before.units) == len(level.units) == 1 and not before.dots and not level.dots
        opposite = is_one_to_one(level, before) and not single
        follows = self._is_open() or not any(isinstance(step, Activation) for step in edge.steps)
        if self._is_for_all(place):
            self._apply(what.steps, place)
            self._value_at = place + 1
        elif weighty and not opposite and not (single and what.steps and (self._is_open() or self._separate)):
            self._linear(place, what, title, edge)
        elif edge.steps and (opposite or Flatten() in edge.steps or (single and follows)):
            self._apply(edge.steps, place)
        elif edge.operation or edge.steps:
            self._linear(place, what, title, edge)
        elif opposite:
            self._elementwise(place, what, title)
        elif single:
            self._single(place, what, title)
        else:
            self._linear(place, what, title, edge)

    def _is_for_all(self, place: int) -> bool:
        """Return whether one box is a function of all the units before it, as softmax is drawn."""
        what, before = self._said[place], self._levels[place - 1]
        if len(self._levels[place].units) > 1 or len(before.units) < 2 or what.operation or not what.steps:
            return False
        if what.text != self._levels[place].units[0].text and what.role:
            return False
        behind = self._levels[place + 1] if place + 1 < len(self._levels) else None
        same = behind is not None and len(behind.units) == len(before.units)
        softmax = any(step in _SOFTMAXES for step in what.steps)
        return same or (softmax and behind is None and self._is_open())

    def _single(self, place: int, what: Said, title: Said) -> None:
        """Read a node behind a single node, with a plain arrow between them."""
        last = place == len(self._levels) - 1
        if what.text.lower() in ("add", "+ b", "biasadd") and self._maps:
            self._maps[-1].bias = True
            return
        if what.is_function and what.steps and not what.operation:
            activates = any(isinstance(step, Activation) for step in what.steps)
            is_map = activates and not self._is_open() and not self._separate and not self._was_function
            is_map = is_map or (activates and what.counted)
            sized = what.width is not None and what.width != self._now() and activates and not self._is_open()
            if is_map or sized:
                self._linear(place, what, title, Said(""))
            else:
                self._apply(what.steps, place)
            self._was_function = True
            return
        if what.operation and not what.steps and what.width is None and what.state and self._is_open():
            self._was_function = False  # z = w·x + b behind Σ: the same value
            return
        same = what.width is None or (what.width == self._now() and what.role != "hidden")
        if "tensor" in what.text.lower() and self._maps:  # torchview's name for a value
            return
        if self._was_function and not what.operation and same and not what.steps:
            self._was_function = False  # the value of the function before it
            if what.linear and self._is_open():
                self._maps[-1].told = True
            return
        stub = last and not what.sure and not (what.steps or what.linear)
        settled = bool(self._maps) and self._maps[-1].activated and self._said[place - 1].role == "output"
        if stub and (settled or (self._is_loose(place) and not self._is_loose(place - 1))):
            return
        self._linear(place, what, title, Said(""))
        self._was_function = what.operation

    def _is_loose(self, place: int) -> bool:
        """Return whether a level is only written, and has no shape of a unit."""
        return self._levels[place].units[0].shape in LOOSE

    def _elementwise(self, place: int, what: Said, title: Said) -> None:
        """Read units of which each hangs on the one opposite alone."""
        last = place == len(self._levels) - 1
        is_output = self._said[place - 1].role == "output" or self._titles[place - 1].role
        if steps := what.steps or title.steps:
            self._apply(steps, place)
        elif place == 1 and not self._maps:
            self._levels[0] = self._levels[place]  # those before are mere stubs of the input
            self._said[0], self._titles[0] = self._said[place], self._titles[place]
        elif self._is_open() and (what.linear or title.linear):
            self._maps[-1].told = True
        elif self._is_open() and not (last and is_output):
            self._apply((Activation("?"),), place)
            self._note_open("the last layer" if last else f"layer {len(self._maps)}")

    def _apply(self, steps: tuple[Step, ...], place: int) -> None:
        target = self._maps[-1].steps if self._maps else self._before
        for step in steps:
            if isinstance(step, Activation) and target and target[-1] == step:
                continue
            target.append(step)
            if step == Activation("?") and self._said[place].steps:
                shown = self._said[place].text.splitlines()[0]
                self._notes.append(f"{shown} does not say which activation it is: it stays ?")

    def _linear(self, place: int, what: Said, title: Said, edge: Said) -> None:
        width = self._matrix_width(what, edge, place)
        if width is None and edge.operation and edge.sure:
            width = edge.width
        if width is None:
            width = self._widths.of(place, len(self._maps) + 1)
        self._check_in_width(what if what.in_width else edge, place)
        self._close()
        self._add_map(place, what, title, width, edge)

    def _matrix_width(self, what: Said, edge: Said, place: int) -> int | str | None:
        """Return the features behind a weight matrix, whose order is what fits to those before it."""
        matrix = edge.matrix or what.matrix
        if matrix is None:
            return None
        now = self._now()
        if now not in matrix or (not self._maps and now == 1):
            following = self._levels[place + 1].links if place + 1 < len(self._levels) else []
            later = together([over(link.label) for link in following]).matrix
            swapped = later is not None and matrix[0] in later and matrix[1] not in later
            into, out = matrix[::-1] if swapped else matrix
            if not self._maps:
                self._x = into
            return out
        return matrix[1] if matrix[0] == now else matrix[0]

    def _add_map(self, place: int, what: Said, title: Said, width: int | str, edge: Said) -> None:
        steps = what.steps or edge.steps or title.steps
        extra = [step for step in title.steps if steps is not title.steps and isinstance(step, Dropout)]
        activates = any(isinstance(step, Activation) for step in (*steps, *extra))
        only_a_name = what.operation and what.text.lower() == "linear"
        linear = not activates and (what.linear or title.linear) and not only_a_name
        one = _Map(width, place, first_known(what.bias, title.bias, edge.bias), [*steps, *extra])
        torch_like = what.in_width is not None and "linear" in what.text.lower()
        one.told = linear or ((self._separate or torch_like) and what.operation and not what.steps)
        self._maps.append(one)
        self._was_function = what.is_function
        self._weigh(one, place)

    def _close(self) -> None:
        """Settle the map before, whose value was drawn as such: u without a v is a linear layer."""
        if self._is_open() and self._said[self._maps[-1].level].state:
            self._maps[-1].as_state = True

    def _is_open(self) -> bool:
        return bool(self._maps) and not self._maps[-1].activated

    def _now(self) -> int | str | None:
        return self._maps[-1].width if self._maps else self._x

    # Widths, biases, weights

    def _check_in_width(self, what: Said, place: int) -> None:
        now = self._now()
        if what.in_width is None or now is None or what.in_width == now:
            return
        if not self._maps and (now == 1 or isinstance(now, str)):
            self._x = what.in_width
            return
        self._notes.append(
            f"{what.text.splitlines()[0]} takes {what.in_width} features, but {now} arrive: {now} was read"
        )

    def _bias(self, one: _Map, number: int, drawn: bool) -> bool:
        if not self._levels[one.level].biases and one.bias is not None:
            return one.bias
        if self._levels[one.level].biases or any("bias=True" in caption for caption in self._captions):
            return True
        if drawn:
            self._notes.append(f"layer {number} has no bias drawn, while others have: it has none")
            return False
        self._notes.append("no bias is drawn: every linear map has one, as in torch")
        return True

    def _weigh(self, one: _Map, place: int) -> None:
        """Keep the numbers on the edges, where every edge has one."""
        level, before = self._levels[place], self._levels[place - 1] if place else Level()
        if not level.links or len(level.links) != len(level.units) * len(before.units):
            return
        if level.dots or before.dots or len(level.units) != one.width:
            return
        numbers = {(link.source, link.target): weight_of(link.label) for link in level.links}
        if any(number is None for number in numbers.values()):
            return
        sources, targets = [unit.key for unit in before.units], [unit.key for unit in level.units]
        one.weights = [[numbers[source, target] or 0.0 for source in sources] for target in targets]
        biases = {link.target: weight_of(link.label) for link in level.biases}
        if biases and all(biases.get(target) is not None for target in targets):
            one.biases = [biases[target] or 0.0 for target in targets]

    # Captions

    def _follow_captions(self) -> None:
        """Give maps whose activation is open what a caption says of their role, or of all of them."""
        said_of = [clause for caption in self._captions for clause in clauses(caption)]
        for number, one in enumerate(self._maps, start=1):
            role = "output" if number == len(self._maps) else "hidden"
            stem = _stem(self._levels[one.level])
            named = next((clause for clause in said_of if stem and clause.text.startswith(f"{stem}:")), None)
            if named is not None and not one.activated:
                one.steps += named.steps
                one.told = named.linear
            for wanted in (role, "all"):
                clause = next((clause for clause in said_of if clause.role == wanted), None)
                if clause is not None and not one.activated:
                    one.steps += clause.steps
                    one.told = clause.linear
                    self._notes.append(f"layer {number}: {clause.text!r} was taken from the caption")
        if self._maps:
            self._close()


def _stem(level: Level) -> str:
    """Return the letters that the names of a level's units begin with: `h[0]`, `h[1]` -> `h`."""
    stems = {re.match(r"[^\W\d_]*", plain(unit.text)).group() for unit in level.units}  # type: ignore[union-attr]
    return stems.pop() if len(stems) == 1 else ""
