"""Pictures that are no network: plots, plans, charts of other things, photographs, pages: `no_network(seed)`."""

from __future__ import annotations

import io
from random import Random

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image, ImageFilter
from tests.pictures import browser, generator, graph_tools, hand_pens, raster_pens, spoiling, vector_pens
from tests.pictures.other_drawings import PEOPLE, SCENES
from tests.pictures.pages import fitted
from tests.pictures.picture import Picture, Truth
from tests.pictures.scene import Line, Mark, Scene, Shape
from tests.pictures.words import fonts

REFUSE = Truth("refuse")


def no_network(seed: int) -> Picture:
    """Return a picture of something else; the same seed gives the same one."""
    random = Random(f"no network {seed}")
    kind = [*SCENES, *_CHARTS, *_IMAGES, *_GRAPHS][seed % _NUMBER]
    if kind in _CHARTS:
        return _chart(seed, kind, random)
    if kind in _IMAGES:
        return _raster(_IMAGES[kind](random), seed, kind, "noise", random, 20)
    if kind in _GRAPHS and graph_tools.has_graphviz():
        text = graph_tools.graphviz(_GRAPHS[kind](random))
        return Picture(text.encode(), ".svg", REFUSE, ("no network", "Graphviz SVG", kind), seed)
    marks = SCENES[kind if kind in SCENES else "organisation"](random)
    return _drawn(seed, kind, marks, random)


def _drawn(seed: int, kind: str, marks: list[Mark], random: Random) -> Picture:
    marks = [_diamond(mark) if isinstance(mark, Shape) and mark.kind == "diamond" else mark for mark in marks]
    scene = Scene(
        marks,
        random.choice(["#ffffff", "#ffffff", "#fdfdf6", "#eef3f8"]),
        random.choice(sorted(fonts())),
        "#000000",
    )
    scene, width, height = fitted(
        scene, random, longest=min(2000, max(350, random.lognormvariate(6.6, 0.4))), least=9
    )
    pen = random.choice(["own SVG", "PIL", "PIL", "browser", "hand", "PDF"])
    if pen in ("browser", "PDF") and not browser.program():
        pen = "PIL"
    if pen == "own SVG":
        data = vector_pens.svg(scene, width, height, random).encode()
        return Picture(data, ".svg", REFUSE, ("no network", pen, kind), seed)
    if pen == "PDF":
        data, suffix = generator.browser_pdf(scene, int(width), int(height), random)
        return Picture(data, suffix, REFUSE, ("no network", "browser PDF", kind), seed)
    if pen == "hand":
        image = hand_pens.painted(scene, int(width), int(height), random, random.choice(hand_pens.TOOLS))
    elif pen == "browser":
        page = vector_pens.html(scene, width, height, random)
        image = Image.open(io.BytesIO(browser.browser().photograph(page, int(width), int(height)))).convert(
            "RGB"
        )
    else:
        image = raster_pens.painted(scene, int(width), int(height), smooth=2)
    return _raster(image, seed, kind, pen, random, scene.smallest)


def _diamond(mark: Shape) -> Line:
    x, y, w, h = mark.x, mark.y, mark.w / 2, mark.h / 2
    corners = ((x, y - h), (x + w, y), (x, y + h), (x - w, y))
    return Line(corners, mark.stroke, mark.width, closed=True, fill=mark.fill or "#ffffff")


def _raster(image: Image.Image, seed: int, kind: str, pen: str, random: Random, smallest: float) -> Picture:
    if random.random() < 0.35:
        data, suffix, _ = spoiling.spoiled(spoiling.opaque(image), random, smallest=smallest)
    else:
        data, suffix = raster_pens.encoded(image, random)
    return Picture(data, suffix, REFUSE, ("no network", pen, kind), seed)


# Charts, by matplotlib's own means.


def _chart(seed: int, kind: str, random: Random) -> Picture:
    figure = Figure(figsize=(random.uniform(4, 9), random.uniform(3, 6)), dpi=random.choice([72, 100, 150]))
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    _CHARTS[kind](axes, random, np.random.default_rng(seed))
    stream = io.BytesIO()
    suffix = random.choice([".png", ".png", ".svg", ".pdf"])
    metadata = {".svg": {"Date": None}, ".pdf": {"CreationDate": None, "ModDate": None}}.get(suffix, {})
    import matplotlib

    with matplotlib.rc_context({"svg.hashsalt": "pictures"}):
        figure.savefig(stream, format=suffix[1:], metadata=metadata)
    if suffix == ".png":
        return _raster(Image.open(stream).convert("RGB"), seed, kind, "matplotlib", random, 14)
    return Picture(
        stream.getvalue(), suffix, REFUSE, ("no network", f"matplotlib {suffix[1:].upper()}", kind), seed
    )


def _curves(axes, random, noise) -> None:
    for name in random.sample(["train", "test", "baseline", "ours"], random.randint(1, 3)):
        y = np.exp(-np.arange(40) / random.uniform(5, 20)) + noise.normal(0, 0.02, 40)
        axes.plot(y, label=name, marker=random.choice(["", "o", ""]))
    axes.legend()
    axes.set(
        xlabel="epoch", ylabel="loss", title=random.choice(["", "Training of the neural network", "Loss"])
    )


def _bars(axes, random, noise) -> None:
    names = random.sample(PEOPLE, random.randint(3, 8))
    axes.bar(names, noise.uniform(1, 9, len(names)), color=random.choice(["#4c72b0", "#dd8452", None]))
    axes.set_title(random.choice(["", "Sales", "Points"]))


def _points(axes, random, noise) -> None:
    for colour in random.sample(["r", "b", "g", "k"], random.randint(1, 3)):
        centre = noise.normal(0, 3, 2)
        axes.scatter(
            *(centre[:, None] + noise.normal(0, 1, (2, random.choice([8, 40, 150])))),
            c=colour,
            s=random.choice([20, 80, 300]),
        )


def _grid_of_points(axes, random, noise) -> None:
    x, y = np.meshgrid(range(random.randint(3, 7)), range(random.randint(3, 7)))
    axes.scatter(x, y, s=noise.uniform(50, 600, x.shape), edgecolors="k")


def _pie(axes, random, noise) -> None:
    axes.pie(noise.uniform(1, 5, 5), labels=random.sample(PEOPLE, 5), autopct="%.0f%%")


def _heat(axes, random, noise) -> None:
    axes.imshow(
        noise.uniform(0, 1, (random.randint(4, 10),) * 2), cmap=random.choice(["viridis", "gray", "coolwarm"])
    )


def _boxes_with_whiskers(axes, random, noise) -> None:
    axes.boxplot([noise.normal(k, 1, 30) for k in range(4)])


def _steps(axes, random, noise) -> None:
    axes.hist(noise.normal(0, 1, 300), bins=random.randint(8, 30), edgecolor="k")


# Photographs, so to say.


def _clouds(random: Random) -> Image.Image:
    noise = np.random.default_rng(random.randrange(1 << 30))
    size = random.randint(300, 1200), random.randint(300, 900)
    layers = np.zeros((size[1], size[0], 3))
    for cells in (3, 8, 24, 90):
        part = noise.normal(0, 1, (cells, cells, 3)).astype(np.float32)
        bands = [Image.fromarray(part[..., band]).resize(size, Image.Resampling.BICUBIC) for band in range(3)]
        layers += np.stack([np.asarray(band) for band in bands], -1) * 60 / cells**0.4
    return Image.fromarray(np.clip(128 + layers, 0, 255).astype(np.uint8))


def _pebbles(random: Random) -> Image.Image:
    """Paint overlapping stones: round things without lines."""
    image = Image.new("RGB", (random.randint(400, 1000), random.randint(300, 800)), "#70685c")
    draw = raster_pens.ImageDraw.Draw(image)
    for _ in range(250):
        x, y, r = random.uniform(0, image.width), random.uniform(0, image.height), random.uniform(10, 60)
        grey = random.randint(70, 200)
        draw.ellipse(
            [x - r, y - 0.7 * r, x + r, y + 0.7 * r], fill=(grey, grey - 8, grey - 18), outline=(40, 38, 30)
        )
    return image.filter(ImageFilter.GaussianBlur(1.5))


def _landscape(random: Random) -> Image.Image:
    width, height = random.randint(400, 1200), random.randint(300, 800)
    image = np.zeros((height, width, 3))
    image[:] = np.linspace(0, 1, height)[:, None, None] * np.array([40, 30, -40]) + np.array([120, 170, 230])
    x = np.arange(width)
    for colour in ((90, 110, 90), (60, 90, 60), (40, 60, 35)):
        ridge = height * random.uniform(0.4, 0.8) + sum(
            random.uniform(5, 50) * np.sin(x / random.uniform(20, 200) + random.uniform(0, 6))
            for _ in range(5)
        )
        image[np.arange(height)[:, None] > ridge[None]] = colour
    noise = np.random.default_rng(random.randrange(1 << 30))
    return Image.fromarray(np.clip(image + noise.normal(0, 8, image.shape), 0, 255).astype(np.uint8))


_CHARTS = {"curves": _curves, "bars": _bars, "points": _points, "grid of points": _grid_of_points, "pie": _pie, "heat map": _heat,
           "whiskers": _boxes_with_whiskers, "histogram": _steps}  # fmt: skip
_IMAGES = {"clouds": _clouds, "pebbles": _pebbles, "landscape": _landscape}


def _packages(random: Random) -> str:
    names = random.sample(["core", "utils", "web", "db", "auth", "tests", "cli", "docs", "api"], 7)
    edges = {tuple(random.sample(names, 2)) for _ in range(10)}
    return (
        "digraph { node [shape=box]; "
        + "; ".join(f'"{one}" -> "{other}"' for one, other in sorted(edges))
        + " }"
    )


def _decisions(random: Random) -> str:
    words = random.sample(
        ["age > 30", "income > 50", "owner?", "height > 2", "rain?", "wind < 4", "price > 9"], 3
    )
    leaves = [f'l{k} [label="{random.choice(["yes", "no"])}", shape=ellipse]' for k in range(4)]
    nodes = [f'q{k} [label="{word}", shape=box]' for k, word in enumerate(words)]
    edges = "q0 -> q1 [label=yes]; q0 -> q2 [label=no]; q1 -> l0; q1 -> l1; q2 -> l2; q2 -> l3"
    return "digraph { " + "; ".join([*nodes, *leaves, edges]) + " }"


def _family(random: Random) -> str:
    names = random.sample(PEOPLE, 7)
    edges = [(0, 2), (1, 2), (0, 3), (1, 3), (3, 5), (4, 5), (4, 6), (3, 6)]
    return "digraph { " + "; ".join(f'"{names[one]}" -> "{names[other]}"' for one, other in edges) + " }"


_GRAPHS = {"packages": _packages, "decisions": _decisions, "family": _family}
_NUMBER = len(SCENES) + len(_CHARTS) + len(_IMAGES) + len(_GRAPHS)
