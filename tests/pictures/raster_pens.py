"""A scene as an image by PIL: smooth or jagged, opaque or transparent."""

from __future__ import annotations

import io
from functools import cache
from random import Random

from PIL import Image, ImageDraw, ImageFont
from tests.pictures.scene import Line, Scene, Shape, Words, runs
from tests.pictures.vector_pens import head_points
from tests.pictures.words import fonts, wide_font


@cache
def font_of(family: str, size: int, wide: bool) -> ImageFont.FreeTypeFont:
    """Return a font of PIL."""
    path = wide_font() if wide and wide_font() else fonts().get(family, fonts()["DejaVu Sans"])
    return ImageFont.truetype(path, max(size, 4))


def painted(scene: Scene, width: int, height: int, *, smooth: int) -> Image.Image:
    """Return a scene as an image.

    Args:
        scene: what is drawn.
        width, height: of the image.
        smooth: how many pixels each way become one; 1 leaves edges jagged.
    """
    ground = scene.ground or _clear(scene.ink)
    image = Image.new("RGBA", (width * smooth, height * smooth), ground)
    draw = ImageDraw.Draw(image)
    lengths = [min(mark.w, mark.h) for mark in scene.marks if isinstance(mark, Shape) and mark.kind != "dots"]
    head = 0.3 * sorted(lengths)[len(lengths) // 2] * smooth if lengths else 9 * smooth
    for mark in scene.marks:
        if isinstance(mark, Shape):
            _shape(draw, mark, smooth)
        elif isinstance(mark, Line):
            _line(draw, mark, smooth, head)
        else:
            _words(image, draw, mark, scene.font, smooth)
    if smooth > 1:
        image = image.resize((width, height), Image.Resampling.LANCZOS)
    return image if not scene.ground else image.convert("RGB")


def _clear(ink: str) -> tuple[int, int, int, int]:
    return (*(int(ink[at : at + 2], 16) for at in (1, 3, 5)), 0)


def _shape(draw: ImageDraw.ImageDraw, mark: Shape, smooth: int) -> None:
    box = [(mark.x - mark.w / 2) * smooth, (mark.y - mark.h / 2) * smooth,
           (mark.x + mark.w / 2) * smooth, (mark.y + mark.h / 2) * smooth]  # fmt: skip
    paint = {
        "fill": mark.fill or None,
        "outline": mark.stroke or None if mark.width else None,
        "width": max(1, round(mark.width * smooth)) if mark.stroke and mark.width else 0,
    }
    if mark.kind in ("disc", "dots"):
        draw.ellipse(box, **paint)
    elif mark.kind == "rounded":
        draw.rounded_rectangle(box, 0.2 * min(mark.w, mark.h) * smooth, **paint)
    else:
        draw.rectangle(box, **paint)


def _line(draw: ImageDraw.ImageDraw, mark: Line, smooth: int, head: float) -> None:
    points = [(x * smooth, y * smooth) for x, y in mark.points]
    width = max(1, round(mark.width * smooth))
    if mark.closed:
        draw.polygon(points, fill=mark.fill or None, outline=mark.stroke, width=width)
        return
    if mark.dash:
        _dashed(draw, points, mark.stroke, width)
    else:
        draw.line(points, fill=mark.stroke, width=width, joint="curve")
    if mark.head:
        corners = head_points(mark._replace(points=tuple(points)), head)
        if mark.head == "open":
            draw.line(corners, fill=mark.stroke, width=width)
        else:
            draw.polygon(corners, fill=mark.stroke)


def _dashed(draw: ImageDraw.ImageDraw, points: list[tuple[float, float]], colour: str, width: int) -> None:
    (a, b), (c, d) = points[0], points[-1]
    length = max(((c - a) ** 2 + (d - b) ** 2) ** 0.5, 1)
    step = 4 * width + 4
    for start in range(0, int(length), 2 * step):
        ends = [start / length, min(start + step, length) / length]
        draw.line([(a + (c - a) * t, b + (d - b) * t) for t in ends], fill=colour, width=width)


def _words(image: Image.Image, draw: ImageDraw.ImageDraw, mark: Words, family: str, smooth: int) -> None:
    if mark.angle:
        _turned_words(image, mark, family, smooth)
        return
    lines = mark.text.split("\n")
    for number, line in enumerate(lines):
        y = mark.y + (number - (len(lines) - 1) / 2) * 1.2 * mark.size
        pieces = []
        for piece, low in runs(line):
            wide = any(ord(letter) > 0x2E80 for letter in piece)
            pieces.append(
                (piece, font_of(family, round(mark.size * smooth * (0.7 if low else 1)), wide), low)
            )
        total = sum(font.getlength(piece) for piece, font, _ in pieces)
        x = mark.x * smooth - {"start": 0, "middle": total / 2, "end": total}[mark.anchor]
        for piece, font, low in pieces:
            bold = max(1, round(0.03 * mark.size * smooth)) if mark.bold else 0
            place = (x, (y + (0.25 * mark.size if low else 0)) * smooth)
            draw.text(
                place,
                piece,
                font=font,
                fill=mark.colour,
                anchor="lm",
                stroke_width=bold,
                stroke_fill=mark.colour,
            )
            x += font.getlength(piece)


def _turned_words(image: Image.Image, mark: Words, family: str, smooth: int) -> None:
    font = font_of(family, round(mark.size * smooth), False)
    box = font.getbbox(mark.text)
    label = Image.new("RGBA", (int(box[2]) + 4, int(box[3]) + 4), _clear(mark.colour))
    ImageDraw.Draw(label).text((2, 2), mark.text, font=font, fill=mark.colour)
    label = label.rotate(-mark.angle, expand=True)
    image.alpha_composite(
        label,
        (max(0, int(mark.x * smooth - label.width / 2)), max(0, int(mark.y * smooth - label.height / 2))),
    )


def png(image: Image.Image) -> bytes:
    """Return an image as the bytes of a PNG."""
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def encoded(image: Image.Image, random: Random) -> tuple[bytes, str]:
    """Return an image as a file without loss, or nearly so, with its ending."""
    suffix = random.choices([".png", ".webp", ".bmp", ".gif", ".tiff", ".jpg"], [76, 6, 3, 3, 2, 10])[0]
    if image.mode == "RGBA":
        suffix = ".png"
    stream = io.BytesIO()
    options = {".jpg": {"quality": 93}, ".webp": {"lossless": True}}.get(suffix, {})
    kind = {".jpg": "JPEG", ".tiff": "TIFF"}.get(suffix, suffix[1:].upper())
    if suffix == ".png" and image.mode == "RGB" and random.random() < 0.15:
        image = image.quantize(64)  # a palette
    image.save(stream, kind, **options)
    return stream.getvalue(), suffix
