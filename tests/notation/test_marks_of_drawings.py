"""Marks of drawings that are no units and no connections, and units that look like other things."""

import pytest

import chalknet as cn
from chalknet.errors import ChalknetError
from chalknet.notation.drawings.sketch import Place
from chalknet.notation.marks.heads import give_heads
from chalknet.notation.marks.mark import ShapeMark, StrokeMark, Tidied


def shorthand(text):
    return cn.write(cn.read(text), "shorthand")


CHAIN = "x -> a -> b -> c; x [label=%s]; a [label=%s]; b [label=%s]; c [label=%s]"


@pytest.mark.parametrize(
    ("labels", "network"),
    [
        (
            (
                '"in: float32[N,16]"',
                r'"Gemm\nB: float32[64,16]\nC: float32[64]"',
                '"Relu"',
                r'"Gemm\nB: float32[3,64]\nC: float32[3]"',
            ),
            "16 -> 64 relu -> 3",
        ),
        (
            (
                '"f32[?,4]"',
                r'"aten::linear\nweight f32[128,4]"',
                '"aten::relu"',
                r'"aten::linear\nweight f32[2,128]"',
            ),
            "4 -> 128 relu -> 2",
        ),
        (
            (
                '"x: float32[1,12]"',
                '"{/fc1/Gemm|B: float32[30,12]}"',
                '"/act1/Relu"',
                '"{/fc2/Gemm|B: float32[5,30]}"',
            ),
            "12 -> 30 relu -> 5",
        ),
        (('"x: float32[1,8]"', '"{MatMul|B: f32[8,20]}"', '"{Add|B: f32[20]}"', '"Tanh"'), "8 -> 20 tanh"),
    ],
)
def test_an_operator_whose_box_states_its_weights_is_a_layer(labels, network):
    assert shorthand("digraph { " + CHAIN % labels + " }") == network


@pytest.mark.parametrize(
    "label", ["MSE loss", "Rekonstruktionsfehler", "복원 오차", "erro de reconstrução", "compare"]
)
@pytest.mark.parametrize("look", ["style=dotted dir=both", "style=dashed", "color=red constraint=false"])
def test_a_line_that_says_a_loss_between_joined_ends_is_no_connection(label, look):
    drawn = 'digraph { x [label="Input 20"]; h [label="Dense 5 relu"]; y [label="Output 20, linear"]; x -> h -> y; x -> y [%s label="%s"] }'
    network = cn.read(drawn % (look, label))
    assert cn.write(network, "shorthand") == "20 -> 5 relu -> 20"
    assert any("no connection" in note and label in note for note in network.notes)


def test_a_dashed_line_that_says_no_loss_stays_a_connection():
    with pytest.raises(ChalknetError, match="skips"):
        cn.read(
            'digraph { x [label="Input 9"]; h [label="Dense 9 relu"]; y [label="Dense 9"]; x -> h -> y; x -> y [style=dashed label=skip] }'
        )


@pytest.mark.parametrize(
    ("drawn", "network"),
    [
        (
            "graph { {A1 A2 A3 A4 A5} -- {B1 B2 B3}; {B1 B2 B3} -- {C1 C2 C3}; {C1 C2 C3} -- {D1 D2} }",
            "5 -> 3 ? -> 3 ? -> 2 ?",
        ),
        (
            "graph { {A0 A1 A2 A3} -- {B0 B1}; {B0 B1} -- {C0 C1 C2}; {C0 C1 C2} -- D0 }",
            "4 -> 2 ? -> 3 ? -> 1 ?",
        ),
        ("flowchart LR\n a1 & a2 & a3 --- b1 & b2\n b1 & b2 --- c1", "3 -> 2 ? -> 1 ?"),
        (
            "graph { x1 -- b1; x1 -- b2; x2 -- b1; x2 -- b2; x3 -- b1; x3 -- b2; b1 -- y; b2 -- y }",
            "3 -> 2 ? -> 1 ?",
        ),
        ("graph { {x1 x2} -- {h1 h2 h3}; b1 -- {h1 h2 h3}; {h1 h2 h3} -- y; b2 -- y }", "2 -> 3 ? -> 1 ?"),
    ],
)
def test_units_named_b_are_no_biases_between_a_and_c_or_when_joined_alike(drawn, network):
    assert shorthand(drawn) == network


@pytest.mark.parametrize(
    ("label", "network"),
    [
        ("Dense 3\\nsoft-\\nmax", "4 -> 3 softmax"),
        ("Dense 3\\nLeaky-\\nReLU", "4 -> 3 leaky_relu"),
        ("Dense 3\\nhyper-\\nbolic tan-\\ngent", "4 -> 3 tanh"),
        ("Ausgabe-\\nschicht 3\\nsig-\\nmoid", "4 -> 3 sigmoid"),
    ],
)
def test_a_word_that_is_broken_at_the_end_of_a_line_is_one_word(label, network):
    assert shorthand(f'digraph {{ x [label="Input 4"]; y [label="{label}"]; x -> y }}') == network


def test_a_compound_that_is_broken_at_its_hyphen_keeps_it():
    with pytest.raises(ChalknetError, match="Self-attention"):
        cn.read(
            'digraph { x [label="Input 4"]; a [label="Self-\\nattention"]; y [label="Dense 2"]; x -> a -> y }'
        )


CROSSED = """(x1)---(h1)
    \\ /     \\
     X       (y)
    / \\     /
(x2)---(h2)
"""


@pytest.mark.parametrize(
    ("lines", "network"),
    [
        ("hidden units: tanh\noutput unit:   linear", "2 -> 2 tanh -> 1"),
        ("activation of the hidden layer = relu\noutput: sigmoid", "2 -> 2 relu -> 1 sigmoid"),
        ("all neurons: sigmoid", "2 -> 2 sigmoid -> 1 sigmoid"),
        ("Exercise 3: a small net (5 points)", "2 -> 2 ? -> 1 ?"),
    ],
)
def test_lines_under_a_drawing_of_characters_tell_activations(lines, network):
    assert shorthand(f"{CROSSED}\n{lines}\n") == network


def test_a_crossing_that_is_not_followed_is_told():
    drawn = "(x1) --- (h1)\n     \\ /      \\\n      X        (y)\n     / \\      /\n(x2) --- (h2)\n"
    assert any("joins nothing" in note for note in cn.read(drawn).notes)


OPERATOR = (
    '<path d="M50,{y} h120 v20 h-120 z" fill="navy"/><path d="M50,{low} h120 v40 h-120 z" fill="white"/>'
    '<rect x="50" y="{y}" width="120" height="60" fill="none" stroke="black"/>'
    '<text x="60" y="{head}" font-size="11">{name}</text><text x="60" y="{body}" font-size="11">{words}</text>'
)


@pytest.mark.parametrize(
    ("names", "network"),
    [
        ((("Gemm", "B ⟨24×7⟩"), ("Gemm", "B ⟨3×24⟩")), "7 -> 24 ? -> 3 ?"),
        ((("MatMul", "B ⟨7×24⟩"), ("MatMul", "B ⟨24×3⟩")), "7 -> 24 nobias ? -> 3 nobias ?"),
    ],
)
def test_the_heading_and_the_body_of_a_box_with_fillings_of_their_own_are_one_box(names, network):
    drawn = "".join(
        OPERATOR.format(y=y, low=y + 20, head=y + 14, body=y + 45, name=name, words=words)
        for y, (name, words) in zip((100, 220), names, strict=True)
    )
    arrow = '<defs><marker id="v" orient="auto"><path d="M0,0L9,4L0,8z"/></marker></defs>'
    arrow += '<rect x="80" y="20" width="60" height="30" stroke="black"/><text x="110" y="40">x</text>'
    for top, end in ((50, 100), (160, 220)):
        arrow += f'<path d="M110,{top} L110,{end}" stroke="black" marker-end="url(#v)"/>'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="300" height="400">{arrow}{drawn}</svg>'
    assert shorthand(svg) == network


def test_sides_of_a_head_that_a_hand_has_bowed_are_no_lines():
    shaft = StrokeMark(((80.0, 60.0), (240.0, 60.0)))
    sides = [StrokeMark(((240.0, 60.0), (234.0, 60.0 + 5 * s), (227.0, 60.0 + 6 * s))) for s in (-1, 1)]
    found = Tidied([ShapeMark("disc", Place(x, 60, 40, 40)) for x in (60, 262)], [shaft, *sides])
    give_heads(found, lambda steps: None)
    assert [(stroke.points, stroke.end_head) for stroke in found.strokes] == [(shaft.points, True)]
