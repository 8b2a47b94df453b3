"""The verb about time: race."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

import chalknet as cn
from chalknet.cli.app import app
from chalknet.cli.fits import check_picture, pair_of
from chalknet.cli.options import AsJson, FormName, FormNotation, Momentum, Optimizer, Rate, Sizes, Target
from chalknet.cli.say import network_of, say, tell

_INTERRUPTED = 130


@app.command()
def race(
    form: Annotated[
        str | None,
        typer.Argument(metavar="NETWORK", help="The network; left out, 1 -> width relu -> 1 at nine widths."),
    ] = None,
    loss: Annotated[str, typer.Option(help="bce, bce_logits, cross_entropy, mse, l1 or huber.")] = "mse",
    optimizer: Optimizer = "adam",
    lr: Rate = None,
    momentum: Momentum = None,
    data: Annotated[str | None, typer.Option(help="As for fit; left out, samples are made up.")] = None,
    target: Target = None,
    widths: Annotated[
        str | None, typer.Option(metavar="LIST", help="Widths for all hidden layers: 100,1000,10000.")
    ] = None,
    batch_sizes: Annotated[
        str | None, typer.Option(metavar="LIST", help="Samples an update: 1,32,all.")
    ] = None,
    devices: Annotated[
        str | None, typer.Option(metavar="LIST", help="cpu,cuda:0; left out, all here.")
    ] = None,
    engines: Annotated[
        str | None, typer.Option(metavar="LIST", help="eager,fused_cpu; left out, all of them.")
    ] = None,
    threads: Annotated[
        str | None, typer.Option(metavar="LIST", help="CPU threads torch may use: 1,2.")
    ] = None,
    seconds: Annotated[float, typer.Option(help="For the whole race, compiling not counted.")] = 45.0,
    out: Annotated[Path | None, typer.Option(help="Draw the race: a .svg, .png or .pdf file.")] = None,
    as_json: AsJson = False,
    notation: FormNotation = None,
    name: FormName = None,
    sizes: Sizes = None,
) -> None:
    """Time an update on every device, by every engine and number of threads; tell where the lead changes.

    Example: chalknet race '1 -> 500 relu -> 1' --loss mse --widths 100,1000,10000 --out race.svg
    """
    check_picture(out, "--out")
    network = None if form is None else network_of(form, notation, name, sizes)
    recipe: dict[str, Any] = {"loss": loss, "optimizer": optimizer, "lr": lr}
    recipe |= {} if momentum is None else {"momentum": momentum}
    found = cn.race(
        network,
        data=None if data is None else pair_of(data, target),
        widths=_numbers(widths, "--widths"),
        batch_sizes=_numbers(batch_sizes, "--batch-sizes"),
        devices=_words(devices),
        engines=_words(engines),
        threads=_numbers(threads, "--threads"),
        seconds=seconds,
        on_row=None if as_json or not sys.stderr.isatty() else lambda row: tell(str(row)),
        **recipe,
    )
    if out is not None:
        found.plot().save(out)
    say(json.dumps(found.as_dict()) if as_json else str(found))
    raise typer.Exit(_INTERRUPTED if found.interrupted else 0)


def _words(text: str | None) -> list[str] | None:
    return None if text is None else [word.strip() for word in text.split(",") if word.strip()]


def _numbers(text: str | None, option: str) -> list[int] | None:
    words = _words(text)
    try:
        return None if words is None else [None if word == "all" else int(word) for word in words]  # type: ignore[misc]
    except ValueError:
        raise typer.BadParameter(
            f"{option} {text}: whole numbers with commas between, such as 1,10,100"
        ) from None
