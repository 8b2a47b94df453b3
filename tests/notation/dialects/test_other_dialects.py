"""PlantUML, D2, characters and graph files by example; forms that are not read are named."""

import pytest

import chalknet as cn
from chalknet.errors import CannotExpress, ChalknetError, NotationError
from chalknet.notation import recognise
from chalknet.notation.dialects.ascii_reader import read_ascii_sketch
from chalknet.notation.dialects.d2 import read_d2_sketch
from chalknet.notation.dialects.graph_files import read_graphml_sketch
from chalknet.notation.dialects.plantuml import read_plantuml_sketch


def links(sketch):
    label = {node.key: node.text for node in sketch.nodes.values()}
    return {(label[link.source], label[link.target]) for link in sketch.links}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("@startuml\nAlice -> Bob: hello\n@enduml", "sequence diagram"),
        ("@startuml\nclass A\nA <|-- B\n@enduml", "class diagram"),
        ("@startmindmap\n* a\n@endmindmap", "@startmindmap"),
        ("a: {shape: sequence_diagram}\na -> b", "sequence diagram"),
        ("a: {shape: sql_table}\na -> b", "table of SQL"),
        ("blockdiag {\n A -> B -> C;\n}", "blockdiag"),
        ('box "in" fit\narrow\nbox "out" fit\n', "Pikchr"),
        ("#direction: right\n[a] -:> [b|x;y]\n", "nomnoml"),
        ('{signal: [{name: "clk", wave: "p..."}]}', "WaveDrom"),
        ('#import "@preview/fletcher:0.5.1" as fletcher\n#diagram(node((0,0)))', "Typst"),
        ("workspace {\n model { a = softwareSystem }\n}", "Structurizr"),
        ('<?xml version="1.0"?><dia:diagram xmlns:dia="http://www.lysator.liu.se/~alla/dia/"/>', "Dia"),
        ("<VisioDocument xmlns='http://schemas.microsoft.com/visio/2003/core'/>", "Visio"),
    ],
)
def test_a_drawing_of_another_kind_is_named(text, kind):
    with pytest.raises(CannotExpress, match=kind) as problem:
        cn.read(text)
    assert problem.value.remedy


def test_plantuml_notes_titles_hidden_lines_and_links_of_frames():
    text = """@startuml
title The net
package In {
 circle x1
 circle x2
}
agent "out\\nput" as y
In --> y
x1 -[hidden]- x2
note right of y : it says yes
note "free" as N
@enduml"""
    sketch = read_plantuml_sketch(text)
    sketch.reach_frames()
    assert links(sketch) == {("x1", "out\nput"), ("x2", "out\nput"), ("x1", "x2")}
    assert [link.visible for link in sketch.links] == [False, True, True]
    assert sketch.caption == "The net"
    assert {"it says yes", "free"} <= {n.text for n in sketch.nodes.values() if n.shape == "plaintext"}


def test_d2_variables_texts_chains_and_classes():
    text = "vars: {act: relu}\nclasses: {u: {shape: circle}}\na.class: u\na -> h: {style.stroke-dash: 3}\nh: ${act}\nh -> y -> z\ny: |md\n # Out\n|\n(a -> h)[0].style.opacity: 0\na -- z"
    sketch = read_d2_sketch(text)
    assert links(sketch) == {("a", "relu"), ("relu", "Out"), ("Out", "z"), ("a", "z")}
    first, last = sketch.links[0], sketch.links[-1]
    assert (first.style, first.visible, last.directed) == ("dashed", False, False)
    assert sketch.nodes["a"].shape == "circle"


CROSSING = """
(x1)---(h1)
    \\ /    \\
     X      (y)
    / \\    /
(x2)---(h2)
"""
JOINED = """
x1 ○──┐
      ├──> ● y
x2 ○──┘
"""


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (CROSSING, {("x1", "h1"), ("x1", "h2"), ("x2", "h1"), ("x2", "h2"), ("h1", "y"), ("h2", "y")}),
        (JOINED, {("x1", "y"), ("x2", "y")}),
        ("[a] --0.5--> [b]", {("a", "b")}),
        ("(a)\n |\n v\n(b)", {("a", "b")}),
        ("[入力] ──→ [出力]\n", {("入力", "出力")}),
        ("784 → 128 (relu) → 10 softmax", {("784", "128 (relu)"), ("128 (relu)", "10 softmax")}),
        (" o         o\n o   -->   o\n", {("", "")}),
    ],
)
def test_lines_of_characters_are_followed(text, wanted):
    sketch = read_ascii_sketch(text)
    assert links(sketch) == wanted
    assert recognise(text).name == "ascii"
    assert not sketch.unread


def test_columns_with_an_arrow_between_them_are_joined_each_to_each():
    assert len(read_ascii_sketch(" o         o\n o   -->   o\n o          \n").links) == 6


def test_what_could_not_be_followed_is_told():
    sketch = read_ascii_sketch("(a)---(b)\n  \\\n   \\\n")
    assert links(sketch) == {("a", "b")}
    assert any("ends nowhere" in what for what in sketch.unread)


@pytest.mark.parametrize(
    "text",
    [
        "src\n├── a.py\n└── b\n    └── c.py\n",
        "cat x | grep y | wc -l",
        "| a | b |\n|---|---|\n| 1 | 2 |\n",
        "a | b\nc | d\n",
    ],
)
def test_trees_pipes_and_tables_are_no_networks(text):
    with pytest.raises(ChalknetError):
        cn.read(text)


def test_graphml_of_yed_has_groups_places_and_arrows():
    text = (
        '<graphml xmlns:y="http://www.yworks.com/xml/graphml"><graph edgedefault="directed"><node id="g"><data><y:NodeLabel>Layer</y:NodeLabel></data>'
        '<graph><node id="a"><data><y:Geometry x="1" y="2" width="10" height="4"/><y:NodeLabel>A</y:NodeLabel></data></node></graph></node>'
        '<node id="b"><data><y:NodeLabel>B</y:NodeLabel></data></node>'
        '<edge source="a" target="b"><data><y:LineStyle type="dashed"/><y:Arrows source="standard" target="none"/></data></edge></graph></graphml>'
    )
    sketch = read_graphml_sketch(text)
    assert links(sketch) == {("B", "A")} and sketch.links[0].style == "dashed"
    assert sketch.groups["g"].title == "Layer" and sketch.nodes["a"].group == "g"
    assert sketch.nodes["a"].place == (6, 4, 10, 4)


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE g [<!ENTITY a "aa">]><graphml><graph><node id="&a;"/></graph></graphml>',
        "<graphml><graph><node id='a'></graph>",
        '<graphml><graph><node id="a"/><edge source="a" target="b"/></graph></graphml>',
        "graph [ node [ id 1 ]",
        "@startuml\nrectangle a {\n@enduml",
        "@startuml\n!while 1\ncircle a\n!endwhile\n@enduml",
        "direction: right\na: {",
    ],
)
def test_damaged_and_endless_texts_are_refused(text):
    with pytest.raises(NotationError):
        cn.read(text)


@pytest.mark.parametrize(
    ("text", "shorthand"),
    [
        ("@startuml\ncircle x1\ncircle x2\ncircle h1\ncircle h2\ncircle y\nx1 --> h1\nx1 --> h2\nx2 --> h1\nx2 --> h2\nh1 --> y\nh2 --> y\n@enduml", "2 -> 2 ? -> 1 ?"),
        ("x1 -> h1\nx1 -> h2\nx2 -> h1\nx2 -> h2\nh1 -> y\nh2 -> y\n*.shape: circle", "2 -> 2 ? -> 1 ?"),
        (CROSSING, "2 -> 2 ? -> 1 ?"),
        ("784 → 128 (relu) → 10 (softmax)", "784 -> 128 relu -> 10 softmax"),
    ],
)  # fmt: skip
def test_plain_drawings_are_read_end_to_end(text, shorthand):
    assert cn.write(cn.read(text), "shorthand") == shorthand


_PICTURE = "\\begin{tikzpicture}"
_DOUBLED = "".join(f"\\def\\{chr(97 + i)}{{\\{chr(98 + i)}\\{chr(98 + i)}}}" for i in range(24))


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "text",
    [
        _PICTURE + "{" * 200_000,
        _PICTURE + _DOUBLED + "\\def\\y{x}\\node {\\a};",
        _PICTURE + "\\foreach \\i in {1,...,9999} \\foreach \\j in {1,...,9999} \\node {};",
        _PICTURE + "\\tikzset{a/.style={b,b},b/.style={a,a}}\\node[a] {};\\draw (a) -- (b);",
        "\\tikz{\\node{};}" * 20_000,
        "@startuml\n" + '!$x="a"\n' + "!$x=$x+$x\n" * 60 + 'circle "$x"\n@enduml',
        "@startuml\n" + "/' " * 100_000,
        "direction: right\n" + "* -> *\n" * 50 + "\n".join(f"a{place}" for place in range(3000)),
        "direction: right\n" + "a: {" * 50_000,
        "+---+---+\n|   |   |\n" * 20_000,
        "\n" * 400_000 + "graph",
        " " * 400_000 + "[a]",
        "<graphml>" + "<graph><node id='a'>" * 20_000,
    ],
    ids=lambda text: text[:24].strip() or "blanks",
)
def test_no_text_takes_long_or_much(text):
    with pytest.raises(ChalknetError):
        cn.read(text)


@pytest.mark.parametrize("before", ["<<oculta>>", "#eef", "<<a>> #eef", ""])
def test_a_stereotype_or_colour_may_stand_before_a_name(before):
    layers = [
        ("Entrada\\n9 variables", "e"),
        ("Oculta\\n18 neuronas\\nReLU", "o"),
        ("Salida\\n2 neuronas", "s"),
    ]
    lines = [f'rectangle "{label}" {before} as {key}' for label, key in layers]
    text = "\n".join(["@startuml", *lines, "e --> o", "o --> s", "@enduml"])
    assert not cn.difference("9 -> 18 relu -> 2 ?", cn.read(text))


@pytest.mark.parametrize("key", ["activation", "type"])
def test_attributes_of_graphml_nodes_are_facts_of_units(key):
    nodes = [(layer, unit) for layer, width in enumerate((3, 4, 1)) for unit in range(width)]
    names = {1: "tanh", 2: "sigmoid"}
    text = f'<graphml><key id="d" for="node" attr.name="{key}"/><graph edgedefault="directed">'
    for layer, unit in nodes:
        said = f'<data key="d">{names[layer]}</data>' if layer else ""
        text += f'<node id="({layer}, {unit})">{said}</node>'
    pairs = [(one, other) for one in nodes for other in nodes if other[0] == one[0] + 1]
    text += "".join(f'<edge source="{one}" target="{other}"/>' for one, other in pairs)
    assert not cn.difference("3 -> 4 tanh -> 1 sigmoid", cn.read(text + "</graph></graphml>"))


@pytest.mark.parametrize("written", ["p=0,4", "p = 0,4", "$p=0{,}4$", "0,4", "p=0.4"])
def test_a_decimal_comma_is_one(written):
    text = f'digraph {{x [label="Entrada 5"]; d [label="Densa 7 ReLU"]; o [label="Dropout ({written})"]; y [label="Densa 2"]; x -> d -> o -> y}}'
    assert not cn.difference("5 -> 7 relu dropout(0.4) -> 2 ?", cn.read(text))
