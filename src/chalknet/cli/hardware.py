"""The commands about where a fit runs: devices, memory, race."""

from __future__ import annotations

import sys
from dataclasses import asdict

import chalknet as cn
from chalknet.cli import options, words
from chalknet.cli.app import command
from chalknet.cli.interrupts import ENDING, INTERRUPTED
from chalknet.cli.options import Asked, Option, data_of, given, network_of, without
from chalknet.cli.say import answer, check_picture, tell, tell_written
from chalknet.lang import translated

_LOSS = options.LOSS._replace(default=None, help=f"{options.LOSS.help} mse when left out.")
_ASKED_OF_MEMORY = (
    options.BATCH_SIZE._replace(help="Samples an update.", kind=int, default=...),
    _LOSS,
    *without(options.OPTIMIZER, "lr"),
    options.DEVICE._replace(
        help="cpu (default), cuda, cuda:1, ...; also one that this machine does not have."
    ),
    options.ENGINE._replace(help="eager (default), fused_cpu, fused_cuda or graph."),
    options.DTYPE,
    options.THREADS,
)
_RACED = (_LOSS, *options.OPTIMIZER)
_SWEPT = (
    Option("widths", "Widths for all hidden layers: 100,1000,10000.", words.counts, "LIST"),
    Option("batch_sizes", "Samples an update: 1,32,all.", words.counts, "LIST"),
    Option("devices", "cpu,cuda:0; all of this machine when left out.", words.names, "LIST"),
    Option("engines", "eager,fused_cpu; all of them when left out.", words.names, "LIST"),
    Option("threads", "CPU threads torch may use: 1,2.", words.counts, "LIST"),
    Option("seconds", "For the whole race without compiling; 45 when left out.", float),
)


@command(options.AS_JSON)
def devices(asked: Asked) -> None:
    """Print the devices torch can compute on here: hardware, memory, what is free and who uses it.

    Example: chalknet devices
    """
    found = cn.devices()
    answer(asked, [asdict(device) for device in found], str(found))


@command(options.MODEL, _ASKED_OF_MEMORY, options.READING, options.AS_JSON)
def memory(asked: Asked) -> int:
    """Print what an update needs, line by line, and whether it fits. Exit code 0: it fits, 1: not.

    A device that is not here has an estimate too, and the exit code 1.

    Example: chalknet memory '784 -> 32 relu -> 1' --batch-size 2048
    """
    estimate = cn.memory(network_of(asked), **given(asked, _ASKED_OF_MEMORY))
    try:
        verdict = estimate.fits()
    except cn.ChalknetError as problem:  # what it needs is an answer all the same
        verdict = None
        tell(f"note: {problem}")
    free = None if verdict is None else verdict.free_bytes
    facts = {"total_bytes": estimate.total_bytes, "free_bytes": free, "fits": bool(verdict)}
    text = str(estimate) if verdict is None else f"{estimate}\n{translated(str(verdict))}"
    answer(asked, asdict(estimate) | facts, text)
    return int(not verdict)


@command(
    options.MODEL._replace(help="The network; left out, 1 -> width relu -> 1 at nine widths.", default=None),
    _RACED,
    options.DATA._replace(default=None, help="As for fit; samples are made up when left out."),
    options.TARGET,
    _SWEPT,
    options.OUT._replace(help="Draw the race to a .svg, .png or .pdf file."),
    options.READING,
    options.AS_JSON,
)
def race(asked: Asked) -> int:
    """Time an update on every device, by every engine and number of threads; show where the lead changes.

    Example: chalknet race '1 -> 500 relu -> 1' --widths 100,1000 --out race.svg
    """
    check_picture("--out", asked["out"])
    in_view = sys.stderr.isatty() and not asked["as_json"]
    with ENDING.caught_inside():  # the race ends with the rows so far
        found = cn.race(
            None if asked["model"] is None else network_of(asked),
            data=data_of(asked),
            on_row=(lambda row: tell(str(row))) if in_view else None,
            **given(asked, _RACED, _SWEPT),
        )
    if asked["out"] is not None:
        found.plot().save(asked["out"])
        tell_written(asked["out"])
    answer(asked, found.as_dict(), str(found))
    return INTERRUPTED if found.interrupted else 0
