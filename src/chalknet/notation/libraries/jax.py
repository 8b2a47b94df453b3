"""Layers of flax (linen and nnx) and equinox, and the activations of jax."""

from __future__ import annotations

from chalknet.network import Activation, BatchNorm, LayerNorm, Linear, PReLU
from chalknet.notation.libraries.library import (
    Given,
    LayerRow,
    Library,
    Piece,
    dropout,
    fixed,
    linear,
    norm,
    number,
    truth,
    width,
)

GELU = {"gelu": Activation("gelu", {"approximate": "tanh"})}  # jax computes gelu so where nothing is said
REFUSED = frozenset({"none", "id", "g", "act", "phi", "unknown", "sig", "expit", "logistic"})


def _scalar(given: Given, *names: str) -> Given:
    """Return the arguments with the width 1 for "scalar"."""
    return {**given, **{name: 1 for name in names if given.get(name) == "scalar"}}


def _equinox_linear(library: Library, given: Given) -> list[Piece]:
    sized = _scalar(given, "in_features", "out_features")
    return linear("out_features", "use_bias", "in_features")(library, sized)


def _mlp(library: Library, given: Given) -> list[Piece]:
    """Return the pieces of equinox's MLP, which has `depth` hidden layers."""
    sized = {"activation": "relu", **_scalar(given, "in_size", "out_size")}
    hidden, depth = sized.get("width_size"), sized.get("depth")
    if not isinstance(depth, int) or not 0 <= depth <= 10_000:
        depth = width(sized, "depth")
        raise library.no_step(f"an MLP of the depth {depth}")
    arriving = width(sized, "in_size")
    pieces: list[Piece] = []
    for _ in range(depth):
        step = Linear(width({"width_size": hidden}, "width_size"), bias=truth(sized, "use_bias"))
        pieces += [Piece(step, (arriving,)), *library.named(sized["activation"])]
        arriving = step.out_features
    last = Linear(width(sized, "out_size"), bias=truth(sized, "use_final_bias"))
    return [*pieces, Piece(last, (arriving,)), *library.named(sized.get("final_activation"))]


def _prelu(library: Library, given: Given) -> list[Piece]:
    return [Piece(PReLU(init=number(given, "negative_slope_init", 0.01)))]


_NORMS = (
    r"name|dtype|rngs|parent|param_dtype|axis_name|axis_index_groups|use_fast_variance|\w+_reductions|"
    r"\w+_init"
)
_SCALES = ("use_scale", "use_bias")
FLAX = Library(
    "flax",
    {
        "Dense": LayerRow(("features", "use_bias"), linear("features", "use_bias")),
        "Dropout": LayerRow(
            ("rate", "broadcast_dims", "deterministic"), dropout("rate"), r"name|rng_collection|parent"
        ),
        "BatchNorm": LayerRow(
            (
                "use_running_average",
                "axis",
                "momentum",
                "epsilon",
                "dtype",
                "param_dtype",
                "use_bias",
                "use_scale",
            ),
            norm(BatchNorm, *_SCALES, 1e-5),
            _NORMS,
        ),
        "LayerNorm": LayerRow(
            (
                "epsilon",
                "dtype",
                "param_dtype",
                "use_bias",
                "use_scale",
                "bias_init",
                "scale_init",
                "reduction_axes",
                "feature_axes",
            ),
            norm(LayerNorm, *_SCALES, 1e-6),
            _NORMS,
        ),
        "PReLU": LayerRow(("param_dtype", "negative_slope_init"), _prelu),
    },
    GELU,
    REFUSED,
)
NNX = Library(
    "flax.nnx",
    {
        "Linear": LayerRow(
            ("in_features", "out_features", "use_bias"), linear("out_features", "use_bias", "in_features")
        ),
        "Dropout": LayerRow(
            ("rate", "broadcast_dims", "deterministic"), dropout("rate"), r"rngs|rng_collection"
        ),
        "BatchNorm": LayerRow(
            ("num_features", "use_running_average", "axis", "momentum", "epsilon", "use_bias", "use_scale"),
            norm(BatchNorm, *_SCALES, 1e-5, "num_features"),
            _NORMS,
        ),
        "LayerNorm": LayerRow(
            ("num_features", "epsilon", "use_bias", "use_scale", "reduction_axes", "feature_axes"),
            norm(LayerNorm, *_SCALES, 1e-6, "num_features"),
            _NORMS,
        ),
        "PReLU": LayerRow(("negative_slope_init",), _prelu),
    },
    GELU,
    REFUSED,
)
EQUINOX = Library(
    "equinox",
    {
        "Linear": LayerRow(("in_features", "out_features", "use_bias"), _equinox_linear),
        "MLP": LayerRow(
            (
                *("in_size", "out_size", "width_size", "depth", "activation"),
                *("final_activation", "use_bias", "use_final_bias"),
            ),
            _mlp,
        ),
        "Dropout": LayerRow(("p", "inference"), dropout("p", default=0.5)),
        "Identity": LayerRow((), fixed(Activation("identity")), ".*"),
        "Lambda": LayerRow(("fn",), lambda library, given: library.named(given.get("fn"))),
    },
    GELU,
    REFUSED,
)
JAX = Library("jax", {}, GELU, REFUSED)
