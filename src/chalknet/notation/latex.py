"""LaTeX as a notation: read as it is written by people, written in one style."""

from __future__ import annotations

from dataclasses import replace

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
# Read by the row above, which is recognised first.
LATEX_LAYERS = replace(LATEX, name="latex-layers", suffixes=(), write=write_latex_layers)
