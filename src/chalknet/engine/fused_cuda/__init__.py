"""k updates in one launch of a CUDA kernel that is compiled for the network at hand.

To read in this order: `refusals` (what it runs), `stages` (a network as passes and what lies behind them),
`schedules` and `hidden` (how an update is spread over the device), `source` (constants and stages as text,
before the files of `source/`), `session` (a fit by launches), `cuda` (compiling and launching).

In `source/` each file has one idea. `device.cuh` is all that the hardware gives, and the emulator of the
tests too; `numbers.cuh`, `losses.cuh` and `optimizers.cuh` are arithmetic; `call.cuh` is what a launch
is called with. There are two kernels. `hidden_units.cu` stands alone. The phases of `chain.cu` are
passes through stages (`stages.cuh`, `passes.cuh`): of a Linear by `products.cuh`, or by `thin.cuh` where a
block has few rows; of any other stage by the file of its name (`softmax.cuh`, `prelu.cuh`, `norms.cuh`,
`layer_norm.cuh`, `batch_norm.cuh`, `embedding.cuh`, `residual.cuh`), whose weights get their gradients by
`line_gradients.cuh` and `columns.cuh`. Gradients go to their weights directly (`weights.cuh`), over a
cluster (`spread.cuh`), or through memory (`altered.cuh`).
"""

from chalknet.engine.fused_cuda.engine import FusedCuda

__all__ = ["FusedCuda"]
