"""The forms of a network on the page: which one the user writes in, and the network in that form."""

from __future__ import annotations

from typing import Any, NamedTuple

import chalknet as cn
from chalknet.lang import _
from chalknet.notation import recognise

# Forms in which an edit by hand is written back, the first that can express it, after the user's own.
_FALLBACKS = ("shorthand", "arrows", "torch", "json")
_HIGHLIGHTED = {"torch": "Python", "keras": "Python", "flax": "Python", "json": "JSON", "latex": "LaTeX"}


class Written(NamedTuple):
    """A network as a text, and the form that the text is in."""

    text: str
    form: str


def forms() -> dict[str, str]:
    """Return the words for the forms that a network is written in, by their names."""
    return {
        "arrows": _("Arrows"),
        "shorthand": _("Shorthand"),
        "torch": "PyTorch",
        "latex": "LaTeX",
        "latex-layers": _("LaTeX, layers grouped"),
        "keras": "Keras",
        "flax": "Flax",
        "dot": "DOT (Graphviz)",
        "mermaid": "Mermaid",
        "mathml": "MathML",
        "json": "JSON",
    }


def form_of(text: str) -> str:
    """Return the name of the form that a text is most likely in; empty for none."""
    try:
        name = recognise(text).name
    except cn.ChalknetError:
        return ""
    if name == "arrows" and "(" not in text.partition("->")[0]:
        return "shorthand"  # both are read alike; a formula of the lecture begins with X(n,784)
    return name


def highlighting(form: str) -> str | None:
    """Return the language by which the editor colours a form; None for one that it does not know."""
    return _HIGHLIGHTED.get(form)


def text_like(network: cn.Network, form: str) -> Written:
    """Return the network in the form that the user writes in, else in the first that can express it.

    Raises:
        CannotExpress: where none can.
    """
    wanted: list[Any] = [form] if form in forms() and form != "mathml" else []
    for name in (*wanted, *_FALLBACKS[:-1]):
        try:
            return Written(cn.write(network, name), name)
        except cn.CannotExpress:
            continue
    return Written(cn.write(network, "json"), "json")


def message(problem: cn.ChalknetError) -> str:
    """Return what is wrong without the lines of the text, which the editor marks itself."""
    said = str(problem)
    return said if problem.excerpt is None else said.removesuffix(f"\n  {problem.excerpt}")


class Caret(NamedTuple):
    """Where a text is at fault: positions in it, the second one behind the last character, and the line."""

    begin: int
    end: int
    line: int


def caret_of(problem: cn.ChalknetError, text: str) -> Caret | None:
    """Return where the text of the editor is at fault, or None where the error names no place in it."""
    excerpt = problem.excerpt
    if excerpt is None or not text:
        return None
    line = excerpt.line_number
    column = excerpt.position - (excerpt.text.rfind("\n", 0, excerpt.position) + 1)
    lines = text.split("\n")
    at_fault = excerpt.text.split("\n")[line - 1]
    if line > len(lines) or at_fault not in lines[line - 1]:
        return None  # what was read is not what stands in the editor
    before = sum(len(each) + 1 for each in lines[: line - 1]) + lines[line - 1].index(at_fault)
    begin = min(before + column, len(text))
    end = min(len(text), begin + max(1, excerpt.length))
    return Caret(min(begin, end - 1), end, line)
