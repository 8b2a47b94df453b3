"""A fit for others to use: a file of ONNX with its preparation, a model card, a server."""

from chalknet.lazy import door

__getattr__ = door(__name__)
