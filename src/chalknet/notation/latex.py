"""LaTeX as a notation: read as it is written by people, written in one style."""

from __future__ import annotations

from chalknet.notation.latex_reader import read_latex, recognise_latex
from chalknet.notation.latex_writer import write_latex, write_latex_layers
from chalknet.notation.notation import Notation

LATEX = Notation(
    name="latex",
    suffixes=(".tex",),
    recognise=recognise_latex,
    read=read_latex,
    write=write_latex,
    lossless=True,
)
LATEX_LAYERS = Notation(
    name="latex-layers",
    suffixes=(),
    recognise=lambda text: recognise_latex(text) / 2,  # latex reads it too
    read=read_latex,
    write=write_latex_layers,
    lossless=True,
)
