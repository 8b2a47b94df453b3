"""The surfaces by the ending of a file: scene and diagram in, text or bytes out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from chalknet.drawing.diagram import Diagram
from chalknet.drawing.scene import Scene
from chalknet.drawing.surfaces.graphs import write_dot, write_mermaid
from chalknet.drawing.surfaces.matplotlib_axes import write_with_matplotlib
from chalknet.drawing.surfaces.svg import write_html, write_svg
from chalknet.drawing.surfaces.tikz import write_tikz

Surface: TypeAlias = Callable[[Scene, Diagram], str | bytes]


def _of_scene(write: Callable[[Scene], str | bytes]) -> Surface:
    return lambda scene, diagram: write(scene)


SURFACES: dict[str, Surface] = {
    ".svg": _of_scene(write_svg),
    ".png": _of_scene(partial(write_with_matplotlib, kind="png")),
    ".jpg": _of_scene(partial(write_with_matplotlib, kind="jpg")),
    ".jpeg": _of_scene(partial(write_with_matplotlib, kind="jpg")),
    ".pdf": _of_scene(partial(write_with_matplotlib, kind="pdf")),
    ".tex": _of_scene(write_tikz),
    ".html": _of_scene(write_html),
    ".dot": write_dot,
    ".gv": write_dot,
    ".mmd": write_mermaid,
}
