"""The equations of a text, read one after the other to what becomes of x."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from chalknet.notation.listings.formula_products import INPUTS, Products
from chalknet.notation.listings.formula_tokens import WEIGHT, FormulaToken, formula_tokens
from chalknet.notation.listings.formula_told import Told
from chalknet.notation.listings.formula_values import X, is_function, refuse_token
from chalknet.notation.tokens import SourceText

_ENDS = (";", ",", ".", "with", "where", "and")  # what stands between one equation and the next
_MEASURE = re.compile(r"L|J|E|C|loss|Loss|l|ell|cost|Cost|MSE")
_OF_MEASURES = {"sum", "log", "ln", "lambda", "frac", "mathbb", "Vert", "lVert", "rVert", "|"}
_BESIDE = re.compile(r"theta|Theta|frac|partial|nabla|delta|Delta|d[ZWAbX]")  # parameters, gradients
_CHOICE = ("arg", "argmax", "argmin")
_CIRCLES = ("∘", "circ")
_ABOVE = (["_"], ["^"])


@dataclass(frozen=True)
class _Equation:
    """What stands left and right of the signs = of an equation."""

    left: list[list[FormulaToken]]
    right: list[FormulaToken]

    @property
    def names(self) -> list[str]:
        """Return what the equation gives a name to."""
        return ["".join(token.key for token in side if token.name not in "()[]") for side in self.left]

    @property
    def head(self) -> str:
        """Return the name of the function that is defined, `f` in `f(x) = ...`; empty for none."""
        side = self.left[0] if self.left else []
        return side[0].key if len(side) > 3 and side[1].name == "(" and side[-1].name == ")" else ""

    @property
    def argument(self) -> str:
        """Return the x of `f(x) = ...`; empty for none."""
        return self.left[0][2].key if self.head and len(self.left[0]) == 4 else ""


class Equations:
    """Reads the equations of a text.

    Args:
        source: the text, to point into.
        said: what it tells beside them.
    """

    def __init__(self, source: SourceText, said: Told) -> None:
        self._source = source
        self._said = said
        self.products = Products(source, said)
        self._maps: set[str] = set()  # names of functions of x, which may be composed
        self.notes = self.products.notes
        self.used = self.products.used

    def read(self) -> X:
        """Return x after all of the formula; each equation may name what it gives."""
        lines = [self._equation(line) for line in self._lines([*formula_tokens(self._said.equations)])]
        named = [line for line in lines if line.left]
        defined = {name for line in named for name in (*line.names, line.head) if name}
        last = self._last([line for line in named if self._matters(line, defined)])
        if last is None:
            last = self._last([line for line in lines if not line.left and self._matters(line, defined)])
        if last is None:
            raise self._source.refuse(None, got="no product of weights and x", wanted="W x + b in a function")
        return last

    def _last(self, lines: list[_Equation]) -> X | None:
        """Return what the last of some equations gives, each read after those that it uses."""
        defined = {name for line in lines for name in (*line.names, line.head) if name}
        self.products.defined = defined
        known: set[str] = set()
        found: dict[int, X] = {}
        waiting = [*enumerate(lines)]
        uses = [self._uses(line, defined) for line in lines]
        used: set[str] = set()
        while waiting:
            ready = next((one for one in waiting if not (uses[one[0]] - known)), waiting[0])
            waiting.remove(ready)
            place, line = ready
            value = self._value(line)
            used |= uses[place]
            known |= {name for name in (*line.names, line.head) if name}
            if value is not None and value.layers:
                found[place] = value
        ends = [place for place in found if not used & {*lines[place].names, lines[place].head}]
        return found[max(ends or found)] if found else None

    def _uses(self, line: _Equation, defined: set[str]) -> set[str]:
        own = {*line.names, line.head, line.argument} & {*INPUTS, line.argument}
        return {token.key for token in line.right} & defined - own

    def _matters(self, line: _Equation, defined: set[str]) -> bool:
        """Return whether an equation makes a product, or uses what another one gives."""
        right = {token.key for token in line.right}
        weights = any(WEIGHT.fullmatch(token.name) for token in line.right)
        name = line.left[0][0].name if line.left and line.left[0] else ""
        measured = bool(_MEASURE.fullmatch(name)) and (not weights or bool(_OF_MEASURES & right))
        chosen = any(token.name in _CHOICE for token in line.right)
        if name and (measured or chosen or _BESIDE.fullmatch(name)):
            if right & defined:
                self.notes.append(f"the equation of {line.names[0]} is no layer: it is not read")
            return False
        if line.head and line.head in right:
            return False  # what holds for the network, f(2x) = 2 f(x)
        if line.head.endswith("'") and line.head.rstrip("'") in right and not weights:
            return False  # the derivative of a function
        if weights:
            return any(not WEIGHT.fullmatch(token.name) for token in line.right)
        if any(token.name in _CIRCLES for token in line.right):
            return True
        others = right & defined - {line.argument}
        if line.head and line.argument in right and is_function(line.left[0][0]) and not others:
            return False  # what a function does to any argument
        return bool(line.left) and bool(right & defined or (len(line.right) == 1 and right <= {*INPUTS}))

    def _value(self, line: _Equation) -> X | None:
        right = self._nested(line.right) if any(t.name in _CIRCLES for t in line.right) else line.right
        value = self.products.read(right, line.argument)
        if value is None:
            return None
        for side in line.left:
            entries = self._entries(side[0]) if side and (len(side) == 1 or line.head) else None
            value = value if entries is None else self.products.settled(value, side[0], entries)
        for name in line.names:
            self.products.name(name, value)
            self._maps |= {name} if len(right) > len(line.right) else set()
        if line.head:
            self.products.name(line.head, value)
            self._maps.add(line.head)
        return value

    def _entries(self, token: FormulaToken) -> int | None:
        """Return how many entries a text says that a state or the value of a function has."""
        size = self._said.sizes.get(token.key)
        numbers = [int(side) for side in size or () if side and side.isdigit()]
        if size is None or token.key in INPUTS or not numbers:
            return None
        if token.key in self._said.affine:
            return numbers[0] if size[0].isdigit() else None
        return numbers[0] if len(numbers) == 1 else max(numbers) if 1 in numbers else None

    def _nested(self, tokens: list[FormulaToken]) -> list[FormulaToken]:
        """Return a composition `f ∘ A` as `f(A(x))`; a circle between two values stays, and is refused."""
        parts: list[list[FormulaToken]] = [[]]
        for token in tokens:
            if token.name in _CIRCLES:
                parts.append([])
            else:
                parts[-1].append(token)
        last = parts[-1]
        signs = "".join(t.name if t.name in "()," else "x" for t in last[1:])
        if len(last) > 4 and re.fullmatch(r"\(x(?:,x)+\)", signs):  # `A(t, x)`: the entries of x
            parts[-1] = [*last[:2], last[2]._replace(name="x", number=""), last[-1]]
        while len(parts[-1]) > 3 and [t.name for t in (parts[-1][-3], parts[-1][-1])] == ["(", ")"]:
            tail, parts[-1] = parts[-1][-3:], parts[-1][:-3]
            if parts[0][0].name == "(" and parts[-1][-1].name == ")":
                parts[0], parts[-1] = parts[0][1:], parts[-1][:-1]
            return self._calls(parts, tail[1])
        return self._calls(parts, None)

    def _calls(self, parts: list[list[FormulaToken]], x: FormulaToken | None) -> list[FormulaToken]:
        if any(len(part) != 1 for part in parts):
            odd = next(part for part in parts if len(part) != 1)
            place = odd[0] if odd else parts[0][0]
            raise refuse_token(self._source, place, "in a composition of maps that have no name each")
        for (part,) in parts:
            if part.key in self.products.defined - self._maps:
                raise refuse_token(
                    self._source, part, "in a product entry by entry, or used before it is known"
                )
        nested = [parts[-1][0]._replace(name="x", number="")] if x is None else [x]
        for (part,) in reversed(parts):
            opening, closing = part._replace(name="(", number=""), part._replace(name=")", number="")
            nested = [part, opening, *nested, closing]
        return nested

    def _lines(self, tokens: list[FormulaToken]) -> Iterator[list[FormulaToken]]:
        line: list[FormulaToken] = []
        depth = 0
        for place, token in enumerate(tokens):
            depth += (token.name in "([") - (token.name in ")]")
            before = tokens[place - 1].place.end if place else token.place.start
            between = self._said.equations[before : token.place.start]
            ends = "\n" in between or "\\\\" in between or token.name in _ENDS
            continues = line[-1:] and line[-1].name in "+=" and [t.name for t in line[-2:-1]] not in _ABOVE
            if ends and depth <= 0 and line and token.name not in "+=" and not continues:
                yield line
                line = []
            if token.name not in (*_ENDS, "\\") or (token.name == "," and depth > 0):
                line.append(token)
        if line:
            yield line

    def _equation(self, line: list[FormulaToken]) -> _Equation:
        sides: list[list[FormulaToken]] = [[]]
        for token in line:
            if token.name == "=":
                sides.append([])
            else:
                sides[-1].append(token)
        if len(sides) > 1 and not sides[-1]:
            raise refuse_token(self._source, line[-1], "with nothing behind it")
        return _Equation(sides[:-1], sides[-1])
