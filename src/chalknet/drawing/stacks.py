"""Stacks: the values of any chain of layers as blocks in perspective, channels x height x width."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from chalknet.drawing.diagram import Diagram, Edge, Node
from chalknet.drawing.drawing import Drawing
from chalknet.drawing.page import on_page
from chalknet.drawing.scene import Face, Label, Line, Mark
from chalknet.drawing.style import LINES_A_FONT_SIZE, Style
from chalknet.drawing.text import height_of, width_of
from chalknet.errors import CannotExpress, invalid
from chalknet.network import Network, Shape
from chalknet.notation import write
from chalknet.units import show_count

if TYPE_CHECKING:
    from torch import nn

    from chalknet.module import TracedLayer

_SLANT = 0.42  # of a width that goes back, how far it goes right and up
_SIDES = 1.6, 8.0  # of the font's size, of the smallest and the largest height or width
_DEPTHS = 0.5, 4.5  # of channels
_SHADES = {"top": 0.08, "side": 0.2}
_PAIR = re.compile(r"\((\d+),(?: \1)?\)")  # (3, 3) and (3,), which are written 3
_TOLD = {"kernel_size": "", "stride": "stride ", "padding": "padding ", "p": "p "}


@dataclass(frozen=True)
class Volume:
    """A value between the layers of a module.

    Args:
        shape: of one sample.
        layers: what was done to the value before it, one after the other.
    """

    shape: Shape
    layers: tuple[TracedLayer, ...] = ()

    @property
    def size(self) -> str:
        """Return its shape: `8 × 26 × 26`."""
        return " × ".join(map(str, self.shape))

    @property
    def parameters(self) -> int:
        """Return how many numbers the layers before it train."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def words(self) -> str:
        """Return what was done, a line a layer."""
        return "\n".join(map(_words_of, self.layers))


def draw_stacks(model: Network | nn.Module, input_shape: Sequence[int] | None, style: Style) -> Drawing:
    """Return a drawing of a module whose layers follow one another: a block a shape.

    Layers that keep the shape, such as ReLU and BatchNorm2d, are named with the layer before them.

    Args:
        model: a module, or a network, which knows the shape of its samples.
        input_shape: of one sample.
        style: how it looks.

    Raises:
        CannotExpress: for a style that it does not have, a module whose values go several ways, or a drawing
            too large for the preset's page.
        InvalidValue: without the shape of a sample.

    Example:
        >>> import torch
        >>> import chalknet as cn
        >>> cn.draw(torch.nn.Conv2d(1, 8, 3), "stacks", input_shape=(1, 28, 28)).alt_text
        'The module Conv2d, drawn as stacks: the input is 1 × 28 × 28; Conv2d 3 gives 8 × 26 × 26.'
    """
    from chalknet.module import build, traced_layers  # brings torch

    _refuse_other_styles(style)
    network = model if isinstance(model, Network) else None
    module = build(model) if isinstance(model, Network) else model
    name = network.name if network is not None else type(module).__name__
    shape = _checked_shape(input_shape if network is None else network.input_shape)
    volumes = _volumes(shape, traced_layers(module, shape))
    steps = "; ".join(f"{volume.words} gives {volume.size}".replace("\n", ", ") for volume in volumes[1:])
    numbers = show_count(sum(volume.parameters for volume in volumes))
    scene = on_page(
        _marks(volumes, style),
        style,
        title=f"{name}: {style.word('parameters', numbers)}",
        description=f"The module {name}, drawn as stacks: the input is {volumes[0].size}; {steps}.",
        network="" if network is None else write(network, "json"),
    )
    return Drawing(network, "stacks", _diagram(volumes), scene)


def _checked_shape(shape: object) -> tuple[int, ...]:
    sides = shape if isinstance(shape, Sequence) else ()
    if not sides or not all(type(side) is int and side > 0 for side in sides):
        raise invalid(
            "input_shape",
            shape,
            "the shape of one sample: whole numbers of at least 1",
            "Say cn.draw(module, 'stacks', input_shape=(channels, height, width)).",
        )
    return tuple(sides)


def _refuse_other_styles(style: Style) -> None:
    wanted = {"orientation": "right", "weights": "none", "bias": "implied", "edges": "straight"}
    for option, only in wanted.items():
        if getattr(style, option) != only:
            raise CannotExpress(
                where="dialect stacks",
                got=f"{option}={getattr(style, option)!r}",
                wanted=f"{option}={only!r}",
                remedy=f"Leave {option} out.",
            )


def _volumes(input_shape: Shape, layers: Sequence[TracedLayer]) -> list[Volume]:
    volumes = [Volume(input_shape)]
    for layer in layers:
        last = volumes[-1]
        if layer.takes == layer.gives == last.shape and last.layers:
            volumes[-1] = Volume(last.shape, (*last.layers, layer))
        else:
            volumes.append(Volume(layer.gives, (layer,)))
    return volumes


def _words_of(layer: TracedLayer) -> str:
    """Return the layer's class with the settings that a picture has room for: `Conv2d 3, stride 2`."""
    told = []
    for setting in re.split(r", (?![^(]*\))", layer.settings):
        key, _, value = setting.partition("=")
        value = _PAIR.sub(r"\1", value)
        usual = key == "stride" and (value == "1" or f"kernel_size={value}" in layer.settings)
        if key in _TOLD and value not in ("", "0") and not usual:
            told.append(f"{_TOLD[key]}{value}")
    return f"{layer.kind} {', '.join(told)}".strip()


def _marks(volumes: Sequence[Volume], style: Style) -> list[Mark]:
    """Return the blocks from left to right on one middle line, their shapes below, the layers between."""
    size, x, marks = style.page.font_size, 0.0, list[Mark]()
    blocks = [_extent(volume.shape, volumes, size) for volume in volumes]
    lowest = max(high / 2 + wide * _SLANT / 2 for _, high, wide in blocks)
    for place, (volume, (deep, high, wide)) in enumerate(zip(volumes, blocks, strict=True)):
        back = wide * _SLANT
        label = width_of(volume.size, size)
        if place:
            words = width_of(volume.words, size * 0.85)
            gap = max(words + 1.6 * size, 2.4 * size)
            look = "line", f"step{place}", volume.words, True, size / LINES_A_FONT_SIZE
            marks.append(Line(x + 0.3 * size, 0.0, x + gap - 0.3 * size, 0.0, *look))
            above = -height_of(volume.words, size * 0.85) / 2 - 0.35 * size
            marks.append(Label(x + gap / 2, above, volume.words, size * 0.85, "step", f"step{place}-label"))
            x += gap
        room = max(deep + back, label + 0.8 * size)
        left = x + (room - deep - back) / 2
        kind = "input" if not place else "output" if place == len(volumes) - 1 else "hidden"
        marks += _block(left, (deep, high, back), kind, f"stack{place}", _title(volume))
        y = lowest + height_of(volume.size, size)
        marks.append(Label(x + room / 2, y, volume.size, size, "size", f"stack{place}-label"))
        x += room
    return marks


def _title(volume: Volume) -> str:
    numbers = f", {show_count(volume.parameters)} parameters" if volume.parameters else ""
    return f"{volume.size}{numbers}"


def _extent(shape: Shape, volumes: Sequence[Volume], size: float) -> tuple[float, float, float]:
    """Return how deep (channels), high and wide a block is, in the order of the sizes of its kind."""
    channels, rows, columns = _axes(shape)
    alike = [_axes(volume.shape) for volume in volumes if (len(volume.shape) > 1) == (len(shape) > 1)]
    deepest, longest = max(axes[0] for axes in alike), max(max(axes[1:]) for axes in alike)

    def scaled(value: int, largest: int, least: float, most: float) -> float:
        return size * (least + (most - least) * math.sqrt(value / largest))

    deep = scaled(channels, deepest, *_DEPTHS) if len(shape) > 2 else size
    return deep, scaled(rows, longest, *_SIDES), scaled(columns, longest, *_SIDES) if len(shape) > 1 else 0.0


def _axes(shape: Shape) -> tuple[int, int, int]:
    """Return a shape as channels, rows and columns; a vector is one column of rows."""
    sizes = [int(side) for side in shape] or [1]
    if len(sizes) < 3:
        return 1, sizes[0], sizes[1] if len(sizes) == 2 else 1
    return sizes[0], sizes[1], math.prod(sizes[2:])


def _block(left: float, sides: tuple[float, float, float], kind: str, key: str, title: str) -> list[Mark]:
    """Return the faces of a block about the middle line: the front, and what goes back from it."""
    deep, high, back = sides
    right, top, bottom = left + deep, (back - high) / 2, (back + high) / 2
    front = ((left, top), (right, top), (right, bottom), (left, bottom))
    faces: list[Mark] = [Face(front, kind, key, title)]
    if back:
        above = ((left, top), (left + back, top - back), (right + back, top - back), (right, top))
        beside = ((right, top), (right + back, top - back), (right + back, bottom - back), (right, bottom))
        faces.append(Face(above, kind, f"{key}-top", title, _SHADES["top"]))
        faces.append(Face(beside, kind, f"{key}-side", title, _SHADES["side"]))
    return faces


def _diagram(volumes: Sequence[Volume]) -> Diagram:
    """Return the same as blocks and arrows, for surfaces that place them by themselves."""
    columns = tuple(
        (Node(f"stack{place}", volume.size, "block", _title(volume)),) for place, volume in enumerate(volumes)
    )
    edges = [
        Edge(before.key, here.key, volume.words)
        for ((before,), (here,)), volume in zip(pairwise(columns), volumes[1:], strict=True)
    ]
    return Diagram(columns, tuple(edges))
