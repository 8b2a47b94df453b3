"""What is raced: the networks of a sweep, and samples where none are given."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from math import prod
from typing import NamedTuple

import torch
from torch import nn

from chalknet.counting import count_network
from chalknet.data import ArraySource, Source
from chalknet.errors import InvalidValue, OutOfMemory
from chalknet.hardware import find_device, with_widths
from chalknet.module import RandomStream, build, require_settled
from chalknet.network import Activation, Linear, Network, Size
from chalknet.planning import Recipe
from chalknet.units import show_bytes, show_count

LECTURE_SEED, LECTURE_SAMPLES = 5, 100
LECTURE_WIDTHS = (10, 30, 100, 500, 1_000, 3_000, 10_000, 30_000, 200_000)


@dataclass(frozen=True)
class Point:
    """One size of a sweep.

    Args:
        width: of the hidden layers; None keeps the network's own.
        batch_size: samples of an update.
        network: at that width.
        recipe: at that batch size.
        source: the samples.
        module: built after the samples, from the same random numbers; None builds it from the recipe's seed.
    """

    width: int | None
    batch_size: int
    network: Network
    recipe: Recipe
    source: Source
    module: nn.Module | None


def lecture_network() -> Network:
    """Return 1 -> 500 relu -> 1."""
    return Network((1,), (Linear(500), Activation("relu"), Linear(1)))


def points_of(
    network: Network,
    recipe: Recipe,
    source: Source | None,
    widths: tuple[int | None, ...],
    batch_sizes: tuple[int | None, ...],
) -> list[Point]:
    """Return the points of a sweep in the order of their sizes, each with its network and its samples.

    Raises:
        InvalidValue: for widths where there is no hidden layer, or a batch larger than the data.
    """
    sizes = product(widths, batch_sizes)
    points = [_point(network, recipe, source, width, batch_size) for width, batch_size in sizes]
    return sorted(points, key=lambda point: (point.batch_size, point.width or 0))


def _point(
    network: Network, recipe: Recipe, source: Source | None, width: int | None, batch_size: int | None
) -> Point:
    network = network if width is None else with_width(network, width)
    network = network if source is None else with_widths(network, source, recipe.loss_row)
    require_settled(network)
    module = None
    if source is None:
        source, module = made_up(network, recipe, max(LECTURE_SAMPLES, batch_size or 0))
    size = len(source) if batch_size is None else batch_size
    if size > len(source):
        raise InvalidValue(
            where="batch_sizes",
            got=f"{size:,}",
            wanted=f"at most {len(source):,}, the number of samples",
            remedy="Leave data out: as many samples as needed are made up.",
        )
    return Point(width, size, network, replace(recipe, batch_size=batch_size), source, module)


def empty_point(point: Point) -> Point:
    """Return the same network at a width of 1 with a single sample, whose update is overhead alone."""
    network = with_width(point.network, 1) if _hidden(point.network) else point.network
    x, y = point.source.take(slice(0, 1))
    source = ArraySource(x.clone(), y.clone(), name="one sample")
    return Point(1, 1, network, replace(point.recipe, batch_size=None), source, None)


def with_width(network: Network, width: Size) -> Network:
    """Return the network with this width for every hidden layer; it may be a symbol.

    Raises:
        InvalidValue: when it has no hidden layer.
    """
    hidden = _hidden(network)
    if not hidden:
        raise InvalidValue(
            where="widths",
            got=f"a network without a hidden layer, {network.name}",
            wanted="one with a hidden layer, whose width can be replaced",
            remedy="Leave widths out, or say batch_sizes=[1, 32, 1024] (--batch-sizes 1,32,1024).",
        )
    steps = [
        replace(step, out_features=width) if index in hidden and isinstance(step, Linear) else step
        for index, step in enumerate(network.steps)
    ]
    return replace(network, steps=tuple(steps), weights={})  # weights belong to one width


def _hidden(network: Network) -> list[int]:
    return [index for index, step in enumerate(network.steps) if isinstance(step, Linear)][:-1]


class MadeUp(NamedTuple):
    """Samples, and the module built after them from the same random numbers; None where it is too large."""

    source: ArraySource
    module: nn.Module | None


def made_up(network: Network, recipe: Recipe, samples: int) -> MadeUp:
    """Return samples that suit a network and a loss; for one feature and one output, the lecture's.

    That is `torch.manual_seed(5)`, x = linspace(0, 1, n) as a column, y = randn(n) * 0.01 as a column, and
    then the network, in this order. Torch's own random numbers are left as they were.

    Raises:
        OutOfMemory: for more samples than the memory holds.
    """
    shape, outputs = (tuple(map(int, each)) for each in (network.input_shape, network.output_shape))
    needed, free = 4 * samples * (prod(shape) + prod(outputs)), find_device("cpu").memory_free_bytes
    if needed > free:
        raise OutOfMemory(
            where="race",
            got=f"{show_bytes(needed)} for {show_count(samples)} samples, {show_bytes(free)} free",
            wanted="samples that fit into memory",
            remedy="Give smaller batch_sizes.",
        )
    stream = RandomStream(LECTURE_SEED)
    drawn = stream.generator
    column = torch.linspace(0, 1, samples).reshape(-1, 1)
    x = column if shape == (1,) else torch.randn(samples, *shape, generator=drawn)
    if recipe.loss_row.target == "class":
        y = torch.randint(0, max(1, outputs[-1]), (samples,), generator=drawn)
    elif recipe.loss_row.target == "probability":
        y = (torch.randn(samples, *outputs, generator=drawn) > 0).float()
    else:
        y = (torch.randn(samples * prod(outputs), generator=drawn) * 0.01).reshape(samples, *outputs)
    fits = 4 * (count_network(network).parameters or 0) <= free
    module = build(network, stream=stream) if fits else None
    return MadeUp(ArraySource(x, y, name="samples made up"), module)
