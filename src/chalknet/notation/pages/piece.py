"""A piece of a page that may be a network: its text, where it stands, and what it is called."""

from __future__ import annotations

import re
from typing import NamedTuple

from chalknet.errors import ChalknetError, NotationError

# The words by which a fence, a class or a directive says what is inside, and the rows that may read it.
_WORDS: dict[str, str] = {
    "mermaid": "mermaid mmd mermaidjs mermaid-js",
    "dot": "dot graphviz gv viz digraph vnd.graphviz x-dot x-graphviz vizjs viz-js",
    "svg": "svg xml image/svg+xml",
    "plantuml": "plantuml puml uml plantuml-svg",
    "d2": "d2 d2lang",
    "tikz": "tikz tikzpicture",
    "latex": "latex tex math katex latexmath",
    "python": "python py python3 ipython ipython3 pycon jupyter pytorch torch keras pyodide jupyter-python",
    "page": "markdown md html rst raw-html",
    "script": "script",
    "other": "r javascript js jsx ts typescript mdx vue ojs observable julia elixir",
    "": "text txt plain plaintext none ascii console output nohighlight json example literal verbatim arrows "
    "chalknet nn net",
}
FORM_OF_WORD = {"": "", **{word: form for form, words in _WORDS.items() for word in words.split()}}
KINDS = {
    "mermaid": "a Mermaid flowchart",
    "dot": "a DOT graph",
    "svg": "an SVG",
    "torch": "PyTorch code",
    "arrows": "arrow text",
    "latex": "a LaTeX formula",
    "json": "a network's JSON",
    "keras": "Keras code",
    "tikz": "a TikZ picture",
    "plantuml": "a PlantUML diagram",
    "d2": "a D2 diagram",
    "ascii": "a drawing of characters",
    "nested": "a formula of products",
    "numpy": "NumPy code",
    "layers": "rows of layers",
    "page": "a page with a network in it",
    "javascript": "JavaScript code",
    "deeplearning4j": "Deeplearning4j code",
    "r-networks": "a network of R",
    "caffe": "Caffe's prototxt",
    "summary": "a table of layers",
    "printed": "a printed module",
    "foreign": "a form that is not read",
}


# Rows that read no code, and those that read drawings.
NO_CODE = frozenset(
    "page arrows shorthand latex latex-layers json mathml dot mermaid svg playground plantuml d2 tikz ascii "
    "drawio excalidraw marks layers".split()
)
# Rows that read programs, by which these are known in fences that say another language than Python.
PROGRAMS = frozenset("julia matlab rust cpp javascript keras-r caffe deeplearning4j r-networks".split())
DRAWN = frozenset("dot mermaid svg plantuml d2 tikz drawio excalidraw".split())
REMEDY = (
    "Give the drawing, the formula or the code alone, or put it into a fence: ```mermaid, ```dot, ```python."
)


def named(form: str) -> str:
    """Return what a form is called, with its article."""
    return KINDS.get(form, f"a text in the notation {form}")


class PageBlock(NamedTuple):
    """A part of a page with a word that says what it is.

    Args:
        word: that word, in lower case; empty where there is none.
        text: what is inside, as it would stand in a file of its own.
        line: the line of the page that its text begins in, counted from 1.
        names: what it may be called: its title, its id, the heading over it.
    """

    word: str
    text: str
    line: int
    names: tuple[str, ...] = ()


class PagePiece(NamedTuple):
    """A text of one form, found in a page.

    Args:
        form: the row of the table that reads it.
        text: what is inside.
        place: where it stands, such as "line 12" or "cell 3".
        names: what it may be called.
        sure: whether it says of itself what it is; what only looks like a network is dropped when it is none.
        problem: why it is not read, where that is known beforehand.
        line: the line of the page that its text begins in; 0 where its lines are not those of the page.
    """

    form: str
    text: str
    place: str
    names: tuple[str, ...] = ()
    sure: bool = True
    problem: ChalknetError | None = None
    line: int = 0

    @property
    def placed(self) -> str:
        """Return its text behind as many empty lines as stand before it in the page."""
        return "\n" * (self.line - 1) + self.text

    def __str__(self) -> str:
        called = f" '{self.names[0]}'" if self.names else ""
        return f"{named(self.form)}{called} in {self.place}"


_TITLES = (
    re.compile(r"^[ \t]*+(?:%%|//|#|--)\|[ \t]*+(?:fig-cap|label|title)[ \t]*+:[ \t]*+([^\n]++)", re.M),
    re.compile(r"\A\s*+---[ \t]*+\n(?:(?!---)[^\n]*+\n){0,20}?[ \t]*+title[ \t]*+:[ \t]*+([^\n]++)"),
    re.compile(r"^[ \t]*+(?:strict[ \t]++)?+(?:di)?+graph[ \t]++(\"[^\"\n]++\"|\w++)[ \t]*+\{", re.M | re.I),
    re.compile(r"\A(?:\s*+%%[^\n]*+\n)*+\s*+accTitle[ \t]*+:[ \t]*+([^\n]++)", re.M),
)
_NO_TITLE = frozenset("g graph network digraph lr td tb rl bt".split())


def names_inside(text: str) -> list[str]:
    """Return what a text calls itself: the title of a chart, the name of a graph."""
    head = text[:4_000]
    found = [match.group(1).strip().strip("\"'") for title in _TITLES for match in title.finditer(head)]
    return [name for name in found if name and name.lower() not in _NO_TITLE][:4]


def refused_page(got: str, wanted: str, remedy: str = REMEDY) -> ChalknetError:
    """Return the error for what a page holds."""
    return NotationError(where="page", got=got, wanted=wanted, remedy=remedy)
