"""The values of JavaScript's expressions: numbers, lists, options, layers, models."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeGuard

from chalknet.errors import ChalknetError
from chalknet.notation.languages.javascript_words import JsWords
from chalknet.notation.languages.layers import ProgramReading
from chalknet.notation.languages.terms import (
    CallTerm,
    ListTerm,
    MemberTerm,
    NameTerm,
    NumberTerm,
    OperationTerm,
    OtherTerm,
    Term,
    TextTerm,
)
from chalknet.notation.tokens import Span
from chalknet.notation.torch_layers import CodeLayer, Unknown
from chalknet.notation.torch_values import LARGEST_LIST

_MOST_STEPS = 50_000  # expressions that a program may need
_DEEPEST = 40  # of names that stand for names
_SPREAD = re.compile(r"\.\.\.\s*([\w$.]+)")
_FIXED: Mapping[str, object] = {"true": True, "false": False, "null": None, "undefined": None}
_PLAIN: Mapping[str, Callable[[float, float], float]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
    "%": math.fmod, "**": operator.pow,
}  # fmt: skip
_COMPARED: Mapping[str, Callable[[Any, Any], bool]] = {
    "===": operator.eq, "==": operator.eq, "!==": operator.ne, "!=": operator.ne,
    "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge,
}  # fmt: skip
_FUNCTIONS: Mapping[str, Callable[..., float]] = {
    "Math.floor": math.floor, "Math.ceil": math.ceil, "Math.trunc": math.trunc, "Math.max": max,
    "Math.min": min, "Math.pow": operator.pow, "Math.sqrt": math.sqrt, "Math.log2": math.log2,
    "Math.abs": abs, "Math.round": lambda x: math.floor(x + 0.5), "Number": lambda x: x,
    "parseInt": math.trunc,
}  # fmt: skip
Names: TypeAlias = dict[str, object]


@dataclass(eq=False)
class JsLayer:
    """A layer that a program makes: the steps that it is."""

    span: Span
    layers: tuple[CodeLayer, ...]


@dataclass(eq=False)
class JsFlow:
    """An x on its way: where it began, and the layers that it passed."""

    span: Span
    start: object
    layers: tuple[CodeLayer, ...] = ()


@dataclass(eq=False)
class JsModel:
    """A model: its layers so far, its name, and why it is not read where something says that."""

    span: Span
    layers: list[CodeLayer] = field(default_factory=list)
    name: str = ""
    function: str = ""  # that makes it
    problem: ChalknetError | None = None
    shared: bool = False  # whether several calls of one function may have made several of it


class JsValues:
    """Says what expressions are.

    Args:
        reading: the program.
        words: its words.
        call: what a call makes besides numbers and lists; None for what is not known.
    """

    def __init__(self, reading: ProgramReading, words: JsWords, call: Callable[[CallTerm], object]) -> None:
        self._reading = reading
        self._words = words
        self._call = call
        self._steps = 0
        self._depth = 0
        self.names: Names = {}

    def of(self, term: Term) -> object:
        """Return what an expression is; an `Unknown` with its text for what only a run would tell.

        Raises:
            NotationError: for a program that needs too many steps.
        """
        self._steps += 1
        if self._steps > _MOST_STEPS:
            got = f"a program of more than {_MOST_STEPS:,} steps up to here"
            raise self._reading.refuse(term, got, "the part that makes the layers", "Give that part alone.")
        if self._depth > _DEEPEST:
            return self._unknown(term)
        self._depth += 1
        found = self._known(term)
        self._depth -= 1
        return found

    def _known(self, term: Term) -> object:
        match term:
            case NumberTerm(value=value) | TextTerm(value=value):
                return value
            case NameTerm(path=path):
                return self._named(term, path)
            case ListTerm(bracket="["):
                return self._list(term)
            case ListTerm(bracket="{"):
                return self._options(term)
            case OperationTerm():
                return self._computed(term)
            case CallTerm(bracket="["):
                return self._member(term)
            case CallTerm():
                return self._called(term)
            case MemberTerm(of=of, last=last):
                return self._field(self.of(of), last, term)
            case _:
                return self.conditional(term)

    def conditional(self, term: Term) -> object:
        """Return the value of `i === 0 ? [4] : undefined`, of which a term is the beginning."""
        start = self._reading.starts.get(term.span.start, -1)
        question = self._words.question(start) if start >= 0 else None
        if question is None:
            return self._unknown(term)
        asked, _ = self._reading.terms.read(start)
        values, _ = self._reading.terms.read(question + 1)
        plain = isinstance(values, OperationTerm) and values.sign == ":"
        before = asked.span.end <= self._words.all[question].start
        truth = self.of(asked) if plain and before else None
        if not isinstance(truth, bool):
            return self._unknown(term)
        assert isinstance(values, OperationTerm)
        return self.of(values.values[0 if truth else 1])

    def _unknown(self, term: Term) -> Unknown:
        return Unknown(self._reading.shown(term))

    def _named(self, term: NameTerm, path: str) -> object:
        """Return what a name stands for, now or by the only statement that sets it."""
        if path in _FIXED:
            return _FIXED[path]
        if path in self.names:
            return self.names[path]
        before, dot, last = path.rpartition(".")
        if dot:
            owner = self._named(term, before)
            if not isinstance(owner, Unknown):
                return self._field(owner, last, term)
            return Unknown(path.replace(".", "_") if last != "length" else path)
        meant = self._reading.constants.value(term)
        if meant is not term and self._depth <= _DEEPEST:
            return self.of(meant)
        problem = self._reading.constants.problem(term)
        return Unknown(problem or path)

    def _field(self, owner: object, last: str, term: Term) -> object:
        if last == "length" and isinstance(owner, list | str):
            return len(owner)
        if isinstance(owner, dict) and last in owner:
            return owner[last]
        return self._unknown(term)

    def _list(self, term: ListTerm) -> object:
        items: list[object] = []
        for item in term.items:
            written = self._reading.source.text[item.span.start : item.span.end]
            spread = _SPREAD.fullmatch(written) if isinstance(item, OtherTerm) else None
            if spread:
                members = self.of(NameTerm(spread[1], item.span))
                if not isinstance(members, list) or len(members) + len(items) > LARGEST_LIST:
                    return self._unknown(term)
                items += members
            else:
                items.append(self.of(item))
        return items

    def _options(self, term: ListTerm) -> object:
        """Return the options of braces; what is spread into them stands under its text."""
        found: dict[str, object] = {}
        for name, item in zip(term.names, term.items, strict=True):
            if name:
                found[name] = self.of(item)
            elif isinstance(item, NameTerm):
                found[item.path] = self.of(item)
            else:
                written = self._reading.source.text[item.span.start : item.span.end]
                spread = _SPREAD.fullmatch(written)
                members = self.of(NameTerm(spread[1], item.span)) if spread else None
                found |= (
                    members if isinstance(members, dict) else {self._reading.shown(item): Unknown(written)}
                )
        return found

    def _computed(self, term: OperationTerm) -> object:
        if len(term.values) == 1 and term.sign == "-":
            value = self.of(term.values[0])
            return -value if _is_number(value) else self._unknown(term)
        if len(term.values) == 2 and term.sign in _COMPARED:
            one, other = map(self.of, term.values)
            alike = (_is_number(one) and _is_number(other)) or (
                isinstance(one, str) and isinstance(other, str)
            )
            return _COMPARED[term.sign](one, other) if alike else self._unknown(term)
        if len(term.values) != 2 or term.sign not in _PLAIN:
            return self._unknown(term)
        return self._number(term, _PLAIN[term.sign], [self.of(value) for value in term.values])

    def _number(self, term: Term, function: Callable[..., float], given: list[object]) -> object:
        """Return what a function of numbers gives, whole where it is whole."""
        if not all(_is_number(value) and abs(value) < 1e12 for value in given):
            return self._unknown(term)
        try:
            value = function(*map(float, given))  # type: ignore[arg-type]
            return int(value) if value == math.floor(value) else value
        except (ArithmeticError, TypeError, ValueError):
            return self._unknown(term)

    def _member(self, term: CallTerm) -> object:
        owner = self.of(term.callee)
        place = self.of(term.arguments[0].value) if len(term.arguments) == 1 else None
        if isinstance(owner, list) and isinstance(place, int) and 0 <= place < len(owner):
            return owner[place]
        if isinstance(owner, dict) and isinstance(place, str) and place in owner:
            return owner[place]
        return self._unknown(term)

    def _called(self, term: CallTerm) -> object:
        if term.path in _FUNCTIONS:
            return self._number(term, _FUNCTIONS[term.path], [self.of(one) for one in term.positional[:4]])
        if term.name == "map" and len(term.positional) == 1:
            return self._mapped(term)
        found = self._call(term)
        return self._unknown(term) if found is None else found

    def owner(self, term: CallTerm) -> object:
        """Return what a method is called of: the value before its dot; None for a function."""
        if isinstance(term.callee, MemberTerm):
            return self.of(term.callee.of)
        if isinstance(term.callee, NameTerm) and "." in term.callee.path:
            return self.of(NameTerm(term.callee.path.rpartition(".")[0], term.callee.span))
        return None

    def _mapped(self, term: CallTerm) -> object:
        """Return `[64, 32].map(n => tf.layers.dense({units: n}))`."""
        members, function = self.owner(term), term.positional[0]
        arrow = isinstance(function, OperationTerm) and function.sign == "=>"
        if not isinstance(members, list) or not arrow:
            return self._unknown(term)
        assert isinstance(function, OperationTerm)
        parameter, body = function.values
        named = parameter.items if isinstance(parameter, ListTerm) else (parameter,)
        names = [one.path for one in named if isinstance(one, NameTerm)]
        if len(names) != len(named) or len(names) > 2 or isinstance(body, ListTerm | OtherTerm):
            return self._unknown(term)
        outer, made = dict(self.names), []
        for place, member in enumerate(members):
            self.names |= dict(zip(names, (member, place), strict=False))
            made.append(self.of(body))
        self.names = outer
        return made


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
