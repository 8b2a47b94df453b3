"""DOT in all its spellings: the sketch holds the nodes, links and groups that a person sees."""

import random
from itertools import pairwise

import pytest

from chalknet.errors import NotationError
from chalknet.notation.drawings.dot_reader import read_dot_sketch
from chalknet.notation.drawings.sketch import Place


def ends(text):
    """Return source and target of every link of a graph."""
    return [(link.source, link.target) for link in read_dot_sketch(text).links]


def the_link(attributes, graph="digraph", arrow="->"):
    """Return the only link of a graph."""
    (link,) = read_dot_sketch(f"{graph} {{ a {arrow} b [{attributes}] }}").links
    return link


@pytest.mark.parametrize(
    ("attributes", "source", "directed"),
    [
        ("", "a", True),
        ("dir=forward", "a", True),
        ("dir=back", "b", True),
        ("dir=both", "a", False),
        ("dir=none", "a", False),
        ("arrowhead=none", "a", False),
        ("arrowhead=none, arrowtail=normal, dir=both", "b", True),
        ("arrowhead=vee", "a", True),
    ],
)
def test_heads_say_the_direction(attributes, source, directed):
    link = the_link(attributes)
    assert (link.source, link.directed) == (source, directed)


def test_a_graph_has_no_arrows_unless_they_are_drawn():
    assert not the_link("", "graph", "--").directed
    assert the_link("dir=forward", "graph", "--").directed


@pytest.mark.parametrize(
    ("attributes", "style", "visible"),
    [
        ("style=dashed", "dashed", True),
        ("style=dotted", "dotted", True),
        ('style="bold,dashed"', "dashed", True),
        ("style=bold", "bold", True),
        ("style=invis", "", False),
        ("color=transparent", "", False),
        ("penwidth=0", "", False),
        ("style=solid, color=red", "", True),
    ],
)
def test_lines_have_their_style(attributes, style, visible):
    link = the_link(attributes)
    assert (link.style, link.visible) == (style, visible)


@pytest.mark.parametrize(
    ("attributes", "label"),
    [
        ('label="w1"', "w1"),
        ("label=0.5", "0.5"),
        ('xlabel="w"', "w"),
        ('taillabel="t", headlabel="h"', "t\nh"),
        ('label="a" + "b"', "ab"),
        ('label="say \\"w\\""', 'say "w"'),
        ("label=<w<sub>1</sub>>", "w<sub>1</sub>"),
        ('label="long \\\nline"', "long line"),
    ],
)
def test_every_text_on_an_edge_is_kept(attributes, label):
    assert the_link(attributes).label == label


def test_ports_and_compass_points_are_no_nodes():
    assert ends("digraph { a:n -> b:sw; a:out:e -> c; }") == [("a", "b"), ("a", "c")]
    assert ends('digraph { "a:n" -> "b:sw" }') == [("a:n", "b:sw")]


def test_edges_to_the_frames_of_clusters_are_links_of_the_frames():
    text = """digraph { compound=true
      subgraph cluster_a { a1; subgraph cluster_inner { a2 } }  subgraph cluster_b { b1; b2 }
      a1 -> b1 [ltail=cluster_a, lhead=cluster_b];  a2 -> b2 [ltail=cluster_a, lhead=cluster_b]
      b2 -> y [ltail=cluster_b];  y -> z }"""
    sketch = read_dot_sketch(text)
    assert [(link.source, link.target) for link in sketch.frame_links] == [
        ("cluster_a", "cluster_b"), ("cluster_a", "cluster_b"), ("cluster_b", "y")
    ]  # fmt: skip
    sketch.reach_frames()
    assert sorted((link.source, link.target) for link in sketch.links) == [
        ("a1", "b1"), ("a1", "b2"), ("a2", "b1"), ("a2", "b2"), ("b1", "y"), ("b2", "y"), ("y", "z")
    ]  # fmt: skip


def test_edges_are_the_same_however_their_statements_are_spelled():
    plain = "a -> b; b -> c [style=dashed, label=w]; c -> d"
    spelled = '"a" -> b /* x */; "b" -> "c" [style="dashed"][label = "w"]\nc->"d"'
    defaults = 'edge [style=dashed label=w] b -> c; edge [style=solid label=""] a -> b c -> d'
    found = [
        {
            (one.source, one.target, one.style, one.label)
            for one in read_dot_sketch(f"digraph {{ {text} }}").links
        }
        for text in (plain, spelled, defaults)
    ]
    assert found[0] == found[1] == found[2] and len(found[0]) == 3


def test_subgraphs_at_the_ends_of_edges_stand_for_their_nodes():
    assert ends("digraph { {a b} -> subgraph s {c d} -> e }") == [
        ("a", "c"), ("a", "d"), ("b", "c"), ("b", "d"), ("c", "e"), ("d", "e")
    ]  # fmt: skip


def test_strict_graphs_have_one_edge_between_two_nodes():
    assert ends("STRICT digraph { a -> b; a -> b; b -> a }") == [("a", "b"), ("b", "a")]
    assert ends("strict graph { a -- b; b -- a }") == [("a", "b")]
    assert len(ends("digraph { a -> b; a -> b }")) == 2


def test_nodes_have_their_place_and_colour_as_dot_writes_them():
    text = """digraph { graph [bb="0,0,54,108"]; node [label="\\N"];
      a [height=0.5, pos="27,90", width=0.75, style=filled, fillcolor=lightblue];
      b [pos="27,18!", style=filled, color="#ff0000"]; c [color=red]; a -> b [pos="e,27,36.1 27,71.6"]; }"""
    nodes = read_dot_sketch(text).nodes
    assert nodes["a"].place == Place(27, -90, 54, 36) and nodes["b"].place == Place(27, -18)
    assert [nodes[key].colour for key in "abc"] == ["lightblue", "#ff0000", ""]
    assert nodes["c"].place is None


def test_several_graphs_in_one_text_are_not_the_first_one():
    with pytest.raises(NotationError, match="a second graph"):
        read_dot_sketch("digraph A { a -> b }\ndigraph B { c -> d }")


def test_comments_of_every_kind_are_none_of_it():
    text = "# made by a tool\n// a\ndigraph /* b -> c */ g { a -> b // x\n# line\n b -> c /* y */ ; }"
    assert ends(text) == [("a", "b"), ("b", "c")]


def quoted(key):
    """Return an id in quotes."""
    return f'"{key}"'


def written(layers, numbers):
    """Return random layers written in a random manner."""
    spell = (
        numbers.choice([str, quoted]) if all(" " not in key for layer in layers for key in layer) else quoted
    )
    nodes = [f"{spell(key)} [label={quoted(key + ' u')}, shape=circle]" for layer in layers for key in layer]
    manner = numbers.choice(["pairs", "lists", "defaults"])
    if manner == "lists":
        edges = [
            f"{{{' '.join(map(spell, one))}}} -> {{{'; '.join(map(spell, two))}}}"
            for one, two in pairwise(layers)
        ]
    else:
        edges = [f"{spell(a)} -> {spell(b)}" for one, two in pairwise(layers) for a in one for b in two]
        numbers.shuffle(edges)
    ranks = [f"{{rank=same; {' '.join(map(spell, layer))}}}" for layer in layers] * numbers.randint(0, 1)
    parts = [nodes, edges, ranks]
    numbers.shuffle(parts)
    joint = numbers.choice([";\n", "\n", " ; ", " // c\n", " /* c */ "])
    return f"digraph {{ {joint.join(line for part in parts for line in part)}\n}}"


@pytest.mark.parametrize("seed", range(150))
def test_any_layers_in_any_spelling_are_the_links_written(seed):
    numbers = random.Random(seed)
    space = numbers.choice(["", " ", ":", "->", "é"]) if numbers.random() < 0.5 else "_"
    layers = [[f"n{i}{space}{j}" for j in range(numbers.randint(1, 5))] for i in range(numbers.randint(2, 4))]
    if space in (":", "->", " "):
        layers = [[key + " x" for key in layer] for layer in layers]  # only in quotes
    found = read_dot_sketch(written(layers, numbers))
    pairs = [(a, b) for one, two in pairwise(layers) for a in one for b in two]
    assert sorted((link.source, link.target) for link in found.links) == sorted(pairs)
    assert {key: node.text for key, node in found.nodes.items()} == {
        key: f"{key} u" for layer in layers for key in layer
    }
