"""What JSON has to hold to become a value: the fields of a dataclass are its schema."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")

_LARGEST = 2**63 - 1  # what torch, numpy and the file formats count with
_LONGEST_TEXT = 1 << 20
_COUNTS = {"threads": 1 << 16, "processes": 1 << 16}  # what starts threads: nobody has more


def parse_json(content: bytes) -> dict[str, Any]:
    """Return a JSON object: without NaN, a key given twice, or brackets nested past reading.

    Raises:
        ValueError: for anything else.
    """
    kept = parse_json_value(content)
    if not isinstance(kept, dict):
        raise ValueError("no JSON object")
    return kept


def parse_json_value(content: bytes) -> Any:
    """Return a value of JSON, as strictly as `parse_json` does.

    Raises:
        ValueError: for what is no JSON.
    """
    try:
        return json.loads(content.decode("utf-8"), object_pairs_hook=_object, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("brackets nested too deep") from None


def from_json(kind: type[T], values: object, where: str = "", **ready: object) -> T:
    """Return a dataclass made of what JSON holds, each field checked against its annotation.

    Args:
        kind: the dataclass.
        values: the object that was read.
        where: the key at which it stands, for errors.
        **ready: fields that are made already and do not stand in the file.

    Raises:
        ValueError: naming the key that is missing, unknown, or of another kind or size than it can have.
    """
    if not isinstance(values, Mapping):
        raise ValueError(f"{where or 'the file'} is no object")
    hints, known = get_type_hints(kind), {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    for name in values:
        if name not in known or name in ready:
            raise ValueError(f"the unknown key {_at(where, name)!r}")
    for name, field in known.items():
        if name not in values and name not in ready and _is_required(field):
            raise ValueError(f"no key {_at(where, name)!r}")
    made = {name: checked(hints[name], value, _at(where, name)) for name, value in values.items()}
    return kind(**made, **ready)


def checked(hint: Any, value: Any, where: str) -> Any:
    """Return a value of JSON as its annotation has it: lists as tuples, objects as dataclasses.

    Raises:
        ValueError: for a value of another kind, an infinite number, or one past 63 bits.
    """
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return _any_of(inner, value, where)
    if origin is tuple:
        return _tuple(inner, value, where)
    if origin in (Mapping, dict) or (isinstance(origin, type) and issubclass(origin, Mapping)):
        if isinstance(value, Mapping):
            return {key: checked(inner[1], each, _at(where, key)) for key, each in value.items()}
    elif origin is list:
        if isinstance(value, list):
            return [checked(inner[0], each, f"{where}[{i}]") for i, each in enumerate(value)]
    elif origin is Literal:
        if value in inner:
            return value
    elif is_dataclass(hint):
        return from_json(hint, value, where)  # type: ignore[arg-type]
    elif _is_plain(hint, value, where.rpartition(".")[2]):
        return value
    raise ValueError(f"{where} is {_shown(value)}")


def check_fields(value: object, where: str = "") -> None:
    """Raise unless the fields of a dataclass that was read hold what their annotations say.

    Raises:
        ValueError: naming the field.
    """
    hints = get_type_hints(type(value))
    for field in fields(value):  # type: ignore[arg-type]
        at, found = _at(where, field.name), getattr(value, field.name)
        for part in found if isinstance(found, tuple) else (found,):
            if is_dataclass(part):
                check_fields(part, at)
        if not any(is_dataclass(part) for part in (found if isinstance(found, tuple) else (found,))):
            checked(hints[field.name], found, at)


def _is_plain(hint: Any, value: object, name: str) -> bool:
    if hint is Any:
        return _is_bounded(value)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return abs(value) <= _LARGEST
    if hint in (NoneType, bool, int, float, str):
        return type(value) is hint and _is_bounded(value, _COUNTS.get(name, _LARGEST))
    return False


def _is_bounded(value: object, most: int = _LARGEST) -> bool:
    match value:
        case None | bool():
            return True
        case int():
            return (1 if most < _LARGEST else -_LARGEST) <= value <= most
        case float():
            return math.isfinite(value)
        case str():
            return len(value) <= _LONGEST_TEXT
        case Mapping():
            return all(map(_is_bounded, value.values()))
        case Sequence():
            return all(map(_is_bounded, value))
    return False


def _any_of(hints: Sequence[Any], value: object, where: str) -> Any:
    problem = ValueError(f"{where} is {_shown(value)}")
    for hint in hints:
        try:
            return checked(hint, value, where)
        except ValueError as found:
            problem = found
    raise problem


def _tuple(inner: Sequence[Any], value: object, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise ValueError(f"{where} is {_shown(value)}")
    if len(inner) == 2 and inner[1] is ...:
        inner = [inner[0]] * len(value)
    if len(inner) != len(value):
        raise ValueError(f"{where} has {len(value)} entries")
    return tuple(
        checked(hint, each, f"{where}[{i}]") for i, (hint, each) in enumerate(zip(inner, value, strict=True))
    )


def _is_required(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key stands there twice")
    return made


def _no_constant(name: str) -> None:
    raise ValueError(f"{name}, which is no number")


def _at(where: str, name: object) -> str:
    return f"{where}.{name}" if where else str(name)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
