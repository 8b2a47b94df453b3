"""The commands about a network: read, count, draw, diff."""

from __future__ import annotations

from dataclasses import asdict

import chalknet as cn
from chalknet.cli import options
from chalknet.cli.app import command
from chalknet.cli.options import Asked, Option, given, network_of
from chalknet.cli.say import answer, put, tell, tell_written
from chalknet.lang import language, speaking
from chalknet.tables import Table

_STYLE = (
    Option("orientation", "right (default) or down."),
    Option("max_nodes", "Wider layers are drawn as the first two, dots and the last; 8 when left out.", int),
    Option("weights", "none (default), numbers or colour."),
    Option("bias", "implied (default) or nodes."),
    Option("language", "Of the layers' names: en (default) or ko."),
    Option("preset", "screen (default), paper, paper-wide or slide."),
    Option("title", "A line over the drawing."),
)
_SAMENESS = (
    Option("ignore_dropout", "Compare without Dropout.", bool),
    Option("logits", "Compare without a last sigmoid or softmax, which a loss on logits has inside.", bool),
)


@command(
    options.MODEL,
    Option(
        "to",
        "arrows (default), shorthand, latex, latex-layers, torch, keras, flax, json, mathml, dot, mermaid, "
        "svg or onnx.",
        default="arrows",
    ),
    options.OUT._replace(flags=("--out", "-o")),
    Option("explain", "Show what each mark of a drawing was taken for; with -o, draw it so.", bool),
    options.READING,
    options.ACTIVATION,
)
def read(asked: Asked) -> None:
    """Print any form of a network in another form: formula, code or drawing.

    Drawings in text are read as well: DOT, Mermaid, TikZ, PlantUML, D2, GraphML, GML, characters. A page that
    holds one is read too: Markdown, HTML, a notebook, a program that draws; and a picture: PDF, PNG, JPEG, a
    photo, a screenshot. Where there are several networks they are listed, and --name says which.

    Example: chalknet read '784 -> 32 relu -> 1 sigmoid' --to torch
    Example: chalknet read net.dot --to torch --activation relu,sigmoid
    Example: chalknet read net.dot --explain -o seen.svg
    Example: chalknet read photo.jpg --explain -o seen.png
    Example: chalknet read lecture.pdf --page 3 --to torch
    Example: chalknet read clipboard: --to torch
    Example: chalknet read README.md --name Encoder --to torch
    Example: chalknet read summary.txt --to keras --activation relu,softmax
    """
    network = network_of(asked)
    for note in network.notes:
        tell(f"note: {note}")
    if asked["explain"]:
        _explain(network, asked)
        return
    put(cn.write(network, asked["to"]), asked["out"])


def _explain(network: cn.Network, asked: Asked) -> None:
    """Print the account of a drawing, or draw it."""
    drawing = cn.draw_account(network)  # which refuses what was not read from a drawing
    if asked["out"] is None:
        put(f"{network.account}\n\n{cn.write(network, 'shorthand')}")
    else:
        tell_written(drawing.save(asked["out"]))


@command(
    options.MODEL,
    options.OUT._replace(
        help="A .svg, .png, .pdf, .tex, .html, .dot or .mmd file; SVG is printed without it.",
        panel=None,
        flags=("--out", "-o"),
    ),
    Option(
        "dialect",
        "nodes (D9, the default), input-hidden-output (D11), features (D7), layers (D8), numbers (D6), "
        "states (D5), features-as-nodes (D10), observations (D1), observation (D2), index-free (D3), "
        "bias-implied (D4), plain-weight (D4b) or blocks.",
        default="nodes",
    ),
    _STYLE,
    options.READING,
    options.ACTIVATION,
)
def draw(asked: Asked) -> None:
    """Draw a network in any dialect of the textbooks.

    Example: chalknet draw '784 -> 32 relu -> 1 sigmoid' --dialect D11 -o net.svg
    Example: chalknet draw run/ --dialect numbers -o net.pdf
    """
    as_it_is = not given(asked, options.READING, [options.ACTIVATION])  # then its weights are drawn too
    model = asked["model"] if as_it_is else network_of(asked)
    drawing = cn.draw(model, asked["dialect"], **given(asked, _STYLE))
    if asked["out"] is None:
        put(drawing.svg)
    else:
        tell_written(drawing.save(asked["out"]))


@command(
    Option("key", "A network in any form.", metavar="A", default=..., argument=True),
    Option("others", "Networks to compare with it.", metavar="B...", default=..., many=True, argument=True),
    _SAMENESS,
    Option("table", "A line for each of B, also where there is one.", bool),
    options.AS_JSON,
)
def diff(asked: Asked) -> int:
    """Compare networks: are they the same, and where do they differ? Exit code 0: the same, 1: not.

    What cannot be read is not the same; the table calls it unread.

    Example: chalknet diff key.txt answers/*.py --table
    """
    first = cn.read(asked["key"])
    with speaking("en" if asked["as_json"] else language()):
        rows = [_compared(first, other, asked) for other in asked["others"]]
    same = sum(verdict == "same" for _, verdict, _ in rows)
    text = rows[0][2]
    if asked["table"] or len(rows) > 1:
        shown = tuple((name, verdict, _first_line(why)) for name, verdict, why in rows)
        verdict = f"{same} of {len(rows)} {'is' if same == 1 else 'are'} the same"
        text = str(Table(("", "", ""), shown, notes=(verdict,)))
    answer(asked, [dict(zip(("name", "verdict", "difference"), row, strict=True)) for row in rows], text)
    return int(same < len(rows))


@command(
    options.MODEL,
    Option("convention", "trainable (default), or textbook: the input counts too.", default="trainable"),
    options.READING,
    options.AS_JSON,
)
def count(asked: Asked) -> None:
    """Print layers, hidden layers, nodes, parameters and multiply-adds.

    Example: chalknet count '1 -> 2 relu -> 1 sigmoid' --convention textbook
    """
    counts = cn.count(network_of(asked), asked["convention"])
    answer(asked, asdict(counts), str(counts))


def _compared(first: cn.Network, other: str, asked: Asked) -> tuple[str, str, str]:
    try:
        found = cn.difference(first, other, **given(asked, _SAMENESS))
    except cn.ChalknetError as problem:
        return other, "unread", str(problem)
    return other, "different" if found else "same", str(found)


def _first_line(text: str) -> str:
    """Return the first line of a text, and how many follow."""
    first, *others = text.splitlines() or [""]
    return f"{first} (and {len(others)} more)" if others else first
