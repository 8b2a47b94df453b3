"""TikZ: a document of its own, in the fonts of the paper it is put into."""

from __future__ import annotations

import unicodedata

from chalknet.drawing.scene import Box, Label, Line, Mark, Photo, Scene, Tracing
from chalknet.drawing.style import COLOURS
from chalknet.drawing.text import TextRun, lines_of
from chalknet.errors import CannotExpress

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "→": r"$\rightarrow$",
    "×": r"$\times$",
    "⋮": r"$\vdots$",
    "⋯": r"$\cdots$",
    "σ": r"$\sigma$",
    "'": "$'$",
    **{letter: f"\\{letter}" for letter in "#$%&_{}"},
}


def write_tikz(scene: Scene) -> str:
    """Return a LaTeX document with one picture, 1 unit a point, y downwards."""
    colours = [
        f"\\definecolor{{chalk{part}}}{{HTML}}{{{colour.removeprefix('#').upper()}}}"
        for part, colour in scene.colours.items()
        if part in COLOURS
    ]
    return "\n".join(
        [
            r"\documentclass[tikz,border=0pt]{standalone}",
            r"\usepackage[utf8]{inputenc}",
            r"\usepackage[T1]{fontenc}",
            r"\usepackage{textcomp}",
            *([r"\usepackage{kotex}"] if scene.has_wide_letters else []),
            r"\usetikzlibrary{arrows.meta}",
            *colours,
            r"\begin{document}",
            r"\sffamily",
            r"\begin{tikzpicture}[x=1pt, y=-1pt, every node/.style={inner sep=0pt, align=center}]",
            f"\\useasboundingbox (0,0) rectangle ({scene.width:.2f},{scene.height:.2f});",
            *map(_mark, scene.marks),
            r"\end{tikzpicture}",
            r"\end{document}",
            "",
        ]
    )


def _mark(mark: Mark) -> str:
    match mark:
        case Box():
            style = f"fill=chalk{mark.kind}" + ("" if mark.kind == "frame" else ", draw=chalkline")
            if mark.round:
                x, y = mark.x + mark.width / 2, mark.y + mark.height / 2
                radii = f"{mark.width / 2:.2f}pt and {mark.height / 2:.2f}pt"
                return f"\\path[{style}] ({x:.2f},{y:.2f}) ellipse ({radii});"
            corner = f"({mark.x + mark.width:.2f},{mark.y + mark.height:.2f})"
            return f"\\path[{style}, rounded corners=3pt] ({mark.x:.2f},{mark.y:.2f}) rectangle {corner};"
        case Line():
            head = "-{Latex[length=4pt]}, " if mark.arrow else ""
            dashed = ", dashed" if mark.kind == "negative" else ""
            style = f"{head}draw=chalk{mark.kind}, line width={mark.width * 0.75:.2f}pt{dashed}"
            return f"\\draw[{style}] ({mark.x1:.2f},{mark.y1:.2f}) -- ({mark.x2:.2f},{mark.y2:.2f});"
        case Photo() | Tracing():
            raise CannotExpress(
                where="TikZ",
                got="a picture of the user's own",
                wanted="lines and texts",
                remedy="Save it as .svg, .png, .pdf or .html.",
            )
        case Label():
            text = r"\\".join("".join(map(_run, line)) for line in lines_of(mark.text))
            on_line = mark.kind == "edge-label"
            font = f"\\fontsize{{{mark.size:.1f}}}{{{mark.size * 1.25:.1f}}}\\selectfont"
            halo = ", fill=chalkpage, fill opacity=0.8, text opacity=1" if on_line else ""
            halo += f", rotate={-mark.angle:.2f}" if mark.angle else ""
            look = f"text=chalkink, font={font}\\sffamily{halo}"
            return f"\\node[{look}] at ({mark.x:.2f},{mark.y:.2f}) {{{text}}};"


def _run(run: TextRun) -> str:
    text = _escaped(run.text)
    if run.shift == 0:
        return text
    return f"\\textsu{'per' if run.shift > 0 else 'b'}script{{{text}}}"


def _escaped(text: str) -> str:
    pieces: list[str] = []
    for letter in unicodedata.normalize("NFD", text):
        if letter == "\u0302" and pieces:
            pieces[-1] = f"$\\hat{{\\mathsf{{{pieces[-1]}}}}}$"
        else:
            pieces.append(_SPECIAL.get(letter, letter))
    return unicodedata.normalize("NFC", "".join(pieces))
