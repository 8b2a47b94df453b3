"""The package pyarrow, imported where a table is opened."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

from chalknet.errors import MissingPackage

_INSTALL = 'pip install "chalknet[tables]"'


def pyarrow() -> Any:
    """Return the package."""
    return module("pyarrow")


def module(name: str) -> Any:
    """Return a module of pyarrow, or raise MissingPackage."""
    if (found := sys.modules.get(name)) is not None:  # import_module takes fifty times as long
        return found
    try:
        return import_module(name)
    except ImportError as problem:
        raise MissingPackage(
            where="tables",
            got=f"pyarrow cannot be imported ({problem})",
            wanted="pyarrow, which reads CSV, Parquet and Arrow files",
            remedy=f"Install it: {_INSTALL}.",
        ) from problem
