"""Say in the user's own names what torch leaves open: which tensor is on which device, what memory lacked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from chalknet.errors import ChalknetError
from chalknet.hardware.mismatch import mismatch, without_values
from chalknet.hardware.shortage import shortage
from chalknet.planning import Plan


@contextmanager
def explain(plan: Plan | None = None) -> Iterator[None]:
    """Run the body; when tensors on different devices meet in it, say which, where each is, what to write.

    It does nothing until something fails: then the traceback's frames are looked through for the tensors,
    modules and optimizers that took part. An allocation that failed is answered with what was asked
    for and what is free. Every other error passes as it is. `fit` and `predict` run under it.

    Args:
        plan: of a fit in the body; what it needs is then told too.

    Raises:
        DeviceMismatch: in place of torch's "Expected all tensors to be on the same device" and its kin.
        Refused: where numbers are asked of `meta`, which has none.
        OutOfMemory: in place of torch's, Python's and numpy's errors about memory.

    Example:
        >>> import torch
        >>> net, x = torch.nn.Linear(1, 1), torch.ones(3, 1, device="meta")
        >>> with explain():
        ...     net(x)
        Traceback (most recent call last):
        ...
        chalknet.errors.DeviceMismatch: ...: got x on meta and net.weight, net.bias on cpu; wanted ...
    """
    try:
        yield
    except ChalknetError:
        raise
    except Exception as problem:
        explained = mismatch(problem) or without_values(problem) or shortage(problem, plan)
        if explained is None:
            raise
        raise explained from problem
