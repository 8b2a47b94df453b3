"""JSON: the network for programs, every step with all its fields."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

from chalknet.errors import ChalknetError, Excerpt, NotationError, unknown_name
from chalknet.network import STEPS, Network, Step
from chalknet.notation.notation import Notation
from chalknet.notation.tokens import SourceText, Span

_VERSION = 1
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
    source = SourceText("JSON", text)
    kept = _parsed(source)
    for key in kept:
        if key not in _KEYS:
            raise unknown_name(source.what, "key", key, _KEYS, excerpt=_at(source, key))
    if kept.get("chalknet", _VERSION) != _VERSION:
        raise _wrong(source, "chalknet", kept["chalknet"], f"version {_VERSION}", "Use a newer chalknet.")
    shape, entries = kept.get("input_shape"), kept.get("steps")
    if not isinstance(shape, list | int | str) or not isinstance(entries, list):
        key = "steps" if isinstance(shape, list | int | str) else "input_shape"
        wanted = (
            'a list of steps such as {"step": "Linear", "out_features": 32}' if key == "steps" else "[784]"
        )
        raise _wrong(source, key, kept.get(key), wanted, f"Write {key!r} into the object.")
    if not isinstance(called := kept.get("name", "net"), str):
        raise _wrong(source, "name", called, "a word", "Leave it out, or write a word.")
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
    return {"step": type(step).__name__, **stated}


def _step(source: SourceText, number: int, entry: object) -> Step:
    where = f"{source.what}, steps[{number}]"
    if not isinstance(entry, dict) or not isinstance(entry.get("step"), str):
        raise NotationError(
            where=where,
            got=json.dumps(entry)[:60],
            wanted='an object with the key "step"',
            remedy=f'Write {{"step": "Linear", "out_features": 32}}, say; steps are {", ".join(STEPS)}.',
        )
    kind = STEPS.get(entry["step"])
    if kind is None:
        raise unknown_name(where, "step", entry["step"], STEPS, excerpt=_at(source, entry["step"]))
    known = [field.name for field in fields(kind.step)]
    for key in entry:
        if key != "step" and key not in known:
            raise unknown_name(
                f"{where} ({entry['step']})",
                "key",
                key,
                known or ("no key at all",),
                excerpt=_at(source, key),
            )
    given = {key: value for key, value in entry.items() if key != "step"}
    try:
        step: Step = kind.step(**given)
    except ChalknetError as problem:
        problem.where = f"{where}, {problem.where}"
        raise
    except (TypeError, ValueError, AttributeError) as problem:
        raise NotationError(
            where=where,
            got=json.dumps(entry)[:60],
            wanted=f"{entry['step']} with {', '.join(known)}",
            remedy="Write each key with a value of its kind.",
        ) from problem
    return step


def _parsed(source: SourceText) -> dict[str, Any]:
    try:
        kept = json.loads(source.text)
    except json.JSONDecodeError as problem:
        at, got = problem.pos, problem.msg
    except (RecursionError, ValueError) as problem:
        at, got = 0, str(problem) or "brackets nested too deep"
    else:
        if isinstance(kept, dict):
            return kept
        at, got = 0, f"a {type(kept).__name__}"
    raise source.refuse(
        Span(at, at + 1),
        got=got,
        wanted='a JSON object with "input_shape" and "steps"',
        remedy="Mend the text at the caret.",
    )


def _wrong(source: SourceText, key: str, value: object, wanted: str, remedy: str) -> NotationError:
    return NotationError(
        where=f"{source.what}, {key}",
        got="nothing" if value is None else json.dumps(value)[:60],
        wanted=wanted,
        remedy=remedy,
        excerpt=_at(source, key),
    )


def _at(source: SourceText, word: str) -> Excerpt:
    return source.excerpt(_span(source, word))


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
