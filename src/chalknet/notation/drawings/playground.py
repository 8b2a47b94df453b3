"""A link to the TensorFlow Playground: its hash says the network."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from chalknet.network import Activation, Linear, Network, Step
from chalknet.notation.tokens import SourceText, Span

_LINK = re.compile(r"https?://playground\.tensorflow\.org/?[^\s\"'<>]*")
_FEATURES = ("x", "y", "xTimesY", "xSquared", "ySquared", "cosX", "sinX", "cosY", "sinY")
_SHOWN_AT_FIRST = {"x": "true", "y": "true"}
_ACTIVATIONS = {"relu": "relu", "tanh": "tanh", "sigmoid": "sigmoid", "linear": ""}


def recognise_playground(text: str) -> float:
    """Return how likely it is that a text holds such a link."""
    return 1.0 if _LINK.search(text) and len(text) < 5000 else 0.0


def read_playground(text: str, name: str | None = None) -> Network:
    """Return the network of a link; what the link leaves out is as the page shows it at first.

    Raises:
        NotationError: for values that the page does not know.
    """
    source = SourceText("Playground link", text, remedy="Copy the page's address again.")
    link = _LINK.search(text)
    if link is None:
        wanted = "https://playground.tensorflow.org/#..."
        raise source.refuse(Span(0, len(text)), got="no link to the Playground", wanted=wanted)
    stated = dict(parse_qsl(link.group().partition("#")[2], keep_blank_values=True))
    inputs = sum({**_SHOWN_AT_FIRST, **stated}.get(feature) == "true" for feature in _FEATURES)
    shape = [width for width in stated.get("networkShape", "4,2").split(",") if width]
    activation = stated.get("activation", "tanh")
    wrong = next((width for width in shape if not re.fullmatch(r"[1-9]\d{0,5}", width)), None)
    if wrong is not None or activation not in _ACTIVATIONS or not inputs:
        name = "networkShape" if activation in _ACTIVATIONS else "activation"
        got = f"{name}={stated.get(name)}" if inputs else "no input feature"
        wanted = "features, widths such as 4,2 and one of relu, tanh, sigmoid, linear"
        raise source.refuse(Span(*link.span()), got=got, wanted=wanted)
    kind = _ACTIVATIONS[activation]
    steps: list[Step] = []
    for width in shape:
        steps += [Linear(int(width)), *([Activation(kind)] if kind else [])]
    regression = stated.get("problem", "classification") == "regression"
    steps += [Linear(1), *([] if regression else [Activation("tanh")])]
    output = "linear for regression" if regression else "tanh for classification"
    return Network((inputs,), tuple(steps), notes=(f"the Playground's output is {output}",))
