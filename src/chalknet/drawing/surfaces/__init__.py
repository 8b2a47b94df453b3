"""Surfaces: what writes a scene, or a diagram, in the language of a file."""

from chalknet.drawing.surfaces.table import SURFACES

__all__ = ["SURFACES"]
