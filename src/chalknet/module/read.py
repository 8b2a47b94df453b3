"""Read a torch module as a Network, and refuse one that cannot be read, counted or fitted as it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, NamedTuple, cast

from torch import nn
from torch.nn.modules.lazy import LazyModuleMixin
from torch.nn.modules.module import _has_any_global_hook
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter

from chalknet.errors import CannotExpress, ChalknetError, InvalidValue, ShapeMismatch, unknown_name
from chalknet.module.sequential import class_named
from chalknet.network import Network, Shape, Step, TorchLayer, Visit, shape_taken, torch_layers


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
        CannotExpress: naming the first submodule that no step describes, or that does more than its class: by
            hooks, shared or further parameters, a forward of its own.
        ShapeMismatch: when a Linear does not take what arrives.
    """
    leaves = list(_leaves(module, ""))
    _refuse_additions(module)
    _refuse_shared_weights(leaves)
    classes = {class_named(name): layer for name, layer in torch_layers().items()}
    known = {kind: layer for kind, layer in classes.items() if not issubclass(kind, LazyModuleMixin)}
    layers = [_read(path, leaf, known) for path, leaf in leaves]
    if input_shape is None:
        input_shape = shape_taken([(layer.step, layer.takes) for layer in layers]) or ("m",)
    frozen = [name for name, parameter in module.named_parameters() if not parameter.requires_grad]
    some = ", ".join(frozen[:3]) + ", ..." * (len(frozen) > 3)
    notes = (f"frozen: {some}; a network trains all of its parameters",) if frozen else ()
    network = Network(input_shape, tuple(layer.step for layer in layers), notes=notes)
    for layer, (_, leaf), visit in zip(layers, leaves, network.walk(), strict=True):
        if mismatch := visit.mismatch(layer.takes):
            raise ShapeMismatch(
                where=layer.where,
                got=f"{mismatch.arriving} features from the step before it",
                wanted=f"{mismatch.takes} features",
                remedy=f"Write {mismatch.mended}, or mend the width before it.",
            )
        _refuse_other_parameters(layer, leaf, visit)
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


# What a subclass of nn.Sequential may not have of its own, to be a chain still.
_OF_A_CHAIN = ("forward", "__call__", "_call_impl", "__iter__", "train", "parameters", "named_parameters")
_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


def _is_chain(module: nn.Module) -> bool:
    kind = type(module)
    if not isinstance(module, nn.Sequential) or "forward" in vars(module):
        return False
    return all(getattr(kind, name) is getattr(nn.Sequential, name) for name in _OF_A_CHAIN)


def _leaves(module: nn.Module, path: str) -> Iterator[tuple[str, nn.Module]]:
    if not _is_chain(module):
        yield path, module
        return
    for name, child in zip(module._modules, cast(nn.Sequential, module), strict=True):  # with repetitions
        yield from _leaves(child, f"{path}.{name}" if path else name)


def _refuse_additions(module: nn.Module) -> None:
    """Refuse a module that does more than its layers: by hooks, another forward, parameters of a chain."""
    hooked = any(getattr(parameter, "_backward_hooks", None) for parameter in module.parameters())
    if hooked or _has_any_global_hook():  # type: ignore[no-untyped-call]
        raise _more_than_layers("module itself", "hooks on its parameters, or on every module")
    for path, part in module.named_modules():
        where = f"module {path or 'itself'} ({type(part).__name__})"
        if any(getattr(part, name) for name in _HOOKS):
            raise _more_than_layers(where, "a hook, which may change what the module gives")
        if "forward" in vars(part):
            raise _more_than_layers(where, "a forward that was set from outside")
        if _is_chain(part) and part._parameters:
            raise _more_than_layers(where, f"the parameter {next(iter(part._parameters))} of its own")


def _refuse_other_parameters(layer: _LayerRead, module: nn.Module, visit: Visit) -> None:
    """Refuse a layer whose parameters are not those that its step has."""
    count = sum(parameter.numel() for parameter in module.parameters())
    stated = visit.step.parameters(visit.input_shape)
    swapped = isinstance(module, nn.Linear) and tuple(module.weight.shape) != (
        module.out_features,
        module.in_features,
    )
    if swapped or (stated is not None and count != stated):
        shapes = {name: tuple(parameter.shape) for name, parameter in module.named_parameters()}
        raise _more_than_layers(layer.where, f"parameters that are not those of its class: {shapes}")


def _more_than_layers(where: str, got: str) -> CannotExpress:
    remedy = (
        "It can be fitted as it is: give the module itself to fit. Or take that off first, and read it then."
    )
    return CannotExpress(where=where, got=got, wanted="layers as torch.nn makes them", remedy=remedy)


def _refuse_shared_weights(leaves: list[tuple[str, nn.Module]]) -> None:
    seen: dict[int, str] = {}
    places: list[tuple[str, int, int, str, str]] = []
    for path, leaf in leaves:
        for name, parameter in leaf.named_parameters():
            first = seen.setdefault(id(parameter), path)
            if first != path:
                raise _shared(path, leaf, name, first)
            if parameter.numel() and parameter.device.type != "meta":
                sizes = zip(parameter.shape, parameter.stride(), strict=True)
                extent = 1 + sum((size - 1) * stride for size, stride in sizes)
                start = parameter.data_ptr()
                end = start + extent * parameter.element_size()
                places.append((str(parameter.device), start, end, path, name))
    leaf_of = dict(leaves)
    for one, other in pairwise(sorted(places)):
        if one[0] == other[0] and other[1] < one[2]:  # two parameters, one memory
            raise _shared(other[3], leaf_of[other[3]], other[4], one[3])


def _shared(path: str, leaf: nn.Module, name: str, first: str) -> CannotExpress:
    return CannotExpress(
        where=f"module {path} ({type(leaf).__name__})",
        got=f"the very {name} of module {first}",
        wanted="weights of its own for each step",
        remedy="A module that shares weights can still be fitted as it is.",
    )


def _described(layer: TorchLayer, module: nn.Module) -> dict[str, Any]:
    """Return the arguments that this module was made with; for a bias, whether there is one."""
    parameters = module._parameters  # a bias that was left out is kept here as None
    given = {
        name: parameters[name] is not None if name in parameters else getattr(module, name)
        for name in layer.effective
    }
    inside = {name: read_module(value) for name, value in given.items() if isinstance(value, nn.Module)}
    return {**given, **inside}


def _read(path: str, module: nn.Module, known: Mapping[type[nn.Module], TorchLayer]) -> _LayerRead:
    where = f"module {path or 'itself'} ({type(module).__name__})"
    layer = known.get(type(module))
    if layer is None:
        raise _no_layer(where, module, [kind.__name__ for kind in known])
    given = _described(layer, module)
    try:
        return _LayerRead(where, layer.make(given), layer.sizes_taken(given))
    except ChalknetError as problem:
        problem.where = where
        raise


def _no_layer(where: str, module: nn.Module, names: list[str]) -> CannotExpress:
    """Return the error for a module that is neither a chain nor a layer that a step describes."""
    kind = type(module)
    got = "a layer that no step of a Network describes"
    remedy = (
        f"{unknown_name(where, 'layer', kind.__name__, names).remedy} A module of another kind can still be "
    )
    remedy += "fitted as it is; cn.draw(module, 'stacks', input_shape=...) draws a chain of any layers."
    if not kind.__module__.startswith("torch."):
        bases = [base.__name__ for base in kind.__mro__[1:] if base.__name__ in (*names, "Sequential")]
        of = (
            f"a {bases[0]} of another class, which may compute something else"
            if bases
            else "a class of your own"
        )
        got = f"{of}: its forward is code, which a module does not tell"
        source = f"cn.read('file.py', name={kind.__name__!r})"
        remedy = f"cn.fit takes it as it is. To see it as a network, read its source: {source}."
    return CannotExpress(
        where=where, got=got, wanted=f"an nn.Sequential, or one of {', '.join(names)}", remedy=remedy
    )
