"""The verbs about a network: read, count, draw, diff."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, cast

import typer

import chalknet as cn
from chalknet.cli.app import app
from chalknet.cli.options import Activations, AsJson, Form, FormName, FormNotation, Sizes
from chalknet.cli.say import network_of, say, tell


@app.command()
def read(
    form: Form,
    to: Annotated[
        str,
        typer.Option(
            help="arrows, shorthand, latex, latex-layers, torch, json, mathml, dot, mermaid, svg, onnx."
        ),
    ] = "arrows",
    out: Annotated[Path | None, typer.Option(help="A file to write instead of printing.")] = None,
    notation: FormNotation = None,
    name: FormName = None,
    sizes: Sizes = None,
    activation: Activations = None,
) -> None:
    """Print any form of a network in another form: formula, code or drawing.

    Example: chalknet read '784 -> 32 relu -> 1 sigmoid' --to torch

    Example: chalknet read net.dot --to torch --activation relu,sigmoid
    """
    network = network_of(form, notation, name, sizes)
    for note in network.notes:
        tell(f"note: {note}")
    if activation is not None:
        network = network.settle(*activation.split(","))
    _put(cn.write(network, cast("Any", to)), out)


@app.command()
def draw(
    form: Form,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="A .svg, .png, .pdf, .tex, .html, .dot or .mmd file; SVG is printed without."
        ),
    ] = None,
    dialect: Annotated[
        str,
        typer.Option(
            help="nodes (D9), input-hidden-output (D11), features (D7), layers (D8), numbers (D6), "
            "states (D5), features-as-nodes (D10), observations (D1), observation (D2), index-free (D3), "
            "bias-implied (D4), plain-weight (D4b), blocks."
        ),
    ] = "nodes",
    orientation: Annotated[str, typer.Option(help="right or down.")] = "right",
    max_nodes: Annotated[int, typer.Option(help="Wider layers are drawn as first two, dots, last.")] = 8,
    weights: Annotated[str, typer.Option(help="none, numbers or colour.")] = "none",
    bias: Annotated[str, typer.Option(help="implied or nodes.")] = "implied",
    language: Annotated[str, typer.Option(help="Of the layers' names: en or ko.")] = "en",
    preset: Annotated[str, typer.Option(help="screen, paper, paper-wide or slide.")] = "screen",
    title: Annotated[str, typer.Option(help="A line over the drawing.")] = "",
    notation: FormNotation = None,
    name: FormName = None,
    sizes: Sizes = None,
    activation: Activations = None,
) -> None:
    """Draw a network in any dialect of the textbooks.

    Example: chalknet draw '784 -> 32 relu -> 1 sigmoid' --dialect D11 -o net.svg

    Example: chalknet draw run/ --dialect numbers -o net.pdf
    """
    asked = locals()
    options = ("orientation", "max_nodes", "weights", "bias", "language", "preset", "title")
    whole = notation is name is activation is None and not sizes
    network = network_of(form, notation, name, sizes)
    network = network if activation is None else network.settle(*activation.split(","))
    drawing = cn.draw(
        form if whole else network, cast("Any", dialect), **{key: asked[key] for key in options}
    )
    if out is None:
        say(drawing.svg)
    else:
        tell(f"written {drawing.save(out)}")


@app.command()
def diff(
    key: Annotated[str, typer.Argument(metavar="A", help="A network in any form.")],
    others: Annotated[list[str], typer.Argument(metavar="B...", help="Networks to compare with it.")],
    ignore_dropout: Annotated[
        bool, typer.Option("--ignore-dropout", help="Dropout counts for nothing.")
    ] = False,
    logits: Annotated[
        bool, typer.Option("--logits", help="A last sigmoid or softmax counts for nothing: the loss has it.")
    ] = False,
    table: Annotated[bool, typer.Option("--table", help="A line for each of B.")] = False,
    as_json: AsJson = False,
) -> None:
    """Tell whether networks are the same, and where they part. Exit code 0: the same, 1: different.

    Example: chalknet diff key.txt answers/*.py --table
    """
    first = cn.read(key)
    rows = [_compared(first, other, ignore_dropout, logits) for other in others]
    if as_json:
        say(json.dumps([dict(zip(("name", "verdict", "difference"), row, strict=True)) for row in rows]))
    elif table or len(rows) > 1:
        width = max(len(row[0]) for row in rows)
        say(
            "\n".join(
                f"{name:<{width}}  {verdict:<9}  {_first_line(why)}".rstrip() for name, verdict, why in rows
            )
        )
    else:
        say(rows[0][2])
    raise typer.Exit(int(any(verdict != "same" for _, verdict, _ in rows)))


@app.command()
def count(
    form: Form,
    convention: Annotated[
        str, typer.Option(help="trainable, or textbook: the input counts too.")
    ] = "trainable",
    notation: FormNotation = None,
    name: FormName = None,
    sizes: Sizes = None,
    as_json: AsJson = False,
) -> None:
    """Print layers, hidden layers, nodes, parameters and multiply-adds.

    Example: chalknet count '1 -> 2 relu -> 1 sigmoid' --convention textbook
    """
    counts = cn.count(network_of(form, notation, name, sizes), convention)  # type: ignore[arg-type]  # checked there
    say(json.dumps(asdict(counts)) if as_json else str(counts))


def _compared(first: cn.Network, other: str, ignore_dropout: bool, logits: bool) -> tuple[str, str, str]:
    try:
        found = cn.difference(first, other, ignore_dropout=ignore_dropout, logits=logits)
    except cn.ChalknetError as problem:
        return other, "unread", str(problem)
    return other, "different" if found else "same", str(found)


def _first_line(text: str) -> str:
    """Return the first line of a text, and how many follow."""
    first, *others = text.splitlines() or [""]
    return f"{first} (and {len(others)} more)" if others else first


def _put(text: str | bytes, out: Path | None) -> None:
    """Write what a notation gave to a file, or print it."""
    if out is not None:
        try:
            out.write_bytes(text if isinstance(text, bytes) else f"{text}\n".encode())
        except OSError as problem:
            raise typer.BadParameter(f"--out {out}: {problem.strerror}") from None
    elif isinstance(text, bytes):
        sys.stdout.buffer.write(text)
    else:
        say(text)
