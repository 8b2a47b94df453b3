"""A scene as SVG, in the manner of several programs, and as a page of HTML."""

from __future__ import annotations

import math
from random import Random
from xml.sax.saxutils import escape

from tests.pictures.scene import UNICODE_INDEX, Line, Scene, Shape, Words, runs

_HEADS = {
    "filled": '<path d="M0,0 L10,4 L0,8 z" fill="{c}"/>',
    "open": '<path d="M1,1 L9,4 L1,7" fill="none" stroke="{c}" stroke-width="1.2"/>',
    "wide": '<path d="M0,0 L10,4 L0,8 L3,4 z" fill="{c}"/>',
}
MANNERS = ("plain", "styled", "paths", "grouped")


def svg(scene: Scene, width: float, height: float, random: Random, *, manner: str = "") -> str:
    """Return a scene as SVG.

    Args:
        scene: what is drawn.
        width, height: of the page.
        random: its numbers.
        manner: one of MANNERS; drawn where it is empty.
    """
    manner = manner or random.choice(MANNERS)
    colours = sorted({mark.stroke for mark in scene.marks if isinstance(mark, Line) and mark.head})
    kinds = sorted({mark.head for mark in scene.marks if isinstance(mark, Line) and mark.head})
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}">'
    ]
    if colours and manner != "paths":
        lines.append("<defs>")
        for kind in kinds:
            for number, colour in enumerate(colours):
                size = f'markerWidth="{_head(scene):g}" markerHeight="{0.8 * _head(scene):g}" markerUnits="userSpaceOnUse"'
                inner = _HEADS[kind].format(c=colour)
                place = 'viewBox="0 0 10 8" refX="9" refY="4" orient="auto"'
                lines.append(f'<marker id="{kind}{number}" {place} {size}>{inner}</marker>')
        lines.append("</defs>")
    if scene.ground:
        lines.append(f'<rect width="{width:g}" height="{height:g}" fill="{scene.ground}"/>')
    if manner == "grouped":
        lines.append('<g id="layer1" transform="translate(-50,30)">')
    for mark in scene.marks:
        if manner == "grouped":
            mark = _shifted(mark)
        if isinstance(mark, Shape):
            lines.append(_shape(mark, manner))
        elif isinstance(mark, Line):
            lines.append(_line(mark, manner, colours, _head(scene)))
        else:
            lines.append(_words(mark, scene.font, manner))
    if manner == "grouped":
        lines.append("</g>")
    return "\n".join([*lines, "</svg>"])


def _shifted(mark):
    if isinstance(mark, Line):
        return mark._replace(points=tuple((x + 50, y - 30) for x, y in mark.points))
    return mark._replace(x=mark.x + 50, y=mark.y - 30)


def _head(scene: Scene) -> float:
    """Return how long a head is: about half a radius of a unit."""
    sizes = [min(mark.w, mark.h) for mark in scene.marks if isinstance(mark, Shape) and mark.kind != "dots"]
    return round(0.3 * (sorted(sizes)[len(sizes) // 2] if sizes else 30), 2)


def _paint(fill: str, stroke: str, width: float, dash: bool, manner: str) -> str:
    values = {"fill": fill or "none", "stroke": stroke or "none", "stroke-width": f"{width:.3g}"}
    if dash:
        values["stroke-dasharray"] = f"{4 * width + 2:.3g},{3 * width + 2:.3g}"
    if manner == "styled":
        return 'style="' + ";".join(f"{name}:{value}" for name, value in values.items()) + '"'
    return " ".join(f'{name}="{value}"' for name, value in values.items())


def _shape(mark: Shape, manner: str) -> str:
    paint = _paint(mark.fill, mark.stroke if mark.width else "", mark.width, mark.dash, manner)
    x, y, w, h = mark.x, mark.y, mark.w, mark.h
    if mark.kind in ("disc", "dots"):
        if manner == "paths":
            r = w / 2
            return f'<path d="M{x - r:.2f},{y:.2f} a{r:.2f},{h / 2:.2f} 0 1,0 {w:.2f},0 a{r:.2f},{h / 2:.2f} 0 1,0 {-w:.2f},0 z" {paint}/>'
        if abs(w - h) < 0.01 and manner != "styled":
            return f'<circle cx="{x:.2f}" cy="{y:.2f}" r="{w / 2:.2f}" {paint}/>'
        return f'<ellipse cx="{x:.2f}" cy="{y:.2f}" rx="{w / 2:.2f}" ry="{h / 2:.2f}" {paint}/>'
    if manner == "paths" and mark.kind == "box":
        return f'<path d="M{x - w / 2:.2f},{y - h / 2:.2f} h{w:.2f} v{h:.2f} h{-w:.2f} z" {paint}/>'
    if mark.kind == "diamond":
        return f'<polygon points="{x:.1f},{y - h / 2:.1f} {x + w / 2:.1f},{y:.1f} {x:.1f},{y + h / 2:.1f} {x - w / 2:.1f},{y:.1f}" {paint}/>'
    round_ = f' rx="{0.2 * min(w, h):.2f}"' if mark.kind == "rounded" else ""
    return f'<rect x="{x - w / 2:.2f}" y="{y - h / 2:.2f}" width="{w:.2f}" height="{h:.2f}"{round_} {paint}/>'


def _line(mark: Line, manner: str, colours: list[str], head: float) -> str:
    paint = _paint(mark.fill if mark.closed else "", mark.stroke, mark.width, mark.dash, manner)
    points = " ".join(f"{x:.2f},{y:.2f}" for x, y in mark.points)
    marker = ""
    if mark.head and manner != "paths":
        marker = f' marker-end="url(#{mark.head}{colours.index(mark.stroke)})"'
    if mark.closed:
        return f'<polygon points="{points}" {paint}/>'
    if len(mark.points) == 2 and manner not in ("paths", "styled"):
        (a, b), (c, d) = mark.points
        return f'<line x1="{a:.2f}" y1="{b:.2f}" x2="{c:.2f}" y2="{d:.2f}" {paint}{marker}/>'
    if len(mark.points) == 2 or manner == "paths":
        drawn = f'<path d="M{points.replace(" ", " L")}" {paint}{marker}/>'
        return drawn + (_head_path(mark, head, manner) if mark.head and manner == "paths" else "")
    return f'<polyline points="{points}" {paint}{marker}/>'


def head_points(mark: Line, length: float) -> list[tuple[float, float]]:
    """Return the corners of a head: one wing, the tip, the other wing."""
    (a, b), (c, d) = mark.points[-2], mark.points[-1]
    angle = math.atan2(d - b, c - a)
    wings = [
        (c + length * math.cos(angle + turn), d + length * math.sin(angle + turn))
        for turn in (math.pi - 0.4, math.pi + 0.4)
    ]
    return [wings[0], (c, d), wings[1]]


def _head_path(mark: Line, length: float, manner: str) -> str:
    points = " L".join(f"{x:.2f},{y:.2f}" for x, y in head_points(mark, length))
    if mark.head == "open":
        return f'<path d="M{points}" {_paint("", mark.stroke, mark.width, False, manner)}/>'
    return f'<path d="M{points} z" {_paint(mark.stroke, "", 0, False, manner)}/>'


def _words(mark: Words, font: str, manner: str) -> str:
    lines = mark.text.split("\n")
    family = font.replace("Narrow", "").strip()
    attributes = f'font-family="{family}, sans-serif" font-size="{mark.size:.2f}" fill="{mark.colour}" text-anchor="{mark.anchor}"'
    if manner == "styled":
        attributes = f"style=\"font-family:'{family}';font-size:{mark.size:.2f}px;fill:{mark.colour};text-anchor:{mark.anchor}\""
    attributes += ' font-weight="bold"' if mark.bold else ""
    attributes += ' font-style="italic"' if mark.italic else ""
    if mark.angle:
        attributes += f' transform="rotate({mark.angle:g} {mark.x:.2f} {mark.y:.2f})"'
    found = []
    for number, line in enumerate(lines):
        y = mark.y + (number - (len(lines) - 1) / 2) * 1.2 * mark.size + 0.35 * mark.size
        if manner == "plain":
            inner = escape(
                "".join(piece.translate(UNICODE_INDEX) if low else piece for piece, low in runs(line))
            )
        else:
            inner = "".join(
                f'<tspan dy="{0.25 * mark.size:.2f}" font-size="{0.7 * mark.size:.2f}">{escape(piece)}</tspan>'
                if low
                else escape(piece)
                for piece, low in runs(line)
            )
        found.append(f'<text x="{mark.x:.2f}" y="{y:.2f}" {attributes}>{inner}</text>')
    return "".join(found)


def html(scene: Scene, width: float, height: float, random: Random) -> str:
    """Return a page: SVG within it, a canvas that a program draws on, or boxes placed by CSS over lines in SVG."""
    manner = random.choice(["svg", "canvas", "css"])
    ground = scene.ground or "transparent"
    head = f"<!doctype html><meta charset=utf-8><style>body{{margin:0;background:{ground};overflow:hidden}}"
    if manner == "svg":
        return f"{head}svg{{display:block}}</style>{svg(scene, width, height, random)}"
    if manner == "canvas":
        return f"{head}canvas{{display:block}}</style>{_canvas(scene, width, height)}"
    shapes = [mark for mark in scene.marks if isinstance(mark, Shape)]
    first = Scene([mark for mark in scene.marks if isinstance(mark, Line)], "", scene.font, scene.ink)
    last = Scene([mark for mark in scene.marks if isinstance(mark, Words)], "", scene.font, scene.ink)
    boxes = "".join(map(_css, shapes))
    layer = "<div style='position:absolute;left:0;top:0'>{}</div>"
    plain = [svg(part, width, height, random, manner="plain") if part.marks else "" for part in (first, last)]
    return f"{head}.u{{position:absolute;box-sizing:border-box}}</style>{layer.format(plain[0])}{boxes}{layer.format(plain[1])}"


def _css(mark: Shape) -> str:
    radius = {"disc": "50%", "dots": "50%", "rounded": f"{0.2 * min(mark.w, mark.h):.1f}px"}.get(
        mark.kind, "0"
    )
    border = (
        f"border:{max(mark.width, 1):.2f}px {'dashed' if mark.dash else 'solid'} {mark.stroke};"
        if mark.stroke and mark.width
        else ""
    )
    return (
        f'<div class=u style="left:{mark.x - mark.w / 2:.2f}px;top:{mark.y - mark.h / 2:.2f}px;width:{mark.w:.2f}px;'
        f'height:{mark.h:.2f}px;border-radius:{radius};background:{mark.fill or "transparent"};{border}"></div>'
    )


def _canvas(scene: Scene, width: float, height: float) -> str:
    steps = []
    for mark in scene.marks:
        if isinstance(mark, Shape):
            steps.append(_canvas_shape(mark))
        elif isinstance(mark, Line):
            path = "".join(f"c.lineTo({x:.2f},{y:.2f});" for x, y in mark.points) + (
                "c.closePath();" if mark.closed else ""
            )
            dash = f"[{4 * mark.width + 2:.2f},{3 * mark.width + 2:.2f}]" if mark.dash else "[]"
            paint = f"c.strokeStyle='{mark.stroke}';c.lineWidth={mark.width:.2f};c.setLineDash({dash});"
            fill = f"c.fillStyle='{mark.fill}';c.fill();" if mark.closed and mark.fill else ""
            steps.append(f"{paint}c.beginPath();{path}{fill}c.stroke();c.setLineDash([]);")
            if mark.head:
                tip = "".join(f"c.lineTo({x:.2f},{y:.2f});" for x, y in head_points(mark, _head(scene)))
                end = "c.stroke();" if mark.head == "open" else f"c.fillStyle='{mark.stroke}';c.fill();"
                steps.append(f"c.beginPath();{tip}{end}")
        else:
            steps.append(_canvas_words(mark, scene.font))
    return f"<canvas id=c width={width:g} height={height:g}></canvas><script>{{const c=document.getElementById('c').getContext('2d');{''.join(steps)}}}</script>"


def _canvas_shape(mark: Shape) -> str:
    x, y, w, h = mark.x, mark.y, mark.w, mark.h
    path = (
        f"c.ellipse({x:.2f},{y:.2f},{w / 2:.2f},{h / 2:.2f},0,0,7);" if mark.kind in ("disc", "dots") else ""
    )
    if not path:
        round_ = 0.2 * min(w, h) if mark.kind == "rounded" else 0
        path = f"c.roundRect({x - w / 2:.2f},{y - h / 2:.2f},{w:.2f},{h:.2f},{round_:.2f});"
    fill = f"c.fillStyle='{mark.fill}';c.fill();" if mark.fill else ""
    stroke = (
        f"c.strokeStyle='{mark.stroke}';c.lineWidth={mark.width:.2f};c.stroke();"
        if mark.stroke and mark.width
        else ""
    )
    return f"c.beginPath();{path}{fill}{stroke}"


def _canvas_words(mark: Words, font: str) -> str:
    align = {"middle": "center", "start": "left", "end": "right"}[mark.anchor]
    style = ("italic " if mark.italic else "") + ("bold " if mark.bold else "")
    found = [
        f"c.font='{style}{mark.size:.1f}px \"{font}\"';c.textAlign='{align}';c.textBaseline='middle';c.fillStyle='{mark.colour}';"
    ]
    lines = mark.text.split("\n")
    for number, line in enumerate(lines):
        y = (number - (len(lines) - 1) / 2) * 1.2 * mark.size
        words = "".join(
            piece.translate(UNICODE_INDEX) if low else piece for piece, low in runs(line)
        ).replace("'", "\\'")
        turned = f"c.save();c.translate({mark.x:.2f},{mark.y:.2f});c.rotate({math.radians(mark.angle):.3f});"
        found.append(f"{turned}c.fillText('{words}',0,{y:.2f});c.restore();")
    return "".join(found)
