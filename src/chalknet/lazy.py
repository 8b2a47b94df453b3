"""What is imported on its first use: torch, and the names of a room whose `__init__.pyi` lists them."""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # as type checkers take it; nothing is imported here: the command handles Ctrl-C first
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any
else:
    ModuleType = type(sys)


class _Lazy(ModuleType):
    """A module that is imported when a name of it is used."""

    def __getattr__(self, name: str) -> Any:
        if name == "_loaded":  # the first use; a thread that comes meanwhile waits for the import too
            from importlib import import_module

            self._loaded = import_module(self.__name__)
            return self._loaded
        return getattr(self._loaded, name)


if TYPE_CHECKING:
    import torch as torch
    import torch.utils.data

    torch_data = torch.utils.data
else:
    torch = _Lazy("torch")  # its import takes a second: what needs no tensor goes without it
    torch_data = _Lazy("torch.utils.data")


def torch_is_loaded() -> bool:
    """Return whether torch was imported; before that, nothing can be a tensor or a module.

    While another thread imports it, it is in `sys.modules` with half of its names.
    """
    spec = getattr(sys.modules.get("torch"), "__spec__", None)
    return spec is not None and not getattr(spec, "_initializing", False)


def door(room: str) -> Callable[[str], Any]:
    """Return `__getattr__` of a package whose names, `__all__` among them, are there on first use.

    Its stub, `__init__.pyi`, is the only list of the names; type checkers read it in the place of
    `__init__.py`. No name may be that of a module in the package, which its import would put in its place.

    Args:
        room: the package's `__name__`.

    Example:
        >>> find = door("chalknet.module")
        >>> "build" in find("__all__"), find("build").__name__
        (True, 'build')
    """
    rooms: dict[str, str] = {}

    def find(name: str) -> Any:
        from importlib import import_module

        if not rooms:
            rooms.update(_rooms_of(room))
        if name != "__all__" and name not in rooms:
            raise AttributeError(f"module {room!r} has no attribute {name!r}")
        value = sorted(rooms) if name == "__all__" else getattr(import_module(rooms[name]), name)
        setattr(sys.modules[room], name, value)
        return value

    return find


def _rooms_of(room: str) -> dict[str, str]:
    """Return where each name of a stub is."""
    import re
    from pkgutil import get_data

    stub = (get_data(room, "__init__.pyi") or b"").decode()
    return {name: place for place, name in re.findall(r"^from (\S+) import (\w+)", stub, re.MULTILINE)}
