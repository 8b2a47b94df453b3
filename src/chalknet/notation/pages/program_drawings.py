"""The drawings of a program: the graphs that it builds, and the texts that it makes, prints or holds."""

from __future__ import annotations

import ast
import re
from typing import NamedTuple

from chalknet.errors import ChalknetError
from chalknet.notation.limits import LIMITS
from chalknet.notation.pages.built_graph import BuiltGraph, NotDrawn
from chalknet.notation.pages.graph_calls import LIBRARIES
from chalknet.notation.pages.program import MOST_TEXTS, ProgramFollower
from chalknet.notation.tokens import SourceText
from chalknet.notation.torch_text import Code

DRAWS = re.compile(
    rf"\b(?:import|from)[ \t]++(?:{'|'.join(LIBRARIES)})\b|\bDigraph\(|\b(?:di)?+graph\b[^\n\"']{{0,80}}?\{{"
    r"|\b(?:graph|flowchart)[ \t]++(?:TB|TD|BT|RL|LR)\b"
)
_REMEDY = "Give the drawing itself: the DOT text, the Mermaid text or the SVG that the program writes."


class FoundDrawing(NamedTuple):
    """A drawing of a program: its text, the line that makes it, its names; or why it is not known."""

    text: str
    line: int
    names: tuple[str, ...]
    written: bool  # whether the text stands in the program as it is
    problem: ChalknetError | None = None


def drawings_of(text: str) -> list[FoundDrawing] | None:
    """Return the texts that a program makes or holds, and the graphs that it builds; None for no Python.

    Which of the texts are drawings is for the table of forms to say.
    """
    if len(text) > LIMITS["characters of code"]:
        return None
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    program = ProgramFollower(Code(SourceText("Python", text, remedy=_REMEDY), tree))
    try:
        program.follow()
    except RecursionError:
        return None
    except ChalknetError as problem:  # it takes more steps than drawing a network
        program.stopped = problem
    return _found(program)


def _found(program: ProgramFollower) -> list[FoundDrawing]:
    """Return what was drawn, in the order of the text."""
    made = [
        _of_graph(program, chart)
        for chart in program.graphs
        if not chart.head and (chart.problem or not chart.is_empty)
    ]
    texts = {} if program.stopped else dict(program.texts)
    for name, value in program.scopes[0].items():
        if isinstance(value, str) and not program.stopped:
            texts[value] = (program.lines.get(name, 1), name)
    if program.printed and not program.stopped:
        texts["".join(program.printed)] = (1, "")
    constants: dict[str, int] = {}
    for node in ast.walk(program.code.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) > 12:
            constants.setdefault(node.value, node.lineno)
    for text, line in constants.items():
        texts.setdefault(text, (line, ""))
    made += [
        FoundDrawing(text, constants.get(text, line), (name,) if name else (), text in constants)
        for text, (line, name) in texts.items()
    ][:MOST_TEXTS]
    return made


def _of_graph(program: ProgramFollower, chart: BuiltGraph) -> FoundDrawing:
    names = tuple(name for name, value in program.scopes[0].items() if value is chart)
    names = tuple(dict.fromkeys([*filter(None, [chart.name]), *names]))
    call, why = chart.problem or (None, "")
    try:
        text = "" if why else chart.dot()
    except NotDrawn as problem:
        text, why = "", str(problem)
    problem_of = program.stopped
    if why:
        problem_of = program.code.source.refuse(
            call.span if call else None, got=f"a graph of which only running the program tells {why}",
            wanted="names and labels that the text says",
        )  # fmt: skip
    return FoundDrawing(text, chart.line, names, False, problem_of)
