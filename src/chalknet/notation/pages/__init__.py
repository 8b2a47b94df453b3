"""Pages that hold a network among other things: Markdown, HTML, notebooks, programs that draw."""

from chalknet.notation.pages.layers import LAYERS
from chalknet.notation.pages.page import Pages
from chalknet.notation.pages.piece import named

__all__ = ["LAYERS", "Pages", "named"]
