"""A link to the frame of a group is one link of the frame in every dialect, and leads to the frame's border."""

import pytest

import chalknet as cn
from chalknet.notation.dialects.d2 import read_d2_sketch
from chalknet.notation.dialects.graph_files import read_graphml_sketch
from chalknet.notation.dialects.plantuml import read_plantuml_sketch
from chalknet.notation.dialects.tikz_reader import read_tikz_sketch
from chalknet.notation.drawings.dot_reader import read_dot_sketch
from chalknet.notation.drawings.mermaid_reader import read_mermaid_sketch
from chalknet.notation.drawings.sketch import Place
from chalknet.notation.marks import ShapeMark, StrokeMark, sketch_of
from chalknet.notation.tokens import SourceText

# A box whose arrow leads to a frame around two linked units, and one from the frame to another box.
DOT = """digraph { data -> a [lhead=cluster_net]; subgraph cluster_net { a -> b }
  b -> loss [ltail=cluster_net] }"""
MERMAID = "flowchart LR\n data --> net\n subgraph net\n a --> b\n end\n net --> loss"
PLANTUML = '@startuml\nagent data\npackage "Net" as net {\n circle a\n circle b\n}\nagent loss\na --> b\ndata --> net\nnet --> loss\n@enduml'
D2 = "net: {a -> b}\ndata -> net\nnet -> loss"
TIKZ = r"""\begin{tikzpicture}\node (data) at (-3,0) {data}; \node[circle,draw] (a) at (0,0) {a};
 \node[circle,draw] (b) at (2,0) {b}; \node[draw,fit=(a)(b)] (net) {}; \node (loss) at (5,0) {loss};
 \draw[->] (a) -- (b); \draw[->] (data) -- (net); \draw[->] (net) -- (loss);\end{tikzpicture}"""
GRAPHML = (
    '<graphml><graph edgedefault="directed"><node id="data"/><node id="net"><graph><node id="a"/><node id="b"/>'
    '<edge source="a" target="b"/></graph></node><node id="loss"/><edge source="data" target="net"/>'
    '<edge source="net" target="loss"/></graph></graphml>'
)
READERS = {
    "dot": (read_dot_sketch, DOT),
    "mermaid": (read_mermaid_sketch, MERMAID),
    "plantuml": (read_plantuml_sketch, PLANTUML),
    "d2": (read_d2_sketch, D2),
    "tikz": (read_tikz_sketch, TIKZ),
    "graphml": (read_graphml_sketch, GRAPHML),
}


def ends(links):
    return [(link.source, link.target) for link in links]


@pytest.mark.parametrize("dialect", READERS)
def test_a_link_of_a_frame_is_one_and_reaches_what_nothing_in_the_frame_leads_to(dialect):
    reader, text = READERS[dialect]
    sketch = reader(text)
    net = next(iter(sketch.groups))
    assert ends(sketch.frame_links) == [("data", net), (net, "loss")]
    assert [(a.split(".")[-1], b.split(".")[-1]) for a, b in ends(sketch.links)] == [("a", "b")]
    for _ in range(2):  # a second time adds nothing
        sketch.reach_frames()
        reached = {(a.split(".")[-1], b.split(".")[-1]) for a, b in ends(sketch.links)}
        assert reached == {("a", "b"), ("data", "a"), ("b", "loss")} and len(sketch.links) == 3


def test_between_the_frames_of_layers_every_unit_leads_to_every_one():
    text = "flowchart LR\n subgraph s\n a\n b\n end\n subgraph t\n subgraph u\n c\n end\n d\n end\n s --> t\n s --> t"
    sketch = read_mermaid_sketch(text)
    assert ends(sketch.frame_links) == [("s", "t"), ("s", "t")] and not sketch.links
    sketch.reach_frames()
    assert sorted(ends(sketch.links)) == [("a", "c"), ("a", "d"), ("b", "c"), ("b", "d")]


@pytest.mark.parametrize("arrow", ["-.->", "---", "-.-"])
def test_a_dashed_line_at_a_whole_network_is_kept_and_reaches_none_of_it(arrow):
    sketch = read_mermaid_sketch(f"flowchart LR\n idea {arrow} net\n subgraph net\n a --> b\n end")
    sketch.reach_frames()
    assert ends(sketch.frame_links) == [("idea", "net")] and ends(sketch.links) == [("a", "b")]


def test_an_empty_frame_that_is_linked_is_a_box():
    sketch = read_mermaid_sketch('flowchart LR\n subgraph one["Dense 4"]\n end\n a --> one')
    sketch.reach_frames()
    assert ends(sketch.links) == [("a", "one")] and sketch.nodes["one"].label == "Dense 4"


def test_a_link_from_a_frame_to_what_it_holds_joins_nothing():
    sketch = read_mermaid_sketch("flowchart LR\n subgraph s\n a --> b\n end\n s --> a")
    sketch.reach_frames()
    assert ends(sketch.links) == [("a", "b")]


def test_arrows_between_frames_that_are_drawn_are_links_of_frames():
    frames = [ShapeMark("box", Place(x, 20, 40, 90), outline="black") for x in (0, 150)]
    units = [ShapeMark("disc", Place(x, y, 20, 20), outline="black") for x in (0, 150) for y in (0, 40)]
    strokes = [StrokeMark(((20, 20), (130, 20)), end_head=True)]
    sketch = sketch_of([*frames, *units, *strokes], SourceText("marks", ""))
    assert len(sketch.frame_links) == 1 and not sketch.links
    sketch.reach_frames()
    assert len(sketch.links) == 4


def test_layers_in_frames_are_read_from_the_arrows_between_the_frames():
    for dialect, arrow in (("flowchart LR\n", "-->"), ("", "->")):
        layer = ("subgraph {0}\n{1}\nend\n", "{0}: {{{1}}}\n")[not dialect]
        text = dialect + "".join(
            layer.format(name, "\n".join(f"{name}{i}" for i in range(1, width + 1)))
            for name, width in (("x", 3), ("h", 4), ("y", 2))
        )
        network = cn.read(f"{text}x {arrow} h\nh {arrow} y\n", notation="mermaid" if dialect else "d2")
        assert cn.write(network, "shorthand") == "3 -> 4 ? -> 2 ?"
