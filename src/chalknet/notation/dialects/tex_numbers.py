r"""The arithmetic of pgf: `\i*1.5`, `int(...)`, `Mod(...)`, comparisons, lengths with their units."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

from chalknet.notation.dialects.tex_text import Unread

Value: TypeAlias = "float | str | list[Value]"

_DEEPEST = 30
_LARGEST = 1e12
_LONGEST = 2_000  # characters of an expression
_PART = re.compile(
    r"\s*+(?:(?P<number>(?:[0-9]++(?:\.[0-9]*+)?+|\.[0-9]++)(?:[eE][+-]?[0-9]{1,2}(?![a-zA-Z]))?+)"
    r'|(?P<name>[A-Za-z][A-Za-z0-9]*+)|"(?P<text>[^"]*+)"|(?P<sign>==|!=|<=|>=|&&|\|\||[-+*/^()<>?:!,{}\[\]]))'
)
_UNITS: Mapping[str, float] = {  # in centimetres
    "cm": 1.0, "mm": 0.1, "pt": 1 / 28.4528, "in": 2.54, "em": 0.35, "ex": 0.15, "bp": 0.0353, "pc": 0.42,
    "sp": 0.0, "textwidth": 12.0, "linewidth": 12.0, "columnwidth": 12.0,
}  # fmt: skip
_CONSTANTS: Mapping[str, float] = {"pi": math.pi, "e": math.e, "true": 1.0, "false": 0.0}


def _degrees(function: Callable[[float], float]) -> Callable[[float], float]:
    return lambda angle: round(function(math.radians(angle)), 9)


_FUNCTIONS: Mapping[str, Callable[..., float]] = {
    "int": math.trunc, "floor": math.floor, "ceil": math.ceil, "round": lambda x: math.floor(x + 0.5),
    "trunc": math.trunc, "abs": abs, "sqrt": math.sqrt, "min": min, "max": max, "exp": math.exp,
    "ln": math.log, "log10": math.log10, "log2": math.log2, "pow": lambda x, y: float(x) ** y,
    "mod": math.fmod, "Mod": lambda x, y: x % y, "div": lambda x, y: math.trunc(x / y),
    "add": lambda x, y: x + y, "subtract": lambda x, y: x - y, "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / y, "neg": lambda x: -x, "sign": lambda x: (x > 0) - (x < 0),
    "isodd": lambda x: x % 2 == 1, "iseven": lambda x: x % 2 == 0, "not": lambda x: not x,
    "equal": lambda x, y: x == y, "notequal": lambda x, y: x != y, "greater": lambda x, y: x > y,
    "less": lambda x, y: x < y, "notgreater": lambda x, y: x <= y, "notless": lambda x, y: x >= y,
    "and": lambda x, y: x and y, "or": lambda x, y: x or y,
    "veclen": math.hypot, "deg": math.degrees, "rad": math.radians, "scalar": float, "real": float,
    "sin": _degrees(math.sin), "cos": _degrees(math.cos), "tan": _degrees(math.tan),
    "factorial": lambda x: math.factorial(int(x)) if 0 <= x <= 20 else math.inf,
}  # fmt: skip
_COMPARED: Mapping[str, Callable[[Value, Value], bool]] = {
    "==": lambda x, y: x == y,
    "!=": lambda x, y: x != y,
    "<": lambda x, y: _number(x) < _number(y),
    ">": lambda x, y: _number(x) > _number(y),
    "<=": lambda x, y: _number(x) <= _number(y),
    ">=": lambda x, y: _number(x) >= _number(y),
}


def calculate(text: str) -> Value:
    """Return the value of an expression; a text in quotes is one too.

    Raises:
        Unread: for what is no expression, or a number that nothing in a drawing has.
    """
    return _Sum(text).value()


def number(text: str) -> float:
    """Return the number that an expression is; see `calculate`."""
    return _number(calculate(text))


def length(text: str) -> tuple[float, bool]:
    """Return a length, and whether it is in centimetres, its unit being written, or in units of the picture."""
    wanted = _Sum(text)
    value = _number(wanted.value())
    return value, wanted.has_unit


def shown(value: Value) -> str:
    """Return a value as it is written in a name or in a label: whole numbers without a point."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ",".join(map(shown, value))
    return str(int(value)) if value == int(value) else f"{value:.5g}"


def _number(value: Value) -> float:
    if isinstance(value, str | list):
        raise Unread(f"the text {str(value)[:20]!r} in a calculation", "a number")
    return value


class _Sum:
    """Reads one expression from left to right."""

    def __init__(self, text: str) -> None:
        if len(text) > _LONGEST:
            raise Unread("a very long calculation", f"at most {_LONGEST:,} characters")
        self._text, self._at, self._depth = text.replace("{}", ""), 0, 0
        self.has_unit = False
        self._next()

    def value(self) -> Value:
        try:
            found = self._choice()
        except (ArithmeticError, ValueError, TypeError) as problem:
            raise Unread(f"{self._text.strip()[:40]!r}, which has no value", "a number") from problem
        if self._kind != "end":
            raise Unread(f"{self._text.strip()[:40]!r}", "a number or a calculation")
        return found

    def _next(self) -> None:
        match = _PART.match(self._text, self._at)
        self._kind, self._word = "end", ""
        if match and match.lastgroup:
            self._kind, self._word, self._at = match.lastgroup, match.group(match.lastgroup), match.end()
        elif self._text[self._at :].strip():
            raise Unread(f"{self._text.strip()[:40]!r}", "a number or a calculation")

    def _met(self, *signs: str) -> str:
        word = self._word if self._kind == "sign" and self._word in signs else ""
        if word:
            self._next()
        return word

    def _choice(self) -> Value:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise Unread("a calculation with brackets nested too deep", f"at most {_DEEPEST}")
        value = self._either()
        if self._met("?"):
            first = self._choice()
            if not self._met(":"):
                raise Unread(f"{self._text.strip()[:40]!r}", "a : behind the ?")
            second = self._choice()
            value = first if value else second
        self._depth -= 1
        return value

    def _either(self) -> Value:
        value = self._compared()
        while sign := self._met("&&", "||"):
            other = self._compared()
            value = float(bool(value and other) if sign == "&&" else bool(value or other))
        return value

    def _compared(self) -> Value:
        value = self._added()
        while sign := self._met(*_COMPARED):
            value = float(_COMPARED[sign](value, self._added()))
        return value

    def _added(self) -> Value:
        value = self._multiplied()
        while sign := self._met("+", "-"):
            other = _number(self._multiplied())
            value = _number(value) + (other if sign == "+" else -other)
        return value

    def _multiplied(self) -> Value:
        value = self._power()
        while sign := self._met("*", "/"):
            other = _number(self._power())
            value = _number(value) * other if sign == "*" else _number(value) / other
        return value

    def _power(self) -> Value:
        signs = 0
        while sign := self._met("-", "+"):
            signs += sign == "-"
        negated = self._kind == "sign" and self._word == "!" and bool(self._met("!"))
        value = self._operand()
        while self._met("^"):
            value = float(_number(value)) ** _number(self._operand())
        if isinstance(value, complex) or (isinstance(value, float) and not abs(value) < _LARGEST):
            raise Unread(f"{self._text.strip()[:40]!r}", "a number of ordinary size")
        if negated:
            value = float(not value)
        return -_number(value) if signs % 2 else value

    def _operand(self) -> Value:
        kind, word = self._kind, self._word
        self._next()
        value: Value
        if kind == "number":
            value = float(word)
        elif kind == "text":
            value = word
        elif kind == "sign" and word == "(":
            value = self._choice()
            self._close(")")
        elif kind == "sign" and word == "{":
            members = self._members("}")
            value = members[0] if len(members) == 1 and not self._indexed() else members
        elif kind == "name":
            value = self._named(word)
        elif kind == "sign" and word in "-+":
            value = -_number(self._operand()) if word == "-" else self._operand()
        else:
            raise Unread(f"{self._text.strip()[:40]!r}", "a number or a calculation")
        return self._with_unit(value)

    def _indexed(self) -> bool:
        return self._kind == "sign" and self._word == "["

    def _with_unit(self, value: Value) -> Value:
        while self._indexed() and isinstance(value, list | str):
            self._next()
            place = int(_number(self._choice()))
            self._close("]")
            value = value[place]
        if self._kind == "name" and self._word in _UNITS:
            value = _number(value) * _UNITS[self._word]
            self.has_unit = True
            self._next()
        elif self._kind == "name" and self._word == "r":
            self._next()
            value = math.degrees(_number(value))
        return value

    def _named(self, word: str) -> Value:
        if self._met("("):
            given = self._members(")")
            if word == "ifthenelse" and len(given) == 3:
                return given[1] if given[0] else given[2]
            if word not in _FUNCTIONS:
                raise Unread(f"the function {word}(), which is not known", "int, mod, max and the like")
            return float(_FUNCTIONS[word](*map(_number, given)))
        if word in _FUNCTIONS and self._kind in ("number", "name"):  # sin 30
            return float(_FUNCTIONS[word](_number(self._operand())))
        if word not in _CONSTANTS:
            raise Unread(f"{word!r} in a calculation", "a number")
        return _CONSTANTS[word]

    def _members(self, closing: str) -> list[Value]:
        given = [self._choice()]
        while self._met(","):
            given.append(self._choice())
        self._close(closing)
        return given

    def _close(self, sign: str) -> None:
        if not self._met(sign):
            raise Unread(f"{self._text.strip()[:40]!r}", f"a {sign}")
