"""Drawings known by their geometry alone: marks, and the sketch that they show."""

from chalknet.notation.marks.mark import AnyMark, DotsMark, ShapeMark, StrokeMark, TextMark, UnreadMark
from chalknet.notation.marks.packed import PNG, drawing_in_png
from chalknet.notation.marks.reading import PICTURES, read_picture
from chalknet.notation.marks.sketching import sketch_of
from chalknet.notation.marks.svg_marks import svg_marks

__all__ = [
    "PICTURES",
    "PNG",
    "AnyMark",
    "DotsMark",
    "ShapeMark",
    "StrokeMark",
    "TextMark",
    "UnreadMark",
    "drawing_in_png",
    "read_picture",
    "sketch_of",
    "svg_marks",
]
