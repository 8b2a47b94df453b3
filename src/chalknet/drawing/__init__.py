"""Draw: a dialect places a network on a scene, a surface writes the scene."""

from chalknet.drawing.drawing import DIALECTS, Drawing, draw
from chalknet.drawing.style import Style

__all__ = ["DIALECTS", "Drawing", "Style", "draw"]
