"""The page that shows marks: a title over them, a margin around them, the size that the preset asks for."""

from __future__ import annotations

from collections.abc import Sequence

from chalknet.drawing.scene import Label, Mark, Scene, bounds_of
from chalknet.drawing.style import COLOURS, LINES_A_FONT_SIZE, Style
from chalknet.drawing.text import height_of
from chalknet.errors import CannotExpress

_LARGEST = 1.5  # by which a small drawing is enlarged on a page
_MARGIN = 0.9  # around the page, in font sizes


def on_page(marks: Sequence[Mark], style: Style, *, title: str, description: str, network: str) -> Scene:
    """Return the page that shows some marks.

    Args:
        marks: at any place, the lowest first.
        style: its title and its preset.
        title: one line that says what it is, where the style has none.
        description: what a reader who cannot see it has to know.
        network: the network drawn, as JSON; empty where there is none.

    Raises:
        CannotExpress: for a drawing too large for the preset's page.
    """
    page, marks = style.page, list(marks)
    size = page.font_size
    if style.title:
        left, top, right, _ = bounds_of(marks)
        y = top - height_of(style.title, size * 1.2) * 0.8
        marks.append(Label((left + right) / 2, y, style.title, size * 1.2, "heading", "heading"))
    left, top, right, bottom = bounds_of(marks)
    margin = _MARGIN * size
    width, height = right - left + 2 * margin, bottom - top + 2 * margin
    scale, print_width_mm = 1.0, None
    if page.print_width_mm is not None:
        scale = min(1.0, page.print_width_mm / 25.4 * 72 / width)
        print_width_mm = width * scale / 72 * 25.4
    if page.page is not None:
        scale = min(page.page[0] / width, page.page[1] / height, _LARGEST)
        left -= (page.page[0] / scale - width) / 2
        top -= (page.page[1] / scale - height) / 2
        width, height = (side / scale for side in page.page)
    if scale * size < page.smallest_font:
        raise CannotExpress(
            where=f"preset {style.preset}",
            got=f"a font of {scale * size * 0.9:.1f} pt, the drawing is too large for the page",
            wanted=f"at least {page.smallest_font:g} pt",
            remedy="Take the other orientation, fewer max_nodes, the dialect blocks, or a wider preset.",
        )
    moved = tuple(mark.moved(margin - left, margin - top, scale) for mark in marks)
    return Scene(
        width * scale,
        height * scale,
        moved,
        title=style.title or title,
        description=description,
        network=network,
        colours={**COLOURS, **{str(part): colour for part, colour in style.colours.items()}},
        print_width_mm=print_width_mm,
        stroke=scale * size / LINES_A_FONT_SIZE,
    )
