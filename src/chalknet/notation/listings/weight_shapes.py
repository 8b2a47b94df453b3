"""Weights that were listed with their shapes: a `state_dict`, named parameters, the variables of Keras."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from chalknet.errors import CannotExpress, ShapeMismatch
from chalknet.network import BatchNorm, LayerNorm, Linear, Network
from chalknet.notation.limits import check_limit
from chalknet.notation.listings.unshown import settles, with_unknown
from chalknet.notation.notation import Notation
from chalknet.notation.tokens import SourceText, Span
from chalknet.notation.torch_layers import CodeLayer
from chalknet.notation.torch_network import network_of_layers

# What a tensor is of its layer, by the last part of its name.
_MATRIX = {"weight": "out, in", "kernel": "in, out", "w": "in, out"}
_VECTOR = {"bias": "bias", "b": "bias", "beta": "bias", "weight": "scale", "scale": "scale", "gamma": "scale"}
_STATISTICS = ("running_mean", "running_var", "moving_mean", "moving_variance", "mean", "var")
_COUNTER = "num_batches_tracked"
_KINDS = "|".join(sorted({*_MATRIX, *_VECTOR, *_STATISTICS, _COUNTER}, key=len, reverse=True))
_TENSOR = re.compile(
    rf"(?<![\w./])(?P<module>[A-Za-z_][\w./]{{0,150}}?)(?P<dot>[./])(?P<kind>{_KINDS})(?::0)?+[\"']?+"
    r"(?P<between>(?![\w.])[^\n\[(]{0,60}+(?:Parameter|Tensor|tensor)?+[^\n\[(]{0,30}+)"
    r"[\[(]{1,2}+\s*+(?P<sizes>(?:\d{1,9}\s*+(?:,|[x×])?+\s*+){0,5}+)[\])]"
)
_OTHER = re.compile(
    r"(?<![\w./])[A-Za-z_][\w.]{0,100}\.(?P<kind>\w{1,40})[\"']?[ \t:=|,]{1,40}torch\.Size\(\[[\d, ]*\]"
)
_NO_LISTING = re.compile(
    r"^[ \t]*(?:class|def|from|import|function|#include) |\bnn\.Linear\(|-->|->|%\w+ =", re.M
)
_FEWEST = 2  # tensors
_CERTAINTY = 0.96
_ASSUMED = (
    "a list of weights says neither the functions nor the order of the layers: "
    "they are read in the order of the list"
)
_REMEDY = "Give the whole list of names and shapes of one network, or its code."


@dataclass
class _Layer:
    """What is listed of one module.

    Args:
        name: of the module.
        span: where its first tensor stands.
        sizes: the shape of each of its tensors, by the last part of the name.
    """

    name: str
    span: Span
    sizes: dict[str, tuple[int, ...]] = field(default_factory=dict)


def recognise_weight_shapes(text: str) -> float:
    """Return how likely it is that a text lists the weights of a network with their shapes."""
    if not ("weight" in text or "kernel" in text or "/w" in text) or _NO_LISTING.search(text):
        return 0.0
    found = _TENSOR.finditer(text)
    matrices = sum(_is_matrix(tensor) for tensor, _ in zip(found, range(200), strict=False))
    return _CERTAINTY if matrices >= _FEWEST else 0.0


def read_weight_shapes(text: str, name: str | None = None) -> Network:
    """Return the network whose weights a text lists, with unknown activations `?` between its layers.

    Args:
        text: such as `fc1.weight torch.Size([32, 784])`, a line for each tensor, with other text around it.
        name: of no use here: the text lists one network.

    Raises:
        CannotExpress: for a tensor of convolutions and other layers that are no step.
        ShapeMismatch: for layers that do not follow each other in the order of the list.
    """
    source = SourceText("list of weights", text, remedy=_REMEDY)
    check_limit(source, None, "characters of code", len(text))
    made = _modules(source)
    check_limit(source, None, "layers", len(made))
    layers: list[CodeLayer] = []
    for module in made:
        layers.append(_layer(source, module, layers))
    filled, _ = with_unknown(layers, after_last=True)
    network = network_of_layers(source, filled)
    unknown = f"; {settles(network)}" if network.unsettled else ""
    return replace(network, notes=(f"{_ASSUMED}{unknown}", *network.notes))


def _is_matrix(tensor: re.Match[str]) -> bool:
    return tensor["kind"] in _MATRIX and len(_sizes(tensor["sizes"])) == 2


def _sizes(written: str) -> tuple[int, ...]:
    return tuple(int(size) for size in re.findall(r"\d+", written))


def _modules(source: SourceText) -> list[_Layer]:
    """Return what is listed of each module, in the order of the list; a list that stands there twice once."""
    made: dict[str, _Layer] = {}
    for tensor in _tensors(source):
        layer = made.setdefault(tensor["module"], _Layer(tensor["module"], Span(*tensor.span("module"))))
        before = layer.sizes.setdefault(tensor["kind"], _sizes(tensor["sizes"]))
        if before != _sizes(tensor["sizes"]):
            raise source.refuse(
                Span(*tensor.span("module")),
                got=f"{tensor['module']}.{tensor['kind']} twice, with different shapes",
                wanted="one network",
            )
    return [*made.values()]


def _tensors(source: SourceText) -> Iterator[re.Match[str]]:
    for other in _OTHER.finditer(source.text):
        if other["kind"] not in {*_MATRIX, *_VECTOR, *_STATISTICS, _COUNTER}:
            raise source.refuse(
                Span(*other.span()),
                kind=CannotExpress,
                got=f"a tensor {other['kind']}",
                wanted="weights and biases of linear layers and of norms",
            )
    yield from _TENSOR.finditer(source.text)


def _layer(source: SourceText, module: _Layer, before: list[CodeLayer]) -> CodeLayer:
    """Return a module as a layer, from the shapes of its tensors."""
    sizes = module.sizes
    matrix = next((kind for kind in _MATRIX if len(sizes.get(kind, ())) == 2), None)
    vectors = [size for kind, size in sizes.items() if kind in _VECTOR and kind != matrix]
    statistics = [sizes[kind] for kind in _STATISTICS if kind in sizes]
    arriving = next((one.step.out_features for one in reversed(before) if isinstance(one.step, Linear)), None)
    if matrix is not None and not statistics:
        first, second = sizes[matrix]
        out, taken = (first, second) if _MATRIX[matrix] == "out, in" else (second, first)
        if any(vector != (out,) for vector in vectors):
            raise _mismatch(
                source, module, f"{vectors[0]} numbers beside weights of the shape {sizes[matrix]}"
            )
        if arriving not in (None, taken):
            raise _mismatch(source, module, f"{taken} inputs behind {arriving} units")
        return CodeLayer(module.span, Linear(out, bias=bool(vectors)), (taken,), kind="Linear")
    alike = {*vectors, *statistics}
    if matrix is None and len(alike) == 1 and (statistics or len(vectors) == 2):
        if vectors[0] != (arriving,):
            raise _mismatch(source, module, f"a norm of {vectors[0]} numbers behind {arriving} units")
        return CodeLayer(module.span, BatchNorm() if statistics else LayerNorm(), vectors[0])
    shapes = ", ".join(f"{kind} {size}" for kind, size in sizes.items())
    raise source.refuse(
        module.span,
        kind=CannotExpress,
        got=f"{module.name} with {shapes}",
        wanted="weights of two axes, or a norm",
        remedy="Only linear layers and norms are read from a list of weights. Give the code of the network.",
    )


def _mismatch(source: SourceText, module: _Layer, got: str) -> Exception:
    return source.refuse(
        module.span,
        kind=ShapeMismatch,
        got=f"{module.name}: {got}",
        wanted="layers that follow each other in the order of the list",
    )


WEIGHT_SHAPES = Notation(name="weights", recognise=recognise_weight_shapes, read=read_weight_shapes)
