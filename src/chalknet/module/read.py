"""From a torch module back to a Network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from torch import nn

from chalknet.errors import CannotExpress, InvalidValue, ShapeMismatch, unknown_name
from chalknet.module.build import class_named
from chalknet.network import (
    ACTIVATIONS,
    Activation,
    ActivationKind,
    Dropout,
    Flatten,
    Linear,
    Network,
    Shape,
    Step,
)


def read_module(module: nn.Module, *, input_shape: Shape | None = None) -> Network:
    """Return the Network that a module of the chain kind is: `nn.Sequential`, nested too, or one layer.

    Args:
        module: a chain of Linear, activations, Dropout and Flatten.
        input_shape: shape of one sample; None takes it from the first Linear, or the symbol `m`
            when there is none.

    Raises:
        CannotExpress: naming the first submodule that no step describes.
        ShapeMismatch: when a Linear does not take what arrives.
    """
    leaves = list(_leaves(module, ""))
    _refuse_shared_weights(leaves)
    steps = [(path, leaf, _step(path, leaf)) for path, leaf in leaves]
    widths = [leaf.in_features for _, leaf, _ in steps if isinstance(leaf, nn.Linear)]
    if input_shape is None:
        input_shape = (widths[0],) if widths else ("m",)
    network = Network(input_shape, tuple(step for _, _, step in steps))
    for (path, leaf, _), visit in zip(steps, network.walk(), strict=True):
        arriving = visit.input_shape[-1]
        if isinstance(leaf, nn.Linear) and leaf.in_features != arriving:
            raise ShapeMismatch(
                where=f"module {path or 'itself'} ({leaf})",
                got=f"{arriving} features from the step before it",
                wanted=f"{leaf.in_features} features",
                remedy=f"Write Linear({arriving}, {leaf.out_features}), or mend the width before it.",
            )
    return network


def network_of(model: Network | nn.Module) -> Network | None:
    """Return the Network that a model is or can be read as, None for any other module."""
    if isinstance(model, Network):
        return model
    try:
        return read_module(model)
    except (CannotExpress, ShapeMismatch, InvalidValue):
        return None


def flat(module: nn.Module) -> nn.Sequential:
    """Return the same layers of a chain side by side, as `build` makes them; weights are shared."""
    return nn.Sequential(*[leaf for _, leaf in _leaves(module, "")])


def read_weights(module: nn.Module) -> dict[str, list[Any]]:
    """Return the parameters of a chain as nested lists, under the names of the module that `build` gives.

    Args:
        module: what `read_module` reads; nesting makes no difference to the names.
    """
    return {
        name: parameter.detach().cpu().double().tolist()
        for name, parameter in flat(module).named_parameters()
    }


def _leaves(module: nn.Module, path: str) -> Iterator[tuple[str, nn.Module]]:
    if not isinstance(module, nn.Sequential):
        yield path, module
        return
    for name, child in zip(module._modules, module, strict=True):  # named_children leaves repetitions out
        yield from _leaves(child, f"{path}.{name}" if path else name)


def _refuse_shared_weights(leaves: list[tuple[str, nn.Module]]) -> None:
    seen: dict[int, str] = {}
    for path, leaf in leaves:
        for name, parameter in leaf.named_parameters():
            first = seen.setdefault(id(parameter), path)
            if first != path:
                raise CannotExpress(
                    where=f"module {path} ({type(leaf).__name__})",
                    got=f"the very {name} of module {first}",
                    wanted="weights of its own for each step",
                    remedy="A module that shares weights can still be fitted as it is.",
                )


def _step(path: str, module: nn.Module) -> Step:
    where = f"module {path or 'itself'} ({type(module).__name__})"
    reader = _READERS.get(type(module))
    if reader is not None:
        return reader(where, module)
    rows = {class_named(row.torch_class): row for row in ACTIVATIONS.values() if row.settled}
    if type(module) not in rows:
        names = [kind.__name__ for kind in (*_READERS, *rows)]
        known = unknown_name(where, "layer", type(module).__name__, names)
        raise CannotExpress(
            where=where,
            got="a layer that no step of a Network describes",
            wanted=f"one of {', '.join(names)}",
            remedy=f"{known.remedy} A module of another kind can still be fitted as it is.",
        )
    return _read_activation(where, module, rows[type(module)])


def _read_activation(where: str, module: nn.Module, row: ActivationKind) -> Step:
    if not row.elementwise and getattr(module, "dim", None) not in (None, 1, -1):
        raise InvalidValue(
            where=where,
            got=f"dim={module.dim}",
            wanted="dim=1 or dim=-1, over the features",
            remedy="Over the batch, the samples would no longer be mapped one by one.",
        )
    return Activation(row.name, {option: getattr(module, option) for option in row.options})


def _read_flatten(where: str, module: nn.Module) -> Step:
    assert isinstance(module, nn.Flatten)
    if module.start_dim != 1 or module.end_dim != -1:
        raise InvalidValue(
            where=where,
            got=f"start_dim={module.start_dim}, end_dim={module.end_dim}",
            wanted="all axes of a sample in one row, start_dim=1 and end_dim=-1",
            remedy="Write Flatten().",
        )
    return Flatten()


_READERS: dict[type[nn.Module], Callable[[str, nn.Module], Step]] = {
    nn.Linear: lambda where, module: Linear(module.out_features, bias=module.bias is not None),  # type: ignore[arg-type]
    nn.Dropout: lambda where, module: Dropout(module.p),  # type: ignore[arg-type]
    nn.Flatten: _read_flatten,
}
