"""The words of a JavaScript program as its statements: names, bodies of functions, heads of loops, calls."""

from __future__ import annotations

import re
from functools import cached_property
from typing import NamedTuple

from chalknet.notation.languages.layers import ProgramReading
from chalknet.notation.languages.terms import Term
from chalknet.notation.tokens import Span

MAKES = re.compile(r"(?:^|\.)(?:[sS]equential|model|input|layers\.\w+|NeuralNetwork(?:GPU)?|Perceptron)$")
DECLARES = frozenset("const let var private public protected readonly static".split())
_LIBRARY = r"['\"](?:@tensorflow/tfjs[\w-]*+|brain\.js|synaptic)['\"]"
_WHOLE = re.compile(
    rf"\bimport\s++(?:\*\s*+as\s++)?+([\w$]++)\s++from\s*+{_LIBRARY}"
    rf"|\b([\w$]++)\s*+=\s*+require\(\s*+{_LIBRARY}"
)
_PARTS = re.compile(
    rf"\{{([^{{}}]*+)\}}\s*+(?:=\s*+(?:tf\s*+[;\n]|(?:brain|synaptic)\s*+[;\n]|require\(\s*+{_LIBRARY})|from\s*+{_LIBRARY})"
)
_KINDS = {
    "sequential": "sequential", "Sequential": "sequential", "model": "model", "input": "input",
    "layers.input": "input",
    "NeuralNetwork": "brain", "NeuralNetworkGPU": "brain", "Architect.Perceptron": "perceptron",
}  # fmt: skip
_REPEAT = frozenset("forEach map flatMap reduce filter setInterval".split())
_LONGEST_TYPE = 24  # words


class JsLoop(NamedTuple):
    """The head of a loop.

    Args:
        name: its variable.
        over: what it goes over: one expression, or the first value, the last one and the step.
        kind: "of", "in", or the sign before the last value.
    """

    name: str
    over: list[Term]
    kind: str


class JsWords:
    """The words of a program, asked for what stands there.

    Args:
        reading: the program.
    """

    def __init__(self, reading: ProgramReading) -> None:
        self._reading = reading
        self._words = reading.words
        self.all = reading.words.all
        self.closing = reading.words.closing
        self.is_sign = reading.words.is_sign
        self.after_lines = reading.words.after_lines

    # Names.

    def path_end(self, at: int) -> int:
        """Return the index of the word behind a name and the names after its dots."""
        at += 1
        while self.is_sign(at, ".") and self.all[at + 1].kind == "name":
            at += 2
        return at

    def path(self, at: int, end: int) -> str:
        """Return a name with those behind its dots."""
        return "".join(word.text for word in self.all[at:end])

    def equals(self, at: int, behind: int) -> int | None:
        """Return the index of the sign `=` that gives a name its value; None for none."""
        if self.is_sign(behind, "="):
            return behind
        if not self.is_sign(behind, ":") or self.all[at - 1].text not in DECLARES:
            return None
        for place in range(behind + 1, min(behind + _LONGEST_TYPE, len(self.all))):
            if self.is_sign(place, "="):
                return place
            if self.is_sign(place, ";") or self.all[place].kind == "newline":
                return None
        return None

    def changes(self, behind: int) -> bool:
        """Return whether the value of the name before a word is changed there: `n += 2`, `n++`."""
        twice = any(self.is_sign(behind, sign) and self.is_sign(behind + 1, sign) for sign in "+-")
        return twice or self.is_sign(behind, "+=", "-=", "*=", "/=")

    def declared(self, start: int, end: int) -> set[str]:
        """Return the names that are declared between two words."""
        return {
            self.all[at + 1].text
            for at in range(start, end)
            if self.all[at].text in ("const", "let", "var") and self.all[at + 1].kind == "name"
        }

    # Functions.

    def arrow(self, at: int) -> int | None:
        """Return the index of the sign `=>` behind parameters that begin at a word; None for none."""
        if self.all[at].kind == "name":
            return at + 1 if self.is_sign(at + 1, "=>") else None
        if not self.is_sign(at, "(") or at not in self.closing:
            return None
        behind = self._after_type(self.closing[at] + 1)
        return behind if self.is_sign(behind, "=>") else None

    def _after_type(self, at: int) -> int:
        """Return the index of the word behind the type that a function gives: `): tf.Sequential {`."""
        if not self.is_sign(at, ":"):
            return at
        for place in range(at + 1, min(at + _LONGEST_TYPE, len(self.all))):
            if self.is_sign(place, "=>", "{"):
                return place
        return at

    def method(self, at: int) -> int | None:
        """Return the index of the bracket of the parameters of `name(a, b) {`; None for anything else."""
        if not self.is_sign(at + 1, "(") or at + 1 not in self.closing:
            return None
        body = self._after_type(self.closing[at + 1] + 1)
        return at + 1 if self.is_sign(body, "{") else None

    def body(self, opening: int) -> Span | None:
        """Return the words of the body of a function with parameters at a word; None for no function."""
        arrow = self.arrow(opening)
        if arrow is None and (not self.is_sign(opening, "(") or opening not in self.closing):
            return None
        behind = self._after_type(self.closing[opening] + 1) if arrow is None else arrow + 1
        behind = self.after_lines(behind)
        if self.is_sign(behind, "{"):
            return Span(behind + 1, self.closing[behind]) if behind in self.closing else None
        return None if arrow is None else Span(behind, self.expression_end(behind))

    def is_expression(self, body: Span) -> bool:
        """Return whether a body is the value of an arrow function, without braces."""
        return not self.is_sign(body.start - 1, "{")

    def expression_end(self, at: int) -> int:
        """Return the index of the word at which an expression ends: a bracket, a comma, a line."""
        while at < len(self.all) - 1 and not self.is_sign(at, ",", ";", ")", "]", "}"):
            if self.all[at].kind == "newline":
                break
            at = self.closing.get(at, at) + 1
        return at

    def parameters(self, opening: int) -> dict[str, Term | None]:
        """Return the parameters of a function, each with its value by default."""
        if self.all[opening].kind == "name":
            return {self.all[opening].text: None}
        found: dict[str, Term | None] = {}
        at, end, expected = opening + 1, self.closing.get(opening, opening), True
        while at < end:
            if expected and self.all[at].kind == "name":
                found[self.all[at].text] = None
                expected = False
            elif self.is_sign(at, "=") and found:
                found[list(found)[-1]] = self._reading.terms.read(at + 1)[0]
            elif self.is_sign(at, ",", "{", "[", "..."):
                expected = True
            at = self.closing.get(at, at) + 1 if self.is_sign(at, "(") else at + 1
        return found

    def only_call(self, name: str) -> list[Term] | None:
        """Return the arguments of the only call of a function; None where there are none or several."""
        calls = self._calls.get(name, [])
        return [one.value for one in self._reading.terms.members(calls[0])] if len(calls) == 1 else None

    def calls(self, name: str) -> int:
        """Return how often a function is called; twice for a call in a loop or under a condition."""
        return len(self._calls.get(name, []))

    @cached_property
    def _calls(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for at, word in enumerate(self.all[:-1]):
            called = word.kind == "name" and self.is_sign(at + 1, "(") and at + 1 in self.closing
            of_another = self.is_sign(at - 1, ".") and self.all[at - 2].text != "this"
            if called and not of_another and self.all[at - 1].text != "function" and self.method(at) is None:
                found.setdefault(word.text, []).extend([at + 1] * (2 if self._repeats(at) else 1))
        return found

    def _repeats(self, at: int) -> bool:
        """Return whether a word stands in a loop, under a condition, or in what is called several times."""
        if self._words.repeating[at] >= 0:
            return True
        around = self._words.opened[at]
        while around > 0:
            if self.is_sign(around, "(") and self.all[around - 1].text in _REPEAT:
                return True
            around = self._words.opened[around]
        return False

    # Blocks.

    def block(self, at: int) -> Span:
        """Return the words of the block or the statement that a word such as `if` or `for` begins."""
        behind = at + 1
        if self.is_sign(behind, "(") and behind in self.closing:
            behind = self.closing[behind] + 1
        behind = self.after_lines(behind)
        if self.is_sign(behind, "{") and behind in self.closing:
            return Span(behind + 1, self.closing[behind])
        if self.all[behind].text in ("if", "for", "while"):
            return Span(behind, behind)  # `else if`: a condition of its own
        return Span(behind, self.expression_end(behind))

    def condition(self, at: int) -> Term | None:
        """Return the condition in the brackets behind a word `if`; None for one that is no plain value."""
        opening = at + 1
        if not self.is_sign(opening, "(") or opening not in self.closing:
            return None
        term, behind = self._reading.terms.read(opening + 1)
        return term if behind == self.closing[opening] else None

    def behind(self, body: Span) -> int:
        """Return the index of the first word of the statement behind a block."""
        closed = self.is_sign(body.end, "}", ";") and body.end > body.start - 1
        return self.after_lines(body.end + closed)

    def question(self, start: int) -> int | None:
        """Return the index of the sign `?` of a value that depends on a condition; None for none."""
        end = self.expression_end(start)
        at = start
        while at < end:
            if self.is_sign(at, "?") and not self.is_sign(at + 1, ".", "?"):
                return at
            at = self.closing.get(at, at) + 1
        return None

    def leaves(self, start: int, end: int) -> bool:
        """Return whether some words leave the loop that they are in."""
        return any(word.text in ("break", "continue", "return") for word in self.all[start:end])

    def loop(self, at: int) -> JsLoop | None:
        """Return the head of the loop that begins at a word `for`; None for one that is not followed."""
        opening = at + 1
        if not self.is_sign(opening, "(") or opening not in self.closing:
            return None
        first = opening + 1 + (self.all[opening + 1].text in DECLARES)
        name, second = self.all[first], self.all[first + 1]
        if name.kind != "name":
            return None
        if second.text in ("of", "in"):
            return JsLoop(name.text, [self._reading.terms.read(first + 2)[0]], second.text)
        return self._counted(first, self.closing[opening])

    def _counted(self, first: int, closing: int) -> JsLoop | None:
        """Return the head of `for (let i = 0; i < 3; i++)`."""
        name = self.all[first].text
        parts = [at for at in range(first, closing) if self.is_sign(at, ";")]
        equals = next((at for at in range(first, min(first + 6, closing)) if self.is_sign(at, "=")), None)
        if len(parts) != 2 or equals is None or self.all[parts[0] + 1].text != name:
            return None
        sign = self.all[parts[0] + 2].text
        counts = self.path(parts[1] + 1, closing)
        if sign not in ("<", "<=") or counts not in (f"{name}++", f"++{name}", f"{name}+=1"):
            return None
        terms = [self._reading.terms.read(at)[0] for at in (equals + 1, parts[0] + 3)]
        return JsLoop(name, terms, sign)

    # What calls make.

    def makes(self, path: str) -> tuple[str, str]:
        """Return what a call of a library makes, and the name of the layer; empty texts for another call."""
        first, _, rest = path.partition(".")
        called = rest if first in self._wholes else path if first in self._parts else ""
        if called.startswith("layers.") and called not in _KINDS:
            return "layers", called.removeprefix("layers.")
        return _KINDS.get(called, ""), ""

    @property
    def make_models(self) -> bool:
        """Return whether the program has a call that makes a model or a layer."""
        for at, word in enumerate(self.all[:-1]):
            if word.kind != "name" or self.is_sign(at - 1, "."):
                continue
            behind = self.path_end(at)
            asked = self.is_sign(behind, "(") and self.is_sign(self.after_lines(behind + 1), "{", ")")
            path = self.path(at, behind)
            if (asked or path.endswith("Perceptron")) and MAKES.search(path) and self.makes(path)[0]:
                return True
        return False

    @cached_property
    def _wholes(self) -> set[str]:
        """Return the names of the libraries in the program."""
        found = {name for one in _WHOLE.finditer(self._reading.source.text) for name in one.groups() if name}
        return {"tf", "brain", "synaptic", *found}

    @cached_property
    def _parts(self) -> set[str]:
        """Return the names that stand for parts of the libraries."""
        found = {"Architect"}
        for one in _PARTS.finditer(self._reading.source.text):
            found |= set(re.findall(r"[\w$]+", one[1]))
        return found
