"""From the tokens of a formula to its network, for every notation that writes states and arrows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import chain

from chalknet.errors import ChalknetError, NotationError, ShapeMismatch
from chalknet.network import Activation, Flatten, Linear, Network, Shape, Step, show_shape
from chalknet.notation.grammar import read_sizes, tokens
from chalknet.notation.limits import check_limit
from chalknet.notation.states import role_of
from chalknet.notation.tokens import Arrow, Mark, Sizes, SourceText, Span, StateToken, Token, Word
from chalknet.notation.words import with_bias, write_step

_NAME_BEFORE = re.compile(r"\s*([^\W\d]\w*)\s*:")


def read_formula(source: SourceText) -> Network:
    """Return the network that a formula describes.

    What is not written is taken from the states (an arrow with nothing over it, a state without a shape);
    each such assumption is a sentence in the network's notes.

    Raises:
        NotationError: for a formula that is cut off or no formula, with the line and a caret.
        UnknownName: for a word outside the vocabulary.
        ShapeMismatch: for shapes that do not meet.
    """
    named = _NAME_BEFORE.match(source.text)
    named = None if named and role_of(named.group(1)) == "input" else named  # X: (n,784) -> ...
    path = _read_path(source, tokens(source, named.end() if named else 0))
    reading = _FormulaReading(source, _with_symbols(source, path))
    return reading.network(named.group(1) if named else "net")


@dataclass(frozen=True)
class _Path:
    """The path from X to yhat: between two arrows, one or several names of the same state."""

    nodes: list[list[StateToken]]
    arrows: list[Arrow]


def _read_path(source: SourceText, found: Iterable[Token]) -> _Path:
    nodes: list[list[StateToken]] = [[]]
    arrows: list[Arrow] = []
    brackets: list[Mark] = []
    before: Token | None = None
    for token in found:
        match token:
            case StateToken():
                joined = isinstance(before, Mark) and before.sign in "=,"
                if nodes[-1] and not joined and not _is_among(token, nodes[-1]):
                    got = f"{token} right behind {nodes[-1][-1]}"
                    raise source.refuse(token.span, got=got, wanted="an arrow, = or a comma between them")
                nodes[-1].append(token)
            case Arrow():
                _check_begins_at_state(source, token, nodes[-1])
                arrows.append(token)
                check_limit(source, token.span, "layers", len(arrows))
                nodes.append([])
            case Mark(sign="("):
                brackets.append(token)
            case Mark(sign=")"):
                if not brackets:
                    got = "a bracket that was never opened"
                    raise source.refuse(token.span, got=got, wanted="brackets in pairs, or none")
                brackets.pop()
        before = token
    if not nodes[-1] or (isinstance(before, Mark) and before.sign == "="):
        raise source.refuse(
            len(source.text.rstrip()),
            got="the end of the text" if before else "an empty formula",
            wanted="a state such as u1(n,32), or a width such as 32",
        )
    if brackets:
        got = "a bracket that is never closed"
        raise source.refuse(brackets[-1].span, got=got, wanted="brackets in pairs, or none")
    return _Path(nodes, arrows)


def _is_among(state: StateToken, node: list[StateToken]) -> bool:
    return bool(state.name) and state.name in (other.name for other in node)


def _check_begins_at_state(source: SourceText, arrow: Arrow, node: list[StateToken]) -> None:
    if not node:
        raise source.refuse(arrow.span, got="an arrow that begins nowhere", wanted="a state before it")
    if len(node) > 1 and not _is_among(node[-1], node[:-1]):
        between = source.text[node[-2].span.end : node[-1].span.start]
        if "=" not in between:  # a comma separates the state from the path so far
            raise source.refuse(arrow.span, got="a second formula", wanted="one path from X to yhat")


def _with_symbols(source: SourceText, path: _Path) -> _Path:
    """Return the path with the names in `m -> k relu` read as widths, when no state has a name."""
    named = any(
        state.name and (state.sizes or role_of(state.name)) and role_of(state.name) != "output"
        for state, *_ in path.nodes
    )
    if named:
        return path

    def settle(state: StateToken) -> StateToken:
        if state.sizes or role_of(state.name) or not state.name.isidentifier():
            return state
        span = Span(state.span.start, state.span.start + len(state.name))
        return replace(state, name="", sizes=read_sizes(source, span, span))

    return _Path([[settle(state) for state in node] for node in path.nodes], path.arrows)


@dataclass
class _FormulaReading:
    """The state of reading a path: the steps so far and the shape after them."""

    source: SourceText
    path: _Path
    steps: list[Step] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    shape: Shape = ()
    batch: str = "n"

    def network(self, name: str) -> Network:
        self._settle_batch()
        self.shape = input_shape = self._sizes_at(0).shape
        self._visit(self.path.nodes[0])
        for place, arrow in enumerate(self.path.arrows, start=1):
            for word in arrow.words or self._guess(place):
                self._take(word, place)
            self._visit(self.path.nodes[place])
        first = self.path.nodes[0][0].span
        if not self.steps:
            wanted = "at least one step from X to yhat"
            raise self.source.refuse(first, got="a formula without an arrow", wanted=wanted)
        with self.source.pointing(first):
            return Network(input_shape, tuple(self.steps), name, notes=tuple(self.notes))

    def _visit(self, node: list[StateToken]) -> None:
        for state in node:
            if state.sizes is not None and state.sizes.shape != self.shape:
                raise self._mismatch(state, state.sizes, is_alias=state is not node[0])
            for word in state.words:
                self._take(word, None)

    def _take(self, word: Word, place: int | None) -> None:
        """Append a step; a linear map takes its width from the node at `place`."""
        if isinstance(word.meaning, bool):
            last = self.steps.pop() if self.steps else None
            self.steps.append(with_bias(self.source, last, word))
            return
        step = word.meaning if isinstance(word.meaning, Step) else self._linear(word, place)
        with self.source.pointing(word.span):
            self.shape = step.output_shape(self.shape)
        self.steps.append(step)
        check_limit(self.source, word.span, "layers", len(self.steps))

    def _linear(self, word: Word, place: int | None) -> Linear:
        if place is None:
            raise self.source.refuse(
                word.span,
                got="a linear map behind a width",
                wanted="it over an arrow that leads to its own width",
                remedy="Write for instance 784 -l-> 32, or 784 -> 32.",
            )
        sizes = self._sizes_at(place)
        if sizes.shape[:-1] != self.shape[:-1]:
            wanted = show_shape((*self.shape[:-1], sizes.shape[-1]), self.batch)
            raise self.source.refuse(
                sizes.span,
                kind=ShapeMismatch,
                got=f"the shape {show_shape(sizes.shape, self.batch)} behind a linear map of "
                f"{show_shape(self.shape, self.batch)}",
                wanted=f"{wanted}: a linear map changes the last axis alone",
                remedy="To join the axes first, put a flatten before it: 28x28 flatten -> 32 relu.",
            )
        return Linear(sizes.shape[-1])

    def _sizes_at(self, place: int) -> Sizes:
        """Return the shape of a node; where it is left out, that of a later node with the same shape."""
        nodes, arrows = self.path.nodes, self.path.arrows
        for at in range(place, len(nodes)):
            for state in nodes[at]:
                if state.sizes:
                    return state.sizes
            words = [word for state in nodes[at] for word in state.words]
            over = arrows[at].words if at < len(arrows) else ()
            meanings = [word.meaning for word in (*words, *over)]
            if not over or any(meaning is Linear or isinstance(meaning, Flatten) for meaning in meanings):
                break
        state = self.path.nodes[place][0]
        raise self.source.refuse(
            Span(state.span.start, max(state.span)),
            got=f"no width for {state}" if state.name else "no width behind a linear map",
            wanted="the number of features",
            remedy=f"Write for instance {state.name or 'u1'}({self.batch},32).",
        )

    def _guess(self, place: int) -> tuple[Word, ...]:
        """Return the step of an arrow without a label."""
        source, target = self.path.nodes[place - 1][-1], self.path.nodes[place][0]
        arrow = self.path.arrows[place - 1].span
        if not target.name:  # 784 -> 32 is a linear map, 32 -> relu is none
            return (Word(Linear, arrow),) if target.sizes else ()
        changes = target.sizes is not None and target.sizes.shape != self.shape
        if changes or role_of(target.name) == "linear" or self._is_activated(source):
            self.notes.append(f"The arrow from {source} to {target} has no label: read as a linear map.")
            return (Word(Linear, arrow),)
        if role_of(source.name) == "linear":
            self.notes.append(
                f"The arrow from {source} to {target} has no label: "
                "read as an activation that is not known, say which before building."
            )
            return (Word(Activation("?"), arrow),)
        got = f"an arrow from {source} to {target} with nothing over it"
        raise self.source.refuse(arrow, got=got, wanted="the step it stands for, or = where no step is meant")

    def _is_activated(self, state: StateToken) -> bool:
        if state.name:
            return role_of(state.name) in ("input", "activated")
        return bool(state.words) and isinstance(self.steps[-1], Activation)

    def _mismatch(self, state: StateToken, sizes: Sizes, *, is_alias: bool) -> ChalknetError:
        wanted = show_shape(self.shape, self.batch)
        behind = f" behind {write_step(self.steps[-1])}" if self.steps else ""
        return self.source.refuse(
            sizes.span,
            kind=ShapeMismatch,
            got=f"the shape {show_shape(sizes.shape, self.batch)}" + (f" for {state}" if state.name else ""),
            wanted=f"{wanted}, the shape{behind or ' of the input'}",
            remedy=f"States joined by = have one shape: write {wanted}."
            if is_alias
            else f"Write {wanted}, or change the width by a linear map, -l->.",
        )

    def _settle_batch(self) -> None:
        every = [state.sizes for state in chain.from_iterable(self.path.nodes) if state.sizes]
        batches = [sizes.batch for sizes in every if sizes.batch]
        if not batches:
            return
        self.batch = batches[0]
        for sizes in every:
            alone = sizes.batch is None and sizes.shape == (self.batch,)
            if alone or sizes.batch not in (None, self.batch):
                raise self.source.refuse(
                    sizes.span,
                    kind=NotationError if alone else ShapeMismatch,
                    got=f"the batch {self.batch} alone" if alone else f"the batch {sizes.batch}",
                    wanted=f"{self.batch} first and then the features" if alone else self.batch,
                    remedy=f"Write the same batch in all states, such as ({self.batch},1).",
                )
