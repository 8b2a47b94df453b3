"""Drawings in text of many kinds: TikZ, PlantUML, D2, characters, GraphML; each brought to a sketch."""

from chalknet.notation.dialects.table import TEXT_DRAWINGS, recognise_tikz

__all__ = ["TEXT_DRAWINGS", "recognise_tikz"]
