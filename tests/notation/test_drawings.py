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
