"""Explain torch's errors about devices and memory, with the user's own names for the tensors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from chalknet.errors import ChalknetError, InvalidValue, public
from chalknet.hardware.mismatch import mismatch, without_values
from chalknet.hardware.shortage import shortage
from chalknet.planning import Plan


@public()
@contextmanager
def explain(plan: Plan | None = None) -> Iterator[None]:
    """Run the body; where tensors on different devices meet in it, name them, their devices and the remedy.

    Nothing is done until an error is raised: then the frames of the traceback are searched for the tensors,
    modules and optimizers that took part. For a failed allocation the error says how much was requested and
    how much is free. Every other error passes unchanged. `fit` and `predict` run under it.

    Args:
        plan: of a fit in the body; the error then also says what its update needs.

    Raises:
        DeviceMismatch: in place of torch's "Expected all tensors to be on the same device" and its like.
        Refused: where values are read from `meta`, which has none.
        OutOfMemory: in place of torch's, Python's and numpy's errors about memory.
        InvalidValue: for a plan that is none.

    Example:
        >>> import torch
        >>> import chalknet as cn
        >>> net, x = torch.nn.Linear(1, 1), torch.ones(3, 1, device="meta")
        >>> with cn.explain():
        ...     net(x)
        Traceback (most recent call last):
        ...
        chalknet.errors.DeviceMismatch: ...: got x on meta and net.weight, net.bias on cpu; wanted ...
    """
    if plan is not None and not isinstance(plan, Plan):
        raise InvalidValue(
            where="explain",
            got=f"a {type(plan).__name__}",
            wanted="the Plan of a fit, or nothing",
            remedy="Write: with cn.explain(): ...",
        )
    try:
        yield
    except ChalknetError:
        raise
    except Exception as problem:
        explained = mismatch(problem) or without_values(problem) or shortage(problem, plan)
        if explained is None:
            raise
        raise explained from problem
