"""How the weights of a network are drawn at its start, one row each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chalknet.errors import unknown_name
from chalknet.network import name_of_row


@dataclass(frozen=True)
class Initialisation:
    """One way to draw the weights of the linear maps; their biases are 0.

    Args:
        name: the name used everywhere in chalknet.
        aliases: other spellings read as this one.
        torch_class: the function of `torch.nn.init`.
        options: what else it is called with.
    """

    name: str
    aliases: tuple[str, ...]
    torch_class: str
    options: Mapping[str, Any] = field(default_factory=dict)


_RELU = {"nonlinearity": "relu"}
_ROWS = (
    Initialisation("he", ("he_normal", "kaiming", "kaiming_normal"), "kaiming_normal_", _RELU),
    Initialisation("he_uniform", ("kaiming_uniform",), "kaiming_uniform_", _RELU),
    Initialisation("xavier", ("xavier_uniform", "glorot", "glorot_uniform"), "xavier_uniform_"),
    Initialisation("xavier_normal", ("glorot_normal",), "xavier_normal_"),
    Initialisation("orthogonal", (), "orthogonal_"),
    Initialisation("zeros", ("zero",), "zeros_"),
)

INITIALISATIONS: Mapping[str, Initialisation] = {row.name: row for row in _ROWS}


def checked_init(init: object) -> str | None:
    """Return the name of a way to draw weights.

    Raises:
        UnknownName: for one that does not exist.
    """
    if init is None:
        return None
    name = name_of_row(INITIALISATIONS.values(), init) if isinstance(init, str) else None
    if name is None:
        raise unknown_name("init", "way to draw weights", init, INITIALISATIONS)
    return name
