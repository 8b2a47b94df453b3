"""Words of networks as people mistype them: `hiden leyer`, `nuerons`, `sofmax`, brought to their spelling."""

from __future__ import annotations

import re
from functools import lru_cache

# Words that are long enough to be known with a letter wrong, and those that are near them and meant.
_WORDS = (
    "activation", "autoencoder", "convolution", "dataset", "dropout", "features", "flatten", "hidden", "identity", "input", "inputs", "layer", "layers",
    "linear", "loss", "network", "neuron", "neurons", "output", "outputs", "perceptron", "prediction", "sigmoid", "softmax", "softplus", "target", "weights",
)  # fmt: skip
_MEANT = frozenset(
    (
        "activación", "activations", "feature", "flattened", "heights", "identité", "later", "lineal", "lineare", "linea", "lines", "networks", "neural", "neurona", "neuronas",
        "neurone", "neuronen", "neurones", "neuroni", "neutron", "neutrons", "perceptrons", "predictions", "production", "productions", "sigmoide", "targets", "weight",
    )
)  # fmt: skip
_WORD = re.compile(r"(?<![^\W\d_])[A-Za-z]{5,14}(?![^\W\d_])")


def _distance(one: str, other: str) -> int:
    """Return how many letters differ, two that changed places counted once."""
    rows = [list(range(len(other) + 1))]
    for i, letter in enumerate(one, start=1):
        row = [i]
        for j, wanted in enumerate(other, start=1):
            cost = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (letter != wanted))
            swapped = i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted
            row.append(min(cost, rows[-2][j - 2] + 1) if swapped else cost)
        rows.append(row)
    return rows[-1][-1]


@lru_cache(maxsize=20_000)
def _spelled(word: str) -> str:
    folded = word.lower()
    if folded in _MEANT or folded in _WORDS:
        return word
    for known in _WORDS:
        allowed = 1 if len(known) < 7 else 2
        near = len(known) >= 5 and abs(len(known) - len(folded)) <= allowed and folded[0] == known[0]
        if near and _distance(folded, known) <= allowed:
            return known
    return word


def spelled(text: str) -> str:
    """Return a text with mistyped words of networks in their spelling.

    Example:
        >>> spelled("1st Hiden Leyer (10 nuerons)")
        '1st hidden layer (10 neurons)'
    """
    return _WORD.sub(lambda word: _spelled(word.group()), text)
