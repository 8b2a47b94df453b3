"""Forms of drawings that are known by name and not read: what each is, and what to write in its place."""

from __future__ import annotations

import re
from typing import NamedTuple, NoReturn

from chalknet.errors import CannotExpress
from chalknet.notation.tokens import SourceText


class KnownForm(NamedTuple):
    """A form that is not read.

    Args:
        name: what it is called.
        pattern: what a text in it holds.
        remedy: what to do instead.
    """

    name: str
    pattern: re.Pattern[str]
    remedy: str


_HEAD = 4_000  # characters in which a form must show itself
_AS_DOT = "Write it as DOT, such as digraph {{ a -> b }}, {0}."
_ROWS = (
    KnownForm(
        "a diagram of blockdiag",
        re.compile(r"^\s*+(?:block|seq|act|nw|rack|packet)diag\s*+(?:\w++\s*+)?\{", re.M),
        "Write digraph in the place of blockdiag; the edges are spelled alike.",
    ),
    KnownForm(
        "a drawing of Dia",
        re.compile(r"<dia:diagram\b|lysator\.liu\.se/~alla/dia"),
        "Export it from Dia as SVG and give that file.",
    ),
    KnownForm(
        "a drawing of Visio",
        re.compile(r"<VisioDocument\b|schemas\.microsoft\.com/(?:visio|office/visio)"),
        "Export it from Visio as SVG and give that file.",
    ),
    KnownForm(
        "a workspace of Structurizr",
        re.compile(r"^\s*+workspace\b[^\n{]*+\{", re.M),
        "Export its view as DOT or Mermaid and give that.",
    ),
    KnownForm(
        "a picture in Pikchr or pic",
        re.compile(
            r"^\s*+\.PS\b|^[ \t]*+(?:[A-Z]\w*+:[ \t]*+)?(?:box|circle|ellipse|oval|cylinder|file)[ \t]++(?:\"[^\"\n]*+\"|wid|ht|fit|radius|rad|same|color|fill|at|with)[^\n{]*+(?:;|\n)[\s\S]{0,300}?\b(?:arrow|line|move|spline)\b",
            re.M,
        ),
        _AS_DOT.format("with an edge for each arrow"),
    ),
    KnownForm(
        "a diagram of nomnoml",
        re.compile(r"^\s*+(?:#\w++:[^\n]*+\n\s*+)*+\[[^\[\]\n]++\]\s*+(?:-+:?>|-->|--|<-+|\+->|o->|-\/-|->)+\s*+\w*+\s*+\[", re.M),
        "Write it as Mermaid: flowchart LR, and a[text] --> b[text] for [text] -> [text].",
    ),
    KnownForm(
        "a timing diagram of WaveDrom",
        re.compile(r"^\s*+\{\s*+[\"']?(?:signal|assign|reg)[\"']?\s*+:\s*+\[", re.M),
        "Signals over time are no network; draw its units and their connections.",
    ),
    KnownForm(
        "a figure in Typst",
        re.compile(r"#(?:import\s++\"@preview/(?:fletcher|cetz|diagraph)|diagram\(|canvas\(\s*+\{|cetz\.canvas|fletcher\.diagram|figure\()"),
        _AS_DOT.format("or as TikZ"),
    ),
    KnownForm(
        "a figure of Asymptote",
        re.compile(r"^\s*+import (?:graph|flowchart|node|roundedpath)\s*+;", re.M),
        _AS_DOT.format("or as TikZ"),
    ),
    KnownForm("a figure of PSTricks", re.compile(r"\\begin\{pspicture\}|\\psmatrix|\\begin\{psmatrix\}|\\rput\b"), "Write it as TikZ."),
    KnownForm("a diagram of Xy-pic", re.compile(r"\\xymatrix\b|\\begin\{xy\}"), "Write it as TikZ."),
    KnownForm("a drawing of Fig", re.compile(r"\A#FIG 3\.\d"), "Export it from xfig as SVG and give that file."),
    KnownForm("a drawing of tldraw", re.compile(r"\"tldrawFileFormatVersion\"|\"type\"\s*+:\s*+\"tldraw\""), "Export it from tldraw as SVG and give that file."),
    KnownForm("a diagram of BPMN", re.compile(r"<(?:\w++:)?definitions\b[^>]*+omg\.org/spec/BPMN"), "A business process is no network."),
    KnownForm("a diagram in ERD or DBML", re.compile(r"^Table\s++\w++\s*+\{|^erDiagram\b", re.M), "Tables of a database are no network."),
    KnownForm("a chart of Vega", re.compile(r"vega\.github\.io/schema/"), "A chart of numbers is no network."),
    KnownForm("a GEXF file", re.compile(r"<gexf\b"), "Export it from Gephi as GraphML and give that file."),
    KnownForm("a TGF file", re.compile(r"\A(?:\s*+\d++[ \t]++\S[^\n]*+\n)+\s*+#\s*+\n(?:\s*+\d++[ \t]++\d++[^\n]*+\n?+)+\s*+\Z"), _AS_DOT.format("or save it as GraphML")),
)  # fmt: skip


def form_of(text: str) -> KnownForm | None:
    """Return the form that a text shows itself in, of those that are not read; None for none of them."""
    head = text[:_HEAD]
    return next((row for row in _ROWS if row.pattern.search(head)), None)


def recognise_refused(text: str) -> float:
    """Return how likely it is that a text is in a form that is known and not read."""
    return 0.92 if form_of(text) else 0.0


def refuse(text: str, name: str | None = None) -> NoReturn:
    """Raise the error that names the form of a text.

    Raises:
        CannotExpress: with what to write instead.
    """
    row = form_of(text)
    what, remedy = (
        (row.name, row.remedy) if row else ("a drawing of a kind that is not known", "Write it as DOT.")
    )
    raise SourceText("drawing", text).refuse(
        None,
        kind=CannotExpress,
        got=f"{what}, which is not read",
        wanted="a drawing in a form that is read",
        remedy=remedy,
    )
