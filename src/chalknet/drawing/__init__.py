"""Draw: a dialect places a network on a scene, a surface writes the scene."""

from chalknet.drawing.account import draw_account
from chalknet.drawing.drawing import DIALECTS, Dialect, DialectName, Drawing, TextSuffix, draw, find_dialect
from chalknet.drawing.stacks import draw_stacks as draw_stacks
from chalknet.drawing.style import Style, StyleOptions

__all__ = [
    "DIALECTS",
    "Dialect",
    "DialectName",
    "Drawing",
    "Style",
    "StyleOptions",
    "TextSuffix",
    "draw",
    "draw_account",
    "draw_stacks",
    "find_dialect",
]
