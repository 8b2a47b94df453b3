"""Drawings by many hands, read to what a person would read; nonsense is refused in bounded time."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import chalknet as cn
from chalknet.errors import CannotExpress, ChalknetError, NotationError
from chalknet.network import Network

FOLDER = Path(__file__).parent / "drawings"
EXPECTED = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))
READ = [entry for entry in EXPECTED if entry["expect"] is not None]
REFUSED = [entry for entry in EXPECTED if entry["expect"] is None]


def case(entry):
    """Return a drawing as a parameter; what is known to be beyond the reader is marked, and must stay so."""
    marks = pytest.mark.xfail(reason=entry["open"], strict=True) if "open" in entry else ()
    return pytest.param(entry, id=entry["file"], marks=marks)


@pytest.mark.parametrize("entry", [case(entry) for entry in READ])
def test_a6_a_drawing_is_read_to_its_network(entry):
    network = cn.read(FOLDER / entry["file"])
    assert network == cn.read(entry["expect"]), cn.write(network, "shorthand")
    assert network.notes or not entry.get("notes")
    assert network.weights or not entry.get("weights")


@pytest.mark.parametrize("entry", REFUSED, ids=lambda entry: entry["file"])
def test_what_is_no_feed_forward_network_is_refused(entry):
    with pytest.raises((NotationError, CannotExpress)) as problem:
        cn.read(FOLDER / entry["file"])
    assert problem.value.got and problem.value.wanted and problem.value.remedy


@pytest.mark.parametrize(
    "entry", [entry for entry in READ if "open" not in entry][::7], ids=lambda entry: entry["file"]
)
def test_a_drawing_is_recognised_without_its_ending(entry):
    text = (FOLDER / entry["file"]).read_text(encoding="utf-8")
    assert cn.read(text) == cn.read(entry["expect"])


@pytest.mark.parametrize(
    "entry", [entry for entry in READ if "open" not in entry][::11], ids=lambda entry: entry["file"]
)
def test_a_drawing_in_a_markdown_page_is_found(entry):
    text = (FOLDER / entry["file"]).read_text(encoding="utf-8")
    word = {".dot": "dot", ".mmd": "mermaid"}.get(Path(entry["file"]).suffix)
    if word:
        assert cn.read(f"# My network\n\nIt is this:\n\n```{word}\n{text}\n```\n\nThat's all.") == cn.read(
            entry["expect"]
        )


def test_an_activation_that_is_not_drawn_stays_open_and_is_told():
    network = cn.read("digraph { {a b c} -> {h1 h2} -> y }")
    assert cn.write(network, "shorthand") == "3 -> 2 ? -> 1 ?"
    assert "the activation of layer 1 is not drawn: it stays ?" in network.notes
    assert cn.write(network.settle("relu", "sigmoid"), "shorthand") == "3 -> 2 relu -> 1 sigmoid"
    with pytest.raises(CannotExpress, match="--activation relu,sigmoid"):
        cn.write(network, "torch")


def test_statements_that_disagree_are_told():
    network = cn.read(
        'digraph { subgraph cluster_0 { label="hidden: 5 units, relu"; a; b } x -> {a b} -> y }'
    )
    assert any("says 5, but 2 are drawn" in note for note in network.notes)


@pytest.mark.parametrize(
    ("link", "shorthand"),
    [
        ("https://playground.tensorflow.org/", "2 -> 4 tanh -> 2 tanh -> 1 tanh"),
        (
            "https://playground.tensorflow.org/#activation=relu&batchSize=10&dataset=xor&networkShape=8&x=true&y=true&xTimesY=true",
            "3 -> 8 relu -> 1 tanh",
        ),
        (
            "http://playground.tensorflow.org/#activation=linear&networkShape=&problem=regression&y=false",
            "1 -> 1",
        ),
    ],
)
def test_a_link_to_the_playground_is_read(link, shorthand):
    assert cn.read(link) == cn.read(shorthand)


@pytest.mark.parametrize(
    "link",
    [
        "https://playground.tensorflow.org/#activation=cube",
        "https://playground.tensorflow.org/#networkShape=4,x",
        "https://playground.tensorflow.org/#x=false&y=false",
    ],
)
def test_a_link_that_the_page_does_not_know_is_refused(link):
    with pytest.raises(NotationError, match="Copy the page's address"):
        cn.read(link)


@pytest.mark.parametrize(
    "text",
    [
        "digraph {",
        'digraph { a [label="',
        "digraph { a -> }",
        "digraph { a -> b [label=<b> }",
        "digraph " + "{" * 5000,
        "digraph { " + "subgraph { " * 500,
        "graph { a -- b -- c -- a }",
        "flowchart LR\nA -->",
        "flowchart LR\nA[x --> B",
        "flowchart LR\nsubgraph s\nA --> B",
        "flowchart LR\nend",
        "sequenceDiagram\nA->>B: hi",
        "<svg></svg>",
        "<svg><g class='node'><title>a</title></g>",
        "<svg xmlns='http://www.w3.org/2000/svg'><rect/></svg>",
        '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;">]><svg>&lol2;</svg>',
        "<svg>" + "<g>" * 100_000,
    ],
    ids=lambda text: text[:28],
)
@pytest.mark.timeout(20)
def test_what_is_cut_off_cyclic_or_dangerous_is_refused(text):
    with pytest.raises(ChalknetError) as problem:
        cn.read(text)
    assert problem.value.wanted and problem.value.remedy


def test_an_error_in_a_drawing_shows_the_line_and_a_caret():
    with pytest.raises(NotationError) as problem:
        cn.read("digraph {\n  a -> b;\n  c -> ;\n}")
    assert "line 3" in str(problem.value) and "^" in str(problem.value)


@pytest.mark.slow
@pytest.mark.timeout(60)
def test_a_hundred_thousand_edges_are_read():
    edges = "".join(f"a{i} -> b{j};\n" for i in range(400) for j in range(250))
    started = time.perf_counter()
    assert cn.write(cn.read(f"digraph {{ {edges} }}"), "shorthand") == "400 -> 250 ?"
    assert time.perf_counter() - started < 50  # a bound against what grows with the square, no timing


WORDS = [
    "digraph",
    "graph",
    "{",
    "}",
    "a",
    "b",
    "->",
    "--",
    ";",
    "[label=",
    '"relu"',
    "]",
    "subgraph",
    "cluster_0",
    "=",
    "x1",
    "784",
    "<b>",
]
FLOW = [
    "flowchart LR",
    "\n",
    "a",
    "b",
    "-->",
    "---",
    "[",
    "]",
    "((",
    "))",
    "|relu|",
    "&",
    "subgraph",
    "end",
    "784",
    ":::c",
    '"',
    "~~~",
]


@given(st.lists(st.sampled_from(WORDS), max_size=20).map(" ".join))
def test_whatever_dot_is_typed_gives_a_network_or_an_error_of_ours(text):
    _never_breaks(text, "dot")


@given(st.lists(st.sampled_from(FLOW), max_size=20).map(" ".join))
def test_whatever_mermaid_is_typed_gives_a_network_or_an_error_of_ours(text):
    _never_breaks(f"flowchart LR\n{text}", "mermaid")


@given(st.sampled_from(EXPECTED), st.integers(0, 10_000), st.integers(0, 40), st.text(max_size=4))
def test_a_drawing_with_a_piece_torn_out_gives_a_network_or_an_error_of_ours(entry, at, length, instead):
    text = (FOLDER / entry["file"]).read_text(encoding="utf-8")
    at = at % (len(text) + 1)
    notation = {".dot": "dot", ".mmd": "mermaid", ".svg": "svg"}[Path(entry["file"]).suffix]
    _never_breaks(text[:at] + instead + text[at + length :], notation)


def _never_breaks(text: str, notation: str) -> None:
    try:
        assert isinstance(cn.read(f"\n{text}", notation=notation), Network)
    except ChalknetError as problem:
        assert problem.wanted and problem.remedy


def dot_of(layers):
    """Return layers as ann-visualizer draws them: a cluster with a title each, circles without a label."""
    frames = "".join(
        f' subgraph cluster_{i} {{ label="{title}"\n'
        + "".join(f"  l{i}_{j} [label={chr(34)}{chr(34)} shape=circle]\n" for j in range(drawn))
        + " }\n"
        for i, (title, drawn) in enumerate(layers)
    )
    return f"digraph g {{\n rankdir=LR\n{frames}{_links(layers, '->')}}}\n"


def mermaid_of(layers):
    frames = "".join(
        f'subgraph s{i}["{title}"]\n' + "".join(f"  l{i}_{j}(( ))\n" for j in range(drawn)) + "end\n"
        for i, (title, drawn) in enumerate(layers)
    )
    return f"flowchart LR\n{frames}{_links(layers, '-->')}"


def _links(layers, arrow):
    sizes = [drawn for _, drawn in layers]
    return "".join(
        f" l{i}_{a} {arrow} l{i + 1}_{b}\n"
        for i in range(len(sizes) - 1)
        for a in range(sizes[i])
        for b in range(sizes[i + 1])
    )


def svg_of(layers):
    """Return layers as Graphviz writes them: clusters by their places."""
    parts = []
    for i, (title, drawn) in enumerate(layers):
        box = f"{100 * i},0 {100 * i + 80},0 {100 * i + 80},{-20 * drawn} {100 * i},{-20 * drawn}"
        parts.append(
            f'<g class="cluster"><title>cluster_{i}</title><polygon points="{box}"/>'
            f'<text x="{100 * i + 40}" y="-5">{title}</text></g>'
        )
        parts += [
            f'<g class="node"><title>l{i}_{j}</title>'
            f'<ellipse cx="{100 * i + 40}" cy="{-20 * j - 10}" rx="9" ry="9"/></g>'
            for j in range(drawn)
        ]
    for link in _links(layers, "->").strip().split("\n"):
        parts.append(
            f'<g class="edge"><title>{link.strip().replace("->", "-&gt;")}</title><path d="M0,0"/></g>'
        )
    body = "".join(parts)
    return f'<svg xmlns="http://www.w3.org/2000/svg"><g class="graph"><title>g</title>{body}</g></svg>'


LEFT_OUT = [
    "(+3)", "+3", "[+3]", "+3 more", "(+3 more)", "(3 more)", "… 3 more", "... 3 more", "and 3 more", "& 3 others",
    "plus 3", "(+3 units)", "(3 more units)", "3 not shown", "13 units, 3 not shown", "(10 of 13 shown)", "(+3 개 더)",
]  # fmt: skip


@pytest.mark.parametrize("form", [dot_of, mermaid_of, svg_of])
@pytest.mark.parametrize("words", LEFT_OUT)
def test_units_that_a_title_says_are_left_out_are_counted(words, form):
    words = words.replace("&", "&amp;") if form is svg_of else words
    network = cn.read(form([(f"Input Layer {words}", 10), ("Hidden Layer (+6)", 10), ("Output Layer", 2)]))
    assert network == cn.read("13 -> 16 ? -> 2 ?")
    assert not any("drawn: " in note and "was read" in note for note in network.notes)


@given(st.lists(st.tuples(st.integers(2, 6), st.integers(0, 2000)), min_size=2, max_size=4))
def test_any_number_of_units_may_be_left_out(layers):
    titles = [("Layer" if not more else f"Layer (+{more:,})", drawn) for drawn, more in layers]
    network = cn.read(dot_of(titles))
    widths = [drawn + more for drawn, more in layers]
    assert [network.input_shape[0], *[visit.output_shape[0] for visit in network.walk()][::2]] == widths


@pytest.mark.parametrize(
    ("title", "width", "note"),
    [
        ("Input Layer (13 units)", 13, "the input says 13, but 10 are drawn: 13 was read"),
        ("Input Layer, 13", 10, "the title of the input has a 13, but 10 are drawn: 10 was read"),
        ("Input Layer 13 units (+2)", 13, "the input says 13, but 12 are drawn: 13 was read"),
    ],
)
def test_a_number_that_contradicts_what_is_drawn_is_told(title, width, note):
    network = cn.read(dot_of([(title, 10), ("Output Layer", 2)]))
    assert network.input_shape == (width,)
    assert note in network.notes


@pytest.mark.parametrize("title", ["Input Layer (+1 bias)", "Input +1 bias", "Input layer 2", "Layer 2 of 3"])
def test_a_bias_or_the_number_of_a_layer_leaves_no_unit_out(title):
    assert cn.read(dot_of([(title, 3), ("Output Layer", 2)])).input_shape == (3,)


@pytest.mark.parametrize("widths", [(8, 16), (300, 30)])
def test_two_networks_in_one_drawing_are_asked_about_and_never_taken_for_two_samples_of_one(widths):
    rows = (
        f'subgraph cluster_{name} {{label={name}; x{name} [label="Input 4"]; h{name} [label="Dense {width}"]; '
        f'o{name} [label="Dense 2"]; x{name} -> h{name} -> o{name}}}'
        for name, width in zip(("teacher", "student"), widths, strict=True)
    )
    text = f"digraph {{node [shape=box]; {' '.join(rows)}}}"
    with pytest.raises(NotationError, match="1: teacher; 2: student"):
        cn.read(text)
    read = [cn.read(text, name=name).steps[0].out_features for name in ("teacher", "student")]
    assert tuple(read) == widths
