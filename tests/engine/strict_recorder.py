"""A recorder for tests without a GPU, stricter than a CUDA graph: it says where a replay would go wrong.

An act is "captured" by remembering it and "replayed" by calling it. At the capture every operation is noted
with its numbers, its shapes and the addresses of the tensors that were there before; a replay that does
anything else fails, as a graph would have repeated what was noted. What a capture does not allow is refused.
As on a device, a capture changes no number: what it wrote is put back.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

REFUSED = (
    "aten._local_scalar_dense",  # item(), float(), bool(), if tensor:
    "aten.lift_fresh",  # torch.tensor(...): numbers of Python's copied to the device
    "aten.equal",
    "aten.nonzero",
    "aten.masked_select",
    "aten._unique2",
)


class WouldNotCapture(RuntimeError):
    """What torch says of CUDA in its own words."""


class Ledger(TorchDispatchMode):
    """Notes every operation, and refuses those that a capture refuses."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[tuple[object, ...]] = []
        self.outside: dict[int, tuple[torch.UntypedStorage, torch.UntypedStorage]] = {}
        self._inside: set[int] = set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = str(func).rpartition(".")[0]
        if name == "aten.lift_fresh" and _is_of_an_optimizer():
            made = func(*args, **(kwargs or {}))
            self._inside.add(made.untyped_storage().data_ptr())
            return made
        if name in REFUSED:
            raise WouldNotCapture(f"operation not permitted when stream is capturing ({name})")
        leaves = tree_leaves((args, kwargs or {}))
        if name == "aten.index" and any(
            isinstance(leaf, torch.Tensor) and leaf.dtype == torch.bool for leaf in leaves
        ):
            raise WouldNotCapture("operation not permitted when stream is capturing (a mask as an index)")
        self.entries.append((name, *map(self._noted, leaves)))
        result = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(result):
            if isinstance(leaf, torch.Tensor):
                address = leaf.untyped_storage().data_ptr()
                if address not in self.outside:
                    self._inside.add(address)
        return result

    def put_back(self) -> None:
        """Undo what was written to tensors that were there before."""
        for storage, before in self.outside.values():
            storage.copy_(before)

    def _noted(self, leaf: object) -> object:
        if not isinstance(leaf, torch.Tensor):
            plain = isinstance(leaf, int | float | str | torch.dtype | torch.device | type(None))
            return repr(leaf) if plain else type(leaf).__name__
        storage = leaf.untyped_storage()
        address = storage.data_ptr()
        if address in self._inside or leaf.untyped_storage().nbytes() == 0:
            return tuple(leaf.shape)
        if address not in self.outside:
            self.outside[address] = (storage, storage.clone())
        return tuple(leaf.shape), leaf.data_ptr()


def _is_of_an_optimizer() -> bool:
    """Return whether torch.optim asks: on the CPU alone it makes a tensor to add to its steps."""
    frame = sys._getframe(2)
    while frame is not None and "torch" in frame.f_code.co_filename:
        if "/torch/optim/" in frame.f_code.co_filename:
            return True
        frame = frame.f_back
    return False


class StrictRecorder:
    """Records and replays on the CPU.

    Args:
        per_update_s: what a rehearsal is said to take, which decides how long programs are.
        free_bytes: what the device is said to have free.
    """

    def __init__(self, per_update_s: float = 1e-3, free_bytes: int = 1 << 40) -> None:
        self.per_update_s, self._free_bytes = per_update_s, free_bytes
        self.rehearsals, self.captures, self.replays = 0, 0, 0

    def rehearse(self, act: Callable[[], None], *, watched: bool = False) -> float:
        self.rehearsals += 1
        if watched:
            with Ledger():
                act()
        else:
            act()
        return self.per_update_s

    def record(self, act: Callable[[], None]) -> Callable[[], None]:
        self.captures += 1
        random = torch.get_rng_state()
        captured = Ledger()
        with captured:
            act()
        captured.put_back()
        torch.set_rng_state(random)

        def replay() -> None:
            self.replays += 1
            again = Ledger()
            with again:
                act()
            for place, (then, now) in enumerate(zip(captured.entries, again.entries, strict=True)):
                assert then == now, f"operation {place} of the graph is {then}, a replay would need {now}"

        return replay

    def free_bytes(self) -> int:
        return self._free_bytes
