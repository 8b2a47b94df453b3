"""The parts of a page that needs no other file: its style, and pictures as images of their own."""

from __future__ import annotations

import base64
import html
from importlib.resources import files

from chalknet.training import Chart


def style() -> str:
    """Return the style of our pages: for light and dark screens, and for paper."""
    return files("chalknet.reporting").joinpath("page.css").read_text(encoding="utf-8")


def image_of(svg: str, alt_text: str) -> str:
    """Return a picture as an image of its own, so that the ids of two pictures do not collide."""
    data = base64.b64encode(svg.encode()).decode()
    return f'<img src="data:image/svg+xml;base64,{data}" alt="{html.escape(alt_text)}">'


def figure_of(chart: Chart) -> str:
    """Return a chart above the sentence that says what it shows."""
    return (
        f"<figure>{image_of(chart.svg, chart.alt_text)}"
        f"<figcaption>{html.escape(chart.alt_text)}</figcaption></figure>"
    )
