"""The rules by which drawings are read: each has a name and speaks somewhere; the kinds that they decide."""

import random
from collections import Counter
from contextlib import suppress
from itertools import chain
from pathlib import Path

import pytest
from tests.notation.strange_drawings import drawing

import chalknet as cn
from chalknet.errors import ChalknetError
from chalknet.notation.drawings import directions, evidence, hanging, sides
from chalknet.notation.drawings.rules import Rule

TABLES = {
    "columns": evidence.EVIDENCE,
    "sides": sides._RULES,
    "hanging": hanging.HANGING,
    "lines": directions._FORWARD,
}
RULES = [
    (where, role, rule) for where, table in TABLES.items() for role, rules in table.items() for rule in rules
]
HERE = Path(__file__).parent
DRAWN = [*sorted((HERE / "drawings").glob("*.*")), *sorted((HERE / "strangers").glob("*.*"))]


BESIDE = (
    "Overfitting",
    "remember to scale the data first",
    "h3",
    "Dense 9 learning",
    "bias vector of layer 2",
    "W",
)
FEW = [f'digraph {{ {{x1 x2}} -> {{h1 h2}} -> y; "{word}" -> y }}' for word in BESIDE]
FEW += [
    "graph { {y1 y2} -- {h1 h2 h3} -- {x1 x2} }",
    'digraph { {a bias} -> {h1 h2 h3} -> o; a [label="1"] }',
    'digraph { node [label=""]; {a b k} -> {c d e}; {c d e l} -> o; k [fillcolor=gold]; l [fillcolor=gold] }',
    'digraph { node [label=""]; {a b k} -> {c d e} -> o; k [fillcolor=gold]; n [label="bias", fillcolor=gold] }',
    'digraph { {x1 x2} -> s -> z -> f -> y; s [label="Σ"]; z [label="z = w·x + b"]; f [label=ReLU] }',
    'graph { h1 -- s; h2 -- s; h3 -- s; s [label="dataset"] }',
    'flowchart LR\nd[("shop.csv<br/>900 rows")] --> i["Input 12"] --> a["20 × ReLU"] --> b["1 × sigmoid"] --> q{"p > 0.5"}',
    "flowchart LR\ne[Environment] --> s[State 4] --> h[Dense 8 relu] --> y[Dense 2] --> m[argmax] --> e",
    'digraph { {age weight size} -> {h1 h2} -> y; t [label="-1"]; t -> {h1 h2} [label="θ"] }',
    'digraph { {x1 x2 x3} -> w -> s -> f; w [label="Weights & Bias"]; s [label="Net Sum"]; f [label="sigmoid"] }',
    "digraph { {x1 x2} -> {y1 y2}; y1 -> result }",
    'digraph { {a b c} -> {d e} -> f; a [label="1.0"]; b [label="0.5"]; c [label="0.2"]; d [label="0.3"]; e [label="0.7"] }',
    'flowchart LR\ni["Input (n,4)"] --> e["embed(city, 46, 8)"] --> a["Dense 3"] --> r["relu"] --> b["Dense 1"]',
    '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="120" fill="none" stroke="black">'
    '<circle cx="100" cy="20" r="10"/><circle cx="40" cy="100" r="10"/><circle cx="100" cy="100" r="10"/>'
    '<circle cx="160" cy="100" r="10"/><path d="M94 28 L46 92 M100 30 L100 90 M106 28 L154 92"/></svg>',
    'digraph { {x1 x2} -> {h1 h2} -> y; n -> y; n [shape=plaintext, label="see above"] }',
    "digraph { subgraph cluster_h { h1 h2 } x1 -> {h1 h2}; x2 -> {h1 h2}; {h1 h2} -> y; n -> y }",
    "digraph { {x1 x2} -> {u1 u2}; u1 -> a; u2 -> b; a [label=linear]; b [label=linear] }",
    "flowchart LR\ns[image 2×1] --> x1((x1)) & x2((x2)) --> h1((h)) & h2((h)) --> y((y))",
    'flowchart LR\nx1((x1)) --> a["x1·w1"]\nx2((x2)) --> b["x2·w2"]\na & b --> s(("Σ + b")) --> f["σ(z)"]',
    'flowchart LR\nX["X (m × 3)"] --> D1["dot"]\nW1["W1 (3 × 4)"] --> D1\nD1 --> Z1["Z1 (m × 4)"] --> S1{{sigmoid}}\n'
    'S1 --> A1["A1 (m × 4)"] --> D2["dot"]\nW2["W2 (4 × 1)"] --> D2\nD2 --> Z2["Z2 (m × 1)"] --> S2{{sigmoid}}',
]


@pytest.mark.parametrize("where", TABLES)
def test_each_rule_has_a_name_of_its_own_and_speaks_for_the_role_it_stands_under(where):
    names = Counter((role, rule.name) for role, rules in TABLES[where].items() for rule in rules)
    assert max(names.values()) == 1
    for role, rules in TABLES[where].items():
        assert all(rule.role == role and rule.name for rule in rules)


@pytest.mark.slow
def test_each_rule_speaks_in_some_drawing(monkeypatch):
    spoken = set()

    def counting(rule):
        def holds(view, holds=rule.holds, key=(rule.role, rule.name)):
            if holds(view):
                spoken.add(key)
                return True
            return False

        return Rule(rule.name, rule.role, rule.weight, holds)

    for table in TABLES.values():
        for role in list(table):
            monkeypatch.setitem(table, role, tuple(map(counting, table[role])))
    wanted = {(rule.role, rule.name) for _, _, rule in RULES if rule.weight}
    for form in chain(DRAWN, FEW, (drawing(seed).text for seed in range(400))):
        _read(form)
        if wanted <= spoken:
            return
    assert wanted - spoken == set()


def _read(form):
    with suppress(ChalknetError):
        cn.read(form)


def shorthand(text, **how):
    return cn.write(cn.read(text, **how), "shorthand")


# The kinds of things beside layers, each in several shapes, frames and words.
HANDED = ["result", "Prediction", "ŷ", "Ergebnis", "결과", "预测", "output value"]


@pytest.mark.parametrize("word", HANDED)
@pytest.mark.parametrize("shape", ["(({}))", "[{}]", "([{}])"])
def test_a_node_that_only_hands_out_the_result_is_no_layer(word, shape):
    text = f"flowchart LR\na((a)) & b((b)) --> n([neuron]) --> r{shape.format(word)}"
    network = cn.read(text)
    assert cn.write(network, "shorthand") == "2 -> 1 ?"
    assert any("only hands out the result" in note for note in network.notes)


def test_the_same_name_joined_with_several_units_is_a_layer():
    text = "flowchart LR\na((a)) & b((b)) --> n1((n1)) & n2((n2)) --> y((output))"
    assert shorthand(text) == "2 -> 2 ? -> 1 ?"


@pytest.mark.parametrize(
    "loss",
    ["MSE loss", "½(t - y)²", "$$\\frac{1}{2}(t-o)^2$$", "Cross Entropy", "E = ½ (t − y)²", "손실", "J(θ)"],
)
def test_a_loss_and_its_target_are_no_layers(loss):
    network = cn.read(f'digraph {{ {{x1 x2}} -> {{h1 h2 h3}} -> y; L [label="{loss}"]; y -> L; t -> L }}')
    assert cn.write(network, "shorthand") == "2 -> 3 ? -> 1 ?"
    roles = {mark.key: mark.role for mark in network.account.marks}
    assert roles["L"] == "loss" and roles["t"] == "target"


@pytest.mark.parametrize(
    ("sample", "inputs"), [("image 2×2", 4), ("dataset", 3), ("mini-batch", 5), ("Bild", 2), ("photo.png", 4)]
)
def test_a_sample_before_the_inputs_is_none_of_them(sample, inputs):
    units = " & ".join(f"x{i}((x{i}))" for i in range(1, inputs + 1))
    text = f'flowchart LR\ns["{sample}"] --> {units} --> h1((h)) & h2((h)) --> y((y))'
    assert shorthand(text) == f"{inputs} -> 2 ? -> 1 ?"


def test_the_second_reading_and_the_question_between_equal_ones():
    text = "digraph { {x1 x2 x3} -> n -> m }"
    try:
        network = cn.read(text)
        found = network.account.readings
        assert any("--reading 2" in note for note in network.notes)
    except cn.Undecided as problem:
        found = problem.readings
    written = [cn.write(cn.read(text, reading=number), "shorthand") for number in (1, 2)]
    assert written == ["3 -> 1 ?", "3 -> 1 ? -> 1 ?"] and len(found) >= 2
    roles = [{mark.text: mark.role for mark in reading.account.marks} for reading in found]
    assert [one["m"] for one in roles[:2]] == ["hand-out", "unit"]  # each with an account of its own
    with pytest.raises(cn.InvalidValue, match="a number from 1 to"):
        cn.read(text, reading=99)


def test_every_mark_has_a_role_in_the_account():
    network = cn.read(
        'digraph { label="a title"; subgraph cluster_0 { label="hidden, relu"; h1; h2 } b [label="+1"]; '
        '{x1 x2} -> {h1 h2} -> y -> result; b -> {h1 h2}; note [shape=note, label="see page 3 of the book"] }'
    )
    account = network.account
    roles = {mark.text: mark.role for mark in account.marks}
    assert roles == {
        "a title": "caption", "hidden, relu": "title", "x1": "input", "x2": "input", "h1": "unit", "h2": "unit",
        "y": "unit", "result": "hand-out", "+1": "bias", "see page 3 of the book": "caption",
    }  # fmt: skip
    assert len(account.links) == 9 and not account.unexplained
    assert cn.write(network, "shorthand") == "2 -> 2 relu -> 1 nobias ?"


@pytest.mark.parametrize(
    ("text", "is_a"),
    [
        ("graph { label=\"Restricted Boltzmann machine\"; {v1 v2} -- {h1 h2} }", "Boltzmann"),
        ('digraph { 0 [label="petal <= 2.45\\ngini = 0.66"]; 0 -> 1; 0 -> 2 }', "decision tree"),
        ("digraph { Q -> mm; K -> mm; mm -> softmax -> mm2; V -> mm2 }", "attention"),
        ('digraph { a [label="Dense 64 relu"]; x -> a; a -> b; a -> c; b [label="Dense 8"]; c [label="Dense 4"] }',
         "side by side"),
    ],
)  # fmt: skip
def test_what_looks_like_a_network_and_is_none_is_refused_by_name(text, is_a):
    with pytest.raises(ChalknetError, match=is_a):
        cn.read(text)


def test_layers_that_are_left_out_are_counted_or_asked_for():
    head = 'flowchart LR\nx["Input (32)"] --> a["Hidden 1 (100, ReLU)"] --> d["{}"] --> y["Output (1)"]'
    assert shorthand(head.format("... 3 more hidden layers ...")).startswith("32 -> " + "100 relu -> " * 4)
    with pytest.raises(cn.CannotExpress, match="layers that are left out"):
        cn.read(head.format("..."))


X, H, Y = ("x1", "x2", "x3"), ("h1", "h2"), ("y",)


def lines(turned, order):
    """Return a drawing without arrows, each line written from either end, in any order."""
    pairs = [(a, b) for one, other in ((X, H), (H, Y)) for a in one for b in other]
    written = [f"{b} -- {a}" if at in turned else f"{a} -- {b}" for at, (a, b) in enumerate(pairs)]
    return "graph {" + "; ".join(written[at] for at in order) + "}"


@pytest.mark.parametrize("seed", range(12))
def test_lines_without_arrows_are_read_in_whatever_order_and_direction_they_are_written(seed):
    draw = random.Random(seed)
    count = len(X) * len(H) + len(H) * len(Y)
    turned = set(draw.sample(range(count), draw.randint(0, count)))
    network = cn.read(lines(turned, draw.sample(range(count), count)))
    assert cn.write(network, "shorthand") == "3 -> 2 ? -> 1 ?"
    assert any("no arrows: read from" in note for note in network.notes)


def test_lines_seen_from_right_to_left_begin_at_the_left():
    text = "graph RL\nsubgraph softmax\ns1\ns2\nend\ns1 & s2 --- n1((a)) & n2((b)) & n3((c))\nn1 & n2 & n3 --- e1((d))"
    assert shorthand(text) == "1 -> 3 ? -> 2 softmax"


def test_gradient_arrows_beside_forward_ones_are_no_cycle_and_recurrent_ones_are():
    forward = 'digraph { {i1 i2} -> {h1 h2} -> o; o -> E; t -> E; E [label="MSE"]; '
    back = "E -> o [style=dashed]; o -> h1 [style=dashed]; o -> h2 [style=dashed] }"
    network = cn.read(forward + back)
    assert cn.write(network, "shorthand") == "2 -> 2 ? -> 1 ?"
    assert any("lead back" in note for note in network.notes)
    with pytest.raises(cn.CannotExpress, match="cycle"):
        cn.read("digraph { {i1 i2} -> {h1 h2} -> o; o -> h1 [style=dashed] }")


def test_a_link_to_a_frame_is_one_link():
    text = "flowchart TB\nd[(Dataset)] -.-> net\nsubgraph net\na & b --> c((relu)) & e((relu)) --> y((y))\nend\nnet -.-> l[MSE loss]"
    assert shorthand(text) == "2 -> 2 relu -> 1 ?"


def test_dots_that_nothing_holds_are_placed_by_order_or_told():
    units = 'x1; x2; d [label="+8 more", shape=none]; h1; h2; e [label="⋮", shape=none]; h9; y'
    assert shorthand(f"digraph {{ {units}; {{x1 x2}} -> {{h1 h2 h9}} -> y }}") == "10 -> 9 ? -> 1 ?"
    loose = cn.read('digraph { {x1 x2} -> {h1 h2} -> y; d [label="+8 more", shape=none] }')
    assert any("+8 more" in note for note in loose.notes)


def test_a_heading_without_a_frame_gives_its_layer_a_width_and_an_activation():
    heads = 'a [label="Hidden layer 1, 30 neurons, relu", shape=none]; d [label="...", shape=none]; '
    text = f"digraph {{ {heads} {{x1 x2}} -> {{h1 d h2}} -> y }}"
    assert shorthand(text) == "2 -> 30 relu -> 1 ?"


@pytest.mark.parametrize("shape", ["circle", "box", "ellipse"])
def test_columns_of_words_that_are_joined_as_layers_are_need_units_to_be_a_network(shape):
    chart = (
        f"digraph {{ node [shape={shape}]; {{web mobile}} -> {{auth orders search}} -> {{postgres redis}} }}"
    )
    with pytest.raises(ChalknetError, match="nothing speaks of a network"):
        cn.read(chart)
    assert shorthand(chart.replace("auth orders search", "h1 h2 h3")) == "2 -> 3 ? -> 2 ?"


def test_the_shape_that_a_step_notes_and_the_layer_does_not_have_is_told():
    network = cn.read(
        'digraph { x [label="Input (9)"]; d [label="Dense 4"]; r [label="ReLU, output (1, 6)"]; x -> d -> r }'
    )
    assert cn.write(network, "shorthand") == "9 -> 4 relu"
    assert any("says 6, but 4 was read" in note for note in network.notes)


def test_a_refusal_counts_for_the_structure_that_explains_most_alone():
    with pytest.raises(ChalknetError, match="nothing speaks of a network"):
        cn.read("digraph { CEO -> {CTO CFO}; CTO -> {Dev QA}; CFO -> {Payroll Sales} }")


@pytest.mark.parametrize(
    ("count", "fits"),
    [("26 params", True), ("20 parameters", True), ("25 params", True), ("99 params", False)],
)
def test_a_number_of_parameters_that_is_written_checks_the_widths(count, fits):
    for text in (
        f'digraph {{ label="total: {count}"; {{x1 x2 x3}} -> {{h1 h2 h3 h4 h5}} -> y }}',
        f'digraph {{ x [label="Input (3)"]; h [label="Dense 5"]; y [label="Dense 1"]; x -> h -> y; label="{count}" }}',
    ):
        network = cn.read(text)
        assert cn.write(network, "shorthand").startswith("3 -> 5")
        assert any("weights and 6 biases were read" in note for note in network.notes) is not fits, (
            network.notes
        )
    told = cn.read('digraph { x [label="Input (3)"]; h [label="Dense 5\\n99 params"]; x -> h }').notes
    assert any("Dense 5 states 99 parameters" in note for note in told)
