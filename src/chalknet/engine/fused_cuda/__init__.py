"""k updates in one launch of a CUDA kernel that is compiled for the network at hand."""

from chalknet.engine.fused_cuda.engine import FusedCuda

__all__ = ["FusedCuda"]
