"""Read a torch module as a Network, and refuse one that cannot be read, counted or fitted as it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from torch import nn
from torch.nn.modules.lazy import LazyModuleMixin
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter

from chalknet.errors import CannotExpress, ChalknetError, InvalidValue, ShapeMismatch, unknown_name
from chalknet.module.build import class_named
from chalknet.network import Network, Shape, Step, TorchLayer, torch_layers


class Fitted:
    """The result of a fit, of which the rooms below know the module alone; it is kept in a field."""

    module: nn.Module


class _LayerRead(NamedTuple):
    """A module that was read: what an error calls it, its step, and the last sizes that it takes."""

    where: str
    step: Step
    takes: Shape


def read_module(module: nn.Module, *, input_shape: Shape | None = None) -> Network:
    """Return the Network that a chain of layers is: an `nn.Sequential`, nested too, or one layer.

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
    classes = {class_named(name): layer for name, layer in torch_layers().items()}
    known = {kind: layer for kind, layer in classes.items() if not issubclass(kind, LazyModuleMixin)}
    layers = [_read(path, leaf, known) for path, leaf in leaves]
    if input_shape is None:
        input_shape = next((layer.takes for layer in layers if layer.takes), ("m",))
    network = Network(input_shape, tuple(layer.step for layer in layers))
    for layer, visit in zip(layers, network.walk(), strict=True):
        if mismatch := visit.mismatch(layer.takes):
            raise ShapeMismatch(
                where=layer.where,
                got=f"{mismatch.arriving} features from the step before it",
                wanted=f"{mismatch.takes} features",
                remedy=f"Write {mismatch.mended}, or mend the width before it.",
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
    """Return the layers of a chain in one flat `Sequential`, as `build` makes it; weights are shared."""
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


def _described(layer: TorchLayer, module: nn.Module) -> dict[str, Any]:
    """Return the arguments that this module was made with; for a bias, whether there is one."""
    parameters = module._parameters  # a bias that was left out is kept here as None
    return {
        name: parameters[name] is not None if name in parameters else getattr(module, name)
        for name in layer.effective
    }


def _read(path: str, module: nn.Module, known: Mapping[type[nn.Module], TorchLayer]) -> _LayerRead:
    where = f"module {path or 'itself'} ({type(module).__name__})"
    layer = known.get(type(module))
    if layer is None:
        names = [kind.__name__ for kind in known]
        near = unknown_name(where, "layer", type(module).__name__, names)
        raise CannotExpress(
            where=where,
            got="a layer that no step of a Network describes",
            wanted=f"one of {', '.join(names)}",
            remedy=f"{near.remedy} A module of another kind can still be fitted as it is.",
        )
    given = _described(layer, module)
    try:
        return _LayerRead(where, layer.make(given), layer.sizes_taken(given))
    except ChalknetError as problem:
        problem.where = where
        raise
