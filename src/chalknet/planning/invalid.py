"""The error for an option whose value cannot be used."""

from __future__ import annotations

from chalknet.errors import InvalidValue


def invalid_option(name: str, value: object, wanted: str, remedy: str = "") -> InvalidValue:
    """Return the error for the value of an option.

    Args:
        name: the option.
        value: what was given.
        wanted: what could have been given.
        remedy: what to do; without one, to leave the option out.
    """
    remedy = remedy or f"Leave {name} out for the default, or correct it."
    return InvalidValue(where=name, got=repr(value), wanted=wanted, remedy=remedy)
