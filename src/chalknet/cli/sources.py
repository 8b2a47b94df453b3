"""The data that the words of a command describe, and the verb that prints what is in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

import typer

import chalknet as cn
from chalknet.cli.app import app
from chalknet.cli.options import (
    AsJson,
    Cache,
    Classes,
    Delimiter,
    Fill,
    Header,
    HeldOut,
    InMemory,
    OneHot,
    OneHotColumns,
    Standardise,
    StandardiseColumns,
    StandardiseTarget,
    Target,
    X,
    Y,
)
from chalknet.cli.say import say


@app.command()
def data(
    name: Annotated[str, typer.Argument(metavar="DATA", help="mnist01, mnist, or a file.")] = "mnist01",
    target: Target = None,
    held_out: HeldOut = None,
    x: X = None,
    y: Y = None,
    one_hot: OneHot = False,
    one_hot_columns: OneHotColumns = None,
    classes: Classes = False,
    fill: Fill = None,
    standardise: Standardise = False,
    standardise_columns: StandardiseColumns = None,
    standardise_target: StandardiseTarget = False,
    delimiter: Delimiter = None,
    header: Header = None,
    cache: Cache = None,
    in_memory: InMemory = None,
    as_json: AsJson = False,
) -> None:
    """Print what is in a data set: observations, shapes, ranges, held-out samples.

    Of a table without further options: its columns with their kinds, gaps and examples.

    Example: chalknet data mnist01
    Example: chalknet data houses.csv
    Example: chalknet data houses.csv --y price --one-hot --fill mean --standardise
    """
    asked = locals()
    aside = {} if held_out is None else {"held_out": _held_out(held_out)}
    facts = cn.describe(name if target is None else (name, target), **aside, **table_options(asked))
    say(json.dumps(facts) if as_json else aligned(facts))


def source_of(data: str, target: str | None, asked: Mapping[str, Any]) -> Any:
    """Return the source that a command's options describe."""
    pair = data if target is None else (data, target)
    return cn.load(pair, held_out=_held_out(asked.get("held_out")), **table_options(asked))


def table_options(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keywords of `cn.load` that a command's options about tables give."""
    options: dict[str, Any] = {name: _columns(asked.get(name)) for name in ("x", "y")}
    options["one_hot"] = _columns(asked.get("one_hot_columns")) or asked.get("one_hot")
    options["standardise"] = (
        "both"
        if asked.get("standardise_target")
        else _columns(asked.get("standardise_columns")) or asked.get("standardise")
    )
    options["fill"] = _fill(asked.get("fill"))
    for name in ("classes", "delimiter", "header", "cache", "in_memory", "dtype"):
        options[name] = asked.get(name)
    if options["delimiter"] == "\\t":
        options["delimiter"] = "\t"
    given = {name: value for name, value in options.items() if value is not None}
    return {
        name: value for name, value in given.items() if value is not False or name in ("header", "in_memory")
    }


def aligned(facts: Mapping[str, object]) -> str:
    """Return facts a line each, the values under one another."""
    width = max(map(len, facts))
    return "\n".join(f"{name:<{width}}  {value}" for name, value in facts.items())


def _columns(words: str | None) -> list[str] | None:
    return None if words is None else [word.strip() for word in words.split(",") if word.strip()]


def _fill(words: str | None) -> str | float | dict[str, str | float] | None:
    if words is None or "=" not in words:
        return words if words is None else _number_or_word(words)
    pairs = [word.partition("=") for word in words.split(",")]
    return {column.strip(): _number_or_word(value.strip()) for column, _, value in pairs}


def _number_or_word(word: str) -> str | float:
    try:
        return float(word)
    except ValueError:
        return word


def _held_out(word: str | None) -> str | float | None:
    return None if word is None else _number_or_word(word)
