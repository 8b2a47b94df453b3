"""matplotlib: PNG, PDF with live fonts, and axes of the user's own."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from chalknet.drawing.scene import Box, Face, Label, Line, Photo, Scene, Tracing
from chalknet.drawing.style import (
    BASELINE,
    CORNER,
    DASHES,
    FONTS,
    HALO,
    HEAD_LENGTH,
    HEAD_WIDTH,
    LOWERED,
    RAISED,
    SCRIPT,
    TEXT_COLOURS,
)
from chalknet.drawing.text import LINE, TextRun, lines_of
from chalknet.errors import CannotExpress

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DOTS_PER_INCH = 200
_POINTS_PER_INCH = 72
_WIDE_FONTS = (
    "Noto Sans CJK KR",
    "Noto Sans KR",
    "NanumGothic",
    "Malgun Gothic",
    "Apple SD Gothic Neo",
    "UnDotum",
)
_LATIN_FONTS = (*FONTS, "DejaVu Sans")


def write_with_matplotlib(scene: Scene, kind: str) -> bytes:
    """Return the scene as the bytes of a "png", a "jpg" or a "pdf"."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    figure = Figure(figsize=(scene.width / _POINTS_PER_INCH, scene.height / _POINTS_PER_INCH))
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    draw_on(axes, scene)
    stream = io.BytesIO()
    options: dict[str, Any] = {}
    if kind != "jpg":  # which has no place for them
        described = {"Description": scene.description} if kind == "png" else {}
        options["metadata"] = {"Title": scene.title, **described}
    page = scene.colours["page"]
    with rc_context({"pdf.fonttype": 42}):
        figure.savefig(stream, format=kind, dpi=_DOTS_PER_INCH, facecolor=page, **options)
    return stream.getvalue()


def draw_on(axes: Axes, scene: Scene) -> None:
    """Draw the scene on axes; sizes of letters fit when the axes are as large as the scene."""
    fonts = _fonts(scene)
    axes.set_xlim(0, scene.width)
    axes.set_ylim(scene.height, 0)
    axes.set_aspect("equal")
    axes.set_axis_off()
    for level, mark in enumerate(scene.marks):
        match mark:
            case Box():
                _box(axes, mark, scene, level)
            case Line():
                _line(axes, mark, scene, level)
            case Face():
                _face(axes, mark, scene, level)
            case Photo():
                _show(axes, mark, level)
            case Tracing():
                _trace(axes, mark, level)
            case Label():
                _label(axes, mark, scene, fonts, level)


def _box(axes: Axes, mark: Box, scene: Scene, level: int) -> None:
    from matplotlib.patches import Ellipse, FancyBboxPatch

    edge = "none" if mark.kind == "frame" else scene.colours["line"]
    look: dict[str, Any] = {"facecolor": scene.colours[mark.kind], "edgecolor": edge, "zorder": level}
    look["linewidth"] = scene.stroke
    if mark.round:
        middle = mark.x + mark.width / 2, mark.y + mark.height / 2
        axes.add_patch(Ellipse(middle, mark.width, mark.height, **look))
        return
    rounded = f"round,pad=0,rounding_size={CORNER * scene.stroke:.3f}"
    axes.add_patch(FancyBboxPatch((mark.x, mark.y), mark.width, mark.height, boxstyle=rounded, **look))


def _face(axes: Axes, mark: Face, scene: Scene, level: int) -> None:
    from matplotlib.patches import Polygon

    look: dict[str, Any] = {"zorder": level, "joinstyle": "round", "linewidth": scene.stroke}
    colours = scene.colours["line"], scene.colours[mark.kind]
    axes.add_patch(Polygon(mark.points, edgecolor=colours[0], facecolor=colours[1], **look))
    if mark.shade:
        shade: dict[str, Any] = {
            "facecolor": colours[0],
            "edgecolor": "none",
            "alpha": mark.shade,
            "zorder": level,
        }
        axes.add_patch(Polygon(mark.points, **shade))


def _line(axes: Axes, mark: Line, scene: Scene, level: int) -> None:
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    look: dict[str, Any] = {"color": scene.colours[mark.kind], "linewidth": mark.width, "zorder": level}
    look["alpha"] = mark.opacity if mark.opacity < 1 else None
    if mark.kind == "negative":
        look["linestyle"] = (0, tuple(length * scene.stroke / mark.width for length in DASHES))
    long, wide = HEAD_LENGTH * mark.width, HEAD_WIDTH * mark.width / 2
    head = f"-|>,head_length={long:.3f},head_width={wide:.3f}" if mark.arrow else "-"
    points = [(mark.x1, mark.y1), *(mark.controls or ()), (mark.x2, mark.y2)]
    codes = [Path.MOVETO, *[Path.CURVE4 if mark.controls else Path.LINETO] * (len(points) - 1)]
    look |= {"arrowstyle": head, "joinstyle": "miter", "capstyle": "butt", "mutation_scale": 1}
    axes.add_patch(FancyArrowPatch(path=Path(points, codes), **look))


def _label(axes: Axes, mark: Label, scene: Scene, fonts: list[str], level: int) -> None:
    """Draw a text line by line and run by run, at the places that other surfaces take too."""
    from matplotlib.patheffects import Stroke

    look: dict[str, Any] = {"family": fonts, "zorder": level, "va": "baseline", "rotation": -mark.angle}
    look["color"] = scene.colours[TEXT_COLOURS.get(mark.kind, "ink")]
    looks = [look]
    if mark.kind == "edge-label":  # its halo is a text of its own: path effects make outlines, without words
        page = scene.colours["page"]
        halo = [Stroke(linewidth=HALO * scene.stroke, foreground=page)]
        looks = [look | {"color": page, "path_effects": halo}, look]
    lines = lines_of(mark.text)
    along, across = math.cos(math.radians(mark.angle)), math.sin(math.radians(mark.angle))
    for number, line in enumerate(lines):
        down = ((number - (len(lines) - 1) / 2) * LINE + BASELINE) * mark.size
        widths = _widths(line, mark.size, fonts) if len(line) > 1 else [0.0]
        right = -sum(widths) / 2
        for run, width in zip(line, widths, strict=False):
            low = down + {-1: LOWERED, 0: 0.0, 1: -RAISED}[run.shift] * mark.size
            x, y = mark.x + right * along - low * across, mark.y + right * across + low * along
            size = mark.size * (SCRIPT if run.shift else 1)
            anchor = "left" if len(line) > 1 else "center"
            text = run.text.replace("$", r"\$")
            for each in looks:
                axes.text(x, y, text, size=size, ha=anchor, rotation_mode="anchor", **each)
            right += width


def _widths(line: Sequence[TextRun], size: float, fonts: list[str]) -> list[float]:
    """Return how wide each run of a line is in the font that is taken."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextToPath

    measured = TextToPath()
    found = []
    for run in line:
        font = FontProperties(family=fonts, size=size * (SCRIPT if run.shift else 1))
        wide, bare = (
            measured.get_text_width_height_descent(text, font, ismath=False)[0]
            for text in (f"|{run.text}|", "||")
        )
        found.append(wide - bare)
    return found


def _show(axes: Axes, mark: Photo, level: int) -> None:
    from matplotlib.image import imread

    extent = (mark.x, mark.x + mark.width, mark.y + mark.height, mark.y)
    limits = axes.get_xlim(), axes.get_ylim()
    axes.imshow(
        imread(io.BytesIO(mark.data), mark.kind), extent=extent, zorder=level, interpolation="antialiased"
    )
    axes.set(xlim=limits[0], ylim=limits[1])


def _trace(axes: Axes, mark: Tracing, level: int) -> None:
    from matplotlib.colors import to_rgba
    from matplotlib.patches import Polygon

    fill = to_rgba(mark.colour, 0.25 if mark.closed else 0)
    look: dict[str, Any] = {"edgecolor": mark.colour, "facecolor": fill, "linewidth": mark.width * 0.75}
    axes.add_patch(Polygon(mark.points, closed=mark.closed, fill=mark.closed, zorder=level, **look))


def _fonts(scene: Scene) -> list[str]:
    """Return the fonts to take, those at hand.

    Raises:
        CannotExpress: for letters that no font at hand has.
    """
    from matplotlib.font_manager import get_font_names

    if scene.has_wide_letters and not set(_WIDE_FONTS) & set(get_font_names()):
        _look_for_new_fonts()
    at_hand = set(get_font_names())
    fonts = [font for font in _LATIN_FONTS if font in at_hand]
    if not scene.has_wide_letters:
        return fonts
    found = [font for font in _WIDE_FONTS if font in at_hand]
    if not found:
        raise CannotExpress(
            where="picture",
            got="Korean letters, for which no font is installed here",
            wanted=f"one of {', '.join(_WIDE_FONTS)}",
            remedy="Install one, or save as .svg or .html, which take the reader's fonts.",
        )
    return [*fonts[:1], *found]


def _look_for_new_fonts() -> None:
    """Let matplotlib know fonts that were installed after it wrote its list of them."""
    from matplotlib.font_manager import findSystemFonts, fontManager

    known = {entry.fname for entry in fontManager.ttflist}
    for path in findSystemFonts():
        if path not in known:
            with suppress(OSError, RuntimeError, ValueError):  # no font that matplotlib can read
                fontManager.addfont(path)
