"""HTML: the SVG on a page of its own, to be moved, enlarged and asked."""

from __future__ import annotations

from html import escape

from chalknet.drawing.scene import Scene
from chalknet.drawing.surfaces.svg import write_svg

_SCRIPT = """
const svg = document.querySelector("svg.chalknet"), tip = document.getElementById("tip");
const box = svg.viewBox.baseVal;
const at = event => {
  const point = new DOMPoint(event.clientX, event.clientY);
  return point.matrixTransform(svg.getScreenCTM().inverse());
};
svg.removeAttribute("width"); svg.removeAttribute("height");
svg.addEventListener("wheel", event => {
  event.preventDefault();
  const scale = Math.exp(event.deltaY / 600), point = at(event);
  box.x = point.x - (point.x - box.x) * scale; box.y = point.y - (point.y - box.y) * scale;
  box.width *= scale; box.height *= scale;
}, { passive: false });
let held = null;
svg.addEventListener("pointerdown", event => { held = at(event); svg.setPointerCapture(event.pointerId); });
svg.addEventListener("pointerup", () => { held = null; });
svg.addEventListener("pointermove", event => {
  if (held) { const point = at(event); box.x += held.x - point.x; box.y += held.y - point.y; }
  const title = document.elementFromPoint(event.clientX, event.clientY)?.querySelector?.(":scope > title");
  const shown = title && title.parentNode !== svg;
  tip.hidden = !shown;
  if (shown) {
    tip.textContent = title.textContent;
    tip.style.left = event.pageX + 14 + "px"; tip.style.top = event.pageY + 14 + "px";
  }
});
const whole = [box.x, box.y, box.width, box.height];
svg.addEventListener("dblclick", () => { [box.x, box.y, box.width, box.height] = whole; });
"""
_STYLE = """
html, body { margin: 0; height: 100%; background: Canvas; color: CanvasText; color-scheme: light dark; }
svg.chalknet { width: 100vw; height: 100vh; touch-action: none; cursor: grab; }
svg.chalknet text { pointer-events: none; }
#tip { position: absolute; padding: .3em .6em; border: 1px solid; background: Canvas; }
#tip { font: 14px sans-serif; pointer-events: none; }
"""


def write_html(scene: Scene) -> str:
    """Return a page that needs no other file: drag to move, wheel to enlarge, hover to ask."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{escape(scene.title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f'{write_svg(scene)}<div id="tip" hidden></div>\n<script>{_SCRIPT}</script>\n</body>\n</html>\n'
    )
