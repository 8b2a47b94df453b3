"""Classes that derive from a library's module: their fields, and how their forward is told the mode."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from chalknet.notation.libraries.known import is_library
from chalknet.notation.torch_layers import Unknown
from chalknet.notation.torch_values import Call, Class, Dotted, Function

# Arguments that say the mode, and their value in training.
_MODES: Mapping[str, bool] = {
    **dict.fromkeys(("training", "train", "is_training"), True),
    **dict.fromkeys(("deterministic", "inference"), False),
}


def is_module(base: Dotted | None) -> bool:
    """Return whether a class that derives from a name is a module of a library besides torch."""
    return base is not None and is_library(base.path)


def mode_of(call: Call) -> bool | None:
    """Return whether a call says that it trains; None for one that does not say."""
    given = {name: call.keywords.get(name) for name in _MODES}
    return next((value is _MODES[name] for name, value in given.items() if isinstance(value, bool)), None)


def modes_of(method: Function, training: bool) -> dict[str, object]:
    """Return the arguments of a forward that say the mode, which torch's has not."""
    arguments = method.node.args
    names = {argument.arg for argument in (*arguments.args, *arguments.kwonlyargs)}
    return {name: training is trains for name, trains in _MODES.items() if name in names}


def fields_of(kind: Class, call: Call) -> dict[str, object]:
    """Return the attributes of an object whose class states fields, as a dataclass does."""
    bodies = [statement for one in reversed(kind.line) for statement in one.node.body]
    annotated = [part.target for part in bodies if isinstance(part, ast.AnnAssign)]
    names = list(dict.fromkeys(target.id for target in annotated if isinstance(target, ast.Name)))
    given = {**dict(zip(names, call.positional, strict=False)), **call.keywords}
    return {name: given.get(name, kind.member(name) or Unknown(name)) for name in names}
