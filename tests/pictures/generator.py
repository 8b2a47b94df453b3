"""Pictures of networks as strangers make them, each with its truth: `picture(seed)`.

A plan (what is drawn) is laid out as a scene or handed to a program that lays it out by itself; a renderer makes
a file of it; a spoiled picture went through more. Where a program is missing, another renderer steps in.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from random import Random

from PIL import Image
from tests.pictures import (
    browser,
    graph_tools,
    hand_pens,
    matplotlib_pens,
    raster_pens,
    spoiling,
    vector_pens,
)
from tests.pictures.layouts import scene_of
from tests.pictures.looks import Look, look
from tests.pictures.own_dialects import bare_svg, own_drawing, saved
from tests.pictures.pages import fitted, on_a_page
from tests.pictures.picture import Picture, Truth
from tests.pictures.plan import Plan, plan
from tests.pictures.scene import Scene

GROUPS = {"vector": 25, "clean raster": 30, "spoiled raster": 25, "hand-like": 20}
_VECTOR = {"own SVG": 22, "matplotlib SVG": 14, "matplotlib PDF": 12, "browser PDF": 12, "Graphviz SVG": 14,
           "Mermaid SVG": 10, "dialect SVG": 9, "dialect PDF": 7}  # fmt: skip
_RASTER = {
    "PIL": 26,
    "matplotlib PNG": 20,
    "browser PNG": 22,
    "Graphviz PNG": 12,
    "Mermaid PNG": 8,
    "dialect PNG": 12,
}


def picture(
    seed: int,
    *,
    group: str = "",
    vector: bool | None = None,
    spoiled: bool | None = None,
    hand: bool | None = None,
) -> Picture:
    """Return a picture of a network.

    Args:
        seed: the same seed and arguments give the same picture, where the same programs are installed.
        group: one of GROUPS; drawn by their shares where it is empty.
        vector, spoiled, hand: each keeps or leaves out the group of that name.
    """
    random = Random(f"picture {seed}")
    group = group or group_of(seed, vector=vector, spoiled=spoiled, hand=hand)
    if group == "hand-like":
        return _by_hand(seed, random)
    table = _VECTOR if group == "vector" else _RASTER
    renderer = _there(random.choices([*table], [*table.values()])[0])
    if renderer.startswith("dialect"):
        return _own(seed, random, group, renderer)
    return _planned(seed, random, group, renderer)


def group_of(
    seed: int, *, vector: bool | None = None, spoiled: bool | None = None, hand: bool | None = None
) -> str:
    """Return the group that `picture` draws for a seed."""
    asked = {"vector": vector, "spoiled raster": spoiled, "hand-like": hand}
    shares = {name: share for name, share in GROUPS.items() if asked.get(name) is not False}
    if any(asked.values()):
        shares = {name: share for name, share in shares.items() if asked.get(name)}
    return Random(f"group {seed}").choices([*shares], [*shares.values()])[0]


def _there(renderer: str) -> str:
    """Return the renderer, or one that needs no program where its own is missing."""
    name, _, suffix = renderer.partition(" ")
    missing = (
        (name == "browser" and not browser.program())
        or (
            name == "Graphviz" and not (graph_tools.has_graphviz() and (suffix == "SVG" or browser.program()))
        )
        or (name == "Mermaid" and not browser.has_mermaid())
    )
    return renderer if not missing else {"SVG": "own SVG", "PDF": "matplotlib PDF", "PNG": "PIL"}[suffix]


def _longest(random: Random) -> float:
    """Draw the longer side, in pixels: about 760 in the middle."""
    return min(2400, max(300, random.lognormvariate(6.63, 0.5)))


def _finish(
    image: Image.Image, truth: Truth, random: Random, group: str, kinds: list[str], smallest: float, seed: int
) -> Picture:
    """Return an image as a file, spoiled or not."""
    if group == "clean raster":
        data, suffix = raster_pens.encoded(image, random)
        return Picture(data, suffix, truth, (group, *kinds), seed)
    data, suffix, ways = spoiling.spoiled(spoiling.opaque(image), random, smallest=smallest)
    return Picture(data, suffix, truth, (group, *kinds, *(f"spoiled: {way}" for way in ways)), seed)


def _own(seed: int, random: Random, group: str, renderer: str) -> Picture:
    drawing, truth, has = own_drawing(random)
    kinds = [renderer, f"dialect {drawing.dialect}", *sorted(has)]
    if renderer == "dialect SVG":
        return Picture(bare_svg(drawing).encode(), ".svg", truth, (group, *kinds), seed)
    if renderer == "dialect PDF":
        return Picture(saved(drawing, ".pdf"), ".pdf", truth, (group, *kinds), seed)
    image = Image.open(io.BytesIO(saved(drawing, ".png"))).convert("RGB")
    before = max(image.size)
    scale = min(1.0, max(_longest(random) / before, 0.35))
    image = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.LANCZOS)
    return _finish(image, truth, random, group, kinds, 26 * scale, seed)


def _planned(seed: int, random: Random, group: str, renderer: str) -> Picture:
    made = plan(random)
    if (
        renderer.startswith("Mermaid") and len(made.edges) > 40
    ):  # it would place them in a strip that nobody can read
        made = plan(random, simple=True)
    style = look(random, made.has)
    name = renderer.split()[0]
    if name in ("Graphviz", "Mermaid"):
        return _by_graph(seed, random, group, renderer, made, style)
    scene = scene_of(made, style, random)
    kinds = []
    if "part of a page" in made.has:
        kinds.append(f"part of a page: {on_a_page(scene, random)}")
    scene, width, height = fitted(
        scene, random, longest=_longest(random), least=9 if group == "clean raster" else 11
    )
    kinds = [renderer, *sorted(made.has), *kinds]
    if group == "vector":
        data, suffix = _VECTOR_PENS[renderer](scene, int(width), int(height), random)
        return Picture(data, suffix, made.truth, (group, *kinds), seed)
    image = _RASTER_PENS[renderer](scene, int(width), int(height), random)
    if group == "spoiled raster":
        image = spoiling.opaque(image, _under(scene))
    return _finish(image, made.truth, random, group, kinds, scene.smallest, seed)


def _under(scene: Scene) -> str:
    """Return a ground on which the ink stands out."""
    return scene.ground or ("#1e1e1e" if int(scene.ink[1:3], 16) > 128 else "#ffffff")


def _by_graph(seed: int, random: Random, group: str, renderer: str, made: Plan, style: Look) -> Picture:
    """Return a picture whose layout is a program's."""
    made.has -= {
        "part of a page",
        "numbers on edges",
        "edges stop short",
        "touching units",
        "arrows in and out",
    }
    for layer in made.layers:
        layer.activation = "?" if layer.icon else layer.activation
    if renderer.startswith("Graphviz"):
        text = graph_tools.graphviz(graph_tools.dot(made, style, random))
    else:
        made.has -= {"coloured", "thin lines", "dark ground", "transparent"}
        text = browser.browser().mermaid(
            graph_tools.mermaid(made, random), random.choice(["default", "neutral", "forest"])
        )
    kinds = (renderer, *sorted(made.has))
    if group == "vector":
        return Picture(text.encode(), ".svg", made.truth, (group, *kinds), seed)
    width, height = graph_tools.size_of(text)
    scale = min(max(_longest(random) / max(width, height), 0.7), 2400 / max(width, height), 3)
    ground = style.ground if renderer.startswith("Graphviz") else "#ffffff"
    page = f"<!doctype html><meta charset=utf-8><style>body{{margin:0;background:{ground or 'transparent'}}}svg{{display:block;width:{width}px;height:{height}px}}</style>{text}"
    data = browser.browser().photograph(page, int(width), int(height), scale=scale, transparent=not ground)
    image = Image.open(io.BytesIO(data))
    if group == "spoiled raster":
        image = spoiling.opaque(image, ground or ("#1e1e1e" if int(style.ink[1:3], 16) > 128 else "#ffffff"))
    return _finish(
        image if not ground else image.convert("RGB"), made.truth, random, group, [*kinds], 14 * scale, seed
    )


def _by_hand(seed: int, random: Random) -> Picture:
    made = plan(random, simple=True)
    style = look(random, made.has)
    style.fills, style.under, style.outline_width, style.curved = ("", "", ""), False, 0.1, False
    made.has -= {"coloured", "thin lines", "dark ground"}
    scene = scene_of(made, style, random)
    scene, width, height = fitted(scene, random, longest=max(600, _longest(random)), least=16)
    tool = random.choice(hand_pens.TOOLS)
    image = hand_pens.painted(scene, int(width), int(height), random, tool)
    ways = [] if tool == "tablet" else [way for way in spoiling.PHOTO if random.random() < 0.35]
    kinds = ["hand", tool, *sorted(made.has), *(f"photographed: {way}" for way in ways)]
    if tool == "tablet":
        data, suffix = raster_pens.png(image), ".png"
    else:
        data, suffix, _ = spoiling.spoiled(image, random, smallest=scene.smallest, ways=ways)
    return Picture(data, suffix, made.truth, ("hand-like", *kinds), seed)


def _own_svg(scene: Scene, width: int, height: int, random: Random) -> tuple[bytes, str]:
    return vector_pens.svg(scene, width, height, random).encode(), ".svg"


def browser_pdf(scene: Scene, width: int, height: int, random: Random) -> tuple[bytes, str]:
    page = f"<!doctype html><meta charset=utf-8><style>@page{{size:{width}px {height}px;margin:0}}body{{margin:0}}svg{{display:block}}</style>"
    return browser.browser().print(
        page + vector_pens.svg(scene, width, height, random), width, height
    ), ".pdf"


def _by_matplotlib(suffix: str) -> Callable[[Scene, int, int, Random], tuple[bytes, str]]:
    return lambda scene, width, height, random: (
        matplotlib_pens.drawn(scene, width, height, random, suffix),
        suffix,
    )


def _image_of_matplotlib(scene: Scene, width: int, height: int, random: Random) -> Image.Image:
    image = Image.open(io.BytesIO(matplotlib_pens.drawn(scene, width, height, random, ".png")))
    return image if not scene.ground else image.convert("RGB")


def _image_of_browser(scene: Scene, width: int, height: int, random: Random) -> Image.Image:
    page = vector_pens.html(scene, width, height, random)
    image = Image.open(
        io.BytesIO(browser.browser().photograph(page, width, height, transparent=not scene.ground))
    )
    return image if not scene.ground else image.convert("RGB")


def _image_of_pil(scene: Scene, width: int, height: int, random: Random) -> Image.Image:
    return raster_pens.painted(
        scene, width, height, smooth=random.choice([1, 2, 2, 3]) if max(width, height) < 1500 else 1
    )


_VECTOR_PENS = {
    "own SVG": _own_svg,
    "browser PDF": browser_pdf,
    "matplotlib SVG": _by_matplotlib(".svg"),
    "matplotlib PDF": _by_matplotlib(".pdf"),
}
_RASTER_PENS = {
    "PIL": _image_of_pil,
    "matplotlib PNG": _image_of_matplotlib,
    "browser PNG": _image_of_browser,
}
