"""Text forms of a network: arrow text, shorthand, LaTeX, PyTorch source, JSON, MathML."""

from chalknet.notation.limits import LIMITS
from chalknet.notation.notation import Notation
from chalknet.notation.states import NamedState, states_of
from chalknet.notation.table import NOTATIONS, NotationName, read_text, recognise, write
from chalknet.notation.texts import check_text, shown_path, text_of
from chalknet.notation.words import read_step, write_step

__all__ = [
    "LIMITS",
    "NOTATIONS",
    "NamedState",
    "Notation",
    "NotationName",
    "check_text",
    "read_step",
    "read_text",
    "recognise",
    "shown_path",
    "states_of",
    "text_of",
    "write",
    "write_step",
]
