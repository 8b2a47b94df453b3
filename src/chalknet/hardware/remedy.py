"""The line to write when tensors on different devices meet."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from chalknet.hardware.naming import Owner


@dataclass(frozen=True)
class NamedParticipant:
    """A participant of the failed operation, with its name.

    Args:
        name: the user's name for it, or where it came from.
        place: its device, such as "cuda:0".
        owner: the module or optimizer to move, which holds it or into which it was passed; None for a free
            tensor.
        moves: whether its owner's `.to` moves it.
        module: for an optimizer's state, the name of the module that owns the parameter.
        code: whether the name is an expression, not a variable.
    """

    name: str
    place: str
    owner: Owner | None = None
    moves: bool = True
    module: str = "net"
    code: bool = False


def remedy(things: Sequence[NamedParticipant]) -> str:
    """Return the line to write; where there are two possibilities, the more likely first.

    Moving to an accelerator is preferred, then moving to where a module is; nothing can be moved from `meta`.
    """
    if any(thing.place.startswith("fake ") for thing in things):
        return "Make all of them under FakeTensorMode, or none."
    places = sorted(dict.fromkeys(thing.place for thing in things), key=lambda place: _cost(place, things))
    moves = [_lines([thing for thing in things if thing.place != place], place) for place in places]
    written = list(dict.fromkeys(" and ".join(lines) for lines in moves if lines))
    if not written:
        return f"Make them where the others are, with device={places[0]!r}."
    on_meta = any(thing.place == "meta" for thing in things)
    warning = " What is on meta has shapes and no values: make it anew where values are wanted."
    return f"Write {', or '.join(written)}.{warning if on_meta else ''}"


def _cost(place: str, things: Sequence[NamedParticipant]) -> tuple[bool, bool]:
    """Return the sort key of a target device: lower is better."""
    modules_there = any(
        thing.owner is not None and isinstance(thing.owner.thing, nn.Module)
        for thing in things
        if thing.place == place
    )
    return place in ("cpu", "meta"), not modules_there


def _lines(moved: Iterable[NamedParticipant], place: str) -> list[str]:
    """Return the lines that move these participants, none where one of them cannot be moved."""
    moved = list(moved)
    lines = [_line(thing, place) for thing in moved]
    if None in lines or any(thing.place == "meta" for thing in moved):
        return []
    return [line for line in dict.fromkeys(lines) if line]


def _line(thing: NamedParticipant, place: str) -> str | None:
    if thing.code:
        return (
            f'{thing.name}.to("{place}")'
            if thing.name.endswith((")", "]"))
            else f'({thing.name}).to("{place}")'
        )
    if thing.owner is None or not thing.moves:
        return f'{thing.name} = {thing.name}.to("{place}")' if _is_target(thing.name) else None
    if isinstance(thing.owner.thing, torch.optim.Optimizer):
        return f'cn.place("{place}", {thing.module}, {thing.owner.name})'
    return f'{thing.owner.name}.to("{place}")'


def _is_target(name: str) -> bool:
    """Return whether a name can stand before an equals sign."""
    try:
        ast.parse(f"{name} = 0")
    except SyntaxError:
        return False
    return True
