"""matplotlib: PNG, PDF with live fonts, and axes of the user's own."""

from __future__ import annotations

import io
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from chalknet.drawing.scene import Box, Label, Line, Photo, Scene, Tracing
from chalknet.drawing.text import TextRun, lines_of
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
_LATIN_FONTS = ("Helvetica", "Arial", "Liberation Sans", "DejaVu Sans")


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
    from matplotlib.patches import Ellipse, FancyArrowPatch, FancyBboxPatch

    fonts, colours = _fonts(scene), scene.colours
    axes.set_xlim(0, scene.width)
    axes.set_ylim(scene.height, 0)
    axes.set_aspect("equal")
    axes.set_axis_off()
    for level, mark in enumerate(scene.marks):
        look: dict[str, Any] = {"zorder": level}
        match mark:
            case Box():
                look |= {"facecolor": colours[mark.kind], "linewidth": 0.8}
                look["edgecolor"] = "none" if mark.kind == "frame" else colours["line"]
                size = mark.width, mark.height
                if mark.round:
                    middle = mark.x + mark.width / 2, mark.y + mark.height / 2
                    axes.add_patch(Ellipse(middle, *size, **look))
                else:
                    rounded = f"round,pad=0,rounding_size={min(4.0, mark.height / 4):.2f}"
                    axes.add_patch(FancyBboxPatch((mark.x, mark.y), *size, boxstyle=rounded, **look))
            case Line():
                look |= {"color": colours[mark.kind], "linewidth": mark.width * 0.75}
                look["linestyle"] = (0, (4, 2)) if mark.kind == "negative" else "solid"
                style = "-|>,head_length=3.2,head_width=1.6" if mark.arrow else "-"
                ends = (mark.x1, mark.y1), (mark.x2, mark.y2)
                axes.add_patch(FancyArrowPatch(*ends, arrowstyle=style, shrinkA=0, shrinkB=0, **look))
            case Photo():
                _show(axes, mark, level)
            case Tracing():
                _trace(axes, mark, level)
            case Label():
                look |= {"size": mark.size, "family": fonts, "color": colours["ink"], "linespacing": 1.1}
                if mark.kind == "edge-label":
                    look["bbox"] = {
                        "facecolor": colours["page"],
                        "edgecolor": "none",
                        "pad": 0.4,
                        "alpha": 0.85,
                    }
                axes.text(
                    mark.x,
                    mark.y,
                    _mathtext(mark.text),
                    ha="center",
                    va="center",
                    rotation=-mark.angle,
                    **look,
                )


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


def _mathtext(markup: str) -> str:
    return "\n".join("".join(map(_run, line)) for line in lines_of(markup))


def _run(run: TextRun) -> str:
    text = run.text.replace("\\", r"\\").replace("$", r"\$")
    return text if run.shift == 0 else f"${'^' if run.shift > 0 else '_'}{{\\mathrm{{{text}}}}}$"


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
