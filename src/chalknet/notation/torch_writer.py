"""A network as the Sequential that one would write by hand."""

from __future__ import annotations

import keyword

from chalknet.errors import CannotExpress
from chalknet.network import Activation, Dropout, Linear, Network, Shape, Visit
from chalknet.notation.torch_values import common_name


def write_torch(network: Network) -> str:
    """Return `net = torch.nn.Sequential(...)`, to be pasted behind `import torch`.

    Raises:
        CannotExpress: for an activation that is not known, or a symbol that Python keeps for itself.
    """
    _refuse_reserved(network)
    _refuse_unknown(network)
    _refuse_elsewhere(network)
    name = network.name if _is_free(network.name) and network.name not in network.symbols else "net"
    calls = [_call(visit) for visit in network.walk()]
    comment = "" if _inferred_shape(network) == network.input_shape else _comment(network.input_shape)
    steps = "".join(f"    torch.nn.{call},\n" for call in calls)
    return f"import torch\n\n{name} = torch.nn.Sequential({comment}\n{steps})"


def _call(visit: Visit) -> str:
    step = visit.step
    match step:
        case Linear(out_features=out_features, bias=bias):
            extra = "" if bias else ", bias=False"
            return f"Linear(in_features={visit.input_shape[-1]}, out_features={out_features}{extra})"
        case Dropout(p=p):
            return f"Dropout(p={p!r})"
        case Activation():
            options = [f"{name}={value!r}" for name, value in dict(step.options).items()]
            axis = [] if step.row.elementwise else ["dim=-1"]
            return f"{step.row.torch_class}({', '.join([*options, *axis])})"
        case _:
            return f"{type(step).__name__}()"


def _inferred_shape(network: Network) -> Shape:
    """Return the shape that a reader of the code would take: the first Linear's in_features."""
    first = next((visit for visit in network.walk() if isinstance(visit.step, Linear)), None)
    return ("m",) if first is None else (first.input_shape[-1],)


def _comment(shape: Shape) -> str:
    return f"  # input shape: ({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def _is_free(name: str) -> bool:
    return name.isidentifier() and not keyword.iskeyword(name) and common_name(name) is None


def _refuse_unknown(network: Network) -> None:
    unknown = network.unsettled
    if unknown:
        kinds = ", ".join(f"step {visit.path} ({visit.step.kind})" for visit in unknown)  # type: ignore[attr-defined]
        example = [*["relu"] * (len(unknown) - 1), "sigmoid"]
        raise CannotExpress(
            where=f"network {network.name}",
            got=f"{len(unknown)} activation{'s' * (len(unknown) > 1)} that can be any function: {kinds}",
            wanted="known activations, since PyTorch has no class for any function",
            remedy=f"Say them in their order: --activation {','.join(example)}, "
            f"or network.settle({', '.join(map(repr, example))}).",
        )


def _refuse_elsewhere(network: Network) -> None:
    for visit in network.walk():
        if isinstance(visit.step, Activation) and "." in visit.step.row.torch_class:
            raise CannotExpress(
                where=f"network {network.name}, step {visit.path}",
                got=f"the activation {visit.step.kind}, whose class is {visit.step.row.torch_class}",
                wanted="classes of torch.nn alone",
                remedy="Build the module itself: cn.build(network).",
            )


def _refuse_reserved(network: Network) -> None:
    for symbol in network.symbols:
        if not _is_free(symbol):
            raise CannotExpress(
                where=f"network {network.name}",
                got=f"the width {symbol!r}, a word that Python or PyTorch keeps for itself",
                wanted="a symbol such as m",
                remedy=f"Give it a number: network.bind({symbol}=32), or another letter.",
            )
