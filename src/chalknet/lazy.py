"""What is imported on its first use: torch, and the names of a room whose `__init__.pyi` lists them."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from importlib import import_module
from pkgutil import get_data
from types import ModuleType
from typing import TYPE_CHECKING, Any


class _Lazy(ModuleType):
    """A module that is imported when a name of it is used."""

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self.__name__), name)


if TYPE_CHECKING:
    import torch as torch
    import torch.utils.data

    torch_data = torch.utils.data
else:
    torch = _Lazy("torch")  # its import takes a second: what needs no tensor goes without it
    torch_data = _Lazy("torch.utils.data")


def torch_is_loaded() -> bool:
    """Return whether torch was imported; before that, nothing can be a tensor or a module."""
    return "torch" in sys.modules


def door(room: str) -> tuple[Callable[[str], object], list[str]]:
    """Return `__getattr__` and `__all__` of a package whose names are imported on first use.

    Its stub, `__init__.pyi`, is the only list of the names; type checkers read it in the place of
    `__init__.py`. No name may be that of a module in the package, which its import would put in its place.

    Args:
        room: the package's `__name__`.

    Example:
        >>> find, names = door("chalknet.module")
        >>> "build" in names, find("build").__name__
        (True, 'build')
    """
    stub = (get_data(room, "__init__.pyi") or b"").decode()
    rooms = {name: place for place, name in re.findall(r"^from (\S+) import (\w+)", stub, re.MULTILINE)}

    def find(name: str) -> object:
        if name not in rooms:
            raise AttributeError(f"module {room!r} has no attribute {name!r}")
        value = getattr(import_module(rooms[name]), name)
        setattr(sys.modules[room], name, value)
        return value

    return find, sorted(rooms)
