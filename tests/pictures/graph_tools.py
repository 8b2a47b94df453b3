"""A plan as DOT and Mermaid, laid out by Graphviz in Node and by Mermaid in a browser (`make render` fetches both)."""

from __future__ import annotations

import atexit
import json
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from random import Random

from tests.pictures.looks import Look, contrast
from tests.pictures.plan import Plan
from tests.pictures.scene import UNICODE_INDEX, runs

_RENDER = Path(__file__).parents[1] / "render"


@cache
def has_graphviz() -> bool:
    """Return whether Node is there, and Graphviz for it."""
    return bool(shutil.which("node")) and (_RENDER / "node_modules" / "@hpcc-js" / "wasm-graphviz").exists()


@cache
def _node() -> subprocess.Popen[str]:
    words = [shutil.which("node") or "node", "layout.mjs"]
    found = subprocess.Popen(words, cwd=_RENDER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def end() -> None:
        found.communicate()

    atexit.register(end)
    return found


def graphviz(text: str) -> str:
    """Return DOT as the SVG that Graphviz makes of it."""
    process = _node()
    assert process.stdin and process.stdout
    process.stdin.write(json.dumps({"dot": text, "engine": "dot"}) + "\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())["svg"]


def _plain(text: str) -> str:
    """Return a line of words with small digits as indices."""
    return "".join(piece.translate(UNICODE_INDEX) if low else piece for piece, low in runs(text))


def _title(layer) -> str:
    return ", ".join(_plain(part) for part in (layer.title, layer.said, layer.count) if part).replace(
        "\n", " "
    )


def dot(plan: Plan, look: Look, random: Random) -> str:
    """Return a plan as DOT."""
    flow = {"right": "LR", "left": "RL", "down": "TB", "up": "BT"}[plan.direction]
    clustered = any(_title(layer) for layer in plan.layers)
    head = "none" if not look.heads and not plan.boxes else {"open": "vee"}.get(look.heads, "normal")
    font = look.font.replace("Narrow", "").strip()
    lines = ["digraph {", "pad=0.8;", f'rankdir={flow}; bgcolor="{look.ground or "transparent"}"; splines={random.choice(["line", "false", "true"])};',
             f'ranksep={random.uniform(0.8, 2):.2f}; nodesep={random.uniform(0.1, 0.5):.2f}; fontname="{font}"; fontcolor="{look.ink}";',
             f'node [fontname="{font}"]; edge [arrowhead={head}, color="{look.edge[0]}", arrowsize=0.7];']  # fmt: skip
    for number, layer in enumerate(plan.layers):
        if clustered and not plan.boxes:
            lines.append(f'subgraph cluster_{number} {{ color="{random.choice(["none", look.ink]) if number == 0 else "none"}";'
                         f' label="{_title(layer)}";')  # fmt: skip
        lines += _dot_layer(plan, look, number)
        if clustered and not plan.boxes:
            lines.append("}")
    for number, one, other in plan.edges:
        lines.append(f"n{number}_{one} -> n{number + 1}_{other};")
    for number, layer in enumerate(plan.layers[:-1]):
        if layer.bias:
            lines += [
                f"b{number} -> n{number + 1}_{other};" for other in range(plan.layers[number + 1].drawn)
            ]
        if layer.dots_after is not None:
            lines.append(f"d{number} -> n{number + 1}_0 [style=invis];")
    if plan.layers[-1].dots_after is not None:
        lines.append(f"n{len(plan.layers) - 2}_0 -> d{len(plan.layers) - 1} [style=invis];")
    lines += [f"n{number}_{one} -> n{number + 2}_{other};" for number, one, other in plan.skips]
    return "\n".join([*lines, "}"])


def _dot_layer(plan: Plan, look: Look, number: int) -> list[str]:
    layer = plan.layers[number]
    role = 0 if number == 0 else 2 if number == len(plan.layers) - 1 else 1
    shape = {"disc": "circle", "box": "box", "rounded": "box"}[look.shapes[role]]
    fill, found = look.fills[role], []
    outline = (
        look.ink
        if look.outline in ("", "fill") and not fill
        else fill
        if look.outline in ("", "fill")
        else look.outline
    )
    paint = f'color="{outline}", fontcolor="{contrast(fill, look.ink)}"' + (
        f', style=filled, fillcolor="{fill}"' if fill else ""
    )
    if plan.boxes:
        words = _plain(layer.inside[0] + (f"\n{layer.said}" if layer.said else "")).replace("\n", "\\n")
        return [f'n{number}_0 [shape=box, label="{words}", {paint}];']
    for row in range(layer.drawn):
        words = _plain(layer.inside[row]) if row < len(layer.inside) else ""
        words = words or (_plain(layer.beside[row]) if row < len(layer.beside) else "")
        found.append(f'n{number}_{row} [shape={shape}, label="{words}", {paint}];')
        if layer.dots_after == row + 1:
            found.append(
                f'd{number} [shape=plaintext, label="{"⋮" if plan.direction in ("right", "left") else "…"}", fontcolor="{look.ink}"];'
            )
    if layer.bias:
        found.append(f'b{number} [shape=circle, label="{layer.bias}", {paint}];')
    return found


def mermaid(plan: Plan, random: Random) -> str:
    """Return a plan as a Mermaid flowchart."""
    flow = {"right": "LR", "left": "RL", "down": "TB", "up": "BT"}[plan.direction]
    arrow = "-->" if "arrowheads" in plan.has else "---"
    ends = '["{}"]' if plan.boxes or "boxes" in plan.has else '(("{}"))'
    lines = [f"flowchart {flow}"]
    for number, layer in enumerate(plan.layers):
        title = "" if plan.boxes else _title(layer)
        if title:
            lines.append(f'subgraph s{number}["{title}"]')
        for row in range(layer.drawn):
            words = (
                layer.inside[row]
                if row < len(layer.inside)
                else layer.beside[row]
                if row < len(layer.beside)
                else ""
            )
            words = (
                _plain(words + (f"\n{layer.said}" if plan.boxes and layer.said else "")).replace(
                    "\n", "<br/>"
                )
                or " "
            )
            lines.append(f"n{number}_{row}{ends.format(words)}")
            if layer.dots_after == row + 1:
                lines.append(f'd{number}["⋮"]:::dots')
        if layer.bias:
            lines.append(f'b{number}(("{layer.bias}"))')
        if title:
            lines.append("end")
    lines += [f"n{number}_{one} {arrow} n{number + 1}_{other}" for number, one, other in plan.edges]
    for number, layer in enumerate(plan.layers[:-1]):
        if layer.bias:
            lines += [
                f"b{number} {arrow} n{number + 1}_{other}" for other in range(plan.layers[number + 1].drawn)
            ]
        if layer.dots_after is not None:
            lines.append(f"d{number} ~~~ n{number + 1}_0")
    if plan.layers[-1].dots_after is not None:
        lines.append(f"n{len(plan.layers) - 2}_0 ~~~ d{len(plan.layers) - 1}")
    lines += [f"n{number}_{one} {arrow} n{number + 2}_{other}" for number, one, other in plan.skips]
    lines.append("classDef dots fill:none,stroke:none")
    return "\n".join(lines)


def size_of(svg: str) -> tuple[float, float]:
    """Return the width and height of an SVG, by its viewBox."""
    found = re.search(r'viewBox="[-\d.]+ [-\d.]+ ([\d.]+) ([\d.]+)"', svg)
    return (float(found[1]), float(found[2])) if found else (800.0, 600.0)
