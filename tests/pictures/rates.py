"""How many pictures of each kind are read rightly, asked about, refused, and read wrongly."""

from __future__ import annotations

import math
import re
import resource
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cache
from statistics import median

from tests.pictures.picture import Picture, Truth, TruthLayer

import chalknet as cn

OUTCOMES = ("right", "right with ?", "asked", "refused", "wrong, noted", "wrong, silent", "crashed")
ROUTINE = r"\bbias\b|activation of|taken from the caption"  # on what a drawing leaves out: no doubts
ASKING = r"--reading|reading=|--name|name=|--page|page=|--activation|activation="
_OFTEN = 0.4  # a note that stands under so many right readings says nothing about one of them
LIMIT_S = 60


@dataclass(frozen=True)
class Outcome:
    """What came of a picture.

    Args:
        seed, kinds: the picture's.
        truth: the picture's, as words.
        result: one of OUTCOMES; "wrong" and "doubtful" until `settled` has looked at the notes.
        words: what was read, or the error.
        notes: those of the network.
        elapsed_s: how long reading took, in seconds of the processor, since the machine may have other work.
        peak_bytes: the most memory that its process has had so far.
    """

    seed: int | str
    kinds: tuple[str, ...]
    truth: str
    result: str
    words: str = ""
    notes: tuple[str, ...] = field(default=())
    elapsed_s: float = 0.0
    peak_bytes: int = 0


@cache
def takes_bytes() -> bool:
    """Return whether `cn.read` takes the bytes of a file."""
    disc, line = (
        '<circle cx="{}" cy="{}" r="20" fill="none" stroke="black"/>',
        '<path d="M50 {} L130 60" stroke="black"/>',
    )
    marks = (
        "".join(disc.format(*place) for place in ((30, 30), (30, 90), (150, 60)))
        + line.format(33)
        + line.format(87)
    )
    try:
        cn.read(f'<svg xmlns="http://www.w3.org/2000/svg" width="200" height="120">{marks}</svg>'.encode())
    except cn.ChalknetError:
        return False
    return True


def read(picture: Picture) -> cn.Network:
    """Read a picture's bytes; while `cn.read` takes none, SVG as text, and everything else is refused."""
    if takes_bytes():
        return cn.read(picture.data)
    if picture.suffix == ".svg":
        return cn.read(picture.data.decode())
    raise cn.CannotExpress(where="picture", got=picture.suffix, wanted="SVG", remedy="Draw it as SVG.")


def outcome(picture: Picture) -> Outcome:
    """Return what comes of a picture; whether a wrong reading was doubted is left to `settled`."""
    takes_bytes()  # what is loaded once is loaded before the time is taken
    start = time.process_time()
    result, words, notes = _read_within_limit(picture)
    elapsed = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return Outcome(picture.seed, picture.kinds, str(picture.truth), result, words, notes, elapsed, peak)


def _read_within_limit(picture: Picture) -> tuple[str, str, tuple[str, ...]]:
    def stop(*_: object) -> None:
        raise TimeoutError(f"no end after {LIMIT_S} s")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, LIMIT_S)
    try:
        network = read(picture)
    except cn.ChalknetError as error:
        asked = re.search(ASKING, str(error)) is not None and picture.truth.answer != "refuse"
        return ("asked" if asked else "refused"), str(error), ()
    except Exception as error:
        return "crashed", repr(error), ()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
    return judged(network, picture.truth), cn.write(network, "shorthand"), network.notes


def judged(network: cn.Network, truth: Truth) -> str:
    """Return "right", "right with ?", "wrong", or "doubtful" for one that is right only with a doubt."""
    if truth.answer == "refuse":
        return "wrong"
    layers = layers_of(network)
    if len(layers) != len(truth.layers):
        return "wrong"
    grades = {_grade(read, true) for read, true in zip(layers, truth.layers, strict=True)}
    if "wrong" in grades:
        return "wrong"
    if truth.answer == "told":
        return "doubtful"
    return "right with ?" if "open" in grades else "right"


def layers_of(network: cn.Network) -> list[TruthLayer]:
    """Return the layers of a network: an image is its pixels, and no activation is "identity"."""
    sizes = network.input_shape
    known = all(isinstance(size, int) for size in sizes)
    layers = [TruthLayer(math.prod(sizes) if known else str(sizes[0]), "identity")]
    for step in network.steps:
        if isinstance(step, cn.Linear):
            layers.append(TruthLayer(step.out_features, "identity", step.bias))
        elif isinstance(step, cn.Activation) and step.kind != "identity":
            before = layers[-1].activation
            kind = "?" if step.kind == "h" else step.kind
            layers[-1] = replace(layers[-1], activation=kind if before == "identity" else f"{before} {kind}")
    return layers


def _grade(read: TruthLayer, true: TruthLayer) -> str:
    """Return "right", "open" where the reader leaves to the user what the picture says, or "wrong"."""
    is_open = isinstance(read.width, str) and isinstance(true.width, int)
    if not is_open and (isinstance(read.width, int) != isinstance(true.width, int)):
        return "wrong"
    if isinstance(read.width, int) and read.width != true.width:
        return "wrong"
    if true.bias is not None and read.bias is not None and read.bias != true.bias:
        return "wrong"
    if true.activation == "?":
        return "wrong" if read.activation not in ("?", "identity") else "open" if is_open else "right"
    if read.activation == "?":
        return "open"
    return "wrong" if read.activation != true.activation else "open" if is_open else "right"


def settled(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Return the outcomes with each wrong one "noted" or "silent".

    A note is a doubt unless it is on what drawings leave out (ROUTINE), or stands under so many of the right
    readings of its group that it tells nobody which ones to look at.
    """
    outcomes = list(outcomes)
    right: dict[str, list[Outcome]] = defaultdict(list)
    for one in outcomes:
        if one.result in ("right", "right with ?"):
            right[one.kinds[0]].append(one)
    often = set()
    for group in right.values():
        counts = Counter(shape for one in group for shape in {_shape(note) for note in one.notes})
        often |= {
            shape for shape, count in counts.items() if len(group) >= 10 and count > _OFTEN * len(group)
        }
    found = []
    for one in outcomes:
        doubts = [note for note in one.notes if not re.search(ROUTINE, note) and _shape(note) not in often]
        names = {"wrong": ("wrong, noted", "wrong, silent"), "doubtful": ("right", "wrong, silent")}
        found.append(
            replace(one, result=names[one.result][0 if doubts else 1]) if one.result in names else one
        )
    return found


def _shape(note: str) -> str:
    """Return a note without its numbers and quotations."""
    return re.sub(r"\d+", "#", re.sub(r"'[^']*'|\"[^\"]*\"", "…", note))


def table(outcomes: Iterable[Outcome]) -> str:
    """Return the table of the rates: each group, then the renderers and properties within it."""
    counts: dict[tuple[str, str], list[Outcome]] = defaultdict(list)
    outcomes = settled(outcomes)
    for one in outcomes:
        for kind in ("", *one.kinds[1:]):
            counts[one.kinds[0], kind].append(one)
    names = [f"{name:>13}" for name in OUTCOMES]
    lines = [
        f"| {'kind':44} | {'of':>4} | " + " | ".join([*names, "   median", "  longest", "   memory"]) + " |"
    ]
    lines.append(
        "|" + "-" * 46 + "|-----:|" + "|".join(["-" * 14 + ":"] * len(OUTCOMES) + ["-" * 10 + ":"] * 3) + "|"
    )
    for group, kind in sorted(counts):
        lines.append(_row(f"{group}{': ' if kind else ''}{kind}", counts[group, kind]))
    for name in ("wrong, silent", "wrong, noted", "crashed"):
        seeds = [str(one.seed) for one in outcomes if one.result == name]
        lines += [f"{name}: {' '.join(seeds[:60])}"] if seeds else []
    return "\n".join(lines)


def _row(name: str, outcomes: list[Outcome]) -> str:
    found = Counter(one.result for one in outcomes)
    cells = [f"{100 * found[result] / len(outcomes):12.1f}%" for result in OUTCOMES]
    times = [one.elapsed_s for one in outcomes]
    cells += [
        f"{median(times):7.2f} s",
        f"{max(times):7.2f} s",
        f"{max(one.peak_bytes for one in outcomes) / 1e6:6.0f} MB",
    ]
    return f"| {name:44} | {len(outcomes):4} | " + " | ".join(cells) + " |"
