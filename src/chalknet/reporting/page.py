"""The parts of a page that needs no other file: its style, and pictures as images of their own."""

from __future__ import annotations

import base64
import html
import struct
import zlib
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from chalknet.drawing import Style, draw, draw_stacks
from chalknet.errors import CannotExpress, InvalidValue
from chalknet.network import Network
from chalknet.training import Chart

if TYPE_CHECKING:
    from torch import nn

_NARROW = Style(orientation="down", max_nodes=3)


def style() -> str:
    """Return the style of our pages: for light and dark screens, and for paper."""
    return files("chalknet.reporting").joinpath("page.css").read_text(encoding="utf-8")


def image_of(svg: str, alt_text: str, narrow: str = "") -> str:
    """Return a picture as an image of its own, so that the ids of two pictures do not collide.

    Args:
        svg: the picture.
        alt_text: what it shows.
        narrow: the same for a narrow screen, where it differs.
    """
    image = f'<img src="{_address(svg)}" alt="{html.escape(alt_text)}">'
    if narrow in ("", svg):
        return image
    source = f'<source media="screen and (max-width: 40rem)" srcset="{_address(narrow)}">'
    return f"<picture>{source}{image}</picture>"


def _address(svg: str) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


def drawing_of(network: Network) -> str:
    """Return the drawing of a network, its layers below each other where the screen is narrow."""
    try:
        wide, narrow = (draw(network, "D11", style=style) for style in (Style(), _NARROW))
    except CannotExpress:  # samples that are no vectors
        wide = narrow = draw(network, "blocks", style=_NARROW)
    return f"<figure>{image_of(wide.svg, wide.alt_text, narrow.svg)}</figure>"


def stacks_of(module: nn.Module, input_shape: tuple[int, ...] | None) -> str:
    """Return the drawing of a module that is no Network; nothing where its values go several ways."""
    try:
        drawing = draw_stacks(module, input_shape, Style())
    except (CannotExpress, InvalidValue):
        return ""
    return f'<figure class="wide">{image_of(drawing.svg, drawing.alt_text)}</figure>'


def figure_of(chart: Chart) -> str:
    """Return a chart above the sentence that says what it shows."""
    return (
        f"<figure>{image_of(chart.svg, chart.alt_text, chart.narrow_svg)}"
        f"<figcaption>{html.escape(chart.alt_text)}</figcaption></figure>"
    )


def grey_image_of(pixels: Any, alt_text: str) -> str:
    """Return an array `(height, width)` as an image, white is 0 and black is 1."""
    rows = [bytes(round(255 * (1 - min(max(float(value), 0.0), 1.0))) for value in row) for row in pixels]
    size = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 0, 0, 0, 0)
    parts = {b"IHDR": size, b"IDAT": zlib.compress(b"".join(b"\0" + row for row in rows)), b"IEND": b""}
    png = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts.items()
    )
    data = base64.b64encode(png).decode()
    return f'<img src="data:image/png;base64,{data}" alt="{html.escape(alt_text)}">'
