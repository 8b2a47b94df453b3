"""Many updates as one CUDA graph, which the device runs without waiting for Python in between."""

from chalknet.engine.graph.engine import Graph

__all__ = ["Graph"]
