"""The Python that a program in another language stands for, with each part at its place in the program."""

from __future__ import annotations

import ast
import keyword
from collections.abc import Sequence
from itertools import accumulate

from chalknet.notation.tokens import SourceText, Span
from chalknet.notation.torch_text import Code

IMPORTS = "from torch import nn\nimport torch\nimport torch.nn.functional as F\n"


class PythonText:
    """Grows piece by piece; each piece knows where in the program that stands which it was made of.

    Args:
        source: the program.
    """

    def __init__(self, source: SourceText) -> None:
        self.source = source
        self._pieces: list[str] = []
        self._places: list[int] = []
        self.add(IMPORTS, Span(0, 1))

    def add(self, python: str, place: Span) -> None:
        """Add a piece of Python that stands for a part of the program."""
        self._pieces.append(python)
        first, last = place.start, max(place.start, place.end - 1)
        self._places += [first] * (len(python) - 1) + [last] if python else []

    @property
    def is_empty(self) -> bool:
        """Return whether nothing was added."""
        return len(self._pieces) == 1

    def parsed(self) -> Code:
        """Return the statements, whose places are those in the program."""
        python = "".join(self._pieces)
        tree = ast.parse(python)
        _Relocated(python, self._places, self.source.text).all_of(tree)
        return Code(self.source, tree)


class _Relocated:
    """Gives parsed statements their places in another text.

    Args:
        python: what was parsed.
        places: where each of its characters stands in the other text.
        text: the other text.
    """

    def __init__(self, python: str, places: Sequence[int], text: str) -> None:
        self._rows = python.split("\n")
        self._row_starts = list(accumulate((len(row) + 1 for row in self._rows), initial=0))
        self._places = places
        self._lines = list(accumulate((letter == "\n" for letter in text), initial=0))
        self._bytes = list(accumulate((len(letter.encode()) for letter in text), initial=0))
        rows = text.split("\n")
        self._line_starts = list(accumulate((len(row) + 1 for row in rows), initial=0))

    def all_of(self, tree: ast.AST) -> None:
        for node in ast.walk(tree):
            if isinstance(node, ast.expr | ast.stmt | ast.arg | ast.keyword):
                self._move(node)

    def _move(self, node: ast.expr | ast.stmt | ast.arg | ast.keyword) -> None:
        first = self._place(node.lineno, node.col_offset)
        last = self._place(node.end_lineno or node.lineno, (node.end_col_offset or 1) - 1)
        node.lineno, node.col_offset = self._position(first)
        node.end_lineno, node.end_col_offset = self._position(max(first, last) + 1)

    def _place(self, line: int, column_bytes: int) -> int:
        row = self._rows[line - 1]
        column = len(row.encode()[:column_bytes].decode(errors="ignore"))
        return self._places[min(self._row_starts[line - 1] + column, len(self._places) - 1)]

    def _position(self, place: int) -> tuple[int, int]:
        place = min(place, len(self._bytes) - 1)
        line = self._lines[place]
        return line + 1, self._bytes[place] - self._bytes[self._line_starts[line]]


def identifier(name: str) -> str:
    """Return a name as Python may have it."""
    plain = name.rstrip("!")
    return f"{plain}_" if keyword.iskeyword(plain) or not plain.isidentifier() else plain
