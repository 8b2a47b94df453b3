"""k updates in one launch of a CUDA kernel that is compiled for the network at hand.

To read in this order: `refusals` (what it runs), `stages` (a network as Linears and what lies behind them),
`schedules` and `hidden` (how an update is spread over the device), `source` (constants and stages as text,
before the files of `source/`), `session` (a fit by launches), `cuda` (compiling and launching).

In `source/` each file has one idea. `device.cuh` is all that the hardware gives, and the emulator of the
tests too; `numbers.cuh`, `losses.cuh` and `optimizers.cuh` are arithmetic; `call.cuh` is what a launch
is called with. There are two kernels. `hidden_units.cu` stands alone. The phases of `chain.cu` are
passes through stages (`stages.cuh`, `passes.cuh`) by `products.cuh`, or by `thin.cuh` where a block has
few rows; gradients go to their weights directly (`weights.cuh`), over a cluster (`spread.cuh`), or
through memory (`altered.cuh`).
"""

from chalknet.engine.fused_cuda.engine import FusedCuda

__all__ = ["FusedCuda"]
