"""Mermaid in all its spellings: the sketch holds the nodes, links and groups that a person sees."""

import itertools
import random

import pytest

from chalknet.errors import NotationError
from chalknet.notation.drawings.mermaid_reader import read_mermaid_sketch


def sketch(body, head="flowchart LR"):
    """Return the sketch of a flowchart."""
    return read_mermaid_sketch(f"{head}\n{body}")


def links(body):
    """Return source, target, label, style and direction of every visible link."""
    return [
        (link.source, link.target, link.label, link.style, link.directed)
        for link in sketch(body).links
        if link.visible
    ]


@pytest.mark.parametrize(
    ("written", "style", "directed"),
    [
        ("-->", "", True),
        ("---->", "", True),
        ("---", "", False),
        ("-.->", "dotted", True),
        ("-..->", "dotted", True),
        ("-.-", "dotted", False),
        ("==>", "bold", True),
        ("===", "bold", False),
        ("<-->", "", False),
        ("<-.->", "dotted", False),
        ("<==>", "bold", False),
        ("x--x", "", False),
        ("o--o", "", False),
        ("--x", "", True),
        ("--o", "", True),
    ],
)
@pytest.mark.parametrize("label", ["", "|w1|", '|"a b"|'])
def test_every_line_and_tip_is_told_apart(written, style, directed, label):
    text = label.strip('|"')
    assert links(f"A {written}{label} B") == [("A", "B", text, style, directed)]
    assert links(f"A e7@{written}{label} B\ne7@{{ animate: true }}") == [("A", "B", text, style, directed)]


@pytest.mark.parametrize(
    ("written", "style", "directed"),
    [
        ("-- w x -->", "", True),
        ("--w x-->", "", True),
        ("-. w x .->", "dotted", True),
        ("== w x ==>", "bold", True),
        ("-- w x ---", "", False),
        ('-- "w x" -->', "", True),
        ("<-- w x -->", "", False),
    ],
)
def test_a_text_within_a_line_is_its_label(written, style, directed):
    assert links(f"A {written} B") == [("A", "B", "w x", style, directed)]


def test_invisible_links_hold_things_in_place():
    assert [link.visible for link in sketch("A ~~~ B").links] == [False]
    assert links("A --> B\nA --> C\nlinkStyle 1 stroke:none") == [("A", "B", "", "", True)]
    assert links("A & B --> C\nlinkStyle 0 stroke-dasharray: 5 5") == [
        ("A", "C", "", "dashed", True),
        ("B", "C", "", "", True),
    ]


@pytest.mark.parametrize(
    ("written", "label", "shape"),
    [
        ("A", "A", ""),
        ("A[x]", "x", "box"),
        ("A(x)", "x", "box"),
        ("A([x])", "x", "box"),
        ("A[[x]]", "x", "box"),
        ("A[(x)]", "x", "cylinder"),
        ("A((x))", "x", "circle"),
        ("A(((x)))", "x", "doublecircle"),
        ("A(-x-)", "x", "ellipse"),
        ("A>x]", "x", "box"),
        ("A{x}", "x", "diamond"),
        ("A{{x}}", "x", "hexagon"),
        ("A[/x/]", "x", "parallelogram"),
        ("A[\\x\\]", "x", "parallelogram"),
        ("A[/x\\]", "x", "parallelogram"),
        ("A[\\x/]", "x", "parallelogram"),
        ('A["x (y)"]', "x (y)", "box"),
        ('A["`**x** y`"]', "`**x** y`", "box"),
        ("A@{ shape: circle }", "A", "circle"),
        ('A@{ shape: circle, label: "x" }', "x", "circle"),
        ("A@{ shape: sm-circ, label: ' ' }", " ", "point"),
        ('A@{ label: "a}b", shape: text }', "a}b", "plaintext"),
        ('A@{ label: "x", shape: dbl-circ }', "x", "doublecircle"),
        ("A((x)):::unit", "x", "circle"),
        ("+1((+1))", "+1", "circle"),
    ],
)
def test_every_shape_is_known(written, label, shape):
    key = "+1" if written.startswith("+1") else "A"
    found = sketch(f"{written} --> B[/other/]\nC[\\more\\] --> B")
    node = found.nodes[key]
    assert (node.text, node.shape) == (label, shape)
    assert [(link.source, link.target) for link in found.links] == [(key, "B"), ("C", "B")]


def test_lists_and_chains_join_every_node_with_every_one_behind_it():
    found = links("a & b --> c & d --> e")
    assert [(one[0], one[1]) for one in found] == [
        ("a", "c"), ("a", "d"), ("b", "c"), ("b", "d"), ("c", "e"), ("d", "e")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "key", "title"),
    [
        ("subgraph in", "in", "in"),
        ("subgraph in [Input layer]", "in", "Input layer"),
        ('subgraph in["Input (3)"]', "in", "Input (3)"),
        ('subgraph "Input layer"', "Input layer", "Input layer"),
        ("subgraph Input layer", "Input layer", "Input layer"),
        ('subgraph in["`**Input**`"]', "in", "`**Input**`"),
    ],
)
def test_a_subgraph_is_a_group_with_a_title(line, key, title):
    found = sketch(f"{line}\ndirection TB\na((1)); b((2))\nend\na & b --> c")
    assert [(group.key, group.title) for group in found.groups.values()] == [(key, title)]
    assert [node.group for node in found.nodes.values()] == [key, key, ""]


def test_settings_comments_titles_and_styles_are_no_nodes():
    text = (
        "---\ntitle: My net\nconfig:\n  theme: forest\n---\n%%{init: {\n  'theme': 'base'\n}}%%\n%% a comment\n"
        "graph TD;\naccTitle: x\naccDescr { a\n longer one }\na-->b;b-->c %% trailing\nclick a callback\n"
        "classDef unit fill:#9f6,stroke:#333\nclass a,b unit;\nstyle c fill:red,stroke:blue\n"
    )
    found = read_mermaid_sketch(text)
    assert found.caption == "My net"
    assert {node.key: node.colour for node in found.nodes.values()} == {"a": "#9f6", "b": "#9f6", "c": "red"}
    assert [(link.source, link.target) for link in found.links] == [("a", "b"), ("b", "c")]


def test_blocks_stand_in_rows_and_are_linked_like_others():
    found = sketch(
        'columns 3\nx1(("x1")) space h1(("h1"))\nx2(("x2")) space:2\nx1 --> h1\nx2 -- "w" --> h1',
        "block-beta",
    )
    assert [node.text for node in found.nodes.values()] == ["x1", "h1", "x2"]
    assert [(link.source, link.target, link.label) for link in found.links] == [
        ("x1", "h1", ""),
        ("x2", "h1", "w"),
    ]


@pytest.mark.parametrize(
    "text", ["sequenceDiagram\nA->>B: x", "pie\n a: 3", "xychart-beta\n x", "kanban\n a"]
)
def test_another_diagram_is_named(text):
    with pytest.raises(NotationError, match=text.split("\n")[0]):
        read_mermaid_sketch(text)


SPELLINGS = {
    "plain": lambda key, label: f"{key}(({label}))",
    "quoted": lambda key, label: f'{key}["{label}"]',
    "new": lambda key, label: f'{key}@{{ shape: circle, label: "{label}" }}',
    "stadium": lambda key, label: f"{key}([{label}])",
}


def written(layers, random_numbers):
    """Return random layers written in a random manner, and the links that they have."""
    spell = random_numbers.choice(list(SPELLINGS.values()))
    arrow = random_numbers.choice(["-->", "---", "==>", "-.->", "--o", "e{}@-->"])
    nodes = [spell(key, f"{key} u") for layer in layers for key in layer]
    pairs = [(a, b) for one, two in itertools.pairwise(layers) for a in one for b in two]
    lists = random_numbers.random() < 0.4
    edges = (
        [
            f"{' & '.join(a)} {arrow.format(n)} {' & '.join(b)}"
            for n, (a, b) in enumerate(itertools.pairwise(layers))
        ]
        if lists
        else [f"{a} {arrow.format(n)} {b}" for n, (a, b) in enumerate(pairs)]
    )
    random_numbers.shuffle(edges)
    lines = [*nodes, *edges] if random_numbers.random() < 0.5 else [*edges, *nodes]
    junk = random_numbers.choice(["", "%% note", "classDef a fill:red", "   "])
    joint = random_numbers.choice(["\n", ";\n", "\n\n    ", f"\n{junk}\n"])
    head = random_numbers.choice(["graph LR", "flowchart TD", "graph RL;", "flowchart-elk BT"])
    return f"{head}\n{joint.join(lines)}\n", pairs


@pytest.mark.parametrize("seed", range(150))
def test_any_layers_in_any_spelling_are_the_links_written(seed):
    numbers = random.Random(seed)
    layers = [[f"n{i}_{j}" for j in range(numbers.randint(1, 5))] for i in range(numbers.randint(2, 4))]
    text, pairs = written(layers, numbers)
    found = read_mermaid_sketch(text)
    assert sorted((link.source, link.target) for link in found.links) == sorted(pairs)
    assert {key: node.text for key, node in found.nodes.items()} == {
        key: f"{key} u" for layer in layers for key in layer
    }
