"""Python copied from notebooks, pages and terminals, parsed with every character at its place."""

from __future__ import annotations

import ast
import json
import re
import threading
import warnings
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from chalknet.notation.libraries.known import family_of
from chalknet.notation.limits import check_limit
from chalknet.notation.tokens import SourceText, Span
from chalknet.notation.torch_options import with_options

_REMEDY = "Write for instance net = torch.nn.Sequential(torch.nn.Linear(784, 1), torch.nn.Sigmoid())."
_FENCE = re.compile(r"^[ \t]*+(`{3,}+|~{3,}+)[^\n]*+\n(.*?)(?:^[ \t]*+\1[ \t]*+$|\Z)", re.M | re.S)
_PROMPT = re.compile(r"^[ \t]*+(?:>>>|\.\.\.|In \[\d*+\]:|(?<=[ \t])\.\.\.:)(?: |$)([^\n]*+)", re.M)
_FIRST_PROMPT = re.compile(r"^[ \t]*(?:>>>|In \[\d*\]:)", re.M)
_MAGIC = re.compile(r"^[ \t]*[%!?][^\n]*", re.M)
_NO_CODE = re.compile(r"[^\n]")


@dataclass(frozen=True)
class Code:
    """Parsed Python, and where each part of it stands in the text that the user gave.

    Args:
        source: the user's text.
        tree: the parsed statements.
        notes: what was assumed of them.
    """

    source: SourceText
    tree: ast.Module
    notes: tuple[str, ...] = ()

    def span(self, node: ast.expr | ast.stmt) -> Span:
        """Return where the node stands in the text."""
        start = self._offset(node.lineno, node.col_offset)
        end = self._offset(node.end_lineno or node.lineno, node.end_col_offset or 0)
        return Span(start, max(end, start + 1))

    @cached_property
    def _lines(self) -> list[tuple[int, str]]:
        rows = self.source.text.split("\n")
        starts = accumulate((len(row) + 1 for row in rows), initial=0)
        return list(zip(starts, rows, strict=False))

    def _offset(self, line: int, column_bytes: int) -> int:
        start, row = self._lines[line - 1]
        return start + len(row.encode()[:column_bytes].decode(errors="ignore"))


_FILTERS = threading.Lock()  # the filters are the process's: two threads would put back each other's


def parse(text: str, what: str = "") -> Code:
    """Return the Python in a text: a script, a notebook's cell, a page with fences.

    Args:
        text: what the user gave.
        what: what it is called in errors; without it, by the library that it uses.

    Raises:
        NotationError: with a caret, for what is no Python.
    """
    text = _cells(text).replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ")
    source, code = SourceText(what or family_of(text) or "PyTorch code", text, remedy=_REMEDY), _code_in(text)
    check_limit(source, None, "characters of code", sum(map(len, code.split())))
    first = next((line for line in code.split("\n") if line.strip()), "")
    added = int(first.startswith(" "))  # a piece cut out of a page, with its margin
    try:
        with _FILTERS, warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # an odd escape in the user's strings
            tree = ast.parse("if 1:\n" * added + code)
            tree, told = with_options(ast.increment_lineno(tree, -added))
            return Code(source, tree, told)
    except SyntaxError as problem:
        lines = text.split("\n")
        line = min(max((problem.lineno or 1) - added, 1), len(lines))
        at = sum(len(row) + 1 for row in lines[: line - 1])
        at += min(max((problem.offset or 1) - 1, 0), len(lines[line - 1]))
        reason = problem.msg
    except (RecursionError, MemoryError, ValueError) as problem:
        at, reason = 0, str(problem) or "brackets nested too deep"
    raise source.refuse(at, got=f"a syntax error ({reason})", wanted="Python that can be parsed")


def _cells(text: str) -> str:
    """Return the code cells of a Jupyter notebook, one below the other; any other text as it is."""
    if not text.lstrip().startswith("{"):
        return text
    try:
        cells = json.loads(text)["cells"]
        return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    except (ValueError, KeyError, TypeError, RecursionError):
        return text


def _code_in(text: str) -> str:
    """Return the text with everything but code replaced by spaces, so that no character moves."""
    if _FENCE.search(text):
        text = _only(text, [match.span(2) for match in _FENCE.finditer(text)])
    if _FIRST_PROMPT.search(text):
        text = _only(text, [match.span(1) for match in _PROMPT.finditer(text)])
    return _MAGIC.sub(lambda line: " " * len(line.group()), text)


def _only(text: str, kept: list[tuple[int, int]]) -> str:
    letters = list(_NO_CODE.sub(" ", text))
    for start, end in kept:
        letters[start:end] = text[start:end]
    return "".join(letters)
