"""The line to write when tensors on different devices meet."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from chalknet.hardware.naming import Owner


@dataclass(frozen=True)
class Thing:
    """One thing that took part.

    Args:
        name: the user's name of it, or how it came in.
        place: where it is, such as "cuda:0".
        owner: the module or optimizer to move, whose it is or whose inside it came into; None for a tensor
            of its own.
        moves: whether it goes along with its owner.
        module: of an optimizer's state, the name of the module whose parameter it belongs to.
        code: whether the name is an expression rather than a variable.
    """

    name: str
    place: str
    owner: Owner | None = None
    moves: bool = True
    module: str = "net"
    code: bool = False


def remedy(things: Sequence[Thing]) -> str:
    """Return the line to write, the likelier first where there are two ways.

    To an accelerator rather than away from it, to where a module is rather than away from it; nothing can
    be moved away from `meta`.
    """
    if any(thing.place.startswith("fake ") for thing in things):
        return "Make all of them under FakeTensorMode, or none."
    places = sorted(dict.fromkeys(thing.place for thing in things), key=lambda place: _cost(place, things))
    ways = [_lines([thing for thing in things if thing.place != place], place) for place in places]
    written = list(dict.fromkeys(" and ".join(lines) for lines in ways if lines))
    if not written:
        return f"Make them where the others are, with device={places[0]!r}."
    on_meta = any(thing.place == "meta" for thing in things)
    warning = " What is on meta has shapes and no values: make it anew where values are wanted."
    return f"Write {', or '.join(written)}.{warning if on_meta else ''}"


def _cost(place: str, things: Sequence[Thing]) -> tuple[bool, bool]:
    """Return what speaks against bringing everything to a place."""
    modules_there = any(
        thing.owner is not None and isinstance(thing.owner.thing, nn.Module)
        for thing in things
        if thing.place == place
    )
    return place in ("cpu", "meta"), not modules_there


def _lines(moved: Iterable[Thing], place: str) -> list[str]:
    """Return the lines that move these things, none when one of them cannot be moved."""
    moved = list(moved)
    lines = [_line(thing, place) for thing in moved]
    if None in lines or any(thing.place == "meta" for thing in moved):
        return []
    return [line for line in dict.fromkeys(lines) if line]


def _line(thing: Thing, place: str) -> str | None:
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
