"""JSON: the network for programs, every step with all its fields."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import fields, replace
from functools import partial
from typing import Any

from chalknet.errors import ChalknetError, shown, unknown_name
from chalknet.network import STEPS, Network, Step
from chalknet.notation.limits import check_limit
from chalknet.notation.notation import Notation
from chalknet.notation.tokens import SourceText, Span

_VERSION = 1
_EXAMPLE = '{"input_shape": [784], "steps": [{"step": "Linear", "out_features": 1}]}'
_MOST_AXES = 64  # as in torch
_KEYS = ("chalknet", "name", "input_shape", "steps")


def write_json(network: Network) -> str:
    """Return the network as a JSON object, a line a step."""
    head = {"chalknet": _VERSION, "name": network.name, "input_shape": list(network.input_shape)}
    lines = [f'  "{key}": {json.dumps(value, ensure_ascii=False)},' for key, value in head.items()]
    steps = ",\n".join(f"    {json.dumps(_entry(step), ensure_ascii=False)}" for step in network.steps)
    return "\n".join(["{", *lines, '  "steps": [', steps, "  ]", "}"])


def read_json(text: str, name: str | None = None) -> Network:
    """Return the network of a JSON object as `write_json` writes it.

    Raises:
        NotationError: with a caret for what is no JSON; naming the key for what is no network.
        UnknownName: for a key or a step that is not known; the nearest one is offered.
    """
    source = SourceText("JSON", text, remedy=f"Write for instance {_EXAMPLE}.")
    kept = _parsed(source)
    _check_names(source, source.what, "key", kept, _KEYS)
    if kept.get("chalknet", _VERSION) != _VERSION:
        raise _wrong(source, "chalknet", kept["chalknet"], f"version {_VERSION}; a newer chalknet reads more")
    shape, entries = kept.get("input_shape"), kept.get("steps")
    if not isinstance(shape, list | int | str):
        raise _wrong(source, "input_shape", shape, "a list of sizes")
    if not isinstance(entries, list):
        raise _wrong(source, "steps", entries, "a list of steps")
    if not isinstance(called := kept.get("name", "net"), str):
        raise _wrong(source, "name", called, "a word, or no name at all")
    check_limit(source, _span(source, "steps"), "layers", len(entries))
    if isinstance(shape, list) and len(shape) > _MOST_AXES:
        raise _wrong(source, "input_shape", f"{len(shape)} sizes", f"at most {_MOST_AXES} sizes")
    if not called.isprintable():
        raise _wrong(source, "name", called, "letters that can be printed")
    steps = tuple(_step(source, number, entry) for number, entry in enumerate(entries))
    with source.pointing(_span(source, "input_shape")):
        return Network(tuple(shape) if isinstance(shape, list) else (shape,), steps, name=called)


def recognise_json(text: str) -> float:
    """Return how likely it is that a text is a network's JSON."""
    start = text.lstrip()
    return 0.98 if start.startswith("{") and ('"steps"' in start or '"chalknet"' in start) else 0.0


def _entry(step: Step) -> dict[str, Any]:
    stated = {entry.name: getattr(step, entry.name) for entry in fields(step)}  # type: ignore[arg-type]
    if "options" in stated:
        stated["options"] = dict(stated["options"])
    if "steps" in stated:
        stated["steps"] = [_entry(inner) for inner in stated["steps"]]
    return {"step": type(step).__name__, **stated}


def _step(source: SourceText, number: int, entry: object) -> Step:
    where = f"{source.what}, steps[{number}]"
    if not isinstance(entry, dict) or not isinstance(entry.get("step"), str):
        raise _wrong(source, f"steps[{number}]", entry, 'an object with the key "step"')
    given = dict(entry)
    name = given.pop("step")
    _check_names(source, where, "step", [name], STEPS)
    known = [field.name for field in fields(STEPS[name].step)]
    _check_names(source, f"{where} ({name})", "key", given, known)
    if "steps" in given:
        given["steps"] = _steps(source, where, given["steps"])
    try:
        step: Step = STEPS[name].step(**given)
    except ChalknetError as problem:
        problem.where = f"{where}, {problem.where}"
        raise
    except (TypeError, ValueError, AttributeError) as problem:
        wanted = f"{name} with {', '.join(known)}, each with a value of its kind"
        raise _wrong(source, f"steps[{number}]", entry, wanted) from problem
    return step


def _steps(source: SourceText, where: str, entries: object) -> list[Step]:
    """Return the steps inside a step."""
    if not isinstance(entries, list):
        raise _wrong(source, "steps", entries, f"a list of steps in {where}")
    return [_step(source, number, entry) for number, entry in enumerate(entries)]


def _check_names(
    source: SourceText, where: str, what: str, names: Iterable[str], known: Collection[str]
) -> None:
    for name in names:
        if name not in known:
            excerpt = source.excerpt(_span(source, name))
            raise unknown_name(where, what, name, known or (f"no {what} at all",), excerpt=excerpt)


def _parsed(source: SourceText) -> dict[str, Any]:
    try:
        kept = json.loads(source.text, object_pairs_hook=partial(_object, source))
    except json.JSONDecodeError as problem:
        at, got = problem.pos, problem.msg
    except (RecursionError, ValueError) as problem:
        at, got = 0, str(problem) or "brackets nested too deep"
    else:
        if isinstance(kept, dict):
            return kept
        at, got = 0, f"a {type(kept).__name__}"
    raise source.refuse(at, got=got, wanted='a JSON object with "input_shape" and "steps"')


def _object(source: SourceText, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of JSON; a key that stands in it twice is refused."""
    made = dict(pairs)
    if len(made) < len(pairs):
        twice = next(key for key, times in Counter(key for key, _ in pairs).items() if times > 1)
        raise source.refuse(_span(source, twice), got=f"the key {shown(twice)} twice", wanted="each key once")
    return made


def _wrong(source: SourceText, key: str, value: object, wanted: str) -> ChalknetError:
    """Return the error for the value of a key, which may be an entry of a list: `steps[0]`."""
    got = "nothing" if value is None else _short(value)
    at_key = replace(source, what=f"{source.what}, {key}")
    return at_key.refuse(_span(source, key.partition("[")[0]), got=got, wanted=wanted)


def _short(value: object) -> str:
    try:
        return json.dumps(value)[:60]
    except RecursionError:
        return f"a {type(value).__name__} nested deep"


def _span(source: SourceText, word: str) -> Span:
    at = source.text.find(f'"{word}"')
    return Span(at, at + len(word) + 2) if at >= 0 else Span(0, 1)


JSON = Notation(
    name="json",
    suffixes=(".json",),
    recognise=recognise_json,
    read=read_json,
    write=write_json,
    lossless=True,
)
