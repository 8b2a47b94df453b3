"""Export and serve a fit: an ONNX file with the preprocessing, a model card, an HTTP server."""

from chalknet.lazy import door

__getattr__ = door(__name__)
