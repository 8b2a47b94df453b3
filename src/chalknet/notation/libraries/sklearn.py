"""scikit-learn's multi-layer perceptrons, whose widths at the ends are those of the data."""

from __future__ import annotations

from functools import partial

from chalknet.errors import NotationError
from chalknet.network import UNKNOWN_WIDTH, Activation, Linear
from chalknet.notation.libraries.library import Given, LayerRow, Library, Piece, width
from chalknet.notation.torch_layers import Unknown

_ACTIVATIONS = {name: Activation(name) for name in ("relu", "tanh", "identity")} | {
    "logistic": Activation("sigmoid")
}


def _hidden(given: Given) -> list[object]:
    sizes = given.get("hidden_layer_sizes", (100,))
    if isinstance(sizes, Unknown) and not sizes.source.isidentifier():
        raise NotationError(
            where="hidden_layer_sizes",
            got=f"{sizes.source}, which only running the code would tell",
            wanted="numbers that stand in the text",
            remedy="Write hidden_layer_sizes=(64, 32), for instance.",
        )
    return list(sizes) if isinstance(sizes, list | tuple) else [sizes]


def _perceptron(library: Library, given: Given, *, last: tuple[Piece, ...] = ()) -> list[Piece]:
    """Return the pieces: each hidden layer with its activation, then the map to what is predicted."""
    name = given.get("activation", "relu")
    if isinstance(name, str) and name not in _ACTIVATIONS:
        raise library.no_step(f"the activation {name}")
    pieces = [Piece(None, (UNKNOWN_WIDTH,))]
    for size in _hidden(given):
        pieces += [Piece(Linear(width({"hidden_layer_sizes": size}, "hidden_layer_sizes")))]
        pieces += library.named(name)
    return [*pieces, Piece(Linear(UNKNOWN_WIDTH)), *last]


_PARAMETERS = ("hidden_layer_sizes", "activation", "solver")
_FURTHER = (
    r"loss|alpha|batch_size|learning_rate(_init)?|power_t|max_iter|shuffle|random_state|tol|verbose|warm_start"
    r"|momentum|nesterovs_momentum|early_stopping|validation_fraction|beta_[12]|epsilon|n_iter_no_change|max_fun"
)
SKLEARN = Library(
    "scikit-learn",
    {
        "MLPClassifier": LayerRow(
            _PARAMETERS, partial(_perceptron, last=(Piece(Activation("?")),)), _FURTHER
        ),
        "MLPRegressor": LayerRow(_PARAMETERS, _perceptron, _FURTHER),
    },
    _ACTIVATIONS,
)
