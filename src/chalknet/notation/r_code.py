"""R code for keras, `keras_model_sequential() |> layer_dense(64)`, read as the Python that it stands for."""

from __future__ import annotations

import re
from functools import lru_cache

from chalknet.network import Network
from chalknet.notation.notation import Notation
from chalknet.notation.tokens import closing_bracket

_LONGEST = 50_000
_CERTAIN = 0.985  # more than code that is recognised and not read
_LAYER = re.compile(r"(?<![\w.:$@])(?:keras3?::)?layer_(?P<name>[a-z]\w*)\s*\(")
_SEQUENTIAL = re.compile(r"(?<![\w.$@])(?:keras3?::)?keras_model_sequential\s*\(")
_PIPE = re.compile(r"(?:%>%|%<>%|\|>)\s*$")
_ASSIGNED = re.compile(r"(?:^|[;{\n])\s*(?P<to>[A-Za-z][\w.]*)\s*(?:<-|=)\s*$")
_BEGINS = re.compile(
    r"(?:^|[;{\n])\s*(?:(?P<to>[A-Za-z][\w.]*)\s*(?:<-|=)\s*)?(?P<of>[A-Za-z][\w.]*)\s*(?:%>%|%<>%|\|>)\s*$"
)
_CONSTANT = re.compile(
    r"^[ \t]*(?P<name>[A-Za-z]\w*)[ \t]*(?:<-|=)[ \t]*"
    r"(?P<value>\d[\d.]*(?:e-?\d+)?L?|\"[^\"\n]*\"|'[^'\n]*')[ \t]*;?[ \t]*$",
    re.M,
)
_NAMES = {
    "activation_relu": "ReLU", "activation_leaky_relu": "LeakyReLU", "activation_elu": "ELU",
    "activation_softmax": "Softmax", "activation_parametric_relu": "PReLU", "elu": "ELU",
}  # fmt: skip
# What makes layers more than once, not always, or takes them away.
_NO_CHAIN = re.compile(
    r"(?<![\w.])(?:for|while|repeat|if|else|function|[lsv]apply|Reduce|bidirectional)\s*[({\n]"
)
_CALLED = re.compile(r"(?<![\w.])c\s*\(([^()]*)\)")
_STRING_OR_REMARK = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|#[^\n]*")
_VALUES = {"TRUE": "True", "FALSE": "False", "NULL": "None", "T": "True", "F": "False"}


def recognise_r(text: str) -> float:
    """Return how likely it is that a text is R code that makes one chain of layers of Keras."""
    return _CERTAIN if len(text) <= _LONGEST and _in_python(text) else 0.0


def read_r(text: str, name: str | None = None) -> Network:
    """Return the network of R code for keras.

    Args:
        text: the code.
        name: of no use here: it makes one model.

    Raises:
        NotationError, CannotExpress: as for the same layers in Python.
    """
    from chalknet.notation.torch_source import LIBRARIES  # only this code needs it

    keras = next(row for row in LIBRARIES if row.name == "keras")
    assert keras.read is not None
    return keras.read(_in_python(text) or text, name)


@lru_cache(maxsize=4)
def _in_python(text: str) -> str:
    """Return the Python of R code with a single chain of layers, each in a line; empty for any other."""
    if "layer_" not in text:
        return ""
    text = _STRING_OR_REMARK.sub(lambda found: "" if found.group()[0] == "#" else found.group(), text)
    first = [*_SEQUENTIAL.finditer(text)]
    layers = [*_LAYER.finditer(text)]
    if len(first) != 1 or not layers or layers[0].start() < first[0].start():
        return ""
    if (
        _NO_CHAIN.search(text, first[0].start(), closing_bracket(text, layers[-1].end()))
        or "pop_layer" in text
    ):
        return ""
    constants = [*_CONSTANT.finditer(text)]
    if any(len(re.findall(rf"^\s*{one['name']}\s*(?:<-|=)", text, re.M)) > 1 for one in constants):
        return ""  # which of its values holds is not followed
    end = closing_bracket(text, first[0].end())
    assigned = _ASSIGNED.search(text[: first[0].start()])
    model = assigned["to"] if assigned else ""
    asked = text[first[0].end() : end]
    if asked.strip() and "shape" not in asked:
        return ""
    lines = ["from tensorflow import keras; from tensorflow.keras import layers"]
    lines += [f"{one['name']} = {one['value'].rstrip('L')}" for one in constants]
    lines.append("model = keras.Sequential([")
    if shape := re.search(r"input_shape\s*=.*", asked, re.S):
        lines.append(f"    layers.InputLayer({_arguments(shape.group())}),")
    for layer in layers:
        before = text[end + 1 : layer.start()]
        begun = _BEGINS.search(before)
        joined = _PIPE.fullmatch(before.strip()) or (
            begun and begun["of"] == model and begun["to"] in (None, model)
        )
        if not joined:
            return ""
        end = closing_bracket(text, layer.end())
        called = _NAMES.get(layer["name"]) or "".join(part.capitalize() for part in layer["name"].split("_"))
        lines.append(f"    layers.{called}({_arguments(text[layer.end() : end])}),")
    return "\n".join([*lines, "])"]) + "\n"


def _arguments(written: str) -> str:
    """Return the arguments of a call of R as Python writes them."""
    written = _CALLED.sub(lambda found: f"({found[1].strip()},)", " ".join(written.split()))
    written = re.sub(r"(?<![\w.])(\d+)L\b", r"\1", written)
    return re.sub(r"(?<![\w.\"'])(TRUE|FALSE|NULL|T|F)(?![\w.\"'])", lambda found: _VALUES[found[1]], written)


R_CODE = Notation(name="keras-r", suffixes=(".r", ".R"), recognise=recognise_r, read=read_r)
