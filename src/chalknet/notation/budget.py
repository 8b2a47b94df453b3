"""How much is done to follow a program: steps and the size of what it makes, counted over every operation."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Sized

from chalknet.notation.limits import LIMITS, over_limit
from chalknet.notation.torch_text import Code

_STEPS = "steps of following code"
_LARGEST = 10**12  # no width is larger
_LONGEST = 10_000  # members of a list, letters of a text
_MEMBERS_A_STEP = 16  # copied in about the time of one step
_NUMBERS = (int, float, bool)


class StepBudget:
    """Counts the steps of following a program, and refuses beforehand what would take too many at once.

    Args:
        code: the program, to name the line in which the steps ran out.
    """

    def __init__(self, code: Code) -> None:
        self._code = code
        self._spent = 0

    def spend(self, node: ast.expr | ast.stmt | None, steps: int = 1) -> None:
        """Count steps at a place of the program.

        Raises:
            NotationError: naming the line, for more of them than following a network takes.
        """
        self._spent += steps
        if self._spent > LIMITS[_STEPS]:
            span = None if node is None else self._code.span(node)
            raise over_limit(self._code.source, span, _STEPS, self._spent)

    def made(self, node: ast.expr, value: object) -> object:
        """Count what an expression made, and return it; a number larger than any width is none.

        Raises:
            ValueError: for such a number.
        """
        items = getattr(value, "items", value)
        if isinstance(items, Sized) and not isinstance(items, range):
            self.spend(node, len(items) // _MEMBERS_A_STEP)
        if isinstance(value, int | float) and abs(value) > _LARGEST:
            raise ValueError("a number larger than any width")
        return value

    def walk(self, node: ast.expr | ast.stmt | None, *values: object) -> None:
        """Count every member of what is about to be compared or copied as a whole, at any depth."""
        waiting = list(values)
        while waiting:
            value = waiting.pop()
            self.spend(node)
            inside = value.values() if isinstance(value, dict) else getattr(value, "items", value)
            if isinstance(inside, Collection) and not isinstance(inside, str | bytes | range):
                waiting += inside

    def check_operator(self, node: ast.expr, sign: ast.AST, values: tuple[object, ...]) -> None:
        """Refuse an operation whose result would be too large, or that would take too long.

        Raises:
            ValueError: for one.
        """
        left, right = values[0], values[-1]
        sized = [value for value in values if isinstance(value, Sized) and not isinstance(value, range)]
        if isinstance(sign, ast.Mult) and sized:
            times = next((value for value in values if isinstance(value, int)), 0)
            _refuse(len(sized[0]) * times > _LONGEST, "a list that is too long to make")
        elif isinstance(sign, ast.Mod) and isinstance(left, str | bytes):
            plain = all(
                isinstance(part, (*_NUMBERS, str))
                for part in (right if isinstance(right, tuple) else [right])
            )
            wide = re.search(r"\*|[0-9]{4}", left if isinstance(left, str) else left.decode("latin-1"))
            _refuse(wide or not plain, "a text that is too long to make")
        elif isinstance(sign, ast.In | ast.NotIn) and isinstance(right, range):
            _refuse(not isinstance(left, int), "a search in a range that may not end")
        if isinstance(sign, ast.cmpop) and sized:
            self.walk(node, *sized)

    def check_call(self, node: ast.expr, name: str, given: list[object]) -> None:
        """Refuse a call of Python's own functions that would take too long or make too much.

        Raises:
            ValueError: for one.
        """
        first = given[0] if given else None
        self.walk(node, *given)
        if name == "round":
            digits = given[1] if len(given) > 1 else 0
            _refuse(not isinstance(digits, int) or abs(digits) > 100, "digits that no width has")
        elif name in ("prod", "sum"):
            members = first if isinstance(first, list | tuple | range) else []
            _refuse(len(members) > _LONGEST, "more numbers than any network has layers")
            _refuse(
                not all(isinstance(part, _NUMBERS) for part in (*members, *given[1:])),
                "a sum of what is no number",
            )
        elif name == "str":
            _refuse(not isinstance(first, (*_NUMBERS, str)), "the text of what is no number")


def _refuse(wrong: object, why: str) -> None:
    """Raise what makes the value of an expression unknown."""
    if wrong:
        raise ValueError(why)
