"""Which torch modules cannot be read, counted or fitted as they stand, and what to write instead."""

from __future__ import annotations

from torch import nn
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter

from chalknet.errors import InvalidValue


def check_module(module: nn.Module) -> None:
    """Refuse a compiled module, and a lazy one whose shapes are not known yet.

    Raises:
        InvalidValue: saying what it is and what to write.
    """
    where = f"module {type(module).__name__}"
    if (original := vars(module).get("_modules", {}).get("_orig_mod")) is not None:
        raise InvalidValue(
            where=where,
            got=f"a {type(original).__name__} compiled by torch.compile",
            wanted="the module before it was compiled",
            remedy="Give that one: the compiled module shares its weights, so it is fitted too.",
        )
    lazy = [
        name
        for tensors in (module.named_parameters(), module.named_buffers())
        for name, tensor in tensors
        if isinstance(tensor, UninitializedParameter | UninitializedBuffer)
    ]
    if lazy:
        raise InvalidValue(
            where=where,
            got=f"lazy layers, which have no shapes before the first call ({', '.join(lazy[:3])}, ...)",
            wanted="a module whose shapes are known",
            remedy="Call it once with a batch first, module(x[:2]), or write the widths out.",
        )
