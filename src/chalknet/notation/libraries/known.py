"""Which library a name belongs to, and what calling it gives."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from chalknet.network import Activation
from chalknet.notation.libraries.haiku import HAIKU
from chalknet.notation.libraries.jax import EQUINOX, FLAX, JAX, NNX
from chalknet.notation.libraries.keras import (
    INITIALIZERS,
    KERAS,
    adder_of,
    input_of,
    model_of,
    sequential_of,
    sum_of,
)
from chalknet.notation.libraries.library import Library
from chalknet.notation.libraries.sklearn import SKLEARN
from chalknet.notation.tokens import Span
from chalknet.notation.torch_flow import flow_method
from chalknet.notation.torch_layers import CodeLayer, Unknown
from chalknet.notation.torch_values import Call, CodeChain, Dotted, Flow, elements, no_chain, roots

_SEARCH = "a search"


def _chain_of_all(call: Call) -> object:
    """Return the chain of layers that are given one by one or in a list."""
    items = [item for value in call.positional for item in elements(value)]
    return CodeChain.of(call.span, items or elements(call.keywords.get("layers", [])))


def _held(call: Call) -> object:
    """Return the network among the steps of a pipeline, or inside a search."""
    chains = [value for value in roots(*call.values) if isinstance(value, CodeChain)]
    return chains[0] if len(chains) == 1 else Unknown("a pipeline")


def _searched(call: Call) -> object:
    """Return the network inside a search; one with a problem where its widths or activation are searched."""
    given = call.argument(1, "param_grid") or call.keywords.get("param_distributions")
    grids = [grid for grid in (given if isinstance(given, list) else [given]) if isinstance(grid, Mapping)]
    names = [str(name) for grid in grids for name in grid]
    chosen = [name for name in names if name.endswith(("hidden_layer_sizes", "activation"))]
    held = _held(call)
    if not chosen:
        if isinstance(held, CodeChain) and not grids:
            return CodeChain.of(call.span, [*held.items, CodeLayer(call.span, kind=_SEARCH)])
        return held
    got = f"a search over {' and '.join(chosen)}, which is no one network"
    remedy = "Give the estimator alone, with hidden_layer_sizes=(64, 32), for instance."
    return CodeChain.of(call.span, [no_chain(call.source, call.span, got, remedy)])


@dataclass(frozen=True)
class _Family:
    """The names of one library.

    Args:
        library: its layers.
        root: how its full names begin.
        classes: which full names are layers, as a pattern.
        functions: which are functions of x.
        whole: what other names make, by their last part.
        looks: how code looks that uses it without an import.
        names: what names without an import stand for, by their first part.
        code: what its code is called.
    """

    library: Library
    root: re.Pattern[str]
    classes: re.Pattern[str]
    functions: re.Pattern[str]
    whole: Mapping[str, Callable[[Call], object]] = field(default_factory=dict)
    looks: re.Pattern[str] = re.compile(r"(?!)")
    names: Mapping[str, str] = field(default_factory=dict)
    code: str = ""


_TRANSFORMS = ("transform", "transform_with_state", "without_apply_rng")
_KERAS_HERE = r"(?:tensorflow\.(?:compat\.v[12]\.)?(?:python\.)?keras|tf_keras|keras)"
_KERAS_NAMES = {
    **{"keras": "keras", "tf": "tensorflow", "layers": "keras.layers", "models": "keras.models"},
    **{name: f"keras.layers.{name}" for name in KERAS.layers},
    **{name: f"keras.{name}" for name in ("Sequential", "Model", "Input")},
    **{name: f"keras.layers.{name}" for name in ("Conv2D", "Conv1D", "LSTM", "GRU", "Add", "add")},
    **{name: f"keras.layers.{name}" for name in ("SimpleRNN", "Embedding", "MaxPooling2D", "Bidirectional")},
}
_FAMILIES = (
    _Family(
        KERAS,
        re.compile(_KERAS_HERE),
        re.compile(rf"{_KERAS_HERE}\.(?:\w+\.)*layers\.(?:\w+\.)*[A-Z]\w*"),
        re.compile(rf"{_KERAS_HERE}\.(?:activations|ops|backend|nn)\.\w+|tensorflow\.(?:nn|math)?\.?\w+"),
        {
            **{"Sequential": sequential_of, "Model": model_of, "Functional": model_of, "Input": input_of},
            **{"Add": adder_of, "add": sum_of},
            **INITIALIZERS,
        },
        re.compile(
            r"\bkeras\b|(?<![\w.])Dense *\(|\blayers\.(?:Dense|Input|Flatten|Conv2D|LSTM)\b"
            r"|\bmodels\.Sequential\b"
        ),
        _KERAS_NAMES,
        "Keras code",
    ),
    _Family(
        FLAX,
        re.compile(r"flax\.linen\."),
        re.compile(r"flax\.linen\.[A-Z]\w*"),
        re.compile(r"flax\.linen\.(?:activation\.)?\w+"),
        {"Sequential": _chain_of_all},
        re.compile(r"\bflax\b(?!\.nnx)|\bnn\.(?:Dense *\(|compact\b)"),
        {"nn": "flax.linen", "jax": "jax", "jnp": "jax.numpy"},
        "flax code",
    ),
    _Family(
        NNX,
        re.compile(r"flax\.(?:experimental\.)?nnx\."),
        re.compile(r"flax\.(?:experimental\.)?nnx\.[A-Z]\w*"),
        re.compile(r"flax\.(?:experimental\.)?nnx\.\w+"),
        {"Sequential": _chain_of_all, "List": lambda call: elements(call.argument(0, "it"))},
        re.compile(r"\bnnx\b"),
        {"nnx": "flax.nnx", "jax": "jax", "jnp": "jax.numpy"},
        "flax code",
    ),
    _Family(
        EQUINOX,
        re.compile(r"equinox\."),
        re.compile(r"equinox\.nn\.[A-Z]\w*"),
        re.compile(r"equinox\.nn\.\w+"),
        {"Sequential": _chain_of_all},
        re.compile(r"\bequinox\b|\beqx\b"),
        {"eqx": "equinox", "jax": "jax", "jnp": "jax.numpy"},
        "equinox code",
    ),
    _Family(
        HAIKU,
        re.compile(r"haiku\."),
        re.compile(r"haiku\.(?:nets\.)?[A-Z]\w*"),
        re.compile(r"(?!)"),
        {"Sequential": _chain_of_all, **dict.fromkeys(_TRANSFORMS, lambda call: call.argument(0, "f"))},
        re.compile(r"\bimport haiku\b|\bhk\.(?:Linear|Sequential|nets|Module|transform)\b"),
        {"hk": "haiku", "jax": "jax", "jnp": "jax.numpy"},
        "haiku code",
    ),
    _Family(
        SKLEARN,
        re.compile(r"sklearn\."),
        re.compile(r"sklearn\.neural_network\.(?:\w+\.)*[A-Z]\w*"),
        re.compile(r"(?!)"),
        {
            **dict.fromkeys(("make_pipeline", "Pipeline"), _held),
            **dict.fromkeys(("GridSearchCV", "RandomizedSearchCV"), _searched),
        },
        re.compile(r"\bMLP(?:Classifier|Regressor)\b"),
        {
            **{name: f"sklearn.neural_network.{name}" for name in SKLEARN.layers},
            **{name: f"sklearn.pipeline.{name}" for name in ("make_pipeline", "Pipeline")},
            **{name: f"sklearn.model_selection.{name}" for name in ("GridSearchCV", "RandomizedSearchCV")},
        },
        "scikit-learn code",
    ),
    _Family(JAX, re.compile(r"jax\."), re.compile(r"(?!)"), re.compile(r"jax\.(?:nn|numpy)\.\w+")),
)
NOTES_OF: Mapping[str, str] = {
    "scikit-learn MLPClassifier": "the widths at both ends are those of the data, and a classifier ends in "
    "sigmoid for two classes, in softmax for more: name it with --activation or network.settle(...)",
    _SEARCH: "a search may choose other widths and activations: those of its estimator are read",
    "scikit-learn MLPRegressor": "the widths at both ends are those of the data",
}
"""What a network of a library does not say, by the kind of its layers."""
# One of these is in every text that `looks` finds: a page without them is passed over fast.
_WORDS = (
    "keras",
    "Dense",
    "layers.",
    "models.",
    "flax",
    "nn.compact",
    "nnx",
    "equinox",
    "eqx",
    "MLP",
    "haiku",
    "hk.",
)
_IMPORTS_TORCH = re.compile(r"^[ \t]*+(?:import|from)[ \t]+torch\b", re.M)
_WRAPPERS = re.compile(r"(?:jax|equinox|flax\.nnx)\.(?:filter_)?(?:jit|vmap)")


@lru_cache(64)
def family_of(text: str) -> str:
    """Return what code is called that uses another library than torch; empty for torch's own."""
    found = _looking(text)
    return found.code if found else ""


@lru_cache(64)
def assumed_names(text: str) -> Mapping[str, Dotted]:
    """Return what names stand for in code that is cut out of a page, without its imports."""
    found = _looking(text)
    return {name: Dotted(path) for name, path in found.names.items()} if found else {}


def _looking(text: str) -> _Family | None:
    if not any(word in text for word in _WORDS) or _IMPORTS_TORCH.search(text):
        return None
    return next((family for family in _FAMILIES if family.looks.search(text)), None)


def is_library(path: str) -> bool:
    """Return whether a full name belongs to a library that is read here."""
    return path.startswith(("keras", "tensorflow", "tf_keras", "flax", "equinox", "haiku", "jax", "sklearn."))


def call_library(path: Dotted, call: Call) -> object:
    """Return what calling a name of a library gives; None for a name of none."""
    if not is_library(path.path):
        return None
    if _WRAPPERS.fullmatch(path.path):
        return call.argument(0, "fun")
    for family in _FAMILIES:
        whole = family.whole.get(path.last)
        if whole and family.root.match(path.path):
            return whole(call)
        if family.classes.fullmatch(path.path):
            made = family.library.make(path.last, call)
            return made if family.library is not SKLEARN or isinstance(made, CodeLayer) else _network(made)
    flow = next((value for value in roots(*call.values) if isinstance(value, Flow)), None)
    if flow is None:
        return Unknown(f"{path.last}(...)", path.last if path.last[:1].isupper() else "")
    return flow.through(_function(path, flow, call))


def _network(chain: CodeChain) -> CodeChain:
    """Return the chain of a whole network, which the pieces of one layer are not."""
    return CodeChain.of(chain.span, chain.items)


def function_layer(path: Dotted, span: Span) -> CodeLayer | None:
    """Return the layer that a function of a library is where it stands in the place of a layer, or None."""
    family = next((each for each in _FAMILIES if each.functions.fullmatch(path.path)), None)
    step = family.library.activation(path.last) if family else None
    return None if family is None or step is None else CodeLayer(span, step, kind=path.last)


def _function(path: Dotted, flow: Flow, call: Call) -> CodeLayer:
    """Return the layer that a function of x is; one with a problem where it is none."""
    positional = call.positional
    if path.last in ("reshape", "flatten", "ravel") and positional and positional[0] is flow:
        view = flow_method(flow, path.last, replace(call, positional=positional[1:]))
        return view.items[-1] if isinstance(view, Flow) else view  # type: ignore[return-value]
    if path.last == "maximum" and len(positional) == 2 and any(value in (0, 0.0) for value in positional):
        return CodeLayer(call.span, Activation("relu"), kind="maximum")
    layer = function_layer(path, call.span) if positional and positional[0] is flow else None
    if layer is not None and isinstance(layer.step, Activation):
        options = _options(layer.step, call)
        if options is not None:
            return CodeLayer(call.span, Activation(layer.step.kind, options), kind=path.last)
    return no_chain(call.source, call.span, f"{path.last}(...) of {flow.x}")


def _options(step: Activation, call: Call) -> dict[str, float | str] | None:
    """Return the options of an activation that is called on x; None for what is no option of it."""
    given = {name: value for name, value in call.keywords.items() if name not in ("name", "axis")}
    if call.keywords.get("axis", -1) not in (-1, 1):
        return None
    values = [*call.positional[1:2], *given.values()]
    if not values or not step.row.elementwise:
        return dict(step.options)
    value = values[0]
    if len(values) > 1 or not isinstance(value, int | float):
        return None
    if step.kind == "gelu":
        return {"approximate": "tanh" if value else "none"}
    name = next(iter(step.row.options), "")
    return {name: float(value)} if name else None
