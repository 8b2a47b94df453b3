"""Networks in plain NumPy, as courses write them: `Z1 = np.dot(W1, X) + b1`, `A1 = np.tanh(Z1)`."""

from __future__ import annotations

import ast
import re
from dataclasses import replace

from chalknet.errors import CannotExpress
from chalknet.network import Linear, Network
from chalknet.notation.listings.numpy_program import (
    NO_FORWARD,
    WRITE_FORMULA,
    FollowedX,
    Program,
    deepest,
    products_in,
)
from chalknet.notation.listings.numpy_shapes import is_weight
from chalknet.notation.listings.unshown import joined
from chalknet.notation.notation import Notation
from chalknet.notation.torch_layers import CodeLayer
from chalknet.notation.torch_network import network_of_layers
from chalknet.notation.torch_text import Code, parse

_PRODUCT = re.compile(r"\b(?:np|numpy|jnp|tf)\.(?:dot|matmul|einsum)\(|\.dot\(|[\w\])] @ ")
_OTHER = re.compile(
    r"\b(?:torch|keras|flax|equinox|sklearn\.neural_network)\b|\btf\.(?:layers|contrib|estimator)\b"
    r"|\btf\.(?:nn\.)?(?:\w*conv\w*|\w+_pool|\w*rnn\w*|embedding_lookup|batch_normalization|concat)\b"
    r"|\bnn\.(?:[A-Z]\w*|functional|init|utils)\b"
)
_TENSORFLOW = re.compile(r"\btf\.matmul\(")
_OF_TENSORFLOW = 0.967  # surer than the marks of its other forms, which are not read
_NO_OUTPUT = re.compile(r"(?i)loss|cost|err|delta|grad|acc|^d[A-Z_]|diff|mse|entropy|correct|label")
_FORWARD = re.compile(r"(?i)forward|feed|predict|propagat|^(?:model|net|network|mlp|nn|f)$|__call__")


def read_numpy(text: str, name: str | None = None) -> Network:
    """Return the network that a plain-NumPy program computes; the program is parsed and never run.

    Args:
        text: the program, with or without the functions that train it.
        name: the function to read, where it is not to be chosen.

    Raises:
        NotationError: for a text without a product of x and weights.
        CannotExpress: for what is no chain of layers, with its line.
        ShapeMismatch: for weights that do not fit each other.
    """
    code = parse(text, "NumPy code")
    try:
        program = Program(code)
        result = _longest(program, name)
    except RecursionError:
        got, wanted = "expressions nested too deep", "a product with weights a line"
        raise code.source.refuse(None, got=got, wanted=wanted) from None
    if result is None:
        got = "code without a product of x and a matrix of weights"
        remedy = "Write for instance A1 = np.tanh(X @ W1 + b1)."
        raise code.source.refuse(None, got=got, wanted="such products, and activations", remedy=remedy)
    if result.lost:
        raise program.no_chain(result)
    _refuse_shared_weights(code, result.layers)
    network = network_of_layers(code.source, joined(result.layers))
    notes = [
        f"{weight} is not used on the way of x: it is left out"
        for weight, shape in program.shapes.of.items()
        if is_weight(weight) and len(shape) == 2 and weight not in program.used
    ]
    return replace(network, notes=(*dict.fromkeys([*network.notes, *program.notes, *notes[:20]]),))


def _refuse_shared_weights(code: Code, layers: tuple[CodeLayer, ...]) -> None:
    seen: set[str] = set()
    for layer in layers:
        if isinstance(layer.step, Linear) and layer.kind in seen:
            got, wanted = f"{layer.kind} a second time on the way of x", "weights of its own for each layer"
            raise code.source.refuse(
                layer.span, kind=CannotExpress, got=got, wanted=wanted, remedy=WRITE_FORMULA
            )
        seen |= {layer.kind} if isinstance(layer.step, Linear) else set()


def _longest(program: Program, name: str | None) -> FollowedX | None:
    """Return the x with the most layers that a function returns, or that the program computes."""
    chosen = [program.functions[name]] if name in program.functions else _forwards(program)
    lost: FollowedX | None = None
    for function in chosen:
        program.used.clear()
        found = deepest(program.follow(function.body, {}))
        if found is not None and not found.lost:
            return found
        lost = lost or found
    names: dict[str, object] = {}
    program.used.clear()
    program.follow([part for part in program.code.tree.body if not isinstance(part, ast.FunctionDef)], names)
    values = {name: value for name, value in names.items() if isinstance(value, FollowedX)}
    good = deepest([value for value in values.values() if not value.lost])
    behind = [
        f"line {value.at.lineno}: {value.lost} is no layer: {name} is not read"
        for name, value in values.items()
        if good and value.at and value.layers == good.layers and not _NO_OUTPUT.search(name)
    ]
    program.notes += behind[:1]
    return good or lost


def _forwards(program: Program) -> list[ast.FunctionDef]:
    """Return the functions that may be the way of x, the likeliest first; what others call comes last."""
    inside = {
        getattr(part.func, "attr", getattr(part.func, "id", ""))
        for function in program.functions.values()
        for part in ast.walk(function)
        if isinstance(part, ast.Call)
    }
    named = [node for name, node in program.functions.items() if not NO_FORWARD.search(name)]
    likely = [node for node in named if _FORWARD.search(node.name) or products_in(node.body) > 1]
    return sorted(
        likely,
        key=lambda node: (
            "predict" in node.name,
            node.name in inside and products_in(node.body) < 2,
            -products_in(node.body),
        ),
    )


def recognise_numpy(text: str) -> float:
    """Return how likely it is that a text is a network in plain NumPy."""
    if text.lstrip().startswith("{") and '"cells"' not in text:
        return 0.0
    if not any(sign in text for sign in (".dot", ".matmul", ".einsum", " @ ")):
        return 0.0
    if not _PRODUCT.search(text) or _OTHER.search(text):
        return 0.0
    return _OF_TENSORFLOW if _TENSORFLOW.search(text) else 0.955


NUMPY = Notation(name="numpy", recognise=recognise_numpy, read=read_numpy)
