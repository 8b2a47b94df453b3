"""SVGs of a truth as different programs write them, each in its own manner."""

import math
from dataclasses import replace
from random import Random

from tests.notation.marks.truths import Truth

FLAT = 0.5522847498  # of four curves that make a circle


def svg(inside, defs="", attributes=""):
    return f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" {attributes}>{defs}{inside}</svg>'


def text_at(label, x, y, size=10):
    return (
        f'<text x="{x:.3f}" y="{y + 0.35 * size:.3f}" font-size="{size}" text-anchor="middle">{label}</text>'
    )


def texts(truth: Truth, size=10):
    """Yield the labels and titles as plain texts."""
    for label, (x, y) in zip(truth.labels, truth.spots, strict=True):
        if label and truth.at_label == "in":
            yield text_at(label, x, y, min(size, 0.5 * truth.size[1]))
        elif label:  # below, near the unit
            yield text_at(label, x, y + truth.size[1] / 2 + 5, 6)
    for title, x, y in truth.titles:
        yield text_at(title, x, y)


def plain_shape(truth: Truth, x, y):
    """Return a unit as an element of its own kind."""
    width, height = truth.size
    look = 'fill="white" stroke="black"'
    if truth.shape == "disc":
        return f'<circle cx="{x:.3f}" cy="{y:.3f}" r="{width / 2}" {look}/>'
    if truth.shape == "ellipse":
        return f'<ellipse cx="{x:.3f}" cy="{y:.3f}" rx="{width / 2}" ry="{height / 2}" {look}/>'
    if truth.shape == "diamond":
        corners = [(x - width / 2, y), (x, y - height / 2), (x + width / 2, y), (x, y + height / 2)]
        return f'<polygon points="{" ".join(f"{a:.3f},{b:.3f}" for a, b in corners)}" {look}/>'
    radius = f'rx="{height / 5}"' if truth.shape == "rounded" else ""
    return f'<rect x="{x - width / 2:.3f}" y="{y - height / 2:.3f}" width="{width}" height="{height}" {radius} {look}/>'


def path_shape(truth: Truth, x, y):
    """Return a unit as a path: curves, arcs or corners."""
    a, b = truth.size[0] / 2, truth.size[1] / 2
    if truth.shape in ("disc", "ellipse"):
        if int(x) % 2:
            d = f"M{x - a:.3f},{y:.3f}a{a},{b} 0 1 0 {2 * a},0a{a},{b} 0 1 0 {-2 * a},0z"
        else:
            k, m = FLAT * a, FLAT * b
            d = (
                f"M {x + a:.4f} {y:.4f} C {x + a:.4f} {y + m:.4f} {x + k:.4f} {y + b:.4f} {x:.4f} {y + b:.4f} "
                f"C {x - k:.4f} {y + b:.4f} {x - a:.4f} {y + m:.4f} {x - a:.4f} {y:.4f} "
                f"S {x - k:.4f} {y - b:.4f} {x:.4f} {y - b:.4f} S {x + a:.4f} {y - m:.4f} {x + a:.4f} {y:.4f} Z"
            )
    elif truth.shape == "diamond":
        d = f"M{x - a},{y}L{x},{y - b} {x + a},{y} {x},{y + b}z"
    elif truth.shape == "rounded":
        r = b / 3
        d = (
            f"M{x - a + r},{y - b}h{2 * a - 2 * r}q{r},0 {r},{r}v{2 * b - 2 * r}q0,{r} {-r},{r}h{2 * r - 2 * a}"
            f"q{-r},0 {-r},{-r}v{2 * r - 2 * b}q0,{-r} {r},{-r}z"
        )
    else:
        d = f"M{x - a},{y - b}H{x + a}V{y + b}H{x - a}V{y - b}"
    return f'<path style="fill:#dde;stroke:#000;stroke-width:1" d="{d}"/>'


def with_heads_seen(truth: Truth):
    """Return a truth whose arrows do not end below its units."""
    return replace(truth, gap=max(truth.gap, 0)) if truth.directed else truth


def lines(truth: Truth, random: Random):
    """Yield the ends of all strokes: links as drawn from either end, and stubs."""
    for one, other in truth.links:
        start, end = truth.ends(one, other)
        if not truth.directed and random.random() < 0.5:
            start, end = end, start
        yield start, end
    for unit in truth.stubs:
        start, end, _ = truth.stub(unit)
        yield start, end


HEAD = '<defs><marker id="a" orient="auto" refX="6" refY="3" markerWidth="6" markerHeight="6"><path d="M0,0L6,3L0,6z"/></marker></defs>'


def by_hand(truth: Truth, random: Random):
    """Plain elements with markers, lines before units or behind them."""
    tip = 'marker-end="url(#a)"' if truth.directed else ""
    drawn = [
        f'<line x1="{a:.3f}" y1="{b:.3f}" x2="{c:.3f}" y2="{d:.3f}" stroke="#555" {tip}/>'
        for (a, b), (c, d) in lines(truth, random)
    ]
    units = [plain_shape(truth, x, y) for x, y in truth.spots]
    parts = [drawn, units]
    if truth.gap >= 0 and random.random() < 0.5:
        parts.reverse()
    ground = '<rect width="100%" height="100%" fill="white"/>' if random.random() < 0.5 else ""
    return svg(ground + "".join(parts[0] + parts[1]) + "".join(texts(truth)), HEAD)


def with_classes(truth: Truth, random: Random):
    """D3's manner: groups with translate, classes in a style sheet, links as paths, labels with dy."""
    tip = "marker-end:url(#a);" if truth.directed else ""
    rules = f".link {{fill:none; stroke:#999; {tip}}} g.node circle, .node rect, .node path {{fill:#fff; stroke:steelblue}} .gone {{display:none}}"
    drawn = [
        f'<path class="link" d="M{a:.3f},{b:.3f}L{c:.3f},{d:.3f}"/>'
        for (a, b), (c, d) in lines(truth, random)
    ]
    units = []
    for label, (x, y) in zip(truth.labels, truth.spots, strict=True):
        shape = plain_shape(truth, 0, 0).replace('fill="white" stroke="black"', "")
        shape = shape if "<polygon" not in shape else shape.replace("/>", ' fill="white" stroke="red"/>')
        shape = shape if "<ellipse" not in shape else shape.replace("/>", ' style="fill:white;stroke:red"/>')
        size = 6 if truth.at_label == "beside" else min(10, 0.5 * truth.size[1])
        down = truth.size[1] / 2 + 5 if truth.at_label == "beside" else 0
        word = (
            f'<text dy=".35em" y="{down}" font-size="{size}" text-anchor="middle">{label}</text>'
            if label
            else ""
        )
        units.append(f'<g class="node" transform="translate({x:.3f},{y:.3f})">{shape}{word}</g>')
    titles = "".join(text_at(*title) for title in truth.titles)
    return svg(
        f"<style>{rules}</style><g>{''.join(drawn + units)}{titles}<circle class='gone' r='40'/></g>", HEAD
    )


def as_paths(truth: Truth, random: Random):
    """LibreOffice's manner: every element a path in its group, an invisible box around it, heads as areas."""
    out, truth = [], with_heads_seen(truth)
    for (a, b), (c, d) in lines(truth, random):
        long = math.hypot(c - a, d - b)
        ux, uy = (c - a) / long, (d - b) / long
        size = 0.3 * min(truth.size)
        box = f'<rect class="BoundingBox" stroke="none" fill="none" x="{min(a, c)}" y="{min(b, d)}" width="{abs(a - c)}" height="{abs(b - d)}"/>'
        shaft_x, shaft_y = (c - 0.9 * size * ux, d - 0.9 * size * uy) if truth.directed else (c, d)
        line = f'<path fill="none" stroke="rgb(0,0,0)" d="M {a:.3f},{b:.3f} L {shaft_x:.3f},{shaft_y:.3f}"/>'
        left = (c - size * ux - 0.4 * size * uy, d - size * uy + 0.4 * size * ux)
        right = (c - size * ux + 0.4 * size * uy, d - size * uy - 0.4 * size * ux)
        if random.random() < 0.5:
            head = f'<path fill="black" stroke="none" d="M {left[0]:.3f},{left[1]:.3f} L {c:.3f},{d:.3f} {right[0]:.3f},{right[1]:.3f} Z"/>'
        else:
            line = line.replace(f"{shaft_x:.3f},{shaft_y:.3f}", f"{c:.3f},{d:.3f}")
            head = f'<polyline fill="none" stroke="black" points="{left[0]:.3f},{left[1]:.3f} {c:.3f},{d:.3f} {right[0]:.3f},{right[1]:.3f}"/>'
        out.append(f"<g>{box}{line}{head if truth.directed else ''}</g>")
    for x, y in truth.spots:
        out.append(f'<g class="com.sun.star.drawing.CustomShape">{path_shape(truth, x, y)}</g>')
    for word in texts(truth):
        inside = word.partition(">")[2].partition("<")[0]
        place = word.partition("font-size")[0].removeprefix("<text ")
        rest = word.partition(">")[0].partition("font-size")[2]
        out.append(
            f'<text class="SVGTextShape"><tspan class="TextParagraph" font-size{rest}><tspan class="TextPosition" {place}><tspan fill="black">{inside}</tspan></tspan></tspan></text>'
        )
    return svg("".join(out))


def with_use(truth: Truth, random: Random):
    """Units as `use` of a symbol, one path for all links."""
    shape = plain_shape(truth, 0, 0)
    units = "".join(f'<use xlink:href="#unit" x="{x:.3f}" y="{y:.3f}"/>' for x, y in truth.spots)
    tip = 'marker-end="url(#a)"' if truth.directed else ""
    pairs = list(lines(truth, random))
    if truth.directed:
        drawn = "".join(
            f'<polyline points="{a},{b} {c},{d}" stroke="black" fill="none" {tip}/>'
            for (a, b), (c, d) in pairs
        )
    else:
        d = "".join(f"M{a:.3f} {b:.3f}L{c:.3f} {d:.3f}" for (a, b), (c, d) in pairs)
        drawn = f'<path fill="none" stroke="black" d="{d}"/>'
    return svg(drawn + units + "".join(texts(truth)), HEAD + f'<defs><g id="unit">{shape}</g></defs>')


def wobbling(truth: Truth, random: Random):
    """Excalidraw's manner: every line drawn twice by an unsteady hand, heads as lines of their own."""
    shake = 0.02 * min(truth.size)

    def stroke(a, b, c, d):
        def off():
            return random.uniform(-shake, shake)

        def once():
            return (
                f"M{a + off():.3f} {b + off():.3f} C{a + (c - a) / 3 + off():.3f} {b + (d - b) / 3 + off():.3f}, "
                f"{a + 2 * (c - a) / 3 + off():.3f} {b + 2 * (d - b) / 3 + off():.3f}, {c + off():.3f} {d + off():.3f} "
            )

        return once() + once()

    def path(d):
        return f'<g><path d="{d}" stroke="#1e1e1e" stroke-width="2" fill="none"/></g>'

    out, truth = [], with_heads_seen(truth)
    for (a, b), (c, d) in lines(truth, random):
        out.append(path(stroke(a, b, c, d)))
        long = math.hypot(c - a, d - b)
        ux, uy, size = (c - a) / long, (d - b) / long, min(0.3 * min(truth.size), 0.2 * long)
        for side in (-1, 1) if truth.directed else ():
            out.append(
                path(stroke(c - size * (ux + 0.4 * side * uy), d - size * (uy - 0.4 * side * ux), c, d))
            )
    for x, y in truth.spots:
        a, b = truth.size[0] / 2, truth.size[1] / 2
        if truth.shape in ("disc", "ellipse"):
            rounds = ""
            for _ in range(2):
                start, turn = random.uniform(0, 6), []
                for step in range(13):
                    angle = start + step * math.tau / 12
                    turn.append(
                        (x + a * math.cos(angle) + random.uniform(-shake, shake), y + b * math.sin(angle))
                    )
                rounds += "M" + " L".join(f"{p:.3f} {q:.3f}" for p, q in turn)
            out.append(path(rounds))
            continue
        corners = [(x - a, y - b), (x + a, y - b), (x + a, y + b), (x - a, y + b)]
        if truth.shape == "diamond":
            corners = [(x - a, y), (x, y - b), (x + a, y), (x, y + b)]
        sides = zip(corners, [*corners[1:], corners[0]], strict=True)
        out.append(path("".join(stroke(*one, *other) for one, other in sides)))
    return svg("".join(out) + "".join(texts(truth)))


WRITERS = (by_hand, with_classes, as_paths, with_use, wobbling)
