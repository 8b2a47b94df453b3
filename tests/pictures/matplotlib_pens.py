"""A scene by matplotlib, as PNG, SVG or PDF: by patches, or by markers and annotations."""

from __future__ import annotations

import io
from functools import cache
from random import Random

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from matplotlib.patches import Circle, FancyBboxPatch, Polygon, Rectangle
from tests.pictures.scene import Line, Scene, Shape, Words, runs
from tests.pictures.words import fonts

_STYLES = {"filled": "-|>", "open": "->", "wide": "fancy"}


def drawn(scene: Scene, width: int, height: int, random: Random, suffix: str) -> bytes:
    """Return a scene as a file of matplotlib: ".png", ".svg" or ".pdf"."""
    _know_the_fonts()
    rc = {
        "svg.hashsalt": "pictures",
        "svg.fonttype": random.choice(["none", "path"]),
        "pdf.fonttype": random.choice([3, 42]),
    }
    with matplotlib.rc_context(rc):
        figure = Figure(figsize=(width / 100, height / 100), dpi=100, facecolor=scene.ground or "none")
        FigureCanvasAgg(figure)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_xlim(0, width)
        axes.set_ylim(height, 0)
        axes.axis("off")
        by_markers = random.random() < 0.4
        for order, mark in enumerate(scene.marks):
            if isinstance(mark, Shape):
                _shape(axes, mark, order, by_markers)
            elif isinstance(mark, Line):
                _line(axes, mark, order)
            else:
                _words(axes, mark, order, scene.font)
        stream = io.BytesIO()
        metadata = {".svg": {"Date": None}, ".pdf": {"CreationDate": None, "ModDate": None}}.get(suffix, {})
        figure.savefig(stream, format=suffix[1:], dpi=100, metadata=metadata, transparent=not scene.ground)
    return stream.getvalue()


@cache
def _know_the_fonts() -> None:
    """Let matplotlib know the fonts that were installed after it looked for them."""
    for path in fonts().values():
        fontManager.addfont(path)


def _shape(axes, mark: Shape, order: int, by_markers: bool) -> None:
    paint = {"facecolor": mark.fill or "none", "edgecolor": (mark.stroke if mark.width else "") or "none",
             "linewidth": mark.width * 0.72, "zorder": order, "linestyle": "--" if mark.dash else "-"}  # fmt: skip
    x, y, w, h = mark.x, mark.y, mark.w, mark.h
    if mark.kind in ("disc", "dots"):
        if by_markers:
            size = (max(w - mark.width, 1) * 0.72) ** 2
            axes.scatter([x], [y], s=size, clip_on=False, **paint)
        else:
            axes.add_patch(Circle((x, y), w / 2, **paint))
    elif mark.kind == "rounded":
        style = f"round,pad=0,rounding_size={0.2 * min(w, h):g}"
        axes.add_patch(FancyBboxPatch((x - w / 2, y - h / 2), w, h, boxstyle=style, **paint))
    else:
        axes.add_patch(Rectangle((x - w / 2, y - h / 2), w, h, **paint))


def _line(axes, mark: Line, order: int) -> None:
    width = mark.width * 0.72
    if mark.closed:
        axes.add_patch(
            Polygon(
                mark.points, closed=True, facecolor=mark.fill or "none", edgecolor=mark.stroke, zorder=order
            )
        )
    elif mark.head and len(mark.points) == 2:
        style = {"arrowstyle": _STYLES[mark.head], "color": mark.stroke, "lw": width, "shrinkA": 0, "shrinkB": 0,
                 "linestyle": "--" if mark.dash else "-", "mutation_scale": 9 + 4 * width}  # fmt: skip
        axes.annotate("", xy=mark.points[1], xytext=mark.points[0], arrowprops=style, zorder=order)
    else:
        xs, ys = zip(*mark.points, strict=True)
        axes.plot(
            xs, ys, color=mark.stroke, linewidth=width, linestyle="--" if mark.dash else "-", zorder=order
        )
        if mark.head:
            style = {"arrowstyle": "-|>", "color": mark.stroke, "lw": width, "shrinkA": 0, "shrinkB": 0}
            axes.annotate("", xy=mark.points[-1], xytext=mark.points[-2], arrowprops=style, zorder=order)


def _words(axes, mark: Words, order: int, family: str) -> None:
    text = "".join(f"$_{{{piece}}}$" if low else piece for piece, low in runs(mark.text))
    align = {"middle": "center", "start": "left", "end": "right"}[mark.anchor]
    axes.text(
        mark.x, mark.y, text, fontsize=mark.size * 0.72, color=mark.colour, ha=align, va="center", rotation=-mark.angle,
        fontfamily=[family, "DejaVu Sans"], fontweight="bold" if mark.bold else "normal", zorder=order,
        fontstyle="italic" if mark.italic else "normal", clip_on=False,
    )  # fmt: skip
