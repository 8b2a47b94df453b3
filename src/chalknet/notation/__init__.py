"""Text forms of a network: arrow text, shorthand, LaTeX, PyTorch source, JSON, MathML."""

from chalknet.lazy import door

__getattr__ = door(__name__)
