"""Kinds of drawings by people who do not know the rules: biases by colour, formulas, numbers of layers, marks beside lines."""

import pytest

import chalknet as cn


def shorthand(text):
    return cn.write(cn.read(text), "shorthand")


def told(text):
    return "; ".join(cn.read(text).notes)


BIASES = """flowchart LR
 subgraph A
  a(( ))
  b(( ))
  k(( )):::y
 end
 subgraph B
  c(( ))
  d(( ))
  e(( ))
  l(( )):::y
 end
 o(( ))
 a & b & k --> c & d & e
 c & d & e & l --> o
 classDef y fill:#fd0
"""


@pytest.mark.parametrize(
    ("legend", "why"),
    [
        ("", "a bias of another layer has its colour"),
        (' L["bias"]:::y\n', "the colour that is said to be that of biases"),
        (' L["yellow = bias"]\n', "the colour that is said to be that of biases"),
        (' L["gelbe Kreise: Bias"]\n', "the colour that is said to be that of biases"),
        (' L["黄色：偏置"]\n', "the colour that is said to be that of biases"),
    ],
)
def test_biases_are_told_by_their_colour_with_a_note(legend, why):
    assert cn.read(BIASES + legend) == cn.read("2 -> 3 ? -> 1 ?")
    assert why in told(BIASES + legend)


def test_a_nameless_node_into_which_nothing_leads_is_the_bias_of_its_layer():
    drawn = 'digraph { node [label=""]; {a b} -> {c d e}; {c d e k} -> o }'
    assert cn.read(drawn) == cn.read("2 -> 3 nobias ? -> 1 ?")
    assert "nothing leads to it" in told(drawn)


def test_a_one_beside_a_node_called_bias_is_the_input():
    assert cn.read('digraph { {a bias} -> {h1 h2 h3} -> o; a [label="1"] }') == cn.read(
        "1 -> 3 ? -> 1 nobias ?"
    )


def test_an_activation_before_the_first_map_is_told():
    assert "an input may be missing" in told(
        'digraph { a -> relu -> b; a [label="Input 3"]; b [label="Dense 2"] }'
    )


def test_a_clause_of_a_caption_that_belongs_to_no_layer_is_told():
    drawn = 'flowchart LR\nx[Input 8] --> a[64 relu] --> z["z: 16"] --> y[Output 8]\nn["hidden layer relu, code layer linear, output sigmoid"]'
    assert "'code layer linear': of which layer is not known" in told(drawn)
    assert shorthand(drawn).startswith("8 -> 64 relu -> 16")


@pytest.mark.parametrize(
    "drawn",
    [
        "x1 & x2 --> s((Σ))\ns --> z[z = w·x + b] --> a[sigmoid] --> y",
        "x1 & x2 --> s((Σ))\ns -- z = w·x + b --> a[sigmoid] --> y",
        "x1 & x2 --> z[z = Σ w_i x_i + b] --> a[sigmoid] --> y",
    ],
)
def test_a_formula_with_a_bias_gives_one_to_the_sum(drawn):
    assert shorthand(f"flowchart LR\n{drawn}") == "2 -> 1 sigmoid"
    assert "no bias" not in told(f"flowchart LR\n{drawn}")


@pytest.mark.parametrize(
    ("boxes", "network"),
    [
        (["Input layer 4", "Hidden layer 8 relu", "Output layer 2"], "4 -> 8 relu -> 2 ?"),
        (["输入层 6", "全连接层 32", "全连接层 3"], "6 -> 32 ? -> 3 ?"),
        (
            ["Input 5", "Dense layer 16 relu", "Dense layer 8 relu", "Dense layer 1"],
            "5 -> 16 relu -> 8 relu -> 1 ?",
        ),
        (
            ["Input 4", "Hidden layer 1<br>8 relu", "Hidden layer 2<br>6 relu", "Output 2"],
            "4 -> 8 relu -> 6 relu -> 2 ?",
        ),
        (
            ["Input 4", "Hidden layer 1 relu", "Hidden layer 2 relu", "Output 2"],
            "4 -> k1 relu -> k2 relu -> 2 ?",
        ),
    ],
)
@pytest.mark.parametrize("shape", ['["{}"]', '(("{}"))'])
def test_a_number_behind_the_word_layer_is_a_width_unless_it_counts_the_layers(boxes, network, shape):
    drawn = "flowchart LR\n" + " --> ".join(f"n{at}{shape.format(box)}" for at, box in enumerate(boxes))
    assert cn.read(drawn) == cn.read(network)


def test_dropout_on_an_arrow_behind_a_layer_with_an_activation_is_kept():
    drawn = "flowchart LR\na[Input 42] --> b[Dense 128 ReLU] -- dropout 0.25 --> c[Dense 7 softmax]"
    assert shorthand(drawn) == "42 -> 128 relu dropout(0.25) -> 7 softmax"


STACK = """
   [10 sensors]  temperature, pressure
        |
        v
 +--------------+
 | Linear(32)   |
 +------+-------+
        |  GELU
        |  dropout 0.1
        v
 +--------------+
 | Linear(3)    |
 +------+-------+
        | Softmax
        v
  good / bad / ugly
"""


def test_words_beside_an_upright_line_act_on_the_way_and_boxes_of_characters_are_no_code():
    assert shorthand(STACK) == "10 -> 32 gelu dropout(0.1) -> 3 softmax"


ROWS = """
  input:   o   o   o   o   o
            \\  |  \\|/  |  /
  hidden:      o   o   o
                \\  |  /
  output:          o

every unit is connected with each unit of the next row
"""


def test_rows_of_characters_of_which_a_sentence_says_that_all_are_joined_are_layers():
    assert cn.read(ROWS) == cn.read("5 -> 3 ? -> 1 ?")


HALVES = """<svg xmlns="http://www.w3.org/2000/svg"><g font-size="14">
<circle cx="40" cy="40" r="12"/><text x="36" y="44">x1</text><circle cx="40" cy="120" r="12"/><text x="36" y="124">x2</text>
<rect x="140" y="55" width="90" height="50" fill="none" stroke="black"/><line x1="185" y1="55" x2="185" y2="105" stroke="black"/>
<text x="156" y="85">Σ</text><text x="200" y="85">{}</text><text x="150" y="125">θ = 1,5</text></g>
<g stroke="black"><line x1="52" y1="40" x2="140" y2="70"/><line x1="52" y1="120" x2="140" y2="90"/></g></svg>"""


@pytest.mark.parametrize(
    ("function", "network"), [("σ", "2 -> 1 sigmoid"), ("f", "2 -> 1 ?"), ("φ", "2 -> 1 ?")]
)
def test_a_box_divided_into_a_sum_and_a_function_is_one_neuron(function, network):
    assert cn.read(HALVES.format(function)) == cn.read(network)


def circles(spots, radius, fill="#fff"):
    return "".join(f'<circle cx="{x}" cy="{y}" r="{radius}" fill="{fill}" stroke="black"/>' for x, y in spots)


LEFT, RIGHT = [(80, 30), (80, 60), (80, 180), (80, 210)], [(260, 60), (260, 120), (260, 180)]
NET = circles(LEFT, 9) + circles(RIGHT, 9)
NET += "".join(
    f'<line x1="{a}" y1="{b}" x2="{c}" y2="{d}" stroke="black"/>' for a, b in LEFT for c, d in RIGHT
)
SVG = '<svg xmlns="http://www.w3.org/2000/svg" font-size="12">{}</svg>'


def test_a_number_at_the_brace_beside_dots_is_the_width_of_their_column():
    dots = circles([(80, 100), (80, 120), (80, 140)], 2.5, "black")
    brace = '<path d="M50 25q-14 0 -14 95t-12 0q12 0 12 95t14 0" fill="none" stroke="black"/>'
    text = SVG.format(NET + dots + brace + '<text x="4" y="124">784</text>')
    assert cn.read(text) == cn.read("784 -> 3 ?")
    assert "784: taken for the width of the column beside it" in told(text)


def test_keys_of_a_legend_are_no_dots():
    keys = circles([(300, 200)], 4, "#36c") + circles([(300, 218)], 4, "#c33")
    words = '<text x="310" y="204">w &gt; 0</text><text x="310" y="222">w &lt; 0</text>'
    network = cn.read(SVG.format(NET + keys + words))
    assert network == cn.read("4 -> 3 ?")
    assert network.account.aside == ("a key of a legend",) * 2


def test_groups_that_another_program_calls_node_are_read_by_their_places():
    nodes = "".join(
        f'<g class="node" transform="translate({x},{y})"><circle r="9"/><title>n{at}</title></g>'
        for at, (x, y) in enumerate(LEFT + RIGHT)
    )
    lines = "".join(
        f'<line class="link" x1="{a}" y1="{b}" x2="{c}" y2="{d}" stroke="black"/>'
        for a, b in LEFT
        for c, d in RIGHT
    )
    assert cn.read(SVG.format(lines + nodes)) == cn.read("4 -> 3 ?")


@pytest.mark.parametrize(
    ("caption", "shorthand"),
    [
        ("Housing prices (ReLU in the hidden layer)", "x -> 3 relu -> 1 ?"),
        ("三层前馈神经网络（隐藏层激活函数为ReLU，输出层不使用激活函数）", "x -> 3 relu -> 1"),
        ("sigmoid (hidden and output)", "x -> 3 sigmoid -> 1 sigmoid"),
    ],
)
def test_a_title_says_in_brackets_of_which_layers_it_speaks(caption, shorthand):
    drawn = f'digraph {{ label="{caption}"; {{a; b}} -> {{h1; h2; h3}} -> y }}'
    assert cn.write(cn.read(drawn), "shorthand") == shorthand.replace("x", "2")


@pytest.mark.parametrize("last", ["Salida: 6 actividades", "Output: 6 classes", "Probabilities (6)"])
def test_a_box_behind_the_last_activation_that_names_no_map_hands_out(last):
    drawn = f'digraph {{ node [shape=box]; "Input 48" -> "Dense 96" -> ReLU -> "Dense 6" -> Softmax -> "{last}" }}'
    assert cn.read(drawn) == cn.read("48 -> 96 relu -> 6 softmax")


@pytest.mark.parametrize(("units", "width"), [("x1 x2 xn", "n"), ("x1 x2 x3 xm", "m"), ("x1 x2 xy", 3)])
def test_a_last_unit_with_a_letter_stands_for_all_up_to_it(units, width):
    assert cn.read(f"digraph {{ {{{units}}} -> {{h1 h2}} -> y }}").input_shape == (width,)


def test_an_activation_in_two_boxes_in_a_row_is_noted():
    network = cn.read('digraph { node [shape=box]; "Input 13" -> "Dense 32 relu" -> relu -> "Dense 10" }')
    assert any(note.startswith("relu stands in") for note in network.notes)
