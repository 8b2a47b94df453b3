"""What happens to a picture on its way: compressed, blurred, made small, photographed askew in bad light, put on a page."""

from __future__ import annotations

import io
import math
from random import Random

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from tests.pictures.raster_pens import font_of
from tests.pictures.words import sentence

WAYS = (
    "jpeg",
    "blur",
    "small",
    "noise",
    "shadow",
    "perspective",
    "rotation",
    "page of text",
    "beside another",
)
PHOTO = ("shadow", "perspective", "rotation", "noise", "jpeg")


def opaque(image: Image.Image, ground: str = "#ffffff") -> Image.Image:
    """Return an image on a ground, without transparency."""
    if image.mode != "RGBA":
        return image.convert("RGB")
    under = Image.new("RGBA", image.size, ground)
    return Image.alpha_composite(under, image).convert("RGB")


def spoiled(
    image: Image.Image, random: Random, *, smallest: float, ways: list[str] | None = None
) -> tuple[bytes, str, list[str]]:
    """Return a file of the spoiled picture, its ending, and what was done to it.

    Args:
        image: without transparency.
        random: its numbers.
        smallest: the size in pixels of the smallest words or shapes on which the truth rests.
        ways: what is done; one to three of WAYS are drawn where it is None.
    """
    if ways is None:
        ways = random.sample(WAYS, random.choices([1, 2, 3], [5, 4, 1])[0])
    ways = [way for way in WAYS[::-1] if way in ways]  # page, askew, light, then the camera and the file
    for way in ways:
        if way in _STEPS:
            image = _STEPS[way](image, random, smallest)
            if way == "small":
                smallest = 9.0
    stream = io.BytesIO()
    if "jpeg" in ways or random.random() < 0.5:
        quality = random.randint(20, 90) if "jpeg" in ways else 90
        image.save(stream, "JPEG", quality=quality if smallest > 12 else max(quality, 45))
        return stream.getvalue(), ".jpg", ways
    image.save(stream, "PNG")
    return stream.getvalue(), ".png", ways


def _ground(image: Image.Image) -> tuple[int, int, int]:
    """Return the colour of the border."""
    pixels = np.asarray(image)
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    return tuple(int(value) for value in np.median(border, axis=0))


def _blur(image: Image.Image, random: Random, smallest: float) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(min(random.uniform(0.5, 2.2), smallest / 11)))


def _small(image: Image.Image, random: Random, smallest: float) -> Image.Image:
    """Make it about 300 pixels wide, or as small as leaves the words to be read."""
    scale = min(1.0, max(300 / image.width, 9.0 / smallest))
    size = max(8, round(image.width * scale)), max(8, round(image.height * scale))
    kind = random.choice([Image.Resampling.BILINEAR, Image.Resampling.LANCZOS, Image.Resampling.BICUBIC])
    return image.resize(size, kind)


def _noise(image: Image.Image, random: Random, smallest: float) -> Image.Image:
    source = np.random.default_rng(random.randrange(1 << 30))
    pixels = np.asarray(image, float)
    level = random.uniform(3, 14)
    shape = pixels.shape if random.random() < 0.5 else (*pixels.shape[:2], 1)
    return Image.fromarray(np.clip(pixels + source.normal(0, level, shape), 0, 255).astype(np.uint8))


def _shadow(image: Image.Image, random: Random, smallest: float) -> Image.Image:
    """Darken towards one side, or by the edge of a shadow."""
    width, height = image.size
    x, y = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    angle = random.uniform(0, 2 * math.pi)
    along = x * math.cos(angle) + y * math.sin(angle)
    if random.random() < 0.6:
        light = 1 - random.uniform(0.15, 0.45) * (along + 1.4) / 2.8
    else:
        light = 1 - random.uniform(0.15, 0.35) / (
            1 + np.exp(-random.uniform(8, 25) * (along - random.uniform(-0.4, 0.4)))
        )
    tint = np.array([1, random.uniform(0.95, 1), random.uniform(0.85, 1)])
    return Image.fromarray(
        np.clip(np.asarray(image, float) * light[..., None] * tint, 0, 255).astype(np.uint8)
    )


def _widened(image: Image.Image, part: float) -> Image.Image:
    """Return an image with more of its ground around it."""
    dx, dy = int(image.width * part), int(image.height * part)
    page = Image.new("RGB", (image.width + 2 * dx, image.height + 2 * dy), _ground(image))
    page.paste(image, (dx, dy))
    return page


def _perspective(image: Image.Image, random: Random, smallest: float) -> Image.Image:
    image = _widened(image, 0.06)
    width, height = image.size
    reach = random.uniform(0.03, 0.09)

    def near(x: int, y: int) -> tuple[float, float]:
        return x + random.uniform(-reach, reach) * width, y + random.uniform(-reach, reach) * height

    corners = [(0, 0), (width, 0), (width, height), (0, height)]
    into = [near(*corner) for corner in corners]
    rows = []
    for (x, y), (u, v) in zip(corners, into, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y])
    solved = np.linalg.solve(np.array(rows), np.array(into).ravel())
    return image.transform(
        image.size,
        Image.Transform.PERSPECTIVE,
        tuple(solved),
        Image.Resampling.BICUBIC,
        fillcolor=_ground(image),
    )


def _rotation(image: Image.Image, random: Random, smallest: float) -> Image.Image:
    angle = random.choice([-1, 1]) * random.uniform(1, 6)
    return image.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=_ground(image))


def _page(image: Image.Image, random: Random, smallest: float) -> Image.Image:
    """Put it between lines of text, the outer ones of which may be cut off."""
    ground = _ground(image)
    ink = (20, 20, 20) if sum(ground) > 380 else (230, 230, 230)
    size = max(10, min(22, round(smallest)))
    above, below = random.randint(1, 8) * int(1.4 * size), random.randint(2, 10) * int(1.4 * size)
    side = random.randint(8, 60)
    page = Image.new("RGB", (image.width + 2 * side, image.height + above + below + 3 * size), ground)
    page.paste(image, (side, above))
    draw = ImageDraw.Draw(page)
    font = font_of(random.choice(["DejaVu Serif", "DejaVu Sans", "Liberation Serif"]), size, False)
    letters = int(page.width / (0.52 * size))
    cut = random.random() < 0.3
    for start, room in ((0, above - size), (above + image.height + size, below)):
        for top in range(start, start + room, int(1.4 * size)):
            draw.text((-size if cut else side // 2, top), sentence(random, 40)[:letters], font=font, fill=ink)
    return page


def _beside(image: Image.Image, random: Random, smallest: float) -> Image.Image:
    """Put a small chart beside it."""
    ground = _ground(image)
    dark = sum(ground) < 380
    ink = (230, 230, 230) if dark else (20, 20, 20)
    wide, space = max(120, image.height), 40
    page = Image.new("RGB", (image.width + wide + space, image.height), ground)
    left = random.random() < 0.5
    page.paste(image, (wide + space if left else 0, 0))
    start = 15 if left else image.width + space
    draw = ImageDraw.Draw(page)
    top, base, end = 0.12 * image.height, 0.85 * image.height, start + wide - 30
    draw.line([(start + 20, top), (start + 20, base), (end, base)], fill=ink, width=2)
    points = [
        (
            start + 20 + t * (end - start - 20) / 40,
            base - (base - top) * math.exp(-t / 9) * random.uniform(0.9, 1),
        )
        for t in range(41)
    ]
    draw.line(points, fill=random.choice([(31, 119, 180), (214, 39, 40)]), width=2)
    font = font_of("DejaVu Sans", max(10, min(16, round(smallest))), False)
    draw.text(((start + end) / 2, base + 12), "epoch", font=font, fill=ink, anchor="mt")
    return page


_STEPS = {"blur": _blur, "small": _small, "noise": _noise, "shadow": _shadow, "perspective": _perspective,
          "rotation": _rotation, "page of text": _page, "beside another": _beside}  # fmt: skip
