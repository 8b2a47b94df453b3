"""What CUDA itself takes on a device before the first tensor: measured once for a machine, and kept."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack, suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

import torch

from chalknet.files import cache_folder, write_whole

ELSEWHERE_BYTES = 524 << 20  # measured on an H100 with torch 2.11 and CUDA 13; 261 MiB on an RTX 3090
_WAIT_S = 60
# A process that uses the device as a fit does, says what is free and what torch holds, and waits.
_PROGRAM = """
import sys, torch
x = torch.ones(64, 64, device=sys.argv[1], requires_grad=True)
(x @ x).sum().backward()
torch.cuda.synchronize()
print(torch.cuda.mem_get_info(sys.argv[1])[0], torch.cuda.memory_reserved(sys.argv[1]), flush=True)
sys.stdin.read()
"""


class Context(NamedTuple):
    """What CUDA takes for a process.

    Args:
        size_bytes: how much.
        is_measured: whether on this machine; else it is what another one took.
    """

    size_bytes: int
    is_measured: bool


def cuda_context(device: str, *, measure: bool = False) -> Context:
    """Return what CUDA takes for a process on a device, beside tensors.

    It is measured by two processes, one after the other: what the second one finds less to be free than
    the first one is what it takes itself. That takes some seconds, once for a GPU and a torch version.

    Args:
        device: such as "cuda:0"; it need not be here.
        measure: whether it is measured where that was not done before; else another machine's is returned.
    """
    if not torch.cuda.is_available():
        return Context(ELSEWHERE_BYTES, False)
    path, key = cache_folder() / "cuda_context.json", _key(device)
    kept = _kept(path)
    if key not in kept and measure and (found := _measured(device)):
        kept[key] = found
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, json.dumps(kept, indent=1).encode())
    return Context(kept[key], True) if key in kept else Context(ELSEWHERE_BYTES, False)


@cache
def _key(device: str) -> str:
    index = torch.device(device).index or 0
    return f"{torch.cuda.get_device_name(index)}, torch {torch.__version__}"


def _kept(path: Path) -> dict[str, int]:
    try:
        found = json.loads(path.read_text(encoding="utf-8")).items()
        return {str(key): int(size) for key, size in found if 0 < int(size) < 1 << 36}
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return {}


def _measured(device: str, program: str | None = None) -> int | None:
    """Return the bytes of a context; None where no process can use the device, or others use it too."""
    with ExitStack() as stack, suppress(OSError, ValueError, subprocess.TimeoutExpired):
        first, second = (_free_and_held(stack, device, program or _PROGRAM) for _ in range(2))
        # while both are there, the first one's tensors are held as well
        size = first[0] - second[0] - second[1]
        return size if size > 0 else None
    return None


def _free_and_held(stack: ExitStack, device: str, program: str) -> tuple[int, int]:
    """Start a process that stays until the stack is left; return what it finds free and what torch holds."""
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        [sys.executable, "-c", program, device], stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True
    )
    stack.callback(process.communicate, timeout=_WAIT_S)
    assert process.stdout is not None
    free, held = process.stdout.readline().split()
    return int(free), int(held)
