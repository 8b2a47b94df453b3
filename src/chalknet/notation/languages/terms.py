"""What expressions of programs in other languages than Python are made of: calls, lists, pairs, ..."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from chalknet.notation.tokens import Span


@dataclass(frozen=True)
class NumberTerm:
    """A number."""

    value: int | float
    span: Span


@dataclass(frozen=True)
class TextTerm:
    """A text in quotes."""

    value: str
    span: Span


@dataclass(frozen=True)
class NameTerm:
    """A name, with those before it: `nn::linear` is `nn.linear` here."""

    path: str
    span: Span

    @property
    def last(self) -> str:
        """Return the name itself."""
        return self.path.rpartition(".")[2]


@dataclass(frozen=True)
class Argument:
    """An argument of a call, with its name where it has one."""

    name: str
    value: Term


@dataclass(frozen=True)
class CallTerm:
    """A call: what is called, the brackets around the arguments, and these."""

    callee: Term
    bracket: str
    arguments: tuple[Argument, ...]
    span: Span

    @property
    def name(self) -> str:
        """Return the last name of what is called; empty for what has none."""
        return self.callee.last if isinstance(self.callee, NameTerm | MemberTerm) else ""

    @property
    def path(self) -> str:
        """Return the full name of what is called; empty for what has none."""
        return self.callee.path if isinstance(self.callee, NameTerm) else ""

    @property
    def positional(self) -> list[Term]:
        """Return the arguments without a name."""
        return [one.value for one in self.arguments if not one.name]

    @property
    def keywords(self) -> dict[str, Term]:
        """Return the arguments with a name."""
        return {one.name: one.value for one in self.arguments if one.name}


@dataclass(frozen=True)
class MemberTerm:
    """A method or a field of a value that is no name: `f(x).relu`."""

    of: Term
    last: str
    span: Span


@dataclass(frozen=True)
class OperationTerm:
    """Two values with a sign between them, such as `7 => 14`; one with a sign before it."""

    sign: str
    values: tuple[Term, ...]
    span: Span


@dataclass(frozen=True)
class LambdaTerm:
    """A function without a name, of some parameters."""

    parameters: tuple[str, ...]
    body: Term
    span: Span


@dataclass(frozen=True)
class ListTerm:
    """Values in brackets, with the names of those that have one; `rows` counts those that semicolons part."""

    bracket: str
    items: tuple[Term, ...]
    span: Span
    rows: int = 1
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class OtherTerm:
    """What is none of these."""

    span: Span


Term: TypeAlias = (
    NumberTerm
    | TextTerm
    | NameTerm
    | CallTerm
    | MemberTerm
    | OperationTerm
    | LambdaTerm
    | ListTerm
    | OtherTerm
)
