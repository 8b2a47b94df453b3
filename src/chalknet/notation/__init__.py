"""Text forms of a network: arrow text, shorthand, LaTeX, PyTorch source, JSON, MathML."""

from chalknet.notation.notation import Notation
from chalknet.notation.stations import Station, stations
from chalknet.notation.table import NOTATIONS, recognise, write
from chalknet.notation.words import read_step, write_step

__all__ = ["NOTATIONS", "Notation", "Station", "read_step", "recognise", "stations", "write", "write_step"]
