"""The role that the name of a state implies: `X` is the input, `u1` a linear map, `v1` an activation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, TypeAlias

Role: TypeAlias = Literal["input", "linear", "activated", "output"]

_ROLES: Mapping[str, Role] = {
    "x": "input",
    "input": "input",
    "u": "linear",
    "z": "linear",
    "v": "activated",
    "a": "activated",
    "y": "output",
    "ŷ": "output",
    "yhat": "output",
    "net": "output",
    "output": "output",
}


def role_of(name: str) -> Role | None:
    """Return the role of a state, without its number (`u^{(1)}`, `v_2`, `net(X)`), or None."""
    return _ROLES.get(re.sub(r"[\W\d_]", "", name.partition("(")[0]).lower())
