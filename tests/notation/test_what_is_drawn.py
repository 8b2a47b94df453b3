"""Kinds of drawings by people who do not know the rules: what is a network, what closes a loop, what is told beside."""

import pytest

import chalknet as cn
from chalknet.errors import CannotExpress, ChalknetError


def shorthand(text):
    return cn.write(cn.read(text), "shorthand")


def told(text):
    return "; ".join(cn.read(text).notes)


OTHERS = {
    "a belief network": "digraph { smoking -> cancer [label=0.3]; smoking -> cough [label=0.2]; cancer -> xray [label=0.9] }",
    "services": 'flowchart LR\nsubgraph h["Service layer (hidden)"]\na[orders]\nb[users]\nend\nw[Web] & i[iOS] --> a & b\n'
    "a & b --> d[(postgres)]",
    "a food web": "digraph { grass -> rabbit; grass -> mouse; rabbit -> fox; mouse -> fox; mouse -> owl; rabbit -> owl }",
    "a nerve cell": "graph LR\nd1((Dendrite 1)) & d2((Dendrite 2)) --> s((Cell body)) --> a[Axon] --> t((Terminal))",
    "a knowledge graph": "graph TD\ncat -->|is a| mammal -->|is a| animal\nfish -->|is a| animal",
    "a trellis": "digraph { {S1 R1} -> {S2 R2} -> {S3 R3}; S1 [label=S]; S2 [label=S]; S3 [label=S]; "
    "R1 [label=R]; R2 [label=R]; R3 [label=R] }",
    "an adversary": "graph LR\nz[noise 8] --> g[Generator: Dense 4 relu] --> d[Discriminator: Dense 1 sigmoid]",
    "steps of work": "graph LR\na[Input text] --> b[Tokenizer] --> c[Cleaner] --> d[Report]",
    "a network in one box": 'graph LR\na[state] --> b["4 → 64 tanh → 2 softmax"] --> c[action]',
}


@pytest.mark.parametrize("kind", OTHERS)
def test_a_chart_of_something_else_is_refused(kind):
    with pytest.raises(ChalknetError):
        cn.read(OTHERS[kind])


@pytest.mark.parametrize(
    "neuron", ["Neuron {}", "Neurônio {}", "Нейрон {}", "뉴런 {}", "神经元{}", "h{}", " "]
)
def test_neurons_between_words_are_a_network(neuron):
    one, two = neuron.format(1), neuron.format(2)
    text = f"graph LR\na[Größe] & b[Alter] & c[Gewicht] --> n1(({one})) & n2(({two})) --> r[Risiko]"
    assert shorthand(text) == "3 -> 2 ? -> 1 ?"


LOOPS = {
    "loss, then an optimizer": "y --> L[cross entropy loss] --> o[Adam optimizer]\no --> h\no --> y",
    "an error in German": "y --> F[Fehler]\ns[Sollwert] --> F\nF -->|Rückführung| h",
    "Turkish": "y --> K[Kayıp] --> O[Optimizasyon] --> h",
    "gradients": "y --> L[Loss]\nL -.->|∂L/∂w| y -.->|δ| h",
    "the input of an autoencoder": 'y --> L["‖x − x̂‖²"]\nx --> L',
    "an environment": "y --> p{ε-greedy} -->|action| e[CartPole-v1] -->|state| x",
}


@pytest.mark.parametrize("kind", LOOPS)
def test_what_closes_a_loop_by_training_connects_no_layers(kind):
    text = f"graph LR\nx[4 inputs] --> h[Dense 8 relu] --> y[Dense 4]\n{LOOPS[kind]}"
    assert shorthand(text).replace(" ?", "") == "4 -> 8 relu -> 4"


@pytest.mark.parametrize(
    "box", ["Dense 64 relu ×3", "3× Dense 64 relu", "3 × (Dense 64 + ReLU)", "Dense 64 relu (repeat 3 times)",
            "Hidden layers ×3\\n64 units, ReLU", "3 × 64 hidden ReLU", "Dense(64, relu) x3"],
)  # fmt: skip
def test_a_box_that_says_three_times_is_three_layers(box):
    text = f'digraph {{ x -> h -> y; x [label="10 inputs"]; h [label="{box}"]; y [label="Dense 2 softmax"] }}'
    assert shorthand(text) == "10 -> 64 relu -> 64 relu -> 64 relu -> 2 softmax"


@pytest.mark.parametrize("box", ["Dense 64 relu N×", "N× Dense 64 relu", "Dense 64 relu<br/>×L"])
def test_a_box_that_does_not_say_how_often_is_asked_for(box):
    with pytest.raises(cn.CannotExpress, match="nothing says how many"):
        cn.read(f'graph LR\nx[10 inputs] --> h["{box}"] --> y[Dense 2]')


def test_a_frame_of_several_layers_that_says_how_often_is_refused():
    with pytest.raises(cn.CannotExpress, match="repeated"):
        cn.read(
            'graph LR\nx[10 inputs] --> h\nsubgraph s["×4"]\nh[Dense 64] --> r[ReLU]\nend\nr --> y[Dense 2]'
        )


@pytest.mark.parametrize(
    "data", ['d[("data.csv<br/>50 000 rows")]', 'd["n = 5000 échantillons"]', "d[(1030 Proben)]", 'd["10 000 satır"]']
)  # fmt: skip
def test_how_many_rows_there_are_is_no_width(data):
    text = f'graph LR\n{data} --> x["Input 12 features"] --> h[32 neurons ReLU] --> y[1 neuron sigmoid]'
    assert shorthand(text) == "12 -> 32 relu -> 1 sigmoid"


CAPTIONS = {
    "Rete con attivazione tanh, uscita lineare": "2 -> 3 tanh -> 1",
    "激活函数都用 sigmoid": "2 -> 3 sigmoid -> 1 sigmoid",
    "σ everywhere": "2 -> 3 sigmoid -> 1 sigmoid",
    "fonction d'activation : sigmoïde (couche cachée et sortie)": "2 -> 3 sigmoid -> 1 sigmoid",
    "Hidden: tanh. Output: identity": "2 -> 3 tanh -> 1",
    "tanh en couche cachée, sortie linéaire": "2 -> 3 tanh -> 1",
}


@pytest.mark.parametrize("caption", CAPTIONS)
def test_a_caption_tells_the_activations_and_a_note_says_so(caption):
    text = f'digraph {{ label="{caption}"; {{x1 x2}} -> {{h1 h2 h3}} -> y }}'
    assert shorthand(text) == CAPTIONS[caption]
    assert "was taken from the caption" in told(text)


def test_a_caption_tells_which_function_a_letter_is():
    text = 'digraph { label="One neuron (g = sigmoid)"; {x1 x2} -> s -> a -> y; s [label="Σ"]; a [label="g(z)"] }'
    assert shorthand(text) == "2 -> 1 sigmoid"


@pytest.mark.parametrize(
    "name", ["step", "Heaviside", "ステップ関数", "sign(z)", "Sprungfunktion", "threshold"]
)
def test_a_step_function_is_told_as_one(name):
    text = f'digraph {{ {{x1 x2}} -> s -> f -> y; s [label="Σ"]; f [label="{name}"] }}'
    assert shorthand(text) == "2 -> 1 ?"
    assert "a step function has no gradient" in told(text)


def test_the_sentences_of_a_page_tell_what_its_only_drawing_leaves_open():
    drawing = "```dot\ndigraph { {x1 x2} -> {h1 h2 h3} -> y }\n```"
    page = f"# A network\n\n{drawing}\n\nThe hidden layer uses **tanh** and the output is linear.\n"
    assert shorthand(page) == "2 -> 3 tanh -> 1"
    assert "taken from the text around the drawing" in told(page)
    both = f"{page}\nOnce the hidden layer used relu.\n"
    assert shorthand(both) == "2 -> 3 ? -> 1"


@pytest.mark.parametrize("letter", ["z", "Z"])
@pytest.mark.parametrize("width", [2, 3, 5])
def test_hidden_units_named_z_leave_the_activation_open(letter, width):
    links = "".join(f"x{i} -> {letter}{j}; {letter}{j} -> y;" for i in (1, 2) for j in range(1, width + 1))
    network = cn.read(f"digraph {{ rankdir=LR; {links} }}")
    assert cn.write(network, "shorthand") == f"2 -> {width} ? -> 1 ?"
    assert any("activation of layer 1" in note for note in network.notes)


def test_z_before_units_named_a_is_the_value_of_the_map():
    links = "".join(f"x{i} -> z{j}; z{j} -> a{j}; a{j} -> y;" for i in (1, 2) for j in (1, 2, 3))
    assert cn.write(cn.read(f"digraph {{ rankdir=LR; {links} }}"), "shorthand") == "2 -> 3 ? -> 1 ?"


@pytest.mark.parametrize(
    "nodes",
    [
        'a [label="Input 4"]; b [label="Hidden 8", xlabel="ReLU"]; c [label="Output 2", xlabel="softmax"]; a -> b -> c',
        'node [shape=record]; a [label="<f> x1|<g> x2|x3|x4"]; b [label="h1|h2|h3|h4|h5|h6|h7|h8", xlabel="ReLU"];'
        ' c [label="y1|y2", xlabel="softmax"]; a -> b -> c',
    ],
)
def test_words_beside_a_node_of_graphviz_are_its_own(nodes):
    assert cn.write(cn.read(f"digraph {{ rankdir=LR; {nodes} }}"), "shorthand") == "4 -> 8 relu -> 2 softmax"


def test_an_interval_is_no_shape():
    text = 'flowchart TB\n s["state<br/>dim = 17"] --> l["nn.Linear(17, 40)<br/>+ ReLU"] --> m["nn.Linear(40, 6)<br/>+ Tanh"]'
    assert cn.write(cn.read(text + ' --> a["action, in [-1, 1]"]'), "shorthand") == "17 -> 40 relu -> 6 tanh"


@pytest.mark.parametrize(
    "words", ["(softmax inside)", "(includes softmax)", "(with softmax)", "softmax built in"]
)
def test_a_softmax_inside_the_loss_is_no_function_of_the_network(words):
    text = f'digraph {{ rankdir=BT; x [label="x: 64"]; a [label="Linear 64 → 8\\nReLU"]; b [label="Linear 8 → 5"]; y [label="logits ŷ"]; L [label="cross-entropy loss\\n{words}"]; x -> a -> b -> y -> L }}'
    assert cn.write(cn.read(text), "shorthand") == "64 -> 8 relu -> 5"


def test_a_class_diagram_is_refused():
    boxes = (
        'a [label="Module\\n+ training: bool\\n+ forward(x)"]; b [label="Linear\\n- weight: Tensor\\n- bias: Tensor"];'
        ' c [label="ReLU\\n+ forward(x)"]; b -> a; c -> a'
    )
    with pytest.raises(CannotExpress, match="a class diagram"):
        cn.read(f"digraph {{ {boxes} }}")


def test_a_sum_with_a_function_is_no_member_of_a_class():
    text = 'digraph { rankdir=LR; a [label="x: 3"]; b [label="W x + b(1)\\nrelu, 4 units"]; c [label="V h + c(2), 2 units"]; a -> b -> c }'
    assert len(cn.read(text).steps) == 3
