"""Draw: a dialect places a network on a scene, a surface writes the scene."""

from chalknet.draw.drawing import DIALECTS, Drawing, draw
from chalknet.draw.style import Style

__all__ = ["DIALECTS", "Drawing", "Style", "draw"]
