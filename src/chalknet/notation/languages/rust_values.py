"""What a forward in Rust does to x, statement by statement, written as Python."""

from __future__ import annotations

from chalknet.errors import ChalknetError
from chalknet.notation.languages.layers import ProgramReading
from chalknet.notation.languages.python_text import PythonText, identifier
from chalknet.notation.languages.rust_layers import RustLayers
from chalknet.notation.languages.terms import CallTerm, ListTerm, NameTerm, OperationTerm, Term

_SAME = frozenset("clone contiguous unwrap shallow_clone to_device to_kind to_dtype into copy as_ref".split())
_SAID = frozenset(
    "println! dbg! debug! info! trace! assert! assert_eq! debug_assert! debug_assert_eq!".split()
)
_PASSES = 8  # methods in a row that only move a value are followed


class RustValues:
    """Writes the body of a forward.

    Args:
        reading: the program.
        layers: writes what makes layers.
        names: the names that stand for x.
    """

    def __init__(self, reading: ProgramReading, layers: RustLayers, names: set[str]) -> None:
        self._reading = reading
        self._layers = layers
        self._names = names

    def statements(self, body: range, python: PythonText) -> None:
        """Write the statements of a body, each of which gives x a name or is what it returns."""
        words, at = self._reading.words, body.start
        returned = False
        while (at := words.after_lines(at)) < body.stop:
            start, name = at, ""
            if words.all[at].text == "let" and words.all[at].kind == "name":
                at += 1
            at += words.all[at].text == "mut"
            if words.all[at].text == "return":
                at += 1
            elif words.all[at].text in _SAID and words.closing.get(at + 1):
                at = words.closing[at + 1] + 1
                at += words.is_sign(at, ";")
                continue
            elif equals := self._equals(at, body.stop):
                name, at = words.all[at].text, equals + 1
            elif start != at:
                raise self._refuse_at(start)
            term, at = self._reading.terms.read(words.after_lines(at))
            at = words.after_lines(at)
            ends = at >= body.stop
            if (not ends and not words.is_sign(at, ";")) or (
                not name and not ends and words.all[start].text != "return"
            ):
                raise self._refuse_at(start)
            python.add(f"        {identifier(name)} = " if name else "        return ", term.span)
            self._value(term, python)
            python.add("\n", term.span)
            self._names |= {name} if name else set()
            returned = not name
            at += 1
        if not returned:
            raise self._refuse_at(max(body.start - 1, 0))

    def _equals(self, at: int, stop: int) -> int:
        """Return the index of the sign `=` behind a name and its type, 0 where there is none."""
        words = self._reading.words
        if words.all[at].kind != "name":
            return 0
        if words.is_sign(at + 1, "="):
            return at + 1
        if not words.is_sign(at + 1, ":"):
            return 0
        typed = range(at + 2, min(at + 16, stop))
        return next((place for place in typed if words.is_sign(place, "=", ";")), 0)

    def _refuse_at(self, index: int) -> ChalknetError:
        place = self._reading.place(self._reading.words.all[index])
        line_end = self._reading.source.text.find("\n", place.start)
        whole = place._replace(end=line_end if line_end > 0 else place.end)
        got = f"{self._reading.shown(whole)} in a forward, which is not read"
        wanted = "statements such as let xs = self.l1.forward(xs)?.relu()?;"
        return self._reading.refuse(whole, got, wanted)

    def _value(self, term: Term, python: PythonText) -> None:
        """Write what a value of x is.

        Raises:
            NotationError, CannotExpress: for what is no layer and no function of x.
        """
        match term:
            case NameTerm(path=path) if path in self._names:
                python.add(identifier(path), term.span)
            case OperationTerm(sign="+", values=(one, other)):
                python.add("(", term.span)
                self._value(one, python)
                python.add(" + ", term.span)
                self._value(other, python)
                python.add(")", term.span)
            case CallTerm() if self._layers.is_method(term):
                self._method(term, python)
            case CallTerm() if term.path == "Ok" and len(term.positional) == 1:
                self._value(term.positional[0], python)
            case CallTerm() if (
                row := self._reading.row(term.name, self._layers.functions)
            ) and term.positional:
                x, *given = term.positional
                self._passed(self._reading.with_options(term, row, given), x, term, python)
            case CallTerm() if term.name == "dropout" and len(term.positional) == 2:
                self._dropout(term.positional[0], term.positional[1], "True", python)
            case _:
                raise self._unknown(term)

    def _unknown(self, term: Term) -> ChalknetError:
        got = f"{self._reading.shown(term)}, which is no layer and no function of x that is known"
        return self._reading.refuse(term, got, layer=True)

    def _passed(self, layer: str, x: Term, term: Term, python: PythonText) -> None:
        python.add(f"{layer}(", term.span)
        self._value(x, python)
        python.add(")", term.span)

    def _dropout(self, x: Term, p: Term, training: str, python: PythonText) -> None:
        python.add("F.dropout(", x.span)
        self._value(x, python)
        python.add(f", {self._reading.value(p)}, training={training})", p.span)

    def _method(self, term: CallTerm, python: PythonText) -> None:
        """Write a method of x or of a layer."""
        owner, given = self._layers.receiver(term), term.positional
        if term.name in ("forward", "forward_t") and given:
            self._layer(owner, given[0], term, python)
        elif term.name in ("apply", "apply_t") and given:
            self._layer(given[0], owner, term, python)
        elif term.name in _SAME:
            self._value(owner, python)
        elif term.name == "dropout" and len(given) == 2:
            self._dropout(owner, given[0], "self.training", python)
        elif (
            self._layers.flattens(term.name, given)
            if term.name in ("view", "flatten", "flatten_from", "flat_view")
            else False
        ):
            self._passed("nn.Flatten()", owner, term, python)
        elif term.name == "add" and len(given) == 1:
            self._value(OperationTerm("+", (owner, given[0]), term.span), python)
        elif row := self._layers.functions.get(term.name):
            self._passed(self._reading.with_options(term, row, given), owner, term, python)
        else:
            raise self._unknown(term)

    def _layer(self, layer: Term, x: Term, term: Term, python: PythonText) -> None:
        """Write a layer that is called on x."""
        if isinstance(layer, NameTerm) and layer.path.startswith("self.") and layer.path.count(".") == 1:
            self._passed(f"self.{identifier(layer.last)}", x, term, python)
            return
        made = self._layers.activation(layer)
        if made is None or isinstance(layer, ListTerm):
            raise self._unknown(layer)
        self._passed(made, x, term, python)
