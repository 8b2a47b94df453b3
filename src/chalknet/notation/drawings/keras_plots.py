"""Boxes as `plot_model` of Keras writes them: `dropout_4: Dropout`, with the shapes before and behind."""

from __future__ import annotations

import re
from typing import NamedTuple

from chalknet.notation.drawings.labels import plain
from chalknet.notation.drawings.sketch import Sketch

_HEAD = re.compile(
    r"[\s{]*+(?:[\w/.-]{1,80}\s?:\s?([A-Z]\w{1,40})|[\w/.-]{1,80}\s\(([A-Z]\w{1,40})\)"
    r"|[\w/.-]{1,80}\s?\|\s?([A-Z]\w{1,40})(?=\s?[|}])"
    r"|[a-z][\w/.-]{1,80}\s([A-Z]\w{1,40})(?=\s(?:[a-z_]{1,20}\s)?input:))\s*+"  # the cells of a picture
)  # `dense_1: Dense`, `dense_1 (Dense)` and, in a record, `{dense_1|Dense|relu}`
_MAPS = frozenset(("InputLayer", "Dense"))
_STEPS = frozenset(
    "Activation ActivityRegularization BatchNormalization Dropout ELU GaussianNoise LayerNormalization "
    "LeakyReLU PReLU ReLU Softmax".split()
)  # which change no width
_SHAPE = re.compile(r"[(\[]+\s*(?:None|\?|\d+)\s*(?:,\s*(?:None|\?|\d+)\s*)*,?\s*[)\]]+")
_STATES_SHAPE = re.compile(r"(?:input|output)(?:[ _]shape)?\s*:?\s*(?:[(\[].*)?", re.I)


class _Box(NamedTuple):
    """What a box says: the class of its layer, the shapes in it, and its other lines."""

    layer: str
    shapes: tuple[str, ...]
    others: tuple[str, ...]


def without_layer_names(sketch: Sketch) -> None:
    """Take the names out of the boxes of a plot of Keras, and the shapes out of steps that change none.

    The 4 of `dropout_4` is a number of a layer and no rate; `relu_out: Dense` has no activation by its name.
    """
    found = {key: box for key, node in sketch.nodes.items() if (box := _box(plain(node.text)))}
    if not any(box.layer in _MAPS for box in found.values()):
        return
    for key, box in found.items():
        node = sketch.nodes[key]
        if box.layer == "Dense":
            node.label = _HEAD.sub(" Dense\n", plain(node.text), count=1)
        elif box.layer in _STEPS and len(set(box.shapes)) <= 1:
            node.label = "\n".join((box.layer, *box.others))
            if box.layer == "Dropout" and not any(re.search(r"\d", line) for line in box.others):
                sketch.unread.append(f"{plain(node.text)}: no rate is drawn; 0.5 is assumed, as in torch")


def _box(text: str) -> _Box | None:
    """Return what a box says of a layer of Keras; None for any other box."""
    head = _HEAD.match(text)
    if head is None:
        return None
    rest = text[head.end() - 1 :] if text[: head.end()].endswith("\n") else text[head.end() :]
    if rest[:1] not in ("", "|", "\n", "}"):
        return None
    lines = [line.strip() for line in re.split(r"[\n|{}]", rest) if line.strip()]
    others = [line for line in lines if not (_STATES_SHAPE.fullmatch(line) or _SHAPE.fullmatch(line))]
    shapes = re.findall(_SHAPE, "\n".join(lines))
    return _Box(
        head[1] or head[2] or head[3], tuple(shape.strip("[]() ,") for shape in shapes), tuple(others)
    )
