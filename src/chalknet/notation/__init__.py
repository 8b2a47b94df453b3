"""Text forms of a network: arrow text, shorthand, LaTeX, PyTorch source, JSON, MathML."""

from chalknet.notation.contents import content_at, content_of_value, is_clipboard, path_of, read_content
from chalknet.notation.limits import LIMITS
from chalknet.notation.notation import Notation
from chalknet.notation.states import NamedState, states_of
from chalknet.notation.table import NOTATIONS, NotationName, recognise, write
from chalknet.notation.texts import shown_path
from chalknet.notation.words import read_step, write_step

__all__ = [
    "LIMITS",
    "NOTATIONS",
    "NamedState",
    "Notation",
    "NotationName",
    "content_at",
    "content_of_value",
    "is_clipboard",
    "path_of",
    "read_content",
    "read_step",
    "recognise",
    "shown_path",
    "states_of",
    "write",
    "write_step",
]
