"""Random networks, and how different people write them down in TikZ, PlantUML, D2, characters and graph files."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from random import Random

LETTERS = ("x", "h", "z", "y")
WORDS = ("Input", "Hidden", "Second", "Output")


@dataclass
class Truth:
    """A network as it is drawn.

    Args:
        layers: the labels of each layer's units.
        links: the labels at both ends of each line, with its own label.
        titles: what stands over each layer; empty for nothing.
    """

    layers: list[list[str]]
    links: dict[tuple[str, str], str]
    titles: list[str] = field(default_factory=list)
    is_dense: bool = True

    @property
    def place(self):
        return {
            label: (column, row)
            for column, layer in enumerate(self.layers)
            for row, label in enumerate(layer)
        }


def truth(seed: int, *, dense: bool | None = None, maths: bool = False, labelled: bool = False) -> Truth:
    random = Random(seed)
    dense = random.random() < 0.5 if dense is None else dense
    letters = ["x", *random.sample(["h", "z", "a", "g"], random.randint(1, 2)), "y"]
    wanted = "${}_{{{}}}$" if maths else "{}{}"
    layers = [[wanted.format(letter, row + 1) for row in range(random.randint(1, 5))] for letter in letters]
    links: dict[tuple[str, str], str] = {}
    for before, after in pairwise(layers):
        pairs = [(one, other) for one in before for other in after]
        kept = pairs if dense else [pair for pair in pairs if random.random() < 0.7]
        kept = kept or pairs[:1]
        for pair in kept:
            links[pair] = f"{random.uniform(-1, 1):.2f}" if labelled and random.random() < 0.3 else ""
    titles = [f"{word} layer" for word in (WORDS[0], *WORDS[1 : len(letters) - 1], WORDS[3])]
    return Truth(layers, links, titles, dense)


def shuffled(random: Random, lines: list[str]) -> list[str]:
    return random.sample(lines, len(lines))


def littered(random: Random, lines: list[str], comment: str, *, indent: bool = True) -> str:
    """Return lines with blank ones, comments and odd spacing between them."""
    found: list[str] = []
    for line in lines:
        if random.random() < 0.12:
            found.append(
                comment.format(random.choice(["the units", "see a -> b", "TODO: (x1) -- (y1)", "}", "'"]))
            )
        if random.random() < 0.08:
            found.append("")
        found.append(" " * random.randint(0, 6) * indent + line)
    return "\n".join(found) + "\n"


# TikZ.


def _name(label: str) -> str:
    return label.strip("$").replace("_", "").replace("{", "").replace("}", "")


def tikz_plain(true: Truth, random: Random) -> str:
    """Write every node and every line by itself, as a drawing program exports them."""
    nodes = [
        rf"\node[circle, draw{random.choice(['', ', minimum size=8mm', ', fill=red!20'])}] ({_name(label)}) at ({column * 3},{-row * 1.5}) {{{label}}};"
        for label, (column, row) in true.place.items()
    ]
    ways = (
        r"\draw[->] ({a}) -- ({b}){w};",
        r"\draw[->,thick]({a})--({b}){w};",
        r"\path[->] ({a}) edge{e} ({b});",
        r"\draw[-latex] ({a}.east) to[out=0,in=180]{e} ({b}.west);",
        r"\draw[<-] ({b}) -- ({a}){w};",
        r"\draw[-{{Stealth[length=2mm]}}] ({a}) --{e} ({b});",
        r"\draw  [ -> ]  ( {a} )  --  ({b}) {w} ;",
    )
    lines = []
    for (one, other), label in true.links.items():
        after = f" node[midway, above] {{{label}}}" if label else ""
        within = f" node[above] {{{label}}}" if label else ""
        lines.append(random.choice(ways).format(a=_name(one), b=_name(other), w=after, e=within))
    body = littered(random, [*shuffled(random, nodes), *shuffled(random, lines)], "% {}")
    return f"\\begin{{tikzpicture}}[scale={random.choice([1, 0.8, 2])}]\n{body}\\end{{tikzpicture}}\n"


def tikz_loops(true: Truth, random: Random) -> str:
    """Write loops with counts and calculated places; the network is connected all to all."""
    lines = [
        r"\tikzset{neuron/.style={circle, draw, minimum size=#1}, neuron/.default=17pt}",
        r"\def\sep{2.5}",
    ]
    letters = [layer[0].strip("$")[0] for layer in true.layers]
    for column, (letter, layer) in enumerate(zip(letters, true.layers, strict=True)):
        count = len(layer)
        lines.append(
            random.choice(
                [
                    rf"\foreach \i in {{1,...,{count}}}"
                    + "\n"
                    + rf"  \node[neuron] ({letter}\i) at ({column}*\sep,-\i*1.2+{count}/2) {{${letter}_{{\i}}$}};",
                    rf"\foreach \name [count=\i] in {{{','.join(str(place + 1) for place in range(count))}}} {{ \node[neuron=20pt] ({letter}\name) at ({column * 3},{{-\i*1.2}}) {{${letter}_{{\name}}$}}; }}",
                    rf"\foreach \i [evaluate=\i as \y using {count}/2-\i] in {{1,...,{count}}} {{ \node[neuron] ({letter}\i) at ({column * 3},\y) {{${letter}_{{\i}}$}}; }}",
                    rf"\newcommand{{\n{letter}}}{{{count}}} \foreach \i in {{1,...,\n{letter}}} {{ \pgfmathsetmacro{{\y}}{{int(10*\n{letter})-\i*1.5}} \node[neuron] ({letter}\i) at ({column * 3},\y) {{${letter}_{{\i}}$}}; }}",
                    rf"\path foreach \i in {{1,...,{count}}} {{ node[neuron] ({letter}\i) at ({column * 3},-\i) {{${letter}_{{\i}}$}} }};",
                    rf"\foreach \i/\t in {{{', '.join(f'{place + 1}/{letter}_{{{place + 1}}}' for place in range(count))}}} \node[neuron] ({letter}\i) at ({column * 3},-\i) {{$\t$}};",
                ]
            )
        )
    for (one, before), (other, after) in zip(
        zip(letters, true.layers, strict=True), list(zip(letters, true.layers, strict=True))[1:], strict=False
    ):
        lines.append(
            random.choice(
                [
                    rf"\foreach \i in {{1,...,{len(before)}}} \foreach \j in {{1,...,{len(after)}}} \draw[->] ({one}\i) -- ({other}\j);",
                    rf"\foreach \i in {{1,...,{len(before)}}} {{ \foreach \j in {{{','.join(map(str, range(1, len(after) + 1)))}}} {{ \path[->] ({one}\i) edge ({other}\j); }} }}",
                    rf"\foreach \j in {{1,...,{len(after)}}} {{ \foreach \i in {{1,...,9}} {{ \ifnum\i>{len(before)} \else \draw[->] ({one}\i) -- ({other}\j); \fi }} }}",
                    rf"\draw[->] \foreach \i in {{1,...,{len(before)}}} {{ \foreach \j in {{1,...,{len(after)}}} {{ ({one}\i) -- ({other}\j) }} }};",
                ]
            )
        )
    return (
        "\\documentclass[tikz]{standalone}\n\\begin{document}\n\\begin{tikzpicture}[>=stealth]\n"
        + littered(random, lines, "% {}")
        + "\\end{tikzpicture}\n\\end{document}\n"
    )


def tikz_beside(true: Truth, random: Random) -> str:
    """Write nodes beside each other by a command of one's own, in scopes, with frames around the layers."""
    lines = [r"\newcommand{\unit}[3][]{\node[unit, #1] (#2) {#3};}"]
    for column, layer in enumerate(true.layers):
        lines.append(r"\begin{scope}[every node/.append style={font=\small}]")
        for row, label in enumerate(layer):
            if row:
                where = f"below=of {_name(layer[row - 1])}"
            else:
                where = f"right=2cm of {_name(true.layers[column - 1][0])}" if column else "draw"
            lines.append(rf"\unit[{where}]{{{_name(label)}}}{{{label}}}")
        lines.append(r"\end{scope}")
    for (one, other), label in shuffled(random, list(true.links.items())):
        lines.append(
            rf'\draw ({_name(one)}) edge["{label}"] ({_name(other)});'
            if label
            else rf"\draw ({_name(one)}) -- ({_name(other)});"
        )
    for layer, title in zip(true.layers, true.titles, strict=True):
        held = "".join(f"({_name(label)})" for label in layer)
        lines.append(rf"\node[draw, dashed, fit={held}, label=above:{title}] {{}};")
    style = r"\tikzset{unit/.style={circle, draw=black, thick}, every edge/.append style={->}}"
    return f"{style}\n\\begin{{tikzpicture}}[->, node distance=5mm and 1cm]\n{littered(random, lines, '% {}')}\\end{{tikzpicture}}"


def tikz_matrix(true: Truth, random: Random) -> str:
    """Write the units as the cells of a matrix."""
    rows = []
    for row in range(max(map(len, true.layers))):
        rows.append(" & ".join(layer[row] if row < len(layer) else "" for layer in true.layers) + r" \\")
    name = {label: f"m-{row + 1}-{column + 1}" for label, (column, row) in true.place.items()}
    lines = [rf"\draw[->] ({name[one]}) -- ({name[other]});" for one, other in true.links]
    head = r"\matrix (m) [matrix of nodes, nodes={circle, draw}, row sep=5mm, column sep=2cm] {"
    return (
        "\\begin{tikzpicture}\n"
        + "\n".join([head, *rows, "};"])
        + "\n"
        + littered(random, shuffled(random, lines), "% {}")
        + "\\end{tikzpicture}"
    )


def tikz_graph(true: Truth, random: Random) -> str:
    """Write `\\graph { ... }`."""
    lines = [
        f'{_name(one)}/"{one}" ->{random.choice(["", "[dashed]"])} {_name(other)}/"{other}"'
        for one, other in true.links
    ]
    rest = [f'{_name(label)}/"{label}"' for label in true.place]
    parts = [*shuffled(random, lines), *rest]
    return (
        "\\usetikzlibrary{graphs,quotes}\n\\tikz \\graph [nodes={draw, circle}, grow right=2cm] {\n"
        + f"{random.choice([', ', ';'])}\n".join(parts)
        + "\n};\n"
    )


def tikz_geometry(true: Truth, random: Random) -> str:
    """Write circles and lines by their coordinates alone."""
    where = {label: (column * 3, row * -1.5) for label, (column, row) in true.place.items()}
    nodes = []
    for label, (x, y) in where.items():
        nodes.append(
            random.choice(
                [
                    rf"\draw ({x},{y}) circle (0.4cm) node {{{label}}};",
                    rf"\filldraw[fill=blue!10] ({x},{y}) circle [radius=0.4]; \node at ({x},{y}) {{{label}}};",
                ]
            )
        )
    lines = [
        rf"\draw[->] ({where[a][0] + 0.4},{where[a][1]}) -- ({where[b][0] - 0.4},{where[b][1]});"
        for a, b in true.links
    ]
    return (
        "\\begin{tikzpicture}\n"
        + littered(random, [*shuffled(random, lines), *shuffled(random, nodes)], "% {}")
        + "\\end{tikzpicture}"
    )


TIKZ = (tikz_plain, tikz_loops, tikz_beside, tikz_matrix, tikz_graph, tikz_geometry)
ALL_TO_ALL = (tikz_loops,)


# PlantUML.


def plantuml_plain(true: Truth, random: Random) -> str:
    kind = random.choice(["circle", "rectangle", "agent", "usecase", "component", "object", "card"])
    nodes = [
        f'{kind} "{label}" as {_name(label)}_{random.choice(["", "n"])[:0]}u{" #pink" * (random.random() < 0.2)}'
        for label in true.place
    ]
    arrow = ["-->", "->", "-up->", "-right->", "--->", "-[#red]->", "-d->"]
    lines = [
        (
            f"{_name(b)}_u <-- {_name(a)}_u"
            if random.random() < 0.15
            else f"{_name(a)}_u {random.choice(arrow)} {_name(b)}_u"
        )
        + (f" : {label}" if label else "")
        for (a, b), label in true.links.items()
    ]
    head = random.sample(
        [
            "skinparam monochrome true",
            "left to right direction",
            "hide empty members",
            "skinparam circle {\n  BackgroundColor red\n}",
        ],
        2,
    )
    return (
        "@startuml net\n"
        + littered(random, [*head, *shuffled(random, nodes), *shuffled(random, lines)], "' {}")
        + "@enduml\n"
    )


def plantuml_packages(true: Truth, random: Random) -> str:
    lines = []
    for layer, title in zip(true.layers, true.titles, strict=True):
        lines.append(f'{random.choice(["package", "rectangle", "frame", "node"])} "{title}" {{')
        lines += [
            random.choice([f"({label})", f"usecase ({label})", f"[{label}]", f"circle {label}"])
            for label in layer
        ]
        lines.append("}")
    ends = {label: label for label in true.place}
    lines += [
        f"{ends[a]} ..> {ends[b]}" + (f": {label}" if label else "") for (a, b), label in true.links.items()
    ]
    return "@startuml\n" + littered(random, lines, "' {}") + "@enduml\n"


def plantuml_loops(true: Truth, random: Random) -> str:
    lines = []
    for layer in true.layers:
        letter = layer[0][0]
        lines += [
            "!$i = 1",
            f"!while $i <= {len(layer)}",
            f'circle "{letter}$i" as {letter}$i',
            "!$i = $i + 1",
            "!endwhile",
        ]
    lines += ["!procedure $wire($from, $to)", "$from --> $to", "!endprocedure"]
    for before, after in pairwise(true.layers):
        one, other = before[0][0], after[0][0]
        lines += [
            "!$i = 1",
            f"!while $i <= {len(before)}",
            "!$j = 1",
            f"!while $j <= {len(after)}",
            f"$wire({one}$i, {other}$j)".replace("$i", "$i"),
            "!$j = $j + 1",
            "!endwhile",
            "!$i = $i + 1",
            "!endwhile",
        ]
    return "@startuml\n" + littered(random, lines, "' {}") + "@enduml\n"


PLANTUML = (plantuml_plain, plantuml_packages, plantuml_loops)


# D2.


def d2_plain(true: Truth, random: Random) -> str:
    lines = [
        f"{_name(a)}{random.choice([' -> ', '->'])}{_name(b)}" + (f": {label}" if label else "")
        for (a, b), label in true.links.items()
    ]
    lines = [
        f"{b} <- {a}"
        if random.random() < 0.1
        and ":" not in line
        and (a := line.split("->")[0].strip())
        and (b := line.split("->")[1].strip())
        else line
        for line in lines
    ]
    shapes = [f"{_name(label)}.shape: circle" for label in true.place]
    return littered(random, ["direction: right", *shuffled(random, [*lines, *shapes])], "# {}")


def d2_containers(true: Truth, random: Random) -> str:
    keys = {}
    lines = ["classes: {", "  unit: { shape: circle; style.fill: '#eef' }", "}"]
    for number, (layer, title) in enumerate(zip(true.layers, true.titles, strict=True)):
        lines.append(f"layer{number}: {title} {{")
        for row, label in enumerate(layer):
            keys[label] = f"layer{number}.u{row}"
            lines.append(
                random.choice(
                    [
                        f'u{row}: "{label}" {{class: unit}}',
                        f"u{row}: {label}; u{row}.class: unit",
                        f"u{row}: {{label: {label}; shape: circle}}",
                    ]
                )
            )
        lines.append("}")
    edges = []
    for (a, b), label in true.links.items():
        edges.append(
            f"{keys[a]} -> {keys[b]}: {label} {{style.stroke-dash: 3}}"
            if label
            else f"{keys[a]} -> {keys[b]}"
        )
    return littered(random, [*lines, *shuffled(random, edges)], "# {}")


def d2_globs(true: Truth, random: Random) -> str:
    lines = [f"layer{number}: {{ {'; '.join(layer)} }}" for number, layer in enumerate(true.layers)]
    lines += [f"layer{number}.* -> layer{number + 1}.*" for number in range(len(true.layers) - 1)]
    return littered(random, [*shuffled(random, lines), "*.*.shape: circle"], "# {}")


D2 = (d2_plain, d2_containers, d2_globs)


# Files of graphs.


def graphml(true: Truth, random: Random) -> str:
    nodes = [
        f'<node id="n{number}"><data key="d0"><y:ShapeNode><y:Geometry height="30" width="30" x="{column * 90}" y="{row * 50}"/>'
        f'<y:NodeLabel>{label}</y:NodeLabel><y:Shape type="ellipse"/></y:ShapeNode></data></node>'
        for number, (label, (column, row)) in enumerate(true.place.items())
    ]
    ids = {label: f"n{number}" for number, label in enumerate(true.place)}
    edges = [
        f'<edge source="{ids[a]}" target="{ids[b]}"><data key="d1"><y:PolyLineEdge><y:Arrows source="none" target="standard"/><y:EdgeLabel>{w}</y:EdgeLabel></y:PolyLineEdge></data></edge>'
        for (a, b), w in true.links.items()
    ]
    head = '<?xml version="1.0"?><graphml xmlns="http://graphml.graphdrawing.org/xmlns" xmlns:y="http://www.yworks.com/xml/graphml"><key id="d0" for="node" yfiles.type="nodegraphics"/><graph edgedefault="directed">'
    return head + "\n".join([*shuffled(random, nodes), *shuffled(random, edges)]) + "</graph></graphml>"


def graphml_plain(true: Truth, random: Random) -> str:
    nodes = [f'<node id="{label}"><data key="k">{label}</data></node>' for label in true.place]
    edges = [
        f'<edge id="e{number}" source="{a}" target="{b}"><data key="w">{w}</data></edge>'
        for number, ((a, b), w) in enumerate(true.links.items())
    ]
    head = '<graphml><key id="k" for="node" attr.name="label" attr.type="string"/><key id="w" for="edge" attr.name="label"/><graph id="G" edgedefault="directed">'
    return head + "\n".join(shuffled(random, [*nodes, *edges])) + "</graph></graphml>"


def gml(true: Truth, random: Random) -> str:
    ids = {label: number for number, label in enumerate(true.place)}
    nodes = [
        f'node [ id {ids[label]} label "{label}" graphics [ x {column * 9.5} y {row} type "circle" ] ]'
        for label, (column, row) in true.place.items()
    ]
    edges = [
        f"edge [ source {ids[a]} target {ids[b]}" + (f' label "{w}"' if w else "") + " ]"
        for (a, b), w in true.links.items()
    ]
    return "graph [\n directed 1\n" + littered(random, shuffled(random, [*nodes, *edges]), "# {}") + "]\n"


FILES = (graphml, graphml_plain, gml)


# Characters.


def ascii_list(true: Truth, random: Random) -> str:
    """Write a row for each line."""
    left, right = random.choice([("(", ")"), ("[", "]")])
    arrow = random.choice(["-->", "───►", "→", "⟶", "---->"])
    return "\n".join(f"{left}{a}{right} {arrow} {left}{b}{right}" for a, b in true.links) + "\n"


def ascii_boxes(true: Truth, random: Random) -> str:
    """Draw a chain of boxes, one for each layer, side by side or one under the other."""
    corner = random.choice(["┌─┐│└┘", "╭─╮│╰╯", "+-+|++", "╔═╗║╚╝"])
    boxes = []
    for layer, title in zip(true.layers, true.titles, strict=True):
        texts = [title, f"{len(layer)} units"]
        width = max(map(len, texts)) + 2
        boxes.append(
            [
                corner[0] + corner[1] * width + corner[2],
                *(corner[3] + text.center(width) + corner[3] for text in texts),
                corner[4] + corner[1] * width + corner[5],
            ]
        )
    if random.random() < 0.5:
        gap = random.choice(["-->", "──►", "--->"])
        between = [" " * (len(gap) + 2), f" {gap} ", " " * (len(gap) + 2), " " * (len(gap) + 2)]
        return (
            "\n".join(
                "".join(
                    part
                    for box, last in zip(boxes, [False] * (len(boxes) - 1) + [True], strict=True)
                    for part in (box[row], "" if last else between[row])
                )
                for row in range(4)
            )
            + "\n"
        )
    return "\n      |\n      v\n".join("\n".join(box) for box in boxes) + "\n"


def ascii_columns(true: Truth, random: Random) -> str:
    """Draw columns of units with lone arrows between the columns."""
    unit = random.choice(["({})", "[{}]"])
    height = max(map(len, true.layers))
    lines = []
    for row in range(height):
        pieces = []
        for number, layer in enumerate(true.layers):
            arrow = "   -->   " if row == 0 and number + 1 < len(true.layers) else "         "
            pieces.append((unit.format(layer[row]) if row < len(layer) else "").ljust(4) + arrow)
        lines.append("".join(pieces).rstrip())
    return "\n".join(lines) + "\n"
