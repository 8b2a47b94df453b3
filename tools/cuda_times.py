"""Times fused_cuda beside graph and JAX, for `cuda_check.sh`.

python -m tools.cuda_times times.json; --tiny makes few updates, for a sanitizer; S1 opens one case,
which compiles it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch
from benchmarks import gpu
from benchmarks.cases import JAX

import chalknet as cn
from chalknet.planning import Recipe

_TINY = ("2 -> 70 relu -> 1", "5 -> 9 tanh -> 6 softmax -> 2", "150 -> 300 relu -> 3")


def tiny() -> None:
    """Make a few updates in each way that blocks meet, for a sanitizer to watch."""
    from tests.engine.cuda_fits import MEETINGS, opened

    from chalknet.engine.fused_cuda.cuda import CudaMachine

    torch.manual_seed(1)
    for formula in _TINY:
        network = cn.read(formula)
        data = torch.rand(20, network.input_shape[0]), torch.rand(20, network.output_shape[0])
        for name, meet in MEETINGS.items():
            machine = CudaMachine(torch.device("cuda"))
            machine.meet = meet
            recipe = Recipe("mse", "adam", batch_size=7, shuffle=True, updates=1)
            session = opened(network, recipe, data, machine, "float32", "cuda")
            print(formula, name, session.advance(3).losses, flush=True)


def opened_alone(name: str) -> None:
    """Open a case, which compiles its kernel and keeps it on disk, and make a few updates."""
    cell = next(cell for cell in gpu._cells(1, 0) if cell.name == name)
    session = gpu._session(cell, gpu.CUDA)
    print(name, session.schedule.launch, f"compiled in {session.compile_s:.2f} s", session.advance(3).losses)
    print(name, JAX, _shown(gpu._time(cell, JAX)), "beside the others, its compiling kept", flush=True)


def main() -> None:
    """Time S1 to S8, fused_cuda first, and write after each cell what was found."""
    if sys.argv[1] == "--tiny":
        return tiny()
    if not sys.argv[1].endswith(".json"):
        return opened_alone(sys.argv[1])
    found: dict[str, dict[str, float | str]] = {}
    cells = gpu._cells(1, 0)
    for rivals in ((gpu.CUDA,), (JAX, gpu.GRAPH)):
        for cell in cells:
            row = found.setdefault(cell.name, {})
            for rival in rivals:
                row[rival] = gpu._time(cell, rival)
            print(cell.what, {name: _shown(value) for name, value in row.items()}, flush=True)
            Path(sys.argv[1]).write_text(json.dumps(found, indent=1))
    return None


def _shown(value: float | str) -> str:
    return value if isinstance(value, str) else f"{1e6 * value:.2f} us"


if __name__ == "__main__":
    main()
