"""A truth as matplotlib, draw.io and Excalidraw write it."""

import base64
import io
import json
import zlib
from html import escape
from random import Random
from urllib.parse import quote

import matplotlib
from matplotlib import patches
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from tests.notation.marks.svg_writers import lines
from tests.notation.marks.truths import Truth

NODES = {"disc": "ellipse", "ellipse": "ellipse", "box": "", "rounded": "rounded=1", "diamond": "rhombus"}


def matplotlib_svg(truth: Truth, random: Random):
    """Return the SVG that matplotlib saves, and how it places a point of the truth."""
    figure, place = matplotlib_figure(truth, random)
    out = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": random.choice(["path", "none"])}):
        FigureCanvasSVG(figure).print_svg(out)
    return out.getvalue(), place


def matplotlib_figure(truth: Truth, random: Random):
    """Return a figure of matplotlib, and how it places a point of the truth."""
    xs, ys = [x for x, _ in truth.spots], [y for _, y in truth.spots]
    far = 3 * max(truth.size)
    width, height = max(xs) - min(xs) + 2 * far, max(ys) - min(ys) + 2 * far + 30
    figure = Figure(figsize=(width / 72, height / 72))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(min(xs) - far, max(xs) + far)
    axes.set_ylim(max(ys) + far, min(ys) - far - 30)
    axes.axis("off")
    manner = random.choice(["->", "-|>", "arrow"]) if truth.directed else random.choice(["plot", "->"])
    for start, end in lines(truth, random):
        long = ((end[0] - start[0]) ** 2 + (end[1] - start[1]) ** 2) ** 0.5
        size = 0.25 * min(truth.size)
        if manner == "plot" or (not truth.directed and manner == "->"):
            axes.plot([start[0], end[0]], [start[1], end[1]], color="grey", zorder=1)
        elif manner == "arrow":
            dx, dy = end[0] - start[0], end[1] - start[1]
            look = {
                "head_width": min(size, 0.2 * long),
                "head_length": min(size, 0.2 * long),
                "width": 0.02 * size,
            }
            axes.arrow(*start, dx, dy, length_includes_head=True, color="black", **look)
        else:
            look = {"arrowstyle": manner, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 1.5 * size}
            axes.annotate("", xy=end, xytext=start, arrowprops=look)
    for label, (x, y) in zip(truth.labels, truth.spots, strict=True):
        a, b = truth.size
        kinds = {
            "disc": lambda x, y, a, b: patches.Circle((x, y), a / 2),
            "ellipse": lambda x, y, a, b: patches.Ellipse((x, y), a, b),
            "box": lambda x, y, a, b: patches.Rectangle((x - a / 2, y - b / 2), a, b),
            "diamond": lambda x, y, a, b: patches.Polygon([(x - a / 2, y), (x, y - b / 2), (x + a / 2, y), (x, y + b / 2)]),
            "rounded": lambda x, y, a, b: patches.FancyBboxPatch(
                (x - 0.3 * a, y - 0.3 * b), 0.6 * a, 0.6 * b, f"round,pad=0,rounding_size={0.1 * b}",
                mutation_aspect=1, clip_on=False,
            ),
        }  # fmt: skip
        shape = kinds[truth.shape if truth.shape != "rounded" else "box"](x, y, a, b)
        shape.set(facecolor="white", edgecolor="black", zorder=4)
        axes.add_patch(shape)
        if label and truth.at_label == "in":
            axes.text(x, y, f"${label[0]}_{label[1:]}$", ha="center", va="center", size=0.4 * b, zorder=5)
        elif label:
            axes.text(x, y + b / 2 + 5, label, ha="center", va="center", size=6)
    for title, x, y in truth.titles:
        axes.text(x, y, title, ha="center", va="center", size=10)
    left, top = min(xs) - far, min(ys) - far - 30
    return figure, lambda x, y: (x - left, y - top)


def drawio(truth: Truth, random: Random):
    """Return a page of draw.io: glued or loose arrows, plain or compressed."""
    glued, out = random.random() < 0.5, []
    html = random.random() < 0.5

    def word(label):
        return escape(f"<b>{label[0]}<sub>{label[1:]}</sub></b>" if html and label else label)

    for number, (label, (x, y)) in enumerate(zip(truth.labels, truth.spots, strict=True)):
        a, b = truth.size
        inside = word(label) if truth.at_label == "in" else ""
        out.append(
            f'<mxCell id="u{number}" value="{inside}" style="{NODES[truth.shape]};html=1;whiteSpace=wrap;" vertex="1" parent="1">'
            f'<mxGeometry x="{x - a / 2:.2f}" y="{y - b / 2:.2f}" width="{a}" height="{b}" as="geometry"/></mxCell>'
        )
        if label and truth.at_label == "beside":
            out.append(cell_of_text(f"w{number}", word(label), x, y + b / 2 + 5, 6))
    out += [cell_of_text(f"t{n}", title, x, y, 10) for n, (title, x, y) in enumerate(truth.titles)]
    head = "endArrow=classic;" if truth.directed else "endArrow=none;"
    for number, (one, other) in enumerate(truth.links):
        (a, b), (c, d) = truth.ends(one, other)
        tied = f'source="u{one}" target="u{other}"' if glued else ""
        points = (
            ""
            if glued
            else f'<mxPoint x="{a}" y="{b}" as="sourcePoint"/><mxPoint x="{c}" y="{d}" as="targetPoint"/>'
        )
        out.append(
            f'<mxCell id="e{number}" style="{head}html=1" edge="1" parent="1" {tied}><mxGeometry relative="1" as="geometry">{points}</mxGeometry></mxCell>'
        )
    for unit in truth.stubs:
        (a, b), (c, d), leads_in = truth.stub(unit)
        tied = (f'target="u{unit}"' if leads_in else f'source="u{unit}"') if glued else ""
        out.append(
            f'<mxCell id="s{unit}" style="{head}" edge="1" parent="1" {tied}><mxGeometry relative="1" as="geometry">'
            f'<mxPoint x="{a}" y="{b}" as="sourcePoint"/><mxPoint x="{c}" y="{d}" as="targetPoint"/></mxGeometry></mxCell>'
        )
    random.shuffle(out)
    model = f'<mxGraphModel dx="1"><root><mxCell id="0"/><mxCell id="1" parent="0"/>{"".join(out)}</root></mxGraphModel>'
    if random.random() < 0.5:
        packing = zlib.compressobj(9, zlib.DEFLATED, -15)
        data = packing.compress(quote(model, safe="~()*!.'").encode()) + packing.flush()
        return f'<mxfile host="app.diagrams.net"><diagram name="Page-1" id="a">{base64.b64encode(data).decode()}</diagram></mxfile>'
    return f'<mxfile><diagram name="Page-1">{model}</diagram></mxfile>' if random.random() < 0.5 else model


def cell_of_text(key, words, x, y, size):
    wide = 8 * len(words)
    return (
        f'<mxCell id="{key}" value="{words}" style="text;html=1;strokeColor=none;fillColor=none;align=center;fontSize={size}" vertex="1" parent="1">'
        f'<mxGeometry x="{x - wide / 2}" y="{y - size}" width="{wide}" height="{2 * size}" as="geometry"/></mxCell>'
    )


KINDS = {
    "disc": "ellipse",
    "ellipse": "ellipse",
    "box": "rectangle",
    "rounded": "rectangle",
    "diamond": "diamond",
}


def excalidraw(truth: Truth, random: Random):
    """Return a scene of Excalidraw: bound or loose arrows, words in containers, deleted elements."""
    bound, out = random.random() < 0.5, []
    for number, (label, (x, y)) in enumerate(zip(truth.labels, truth.spots, strict=True)):
        a, b = truth.size
        roundness = {"type": 3} if truth.shape == "rounded" else None
        out.append(box(f"u{number}", KINDS[truth.shape], x, y, a, b, roundness=roundness))
        if label and truth.at_label == "in":
            holder = f"u{number}" if random.random() < 0.5 else None
            out.append(box(f"w{number}", "text", x, y, 8, 8, text=label, fontSize=8, containerId=holder))
        elif label:
            out.append(
                box(f"w{number}", "text", x, y + b / 2 + 5, 8, 6, text=label, fontSize=6, containerId=None)
            )
    out += [
        box(f"t{n}", "text", x, y, 60, 12, text=title, fontSize=10)
        for n, (title, x, y) in enumerate(truth.titles)
    ]
    pairs = [(truth.ends(one, other), (f"u{one}", f"u{other}")) for one, other in truth.links]
    for unit in truth.stubs:
        start, end, leads_in = truth.stub(unit)
        pairs.append(((start, end), (None, f"u{unit}") if leads_in else (f"u{unit}", None)))
    for number, (((a, b), (c, d)), keys) in enumerate(pairs):
        tied = [{"elementId": key, "focus": 0, "gap": 1} if bound and key else None for key in keys]
        arrow = {
            "id": f"e{number}", "type": "arrow" if truth.directed else random.choice(["line", "arrow"]),
            "x": a, "y": b, "width": abs(c - a), "height": abs(d - b), "points": [[0, 0], [c - a, d - b]],
            "startBinding": tied[0], "endBinding": tied[1], "isDeleted": False,
            "startArrowhead": None, "endArrowhead": "arrow" if truth.directed else None,
        }  # fmt: skip
        out.append(arrow)
    out.append({**box("gone", "rectangle", 0, 0, 400, 400), "isDeleted": True})
    random.shuffle(out)
    return json.dumps({"type": "excalidraw", "version": 2, "elements": out})


def box(key, kind, x, y, width, height, **more):
    return {
        "id": key, "type": kind, "x": x - width / 2, "y": y - height / 2, "width": width, "height": height,
        "angle": 0, "strokeColor": "#000", "backgroundColor": "transparent", "isDeleted": False, **more,
    }  # fmt: skip
