"""What samples weigh in the loss, as it is asked for: by their class, by a column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from numbers import Integral, Real

from chalknet.errors import InvalidValue, invalid

BALANCED = "balanced"
_MOST = 1e30


def checked_class_weight(given: object) -> str | tuple[float, ...] | dict[str, float] | None:
    """Return class weights in types of Python's own.

    Raises:
        InvalidValue: for anything but "balanced", numbers in a list, or numbers by class.
    """
    if given is None:
        return None
    if isinstance(given, str):
        if given != BALANCED:
            raise _no_weights(given)
        return BALANCED
    if isinstance(given, Mapping):
        found = {str(_plain(name)): _weight(value, given) for name, value in given.items()}
        if not found:
            raise _no_weights(given)
        return found
    if hasattr(given, "tolist"):
        given = given.tolist()
    if not isinstance(given, Sequence) or isinstance(given, bytes) or not given:
        raise _no_weights(given)
    return tuple(_weight(value, given) for value in given)


def checked_column(given: object) -> str | int | None:
    """Return the name or the number of a column.

    Raises:
        InvalidValue: for anything else.
    """
    if isinstance(given, Integral) and not isinstance(given, bool) and abs(int(given)) < 2**31:
        return int(given)
    if given is None or (isinstance(given, str) and given):
        return given
    raise invalid(
        "weight",
        given,
        "the name or the number of a column of x",
        "Weights in an array go beside x: numpy.column_stack([x, weights]), and weight=-1.",
    )


def _plain(name: object) -> object:
    return int(name) if isinstance(name, Integral) else name


def _weight(value: object, given: object) -> float:
    if not isinstance(value, Real) or isinstance(value, bool):
        raise _no_weights(given)
    number = float(value)
    if not isfinite(number) or not 0 <= number <= _MOST:
        raise _no_weights(given)
    return number


def _no_weights(given: object) -> InvalidValue:
    return invalid(
        "class_weight",
        given,
        "'balanced', a number of at least 0 for each class, or a dict of them by class",
        "Say class_weight='balanced' (--class-weight balanced), or [1, 5] for two classes.",
    )
