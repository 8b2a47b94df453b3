"""Layers and functions of libraries of other languages, as the calls of `torch.nn` that they stand for."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import NamedTuple

from chalknet.errors import CannotExpress, ChalknetError, NotationError
from chalknet.notation.languages.expressions import Terms
from chalknet.notation.languages.lexing import CodeWord, CodeWords
from chalknet.notation.languages.python_text import identifier
from chalknet.notation.languages.terms import (
    CallTerm,
    LambdaTerm,
    ListTerm,
    NameTerm,
    NumberTerm,
    OperationTerm,
    Term,
    TextTerm,
)
from chalknet.notation.tokens import SourceText, Span
from chalknet.notation.torch_layers import FIT_AS_IT_IS

REMEDY = "Write the layers as one chain, or as a formula: 784 -> 32 relu -> 1 sigmoid."
_FEATURES = frozenset({-1, 1})  # the axes that a softmax may go over


MOST_CHAINS = 500  # of which each may hold those before it


class FunctionRow(NamedTuple):
    """A function of x in another language.

    Args:
        torch: the call of `torch.nn` that it is, without the options given.
        options: the arguments of that call by the place of those of the function behind x.
    """

    torch: str
    options: tuple[str, ...] = ()


class ProgramReading:
    """What a program in another language is read with: its words, its constants, its errors.

    Args:
        source: the program, to point into.
        words: its words.
    """

    def __init__(self, source: SourceText, words: CodeWords) -> None:
        self.source = source
        self.words = words
        self.terms = Terms(words)
        self.constants = Constants()
        self.notes: list[str] = []
        self.starts = {word.start: index for index, word in enumerate(words.all)}  # the words by their places

    def refuse(
        self, term: Term | Span, got: str, wanted: str = "", remedy: str = "", *, layer: bool = False
    ) -> ChalknetError:
        """Return the error for a part of the program; `layer` for one that no step describes."""
        place = term if isinstance(term, Span) else term.span
        return self.source.refuse(
            place,
            got=got,
            wanted=wanted or "layers one after the other, each with numbers that stand in the text",
            remedy=remedy or (FIT_AS_IT_IS if layer else REMEDY),
            kind=CannotExpress if layer else NotationError,
        )

    def place(self, word: CodeWord) -> Span:
        """Return where a word stands."""
        return Span(word.start, word.end)

    def index_at(self, place: Span) -> int:
        """Return the index of the word at which a part of the program begins."""
        return self.starts[place.start]

    def shown(self, term: Term | Span) -> str:
        """Return a part of the program as it is written, cut to be quoted."""
        place = term if isinstance(term, Span) else term.span
        text = " ".join(self.source.text[place.start : place.end][:200].split())
        return text if len(text) <= 40 else f"{text[:37]}..."

    def check_chains(self, count: int) -> None:
        """Refuse a program with more chains than any network is made of."""
        if count > MOST_CHAINS:
            wanted = f"at most {MOST_CHAINS}"
            raise self.refuse(
                Span(0, 1), f"{count} chains of layers", wanted, "Give the part that makes one."
            )

    def note(self, term: Term | Span, words: str) -> None:
        """Note what a part of the program says that the network does not hold."""
        place = term if isinstance(term, Span) else term.span
        line = self.source.excerpt(place).line_number
        self.notes.append(f"line {line}: {self.shown(place)} {words}")

    def size(self, term: Term) -> str:
        """Return a width as Python has it: a number, or a name that nothing defines.

        Raises:
            NotationError: for what only running the program would tell.
        """
        value = self.constants.number(term)
        if value is not None and math.isfinite(value):
            return repr(value)
        if isinstance(term, NameTerm) and (problem := self.constants.problem(term)):
            raise self.refuse(term, problem)
        if isinstance(term, NameTerm) and term.path != "_":
            return ".".join(identifier(part) for part in term.path.split("."))
        got = f"{self.shown(term)}, which only running the code would tell"
        raise self.refuse(term, got, "a number that stands in the text", "Write the number of features.")

    def value(self, term: Term) -> str:
        """Return an option as Python has it."""
        if isinstance(term, TextTerm):
            return repr(term.value)
        if isinstance(term, NameTerm) and term.last in ("true", "false"):
            return term.last.capitalize()
        return self.size(term)

    def truth(self, term: Term) -> bool:
        """Return an option that is true or false.

        Raises:
            NotationError: for another.
        """
        value = self.constants.value(term)
        if isinstance(value, NameTerm) and value.last in ("true", "false"):
            return value.last == "true"
        raise self.refuse(term, self.shown(term), "true or false", "Write true or false.")

    def row(self, name: str, table: Mapping[str, FunctionRow]) -> FunctionRow | None:
        """Return the row of a function; None for one that the program defines itself."""
        return None if name in self.constants.defined else table.get(name)

    def function(self, term: Term, table: Mapping[str, FunctionRow]) -> str | None:
        """Return the layer that a function of a table is, by its name or in `x -> f(x)`; None for none."""
        if isinstance(term, NameTerm) and (row := self.row(term.last, table)):
            return f"{row.torch})" if row.torch else ""
        if isinstance(term, LambdaTerm) and isinstance(term.body, CallTerm) and len(term.parameters) == 1:
            called, given = term.body, term.body.positional
            row = self.row(called.name, table) if isinstance(called.callee, NameTerm) else None
            x = given[0] if given else None
            if row and isinstance(x, NameTerm) and x.path == term.parameters[0]:
                return self.with_options(called, row, given[1:])
        return None

    def with_options(self, called: CallTerm, row: FunctionRow, given: list[Term]) -> str:
        """Return the layer that a call of a function of x is.

        Args:
            called: the call.
            row: the function.
            given: its arguments behind x.
        """
        if not row.torch:
            return ""
        options: list[str] = []
        for name, value in called.keywords.items():
            number = self.constants.number(value)
            if name not in ("dims", "dim") or number not in _FEATURES or "dim" not in row.torch:
                raise self.refuse(called, f"{name} in {self.shown(called)}, which is not read", layer=True)
        if len(given) > len(row.options):
            raise self.refuse(called, f"the options of {self.shown(called)}, which are not read", layer=True)
        for name, value in zip(row.options, given, strict=False):
            if name == "":
                continue
            if name == "dim":
                minus = isinstance(value, NameTerm) and value.last in ("Minus1", "nullopt")
                if not minus and self.constants.number(value) not in _FEATURES:
                    raise self.refuse(called, f"{self.shown(called)}, over another axis", layer=True)
                continue
            options.append(f"{name}={self.value(value)}")
        separator = "" if row.torch.endswith("(") or not options else ", "
        return f"{row.torch}{separator}{', '.join(options)})"


class Constants:
    """The names of a program that stand for one value each."""

    def __init__(self) -> None:
        self._terms: dict[str, Term] = {}
        self._known: dict[str, int | float | None] = {}
        self._problems: dict[str, str] = {}
        self._hidden: set[str] = set()  # parameters of functions
        self.defined: set[str] = set()  # functions of the program itself

    def bind(self, name: str, term: Term) -> None:
        """Give a name its value; one that has several stands for none of them."""
        if name in self._terms or name in self._problems:
            self._problems[name] = f"{name}, which has several values"
        self._terms[name] = term

    def define(self, name: str, value: int, place: Span) -> None:
        """Give a name a number that is no expression of the program."""
        self.bind(name, NumberTerm(value, place))

    def hide(self, name: str) -> None:
        """Say that a name is what a function is given, which is not known."""
        self._hidden.add(name)

    def spoil(self, name: str, problem: str) -> None:
        """Say why a name stands for no number."""
        self._problems[name] = problem

    def problem(self, term: NameTerm) -> str:
        """Return why a name stands for no number; empty where nothing is known of it."""
        return "" if term.path in self._hidden else self._problems.get(term.path, "")

    def value(self, term: Term) -> Term:
        """Return what a name stands for; any other expression as it is."""
        seen: set[str] = set()
        while isinstance(term, NameTerm) and term.path not in seen and self._stands(term.path):
            seen.add(term.path)
            term = self._terms[term.path]
        return term

    def _stands(self, name: str) -> bool:
        return name in self._terms and name not in self._problems and name not in self._hidden

    def number(self, term: Term, depth: int = 0) -> int | float | None:
        """Return the number that an expression is, None where only running the program would tell."""
        match term:
            case NumberTerm(value=value):
                return value
            case NameTerm(path=path) if self._stands(path):
                if path not in self._known:
                    self._known[path] = None  # a name that stands for itself is no number
                    self._known[path] = self.number(self._terms[path], depth + 1) if depth < 50 else None
                return self._known[path]
            case OperationTerm(sign=sign, values=(one, other)) if depth < 50:
                return _computed(sign, self.number(one, depth + 1), self.number(other, depth + 1))
            case _:
                return None


_COMPUTED: Mapping[str, Callable[[int | float, int | float], int | float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": lambda one, other: one / other if one % other else one // other,
    "÷": operator.floordiv,
    "^": lambda one, other: one**other if 0 <= other <= 64 else one / 0,
}


def _computed(sign: str, one: int | float | None, other: int | float | None) -> int | float | None:
    if one is None or other is None or max(abs(one), abs(other)) > 1e12 or sign not in _COMPUTED:
        return None
    try:
        return _COMPUTED[sign](one, other)
    except ArithmeticError:
        return None


def members_of(term: Term) -> tuple[Term, ...]:
    """Return the members of a list; a value alone is its only member."""
    return term.items if isinstance(term, ListTerm) else (term,)
