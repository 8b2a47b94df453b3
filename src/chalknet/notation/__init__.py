"""Text forms of a network: arrow text, shorthand, LaTeX, PyTorch source, JSON, MathML."""

from chalknet.notation.notation import Notation
from chalknet.notation.table import NOTATIONS, recognise
from chalknet.notation.words import read_step

__all__ = ["NOTATIONS", "Notation", "read_step", "recognise"]
