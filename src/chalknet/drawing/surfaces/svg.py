"""SVG: live text, light and dark, and the network itself inside; HTML: the same on a page of its own."""

from __future__ import annotations

from base64 import b64encode
from html import escape

from chalknet.drawing.scene import Box, Face, Label, Line, Mark, Photo, Scene, Tracing
from chalknet.drawing.style import (
    BASELINE,
    COLOURS,
    CORNER,
    DARK,
    DASHES,
    FONTS,
    HALO,
    HEAD_LENGTH,
    HEAD_WIDTH,
    LOWERED,
    RAISED,
    SCRIPT,
    TEXT_COLOURS,
)
from chalknet.drawing.text import LINE, TextRun, lines_of
from chalknet.units import xml_text

NAMESPACE = "https://github.com/chalknet/chalknet"
_FONTS = ", ".join([*(f"'{font}'" for font in FONTS), "'Noto Sans KR'", "'Malgun Gothic'", "sans-serif"])
_NODES = ("input", "hidden", "output", "bias", "block")


_SCRIPT = """
const svg = document.querySelector("svg.chalknet"), tip = document.getElementById("tip");
const box = svg.viewBox.baseVal;
const at = event => {
  const point = new DOMPoint(event.clientX, event.clientY);
  return point.matrixTransform(svg.getScreenCTM().inverse());
};
svg.removeAttribute("width"); svg.removeAttribute("height");
const zoom = (scale, point) => {
  box.x = point.x - (point.x - box.x) * scale; box.y = point.y - (point.y - box.y) * scale;
  box.width *= scale; box.height *= scale;
};
svg.addEventListener("wheel", event => {
  event.preventDefault(); zoom(Math.exp(event.deltaY / 600), at(event));
}, { passive: false });
const held = new Map();  // where each finger, or the mouse, is held
const apart = () => {
  const [one, two] = [...held.values()];
  return Math.hypot(one.clientX - two.clientX, one.clientY - two.clientY);
};
const middle = () => {
  const [one, two] = [...held.values()];
  return { clientX: (one.clientX + two.clientX) / 2, clientY: (one.clientY + two.clientY) / 2 };
};
const edges = [...svg.querySelectorAll(".edge")];
const light = id => {
  const own = edges.filter(edge => edge.id.split("--").includes(id));
  edges.forEach(edge => edge.classList.toggle("dim", own.length > 0 && !own.includes(edge)));
};
svg.addEventListener("pointerdown", event => { held.set(event.pointerId, event); });
for (const end of ["pointerup", "pointercancel", "pointerleave"])
  svg.addEventListener(end, event => { held.delete(event.pointerId); });
svg.addEventListener("pointermove", event => {
  if (held.has(event.pointerId)) {
    const before = at(held.get(event.pointerId)), distance = held.size === 2 ? apart() : 0;
    held.set(event.pointerId, event);
    if (held.size === 1) { const now = at(event); box.x += before.x - now.x; box.y += before.y - now.y; }
    if (held.size === 2) zoom(distance / apart(), at(middle()));
  }
  const below = document.elementFromPoint(event.clientX, event.clientY);
  const title = below?.querySelector?.(":scope > title");
  const shown = title && title.parentNode !== svg;
  light(shown ? below.id : "");
  tip.hidden = !shown;
  if (shown) {
    tip.textContent = title.textContent;
    tip.style.left = event.pageX + 14 + "px"; tip.style.top = event.pageY + 14 + "px";
  }
});
const whole = [box.x, box.y, box.width, box.height];
svg.addEventListener("dblclick", () => { [box.x, box.y, box.width, box.height] = whole; });
"""
_PAGE_STYLE = """
html, body { margin: 0; height: 100%; background: Canvas; color: CanvasText; color-scheme: light dark; }
svg.chalknet { width: 100vw; height: 100vh; touch-action: none; cursor: grab; }
svg.chalknet text { pointer-events: none; }
#tip { position: absolute; padding: .3em .6em; border: 1px solid; background: Canvas; }
#tip { font: 14px sans-serif; pointer-events: none; }
svg.chalknet .edge { transition: opacity .15s; }
svg.chalknet .edge.dim { opacity: .08; }
"""


def write_svg(scene: Scene) -> str:
    """Return the scene as one SVG element."""
    unit = "pt" if scene.print_width_mm is None else "mm"
    factor = 1.0 if scene.print_width_mm is None else scene.print_width_mm / scene.width
    size = f'width="{scene.width * factor:.2f}{unit}" height="{scene.height * factor:.2f}{unit}"'
    chosen = {part: colour for part, colour in scene.colours.items() if colour != COLOURS[part]}
    dark = {**DARK, **chosen}
    lines = "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" class="chalknet" role="img" {size} '
            f'viewBox="0 0 {scene.width:.2f} {scene.height:.2f}" aria-label="{escape(scene.title)}">',
            f"<title>{escape(scene.title)}</title>",
            f"<desc>{escape(scene.description)}</desc>",
            _metadata(scene),
            f"<style>{_rules(scene.colours, scene.stroke)}\n"
            f"@media (prefers-color-scheme: dark) {{{_rules(dark, scene.stroke)}}}</style>",
            '<defs><marker id="chalknet-arrow" viewBox="0 0 10 8" refX="10" refY="4" '
            f'markerWidth="{HEAD_LENGTH:g}" markerHeight="{HEAD_WIDTH:g}" orient="auto">'
            '<path class="head" d="M0,0 L10,4 L0,8 z"/></marker></defs>',
            '<rect class="page" width="100%" height="100%"/>',
            *(_mark(mark, scene.stroke) for mark in scene.marks),
            "</svg>\n",
        ]
    )
    return xml_text(lines)


def write_html(scene: Scene) -> str:
    """Return a page that needs no other file: drag to move, wheel or two fingers to enlarge, hover to ask.

    The connections of the unit under the pointer stand out.
    """
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{escape(scene.title)}</title>\n<style>{_PAGE_STYLE}</style>\n</head>\n<body>\n"
        f'{write_svg(scene)}<div id="tip" hidden></div>\n<script>{_SCRIPT}</script>\n</body>\n</html>\n'
    )


def _metadata(scene: Scene) -> str:
    """Return what the picture carries: the network, or that it shows a module that is none."""
    if scene.network:
        return f'<metadata><network xmlns="{NAMESPACE}">{_inside(scene.network)}</network></metadata>'
    return f'<metadata><module xmlns="{NAMESPACE}">{_inside(scene.description)}</module></metadata>'


def _rules(colours: dict[str, str], stroke: float) -> str:
    line, ink = colours["line"], colours["ink"]
    dashes = " ".join(f"{length * stroke:.4g}" for length in DASHES)
    rules = [
        f".chalknet text {{ font-family: {_FONTS}; fill: {ink}; text-anchor: middle; white-space: pre; }}",
        f".chalknet .page {{ fill: {colours['page']}; }}",
        f".chalknet .frame {{ fill: {colours['frame']}; stroke: none; }}",
        f".chalknet .line {{ stroke: {line}; }}",
        f".chalknet .head {{ fill: {line}; }}",
        f".chalknet .shade {{ fill: {line}; pointer-events: none; }}",
        ".chalknet .face { stroke-linejoin: round; }",
        f".chalknet .positive {{ stroke: {colours['positive']}; }}",
        f".chalknet .negative {{ stroke: {colours['negative']}; stroke-dasharray: {dashes}; }}",
        f".chalknet .edge-label {{ paint-order: stroke; stroke: {colours['page']}; "
        f"stroke-width: {HALO * stroke:.4g}; }}",
        *(f".chalknet .{kind} {{ fill: {colours[part]}; }}" for kind, part in TEXT_COLOURS.items()),
        *(
            f".chalknet .{kind} {{ fill: {colours[kind]}; stroke: {line}; stroke-width: {stroke:.4g}; }}"
            for kind in _NODES
        ),
    ]
    return "\n" + "\n".join(rules)


def _mark(mark: Mark, stroke: float) -> str:
    match mark:
        case Box():
            return _box(mark, CORNER * stroke)
        case Line():
            return _line(mark)
        case Face():
            return _face(mark)
        case Label():
            return _label(mark)
        case Photo():
            return _photo(mark)
        case Tracing():
            return _tracing(mark)


def _line(mark: Line) -> str:
    look = f'class="edge {mark.kind}" id="{escape(mark.id)}" stroke-width="{mark.width:.2f}"'
    look += f' opacity="{mark.opacity:g}"' if mark.opacity < 1 else ""
    head = ' marker-end="url(#chalknet-arrow)"' if mark.arrow else ""
    if mark.controls:
        points = ((mark.x1, mark.y1), *mark.controls, (mark.x2, mark.y2))
        start, *rest = (f"{x:.2f},{y:.2f}" for x, y in points)
        return f'<path {look} fill="none" d="M{start} C{" ".join(rest)}"{head}>{_title(mark.title)}</path>'
    ends = f'x1="{mark.x1:.2f}" y1="{mark.y1:.2f}" x2="{mark.x2:.2f}" y2="{mark.y2:.2f}"'
    return f"<line {look} {ends}{head}>{_title(mark.title)}</line>"


def _box(mark: Box, corner: float) -> str:
    layer = mark.id.partition("-")[0]
    start = f'class="{mark.kind} {escape(layer)}" id="{escape(mark.id)}"'
    if mark.round:
        x, y = mark.x + mark.width / 2, mark.y + mark.height / 2
        shape = f'cx="{x:.2f}" cy="{y:.2f}" rx="{mark.width / 2:.2f}" ry="{mark.height / 2:.2f}"'
        return f"<ellipse {start} {shape}>{_title(mark.title)}</ellipse>"
    shape = f'x="{mark.x:.2f}" y="{mark.y:.2f}" width="{mark.width:.2f}" height="{mark.height:.2f}"'
    shape += f' rx="{corner:.4g}"'
    return f"<rect {start} {shape}>{_title(mark.title)}</rect>"


def _face(mark: Face) -> str:
    points = " ".join(f"{x:.2f},{y:.2f}" for x, y in mark.points)
    face = f'<polygon class="{mark.kind} face" id="{escape(mark.id)}" points="{points}">{_title(mark.title)}'
    shade = f'<polygon class="shade" opacity="{mark.shade:g}" points="{points}"/>' if mark.shade else ""
    return f"{face}</polygon>{shade}"


def _photo(mark: Photo) -> str:
    place = f'x="{mark.x:.2f}" y="{mark.y:.2f}" width="{mark.width:.2f}" height="{mark.height:.2f}"'
    return f'<image {place} href="data:image/{mark.kind};base64,{b64encode(mark.data).decode()}"/>'


def _tracing(mark: Tracing) -> str:
    points = " ".join(f"{x:.2f},{y:.2f}" for x, y in mark.points)
    look = f'stroke="{mark.colour}" stroke-width="{mark.width:.2f}" '
    look += f'fill="{mark.colour}" fill-opacity="0.25"' if mark.closed else 'fill="none"'
    element = "polygon" if mark.closed else "polyline"
    return f'<{element} class="tracing" {look} points="{points}">{_title(mark.title)}</{element}>'


def _label(mark: Label) -> str:
    lines = lines_of(mark.text)
    first = mark.y - (len(lines) - 1) * LINE * mark.size / 2 + BASELINE * mark.size
    rows = []
    for number, line in enumerate(lines):
        y = first + number * LINE * mark.size
        rows.append(f'<tspan x="{mark.x:.2f}" y="{y:.2f}">{_runs(line, mark.size)}</tspan>')
    key = f' id="{escape(mark.id)}"' if mark.id else ""
    turned = f' transform="rotate({mark.angle:.2f} {mark.x:.2f} {mark.y:.2f})"' if mark.angle else ""
    return f'<text class="{mark.kind}"{key} font-size="{mark.size:.2f}"{turned}>{"".join(rows)}</text>'


def _runs(line: tuple[TextRun, ...], size: float) -> str:
    """Return the runs of a line; each with its vertical shift against the run before it."""
    pieces, level = [], 0.0
    for run in line:
        wanted = size * {-1: LOWERED, 0: 0.0, 1: -RAISED}[run.shift]
        moved = f' dy="{wanted - level:.2f}"' if wanted != level else ""
        small = f' font-size="{SCRIPT * size:.2f}"' if run.shift else ""
        text = _inside(run.text)
        pieces.append(f"<tspan{moved}{small}>{text}</tspan>" if moved or small else text)
        level = wanted
    return "".join(pieces)


def _title(text: str) -> str:
    return f"<title>{_inside(text)}</title>" if text else ""


def _inside(text: str) -> str:
    return escape(text, quote=False)
