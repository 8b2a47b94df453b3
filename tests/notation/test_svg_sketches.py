"""SVG of Graphviz and of Mermaid: the sketch holds the nodes, links and groups that a person sees."""

import pytest

from chalknet.errors import NotationError
from chalknet.notation.drawings.sketch import Place
from chalknet.notation.drawings.svg_reader import read_svg_sketch

HEAD = '<svg xmlns="http://www.w3.org/2000/svg"'
# A head of an arrow near the end of the line "M0,0 20,0", and one near its start.
AT_END, AT_START = '<polygon points="20,-2 24,0 20,2"/>', '<polygon points="0,-2 -4,0 0,2"/>'


def graphviz(nodes, edges, more=""):
    """Return an SVG as Graphviz writes it; edges are pairs of a title and what is inside."""
    drawn = "".join(
        f'<g class="node"><title>{key}</title><ellipse cx="{60 * place}" cy="0" rx="9" ry="9" fill="{fill}"/>'
        f'<text x="{60 * place}" y="0">{label}</text></g>'
        for place, (key, label, fill) in enumerate(nodes)
    )
    lines = "".join(f'<g class="edge"><title>{title}</title>{inside}</g>' for title, inside in edges)
    return f'{HEAD}><g class="graph"><title>G</title>{drawn}{lines}{more}</g></svg>'


def links(text):
    return [
        (link.source, link.target, link.label, link.style, link.directed, link.visible)
        for link in read_svg_sketch(text).links
    ]


LINE = '<path d="M0,0 20,0" stroke="black"/>'


@pytest.mark.parametrize(
    "keys", [("a:1", "a:2"), ("a b", "a c"), ("a->b", "a->c"), ("x--y", "x--z"), ("n:1:2", "n:1")]
)
def test_ids_with_colons_blanks_and_arrows_are_nodes_of_their_own(keys):
    one, other = (key.replace(">", "&gt;") for key in keys)
    text = graphviz(
        [(one, "", "none"), (other, "", "none"), ("out", "", "none")],
        [(f"{one}-&gt;out", LINE + AT_END), (f"{other}-&gt;out", LINE + AT_END)],
    )
    assert list(read_svg_sketch(text).nodes) == [*keys, "out"]
    assert [(link[0], link[1]) for link in links(text)] == [(keys[0], "out"), (keys[1], "out")]


@pytest.mark.parametrize(
    ("inside", "wanted"),
    [
        (LINE + AT_END, ("a", "b", "", "", True, True)),
        (LINE + AT_START, ("b", "a", "", "", True, True)),
        (LINE, ("a", "b", "", "", False, True)),
        (LINE + AT_START + AT_END, ("a", "b", "", "", False, True)),
        ('<path d="M0,0 20,0" stroke-dasharray="5,2"/>' + AT_END, ("a", "b", "", "dashed", True, True)),
        ('<path d="M0,0 20,0" style="stroke-dasharray:1,5"/>' + AT_END, ("a", "b", "", "dotted", True, True)),
        ('<path d="M0,0 20,0" stroke-width="2"/>' + AT_END, ("a", "b", "", "bold", True, True)),
        ('<path d="M0,0 20,0" stroke="transparent"/>' + AT_END, ("a", "b", "", "", True, False)),
        (LINE + AT_END + '<text x="9" y="-3">w1</text>', ("a", "b", "w1", "", True, True)),
        (LINE + AT_END + '<text x="9" y="-3">w</text><text x="9" y="-3" baseline-shift="sub">1</text>',
         ("a", "b", "w_1", "", True, True)),
    ],
)  # fmt: skip
def test_an_edge_looks_as_it_is_drawn(inside, wanted):
    assert links(graphviz([("a", "", "none"), ("b", "", "none")], [("a-&gt;b", inside)])) == [wanted]


def test_nodes_have_their_place_and_colour():
    nodes = read_svg_sketch(graphviz([("a", "x", "lightblue"), ("b", "y", "none")], [])).nodes
    assert nodes["a"].place == Place(0, 0, 18, 18) and nodes["b"].place == Place(60, 0, 18, 18)
    assert [node.colour for node in nodes.values()] == ["lightblue", ""]


@pytest.mark.parametrize("ports", [("p0", "p1"), ("z", "a")])
def test_ports_lead_to_the_field_at_which_the_line_ends(ports):
    record = (
        '<g class="node"><title>r</title><polygon points="0,0 0,40 20,40 20,0"/><text x="10" y="10">x1</text>'
        '<polyline points="0,20 20,20"/><text x="10" y="30">x2</text></g>'
    )
    edges = [
        (f"r:{ports[0]}-&gt;y", '<path d="M20,10 50,0"/><polygon points="50,-2 54,0 50,2"/>'),
        (f"r:{ports[1]}:e-&gt;y", '<path d="M20,30 50,0"/><polygon points="50,-2 54,0 50,2"/>'),
    ]
    sketch = read_svg_sketch(graphviz([("y", "y", "none")], edges, record))
    assert [sketch.nodes[link.source].text for link in sketch.links] == ["x1", "x2"]


def mermaid(edges, nodes="abc", prefix=""):
    """Return an SVG as mermaid-cli writes it; edges are the attributes of their paths and their labels."""
    paths = "".join(f"<path {attributes} d='M0,0 10,0'/>" for attributes, _ in edges)
    labels = "".join(
        f'<g class="edgeLabel"><g class="label"><foreignObject><div xmlns="http://www.w3.org/1999/xhtml">'
        f'<span class="edgeLabel">{label}</span></div></foreignObject></g></g>'
        for _, label in edges
    )
    drawn = "".join(
        f'<g class="node default" id="{prefix}flowchart-{key}-{number}" transform="translate({100 * number}, 5)">'
        f'<circle class="basic label-container" r="20" style="fill:#9f6"/><g class="label"><foreignObject>'
        f'<div xmlns="http://www.w3.org/1999/xhtml"><span class="nodeLabel"><p>{key}<br/>unit</p></span></div>'
        f"</foreignObject></g></g>"
        for number, key in enumerate(nodes)
    )
    cluster = (
        '<g class="cluster default" id="in"><rect x="-30" y="-30" width="60" height="60"/>'
        '<g class="cluster-label"><text><tspan>Input</tspan></text></g></g>'
    )
    return (
        f'{HEAD} aria-roledescription="flowchart-v2"><style>.node{{}}</style><g class="root" '
        f'transform="translate(8,8)"><g class="clusters">{cluster}</g><g class="edgePaths">{paths}</g>'
        f'<g class="edgeLabels">{labels}</g><g class="nodes">{drawn}</g></g></svg>'
    )


END = "marker-end='url(#e)'"


@pytest.mark.parametrize(
    ("attributes", "prefix", "wanted"),
    [
        (f"class='flowchart-link LS-a LE-b' id='L-a-b-0' {END}", "", ("a", "b", "w", "", True, True)),
        (f"class='flowchart-link' id='L_a_b_0' {END}", "", ("a", "b", "w", "", True, True)),
        (f"class='flowchart-link' id='my-svg-L_a_b_0' {END}", "my-svg-", ("a", "b", "w", "", True, True)),
        (
            f"class='edge-pattern-dotted flowchart-link' id='L_a_b_0' {END}",
            "",
            ("a", "b", "w", "dotted", True, True),
        ),
        (
            f"class='edge-thickness-thick flowchart-link' id='L_a_b_0' {END}",
            "",
            ("a", "b", "w", "bold", True, True),
        ),
        (
            "class='edge-thickness-invisible flowchart-link' id='L_a_b_0'",
            "",
            ("a", "b", "w", "", False, False),
        ),
        (f"class='flowchart-link' id='L_a_b_0' marker-start='x' {END}", "", ("a", "b", "w", "", False, True)),
        ("class='flowchart-link' id='L_a_b_0'", "", ("a", "b", "w", "", False, True)),
    ],
)
def test_edges_of_mermaid_are_named_by_their_ids(attributes, prefix, wanted):
    assert links(mermaid([(attributes, "w")], prefix=prefix)) == [wanted]


def test_nodes_and_frames_of_mermaid():
    sketch = read_svg_sketch(mermaid([(f"class='flowchart-link' id='L_a_b_0' {END}", "")]))
    assert [node.text for node in sketch.nodes.values()] == ["a\nunit", "b\nunit", "c\nunit"]
    assert sketch.nodes["b"].place == Place(108, 13, 40, 40)
    assert sketch.nodes["a"].colour == "#9f6" and sketch.nodes["a"].shape == "circle"
    assert sketch.groups["in"].title == "Input" and [node.group for node in sketch.nodes.values()] == [
        "in",
        "",
        "",
    ]


def test_ids_with_signs_of_their_own_are_split_where_nodes_are():
    text = mermaid([(f"class='flowchart-link' id='L_h_1_y_2_0' {END}", "")], nodes=["h_1", "y_2", "h"])
    assert [(link[0], link[1]) for link in links(text)] == [("h_1", "y_2")]


def test_an_edge_with_an_id_of_its_own_ends_where_its_line_does():
    text = mermaid([(f"class='flowchart-link' id='e1' {END}", "")]).replace("M0,0 10,0", "M20,5 76,5")
    assert [(link[0], link[1]) for link in links(text)] == [("a", "b")]
    with pytest.raises(NotationError, match="does not say where it ends"):
        read_svg_sketch(text.replace("M20,5 76,5", "M20,500 76,900"))


def test_a_connection_of_a_node_that_is_not_there_is_refused():
    text = graphviz([("a", "a", "white"), ("b", "b", "white")], [("a-&gt;b", "")])
    with pytest.raises(NotationError, match="no node of that name"):
        read_svg_sketch(text.replace('<g class="node"><title>a<', '<g class="nod"><title>a<'))
