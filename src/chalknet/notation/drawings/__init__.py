"""Drawings as notations: DOT, Mermaid, SVG and links to the Playground, read as people draw."""

from chalknet.notation.drawings.table import DRAWINGS

__all__ = ["DRAWINGS"]
