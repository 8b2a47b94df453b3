"""The verbs about where a fit runs: devices, memory."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

import chalknet as cn
from chalknet.cli.app import app
from chalknet.cli.options import (
    Alpha,
    Amsgrad,
    AsJson,
    Centered,
    Dtype,
    Form,
    FormName,
    FormNotation,
    Momentum,
    Nesterov,
    Optimizer,
    Sizes,
    Threads,
    WeightDecay,
)
from chalknet.cli.say import network_of, say, tell


@app.command()
def devices(as_json: AsJson = False) -> None:
    """Print the devices torch can compute on here: hardware, memory, what is free, who else is there.

    Example: chalknet devices
    """
    found = cn.devices()
    say(json.dumps([asdict(device) for device in found]) if as_json else str(found))


@app.command()
def memory(
    form: Form,
    batch_size: Annotated[int, typer.Option(help="Samples an update.")],
    loss: Annotated[str, typer.Option(help="bce, bce_logits, cross_entropy, mse, l1 or huber.")] = "mse",
    optimizer: Optimizer = "sgd",
    device: Annotated[str, typer.Option(help="cpu, cuda, cuda:1, ...; one that is not here, too.")] = "cpu",
    engine: Annotated[str, typer.Option(help="eager, fused_cpu, ...")] = "eager",
    dtype: Dtype = None,
    threads: Threads = None,
    momentum: Momentum = None,
    nesterov: Nesterov = False,
    weight_decay: WeightDecay = None,
    alpha: Alpha = None,
    amsgrad: Amsgrad = False,
    centered: Centered = False,
    as_json: AsJson = False,
    notation: FormNotation = None,
    name: FormName = None,
    sizes: Sizes = None,
) -> None:
    """Print what an update needs, line by line, and whether it fits. Exit code 0: it fits, 1: not so.

    A device that is not here has an estimate too, and the exit code 1.

    Example: chalknet memory '784 -> 32 relu -> 1 sigmoid' --loss bce --optimizer adam --batch-size 2048
    """
    asked = locals()
    own = ("momentum", "nesterov", "weight_decay", "alpha", "amsgrad", "centered")
    options = {key: asked[key] for key in own if asked[key] not in (None, False)}
    given = ("loss", "optimizer", "batch_size", "device", "engine", "dtype", "threads")
    options |= {key: asked[key] for key in given}
    network = network_of(form, notation, name, sizes)
    estimate = cn.memory(network, **options)
    try:
        verdict = estimate.fits()
    except cn.ChalknetError as problem:  # what it needs is an answer all the same
        verdict = None
        tell(f"note: {problem}")
    if as_json:
        free = None if verdict is None else verdict.free_bytes
        answer = {"total_bytes": estimate.total_bytes, "free_bytes": free, "fits": bool(verdict)}
        say(json.dumps(asdict(estimate) | answer))
    else:
        say("\n".join(map(str, (estimate, verdict) if verdict is not None else (estimate,))))
    raise typer.Exit(int(not verdict))
