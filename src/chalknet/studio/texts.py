"""The forms of a network on the page: the one the user writes in, and the network in that form."""

from __future__ import annotations

from typing import Any, NamedTuple

import chalknet as cn
from chalknet.lang import _
from chalknet.notation import recognise

# After an edit in the picture, the text is in the user's form, or the first of these that can express it.
_FALLBACKS = ("shorthand", "arrows", "torch", "json")
_HIGHLIGHTED = {"torch": "Python", "keras": "Python", "flax": "Python", "json": "JSON", "latex": "LaTeX"}


class FormText(NamedTuple):
    """A network as text, and the form of the text."""

    text: str
    form: str


def forms() -> dict[str, str]:
    """Return the titles of the forms of a network, by their names."""
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
    """Return the name of the most likely form of a text; empty for none."""
    try:
        name = recognise(text).name
    except cn.ChalknetError:
        return ""
    if name == "arrows" and "(" not in text.partition("->")[0]:
        return "shorthand"  # both are read alike; a formula of the lecture begins with X(n,784)
    return name


def highlighting(form: str) -> str | None:
    """Return the editor's highlighting language for a form; None if it has none."""
    return _HIGHLIGHTED.get(form)


def text_in_form(network: cn.Network, form: str) -> FormText:
    """Return the network in the user's form, or else in the first that can express it.

    Raises:
        CannotExpress: if none can.
    """
    wanted: list[Any] = [form] if form in forms() and form != "mathml" else []
    for name in (*wanted, *_FALLBACKS[:-1]):
        try:
            return FormText(cn.write(network, name), name)
        except cn.CannotExpress:
            continue
    return FormText(cn.write(network, "json"), "json")


def message(problem: cn.ChalknetError) -> str:
    """Return an error message without the lines of the text, which the editor marks itself."""
    said = str(problem)
    return said if problem.excerpt is None else said.removesuffix(f"\n  {problem.excerpt}")


class Caret(NamedTuple):
    """The place of an error in a text: its start, the position after its last character, and the line."""

    begin: int
    end: int
    line: int


def caret_of(problem: cn.ChalknetError, text: str) -> Caret | None:
    """Return the place of an error in the editor's text, or None if the error has no place in it."""
    excerpt = problem.excerpt
    if excerpt is None or not text:
        return None
    line = excerpt.line_number
    column = excerpt.position - (excerpt.text.rfind("\n", 0, excerpt.position) + 1)
    lines = text.split("\n")
    at_fault = excerpt.text.split("\n")[line - 1]
    if line > len(lines) or at_fault not in lines[line - 1]:
        return None  # the text that was read is not the editor's text
    before = sum(len(each) + 1 for each in lines[: line - 1]) + lines[line - 1].index(at_fault)
    begin = min(before + column, len(text))
    end = min(len(text), begin + max(1, excerpt.length))
    return Caret(min(begin, end - 1), end, line)
