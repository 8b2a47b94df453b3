"""C++ code for torch, `torch::nn::Sequential(torch::nn::Linear(784, 64), ...)`, read as Python's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from chalknet.errors import ChalknetError
from chalknet.notation.languages.layers import ProgramReading
from chalknet.notation.languages.python_text import PythonText, identifier
from chalknet.notation.languages.terms import CallTerm, ListTerm, MemberTerm, NameTerm, Term, TextTerm
from chalknet.notation.tokens import Span

INCLUDES = re.compile(r"^[ \t]*+#[ \t]*+include[ \t]*+<torch/", re.M)
NAMED = re.compile(r"\btorch::nn::[A-Z]\w*+")
_DEFINED = re.compile(r"^[ \t]*+#[ \t]*+define[ \t]++([A-Za-z_]\w*+)[ \t]++(\d++)[ \t]*+(?:$|//|/\*)", re.M)
_MODULE = re.compile(r":\s*+(?:public\s++)?+(?:torch::)?+nn::(?:Module|Cloneable)\b")
_OPTIONS = re.compile(r"\w+Options")
_CONTAINER = "Sequential"
_BEFORE = frozenset("; { } = ( , : < & return const static auto public private protected new ?".split())


class CppChains:
    """Finds the chains of a program and writes them as PyTorch.

    Args:
        reading: the program.
    """

    def __init__(self, reading: ProgramReading) -> None:
        self._reading = reading
        self._names: set[str] = set()

    def bind_macros(self) -> None:
        """Tell the constants what `#define` gives a number."""
        for found in _DEFINED.finditer(self._reading.source.text):
            self._reading.constants.define(found[1], int(found[2]), Span(*found.span(2)))

    def found(self) -> Iterator[int]:
        """Yield the index of each `Sequential` that makes a chain: in a call, or with its name behind it."""
        words, behind = self._reading.words, 0
        for index, word in enumerate(words.all[:-2]):
            if word.text != _CONTAINER or index < behind or words.all[index - 1].text == "using":
                continue
            at = index + 1
            at += words.all[at].kind == "name"
            called = words.is_sign(at, "(", "{") and at in words.closing
            before = words.all[words.before_lines(self._start(index) - 1)]
            if self._start(index) and before.kind != "newline" and before.text not in _BEFORE:
                continue
            if called or (at == index + 2 and words.is_sign(at, ";")):
                behind = words.closing[at] if called else at
                yield index

    def write(self, python: PythonText) -> None:
        """Write each chain as a Sequential, under its name."""
        reading, words = self._reading, self._reading.words
        if (found := _MODULE.search(reading.source.text)) and next(self.found(), None) is None:
            got = "a class of its own that derives from Module"
            remedy = "Write its layers as torch::nn::Sequential(...), or export it to ONNX."
            raise reading.refuse(Span(*found.span()), got, "layers in one Sequential", remedy)
        self._refuse_forward()
        chains = set(self.found())
        for index, word in enumerate(words.all):
            if index in chains:
                self._chain(index, python)
            elif word.text in self._names and word.kind == "name":
                self._changed(index, python)

    def _chain(self, index: int, python: PythonText) -> None:
        reading, words = self._reading, self._reading.words
        name = index + 1 if words.all[index + 1].kind == "name" else -1
        at = index + 1 if name < 0 else name + 1
        place = reading.place(words.all[index])
        self._refuse_loop(index, place)
        if words.is_sign(words.before_lines(self._start(index) - 1), "?"):
            raise reading.refuse(place, "a Sequential under a condition", "a chain that is made once")
        if name >= 0:
            called = words.all[name].text
        else:
            start = self._start(index)
            before = words.all[start - 2] if words.is_sign(start - 1, "=") else None
            called = before.text if before is not None and before.kind == "name" else ""
        if called:
            self._names.add(called)
            python.add(f"{identifier(called)} = ", place)
        python.add("nn.Sequential(", place)
        if words.is_sign(at, "(", "{"):
            self._layers([one.value for one in reading.terms.members(at)], python)
        python.add(")\n", place)

    def _refuse_loop(self, index: int, place: Span) -> None:
        words = self._reading.words
        if (loop := words.repeating[index]) >= 0:
            got = f"layers inside '{words.all[loop].text}', of which only running the code tells how it goes"
            raise self._reading.refuse(
                place, got, "a chain that is made once", "Write all layers in one Sequential."
            )

    def _refuse_forward(self) -> None:
        """Refuse a class whose forward does more than call its chain: `return net->forward(x);`."""
        reading, words = self._reading, self._reading.words
        for index, word in enumerate(words.all[:-1]):
            closing = words.closing.get(index + 1, 0) if word.text == "forward" else 0
            body = words.after_lines(closing + 1 + (words.all[closing + 1].text in ("const", "override")))
            if not closing or not words.is_sign(body, "{") or body not in words.closing:
                continue
            term, ends = reading.terms.read(words.after_lines(body + 1) + 1)
            plain = isinstance(term, CallTerm) and term.name == "forward" and len(term.positional) == 1
            plain = plain and isinstance(term.positional[0], NameTerm)  # type: ignore[union-attr]
            returned = words.all[words.after_lines(body + 1)].text == "return"
            if not plain or not returned or words.after_lines(ends + 1) != words.closing[body]:
                got = "a forward of its own, which is not read"
                remedy = "Give the Sequential alone, or export the model to ONNX."
                raise reading.refuse(reading.place(word), got, "return net->forward(x);", remedy)

    def _start(self, index: int) -> int:
        """Return the index at which `torch::nn::Sequential` begins."""
        words = self._reading.words
        while words.is_sign(index - 1, "::") and words.all[index - 2].kind == "name":
            index -= 2
        return index

    def _changed(self, index: int, python: PythonText) -> None:
        """Write `net->push_back(layer)`; refuse what changes a chain otherwise."""
        reading, words = self._reading, self._reading.words
        if words.is_sign(index + 1, "=") and not words.is_sign(index - 1, ".", "->", "::"):
            if words.all[self._start_behind(index)].text != _CONTAINER:
                python.add(
                    f"{identifier(words.all[index].text)} = changed()\n", reading.place(words.all[index])
                )
            return
        if not words.is_sign(index + 1, "->", ".") or not words.all[index + 2].text.startswith(
            ("push_back", "extend")
        ):
            return
        term, _ = reading.terms.read(index)
        self._refuse_loop(index, term.span)
        if not isinstance(term, CallTerm) or term.name != "push_back" or not term.positional:
            raise reading.refuse(term, f"{reading.shown(term)}, which is not read")
        layer = term.positional[-1]
        python.add(f"{identifier(words.all[index].text)}.append(", term.span)
        self._layer(layer, python)
        python.add(")\n", term.span)

    def _start_behind(self, index: int) -> int:
        """Return the index of the last name of `= torch::nn::Sequential(`."""
        words = self._reading.words
        at = min(index + 2, len(words.all) - 1)
        while words.is_sign(at + 1, "::") and words.all[at + 2].kind == "name":
            at += 2
        return at

    def _layers(self, members: Iterable[Term], python: PythonText) -> None:
        """Write the layers in the brackets of a chain."""
        for member in members:
            if (
                isinstance(member, ListTerm)
                and len(member.items) == 2
                and isinstance(member.items[0], TextTerm)
            ):
                self._layer(member.items[1], python)  # {"fc1", Linear(4, 2)}
            elif isinstance(member, ListTerm):
                self._layers(member.items, python)
                continue
            else:
                self._layer(member, python)
            python.add(",\n", member.span)

    def _layer(self, term: Term, python: PythonText) -> None:
        """Write a layer, whose class and options have the names that they have in Python.

        Raises:
            NotationError, CannotExpress: for what is none.
        """
        reading, meant = self._reading, self._reading.constants.value(term)
        if isinstance(meant, NameTerm) and meant.path in self._names:
            python.add(identifier(meant.path), term.span)
            return
        name = meant.name.removesuffix("Impl") if isinstance(meant, CallTerm) else ""
        if not isinstance(meant, CallTerm) or not name[:1].isupper():
            got = f"{reading.shown(term)} in a Sequential, which is no layer that is known"
            raise reading.refuse(term, got, layer=True)
        if name == _CONTAINER:
            python.add("nn.Sequential(", term.span)
            self._layers(meant.positional, python)
            python.add(")", term.span)
        elif name == "Functional":
            self._functional(meant, python)
        else:
            options = [option for one in meant.positional for option in self._options(one)]
            python.add(f"nn.{name}({', '.join(options)})", meant.span)

    def _functional(self, term: CallTerm, python: PythonText) -> None:
        """Write `Functional(torch::relu)`, `Functional(torch::log_softmax, 1, torch::nullopt)`."""
        given = term.positional
        function = given[0].last if given and isinstance(given[0], NameTerm) else ""
        if function in ("softmax", "log_softmax") and len(given) > 1:
            torch = "Softmax" if function == "softmax" else "LogSoftmax"
            python.add(f"nn.{torch}({self._reading.value(given[1])})", term.span)
        elif function in ("relu", "sigmoid", "tanh", "selu") and len(given) == 1:
            python.add(f"nn.{_CLASSES[function]}()", term.span)
        else:
            raise self._no_options(term)

    def _no_options(self, term: Term) -> ChalknetError:
        return self._reading.refuse(term, f"{self._reading.shown(term)}, which is not read", layer=True)

    def _options(self, term: Term) -> list[str]:
        """Return the arguments of a layer: `64`, `LinearOptions(784, 64).bias(false)`, `{64}`."""
        settings: list[str] = []
        while isinstance(term, CallTerm) and isinstance(term.callee, MemberTerm):
            if len(term.positional) != 1:
                raise self._no_options(term)
            settings.insert(0, f"{term.name}={self._value(term.positional[0])}")
            term = term.callee.of
        if isinstance(term, CallTerm) and _OPTIONS.fullmatch(term.name):
            return [*map(self._value, term.positional), *settings]
        if settings:
            raise self._no_options(term)
        return [*map(self._value, term.items)] if isinstance(term, ListTerm) else [self._value(term)]

    def _value(self, term: Term) -> str:
        if isinstance(term, ListTerm) and len(term.items) == 1:
            term = term.items[0]
        return self._reading.value(term)


_CLASSES = {"relu": "ReLU", "sigmoid": "Sigmoid", "tanh": "Tanh", "selu": "SELU"}
