"""Rust code for candle, tch and burn: structs with a plain forward, and `nn::seq()`, read as PyTorch."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from chalknet.errors import ChalknetError
from chalknet.notation.languages.layers import ProgramReading
from chalknet.notation.languages.python_text import PythonText, identifier
from chalknet.notation.languages.rust_layers import RustLayers
from chalknet.notation.languages.rust_values import RustValues
from chalknet.notation.languages.terms import CallTerm, NameTerm, Term
from chalknet.notation.tokens import Span

IMPORTS = re.compile(r"^[ \t]*+(?:pub[ \t]++)?+use[ \t]++(?:burn|candle_nn|candle_core|candle|tch)\b", re.M)
_HEAD = 200  # words from the one that begins a function to its parameters, or to its body
_FORWARDS = ("forward", "forward_t")
_NO_LITERAL = ("->", "for", "impl", "struct", "enum", "trait", "union", ">", "mod", "+", "dyn", "let")


@dataclass
class _Method:
    """A function: its name, the type that it belongs to, and the words of its parameters and of its body."""

    name: str
    owner: str
    index: int
    parameters: range
    body: range


@dataclass
class _Struct:
    """A type of which values with layers are made."""

    name: str
    literal: CallTerm
    maker: _Method
    forward: _Method
    used: set[str] = field(default_factory=set)


class _Literal(NamedTuple):
    """The index of the word with which a value of a type begins, and the function that it stands in."""

    start: int
    maker: _Method


class RustProgram:
    """Finds the structs and chains of layers of a program and writes them as PyTorch.

    Args:
        reading: the program.
    """

    def __init__(self, reading: ProgramReading) -> None:
        self._reading = reading
        self._methods = list(self._find_methods())

    def _find_methods(self) -> Iterator[_Method]:
        words = self._reading.words
        owners = self._owners()
        for index, word in enumerate(words.all[:-3]):
            if word.text != "fn" or words.all[index + 1].kind != "name":
                continue
            at = self._next(index + 2, "(", ";", "{")
            if at not in words.closing or not words.is_sign(at, "("):
                continue
            body = self._next(words.closing[at] + 1, ";", "{")
            if words.is_sign(body, "{") and body in words.closing:
                owner = owners.get(words.opened[index], "")
                inside = range(body + 1, words.closing[body])
                yield _Method(
                    words.all[index + 1].text, owner, index, range(at + 1, words.closing[at]), inside
                )

    def _next(self, at: int, *signs: str) -> int:
        """Return the index of the next of some signs, or the one at which it is no longer looked for."""
        words = self._reading.words
        stop = min(at + _HEAD, len(words.all) - 1)
        while at < stop and not words.is_sign(at, *signs):
            at += 1
        return at

    def _owners(self) -> dict[int, str]:
        """Return the type of each `impl`, by the brace that opens it."""
        words, owners = self._reading.words, {}
        for index, word in enumerate(words.all):
            if word.text != "impl" or word.kind != "name":
                continue
            depth, names = 0, []
            end = self._next(index + 1, "{", ";", "(", ")")
            for at in range(index + 1, end):
                depth += words.is_sign(at, "<") - words.is_sign(at, ">")
                if words.all[at].kind == "name" and not depth:
                    names.append(words.all[at].text)
            if words.is_sign(end, "{") and names:
                parted = names.index("for") + 1 if "for" in names[:-1] else 0
                stops = names.index("where") if "where" in names else len(names)
                of = names[parted:stops] if parted else names[:stops]
                owners[end] = of[-1]
        return owners

    @property
    def makes_layers(self) -> bool:
        """Return whether the program makes layers as candle and tch do, without an import that says so."""
        words = self._reading.words
        return any(words.is_sign(index + 1, "::") for index in self._chains([]))  # nn::seq()

    def _chains(self, inside: list[tuple[int, int]]) -> Iterator[int]:
        """Yield the index of each `nn::seq()` that is outside of some ranges, and in no other chain."""
        words, behind = self._reading.words, 0
        for index, word in enumerate(words.all[:-3]):
            begins = (
                word.text in ("seq", "seq_t")
                and words.is_sign(index + 1, "(")
                and words.is_sign(index + 2, ")")
            )
            if not begins or index < behind or self._is_inside(index, inside):
                continue
            if not words.is_sign(index + 3, ".", ";") and words.all[index + 3].kind != "newline":
                continue
            start = index
            while words.is_sign(start - 1, "::") and words.all[start - 2].kind == "name":
                start -= 2
            _, behind = self._reading.terms.read(start)
            yield start

    def _is_inside(self, index: int, ranges: list[tuple[int, int]]) -> bool:
        place = bisect_right(ranges, (index, len(self._reading.words.all)))
        return place > 0 and index < ranges[place - 1][1]

    def write(self, python: PythonText) -> None:
        """Write each struct as a class and each chain as a Sequential."""
        structs = list(self._structs())
        known = {one.name: self._parameters(one.maker) for one in structs}
        layers = RustLayers(self._reading, known)
        for struct in self._in_order(structs):
            self._class(struct, layers, python)
        bodies = sorted(
            (each.start, each.stop) for one in structs for each in (one.maker.body, one.forward.body)
        )
        chains = {index: self._name_of(index) for index in self._chains(bodies)}
        grown = (self._grows(index) for index in range(len(self._reading.words.all) - 2))
        self._reading.check_chains(len(chains) + sum(grown))
        for index, word in enumerate(self._reading.words.all):
            if index in chains:
                self._chain(index, layers, python)
                layers.chains.add(chains[index])
            elif word.kind == "name" and word.text in layers.chains and self._grows(index):
                self._chain(index + 2, layers, python)
        self._write_whole(structs, known, layers, python)

    def _write_whole(
        self, structs: list[_Struct], known: dict[str, list[str]], layers: RustLayers, python: PythonText
    ) -> None:
        """Write what makes the struct that is the network, by which its parameters are known."""
        words = self._reading.words
        inside = {at for one in structs for body in (one.maker.body, one.forward.body) for at in body}
        made = False
        for index, word in enumerate(words.all):
            if word.text in known and index not in inside:
                made = self._made(index, layers, python) or made
        held = {
            words.all[at].text
            for one in structs
            for at in one.maker.body
            if words.is_sign(at + 1, "::") and words.all[at].text != one.name
        }
        outer = [one for one in structs if one.name not in held]
        if held & known.keys() and not made and len(outer) == 1:  # the struct that holds the others
            given = ", ".join(map(identifier, known[outer[0].name]))
            python.add(f"net = {identifier(outer[0].name)}({given})\n", outer[0].literal.span)

    def _structs(self) -> Iterator[_Struct]:
        """Yield each type with a forward, and how its values are made.

        Raises:
            NotationError: for a type that is made in several ways, or nowhere.
        """
        reading, words = self._reading, self._reading.words
        forwards: dict[str, _Method] = {}
        for method in self._methods:
            if method.name in _FORWARDS and method.owner:
                if method.owner in forwards and forwards[method.owner].name == method.name:
                    place = reading.place(words.all[method.index])
                    raise reading.refuse(
                        place, f"a second forward of {method.owner}", "one forward of each struct"
                    )
                forwards.setdefault(method.owner, method)
        made = self._literals()
        for name, forward in forwards.items():
            literals = made.get(name, [])
            if len(literals) != 1 or words.repeating[literals[0].start] >= 0:
                place = reading.place(words.all[forward.index])
                found = f"made in {len(literals)} places" if literals else "whose layers are made elsewhere"
                got = f"the struct {name}, {'made under a condition' if len(literals) == 1 else found}"
                remedy = "Give the part that makes the struct, once, in one fn new."
                raise reading.refuse(place, got, "one place that makes it", remedy)
            term, _ = reading.terms.read(literals[0].start)
            if isinstance(term, CallTerm):
                yield _Struct(name, term, literals[0].maker, forward, self._fields_used(forward))

    def _literals(self) -> dict[str, list[_Literal]]:
        """Return where a value of each type is written with its fields: `Self { l1, l2 }`."""
        words = self._reading.words
        found: dict[str, list[_Literal]] = {}
        for method in self._methods:
            for index in method.body:
                if words.all[index].kind == "name" and words.is_sign(index + 1, "{"):
                    name = words.all[index].text
                    before = words.all[words.before_lines(index - 1)].text
                    if before not in _NO_LITERAL:
                        owner = method.owner if name == "Self" else name
                        found.setdefault(owner, []).append(_Literal(index, method))
        return found

    def _fields_used(self, forward: _Method) -> set[str]:
        words = self._reading.words
        return {
            words.all[at + 2].text
            for at in forward.body
            if words.all[at].text == "self" and words.is_sign(at + 1, ".")
        }

    def _in_order(self, structs: list[_Struct]) -> list[_Struct]:
        """Return structs with each behind those that it has as fields."""
        words, names = self._reading.words, {one.name: one for one in structs}
        ordered: dict[str, _Struct] = {}

        def visit(one: _Struct, above: tuple[str, ...]) -> None:
            if one.name in ordered or one.name in above or len(above) > 50:
                return
            for at in one.maker.body:
                if (inner := names.get(words.all[at].text)) is not None:
                    visit(inner, (*above, one.name))
            ordered[one.name] = one

        for one in structs:
            visit(one, ())
        return list(ordered.values())

    def _parameters(self, method: _Method) -> list[str]:
        """Return the names of the parameters, without self."""
        words = self._reading.words
        return [
            words.all[at].text
            for at in method.parameters
            if words.all[at].kind == "name"
            and words.is_sign(at + 1, ":")
            and words.opened[at] == words.opened[method.parameters.start]
        ]

    def _class(self, struct: _Struct, layers: RustLayers, python: PythonText) -> None:
        reading = self._reading
        head = reading.place(reading.words.all[struct.forward.index])
        made = struct.literal.span
        parameters = [f", {identifier(name)}" for name in self._parameters(struct.maker)]
        python.add(f"class {identifier(struct.name)}(nn.Module):\n", head)
        python.add(f"    def __init__(self{''.join(parameters)}):\n        super().__init__()\n", made)
        fields = {**struct.literal.keywords}
        fields |= {one.path: one for one in struct.literal.positional if isinstance(one, NameTerm)}
        for name, value in fields.items():
            if name in struct.used or self._is_layer(value, layers):
                python.add(f"        self.{identifier(name)} = ", value.span)
                layers.write(value, python)
                python.add("\n", value.span)
        self._forward(struct, layers, python, head)

    def _is_layer(self, value: Term, layers: RustLayers) -> bool:
        """Return whether a field that forward does not use is a layer, which is noted then."""
        try:
            layers.write(value, PythonText(self._reading.source))
        except ChalknetError:
            return False
        return True

    def _forward(self, struct: _Struct, layers: RustLayers, python: PythonText, head: Span) -> None:
        given = self._parameters(struct.forward)
        x = identifier(given[0]) if given else "x"
        python.add(f"    def forward(self, {x}):\n", head)
        values = RustValues(self._reading, layers, {*given[:1]})
        values.statements(struct.forward.body, python)

    def _chain(self, index: int, layers: RustLayers, python: PythonText) -> None:
        """Write a chain under the name that it is given."""
        reading, words = self._reading, self._reading.words
        term, _ = reading.terms.read(index)
        if (loop := words.repeating[index]) >= 0:
            got = f"layers inside '{words.all[loop].text}', of which only running the code tells how it goes"
            raise reading.refuse(term, got, "a chain that is made once", "Write all layers in one chain.")
        self._assign(index, term, python)
        layers.write(term, python)
        python.add("\n", term.span)

    def _grows(self, index: int) -> bool:
        """Return whether a statement gives a chain another value: `net = net.add(...)`."""
        words = self._reading.words
        return words.is_sign(index + 1, "=") and words.all[index + 2].text == words.all[index].text

    def _name_of(self, index: int) -> str:
        """Return what a value is assigned to; empty for nothing."""
        words = self._reading.words
        before = words.before_lines(index - 1)
        name = words.all[before - 1] if words.is_sign(before, "=") else None
        return identifier(name.text) if name is not None and name.kind == "name" else ""

    def _assign(self, index: int, term: Term, python: PythonText) -> None:
        if name := self._name_of(index):
            python.add(f"{name} = ", term.span)

    def _made(self, index: int, layers: RustLayers, python: PythonText) -> bool:
        """Write `let model = Policy::new(vb, 4, 64)?`, by which the parameters of a struct are known."""
        words = self._reading.words
        if not (words.is_sign(index + 1, "::") and words.is_sign(index + 3, "(")):
            return False
        term, _ = self._reading.terms.read(index)
        if not layers.is_struct(term):
            return False
        self._assign(index, term, python)
        layers.write(term, python)
        python.add("\n", term.span)
        return True
