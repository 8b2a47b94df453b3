"""How many columns and classes scikit-learn's own data have: the widths at the ends of an estimator."""

from __future__ import annotations

import re
from typing import NamedTuple

from chalknet.network import UNKNOWN_WIDTH, Activation, Linear, Network, Step


class _Data(NamedTuple):
    """Columns, and classes or targets; the names of the arguments that say them where the data are made."""

    features: int
    outputs: int
    classes: bool = True
    says: tuple[str, str] = ("", "")


_DATA = {
    "load_iris": _Data(4, 3),
    "load_digits": _Data(64, 10),
    "load_wine": _Data(13, 3),
    "load_breast_cancer": _Data(30, 2),
    "load_diabetes": _Data(10, 1, classes=False),
    "load_linnerud": _Data(3, 3, classes=False),
    "fetch_california_housing": _Data(8, 1, classes=False),
    "fetch_olivetti_faces": _Data(4096, 40),
    "fetch_covtype": _Data(54, 7),
    "make_moons": _Data(2, 2),
    "make_circles": _Data(2, 2),
    "make_hastie_10_2": _Data(10, 2),
    "make_classification": _Data(20, 2, says=("n_features", "n_classes")),
    "make_blobs": _Data(2, 3, says=("n_features", "centers")),
    "make_gaussian_quantiles": _Data(2, 3, says=("n_features", "n_classes")),
    "make_regression": _Data(100, 1, classes=False, says=("n_features", "n_targets")),
    "make_friedman1": _Data(10, 1, classes=False, says=("n_features", "")),
}
_CALL = re.compile(r"\b((?:load|fetch|make)_[a-z0-9_]{3,30})\s*\(([^()\n]{0,300})\)")
_READS = re.compile(r"\bread_(?:csv|excel|parquet|json|table|sql)\b|\bloadtxt\b|\bgenfromtxt\b|\bnp\.load\b")
# What changes the columns or the classes between the data and the estimator.
_CHANGES = re.compile(
    r"\[\s*:\s*,|\bPCA\b|Polynomial|OneHot|SelectKBest|SelectFrom|ColumnTransformer|FeatureUnion|KBins|SplineTrans"
    r"|\.drop\(|hstack|column_stack|concatenate|\bc_\[|TruncatedSVD|Nystroem|RBFSampler|FunctionTransformer|\biloc\b"
    r"|n_class\s*=|[yY]\w*\s*(?:==|!=|<|>)\s*\w|return_X_y\s*=\s*False"
)


def told_by_data(network: Network, text: str) -> Network:
    """Return the network of an estimator with the widths of the data that its program loads or makes.

    Args:
        network: with unknown widths at its ends.
        text: the program; where it loads other data too, or changes columns, nothing is known.
    """
    calls = [match for match in _CALL.finditer(text) if match[1] in _DATA]
    if len(calls) != 1 or _READS.search(text) or _CHANGES.search(text):
        return network
    data, given = _DATA[calls[0][1]], calls[0][2]
    by_place = [part.strip() for part in given.split(",") if part.strip() and "=" not in part]
    features = _number(by_place[1]) if len(by_place) > 1 else _said(given, data.says[0], data.features)
    outputs = None if len(by_place) > 2 else _said(given, data.says[1], data.outputs)
    if features is None or outputs is None:
        return network
    binary = data.classes and outputs == 2
    function = Activation("sigmoid") if binary else Activation("softmax")
    steps: list[Step] = [
        Linear(1 if binary else outputs, bias=step.bias)
        if isinstance(step, Linear) and step.out_features == UNKNOWN_WIDTH
        else function
        if data.classes and step == Activation("?") and at == len(network.steps) - 1
        else step
        for at, step in enumerate(network.steps)
    ]
    shape = (features,) if network.input_shape == (UNKNOWN_WIDTH,) else network.input_shape
    what = "classes" if data.classes else "targets"
    note = f"{features} columns and {outputs} {what}, as {calls[0][1]} gives them"
    return Network(shape, tuple(steps), network.name, notes=(*network.notes, note))


def _said(given: str, name: str, default: int) -> int | None:
    """Return what a call says by name; None where that is no number."""
    match = re.search(rf"\b{name}\s*=\s*([^,]+)", given) if name else None
    if match is None:
        return default
    return _number(match[1])


def _number(text: str) -> int | None:
    return int(text) if text.strip().isdecimal() else None
