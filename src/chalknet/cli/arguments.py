"""The network and the data that the words of a command describe."""

from __future__ import annotations

from typing import Any

import chalknet as cn
from chalknet.cli.options import COLUMNS, DTYPE, HELD_OUT, Asked, given


def network_of(asked: Asked) -> cn.Network:
    """Return the network that a command is about, its symbols and activations replaced as asked."""
    network = cn.read(asked["model"], notation=asked["notation"], name=asked["name"])
    if asked["sizes"]:
        network = network.bind(**dict(asked["sizes"]))
    activation = asked.get("activation")
    return network if activation is None else network.settle(*activation)


def data_of(asked: Asked) -> Any:
    """Return the argument `data` of the face: one name, or a pair where --target holds y."""
    return asked["data"] if asked["target"] is None else (asked["data"], asked["target"])


def source_of(asked: Asked) -> Any:
    """Return the data that a command is about, loaded."""
    return cn.load(data_of(asked), **given(asked, (HELD_OUT, DTYPE)), **column_options(asked))


def column_options(asked: Asked) -> dict[str, Any]:
    """Return the keywords of `cn.load` about columns; it has one where the command has several flags."""
    options = given(asked, COLUMNS)
    for name in ("one_hot", "standardise"):
        columns = options.pop(f"{name}_columns", None)
        if columns is not None:
            options[name] = columns
    if options.pop("standardise_target", False):
        options["standardise"] = "both"
    return options
