"""Texts without a mark of their own: which form they are taken for, what was tried, and what is not read."""

import pytest

import chalknet as cn
from chalknet.errors import ChalknetError

FORK = """
      input       hidden       output

                  .-( h1 )-.
      ( x1 )----<---( h2 )----->( y )
      ( x2 )----<---( h3 )-'
"""
BUNDLES = r"""
   (+1)           (+1)
   (x1) ----.
   (x2) -----\--> (a1)  ----.
    :         \    :         \-->  (h1)
    :          \   :          \     :
   (x400) ------> (a25) -------->  (h10)

   Layer 1         Layer 2         Layer 3
                 sigmoid         sigmoid
"""
BOXES = """
The model that we used last year:

+---------+      +----------+      +-------------+
| Input 4 | ---> | Dense 8  | ---> | Dense 3     |
|         |      | ReLU     |      | softmax     |
+---------+      +----------+      +-------------+
"""
STACK = "[ Input (100) ]\n      |\n      v\n[ Linear 100->50 ]\n      |\n      v\n[ tanh ]\n      |\n      v\n[ Linear 50->10 ]"
SAID_DENSE = """
 (x1)  ---> (h1)  ---> (y1)
 (x2)  ---> (h2)  ---> (y2)
  ...        ...        ...
 (x400)---> (h25) ---> (y10)

 all units are fully connected
"""
CHINESE = "网络结构\n\n  棋盘(9)\n     |\n     v\n  全连接 18, ReLU\n     |\n     v\n  输出 3, Softmax   (胜 / 平 / 负)\n"
FORUM = "Hi all, my net is\n\n30 inputs --> 16 (relu) --> 1 (sigmoid)\n\nand it does not learn, any ideas??"
SENTENCE = "Hello everybody,\n\nI use this network: 64 -> 32 relu -> 10 softmax\n\nThanks for your help."
BESIDE = (
    "y = softmax(W2 · tanh(W1 · x + b1) + b2)\n\nwith  x ∈ R^3,  W1 ∈ R^(5×3),  b1 ∈ R^5,  W2 ∈ R^(2×5)\n"
)
BIASES = "p = softmax(W2 relu(W1 x + b1) + b2)\nx in R^4, b1 in R^8, b2 in R^3\n"
MACROS = r"""\newcommand{\W}[1]{W^{(#1)}} \DeclareMathOperator{\sigm}{sigmoid}
\[ y = \W{2}\,\sigm\bigl(\W{1} x + b^{(1)}\bigr) + b^{(2)},\quad \W{1}\in\mathbb{R}^{7\times 5},\ \W{2}\in\mathbb{R}^{1\times 7} \]"""
TURNED = r"h = \tanh(W_1^\top x + b_1), y = W_2^\top h + b_2, W_1 \in \mathbb{R}^{6\times 4}, W_2 \in \mathbb{R}^{4\times 1}"
NEURON = r"\hat y = \sigma(w^\top x + b), \quad w \in \mathbb{R}^{10}"


@pytest.mark.parametrize(
    ("text", "shorthand"),
    [
        (FORK, "2 -> 3 ? -> 1 ?"),
        (BUNDLES, "400 -> 25 sigmoid -> 10 sigmoid"),
        (BOXES, "4 -> 8 relu -> 3 softmax"),
        (STACK, "100 -> 50 tanh -> 10"),
        (SAID_DENSE, "400 -> 25 ? -> 10 ?"),
        (CHINESE, "9 -> 18 relu -> 3 softmax"),
        (FORUM, "30 -> 16 relu -> 1 sigmoid"),
        (SENTENCE, "64 -> 32 relu -> 10 softmax"),
        (BESIDE, "3 -> 5 tanh -> 2 softmax"),
        (BIASES, "4 -> 8 relu -> 3 softmax"),
        (MACROS, "5 -> 7 sigmoid -> 1"),
        (TURNED, "6 -> 4 tanh -> 1"),
        (NEURON, "10 -> 1 sigmoid"),
    ],
)
def test_a_text_is_read_for_what_it_is_as_a_file_too(tmp_path, text, shorthand):
    path = tmp_path / "net.txt"
    path.write_text(text, encoding="utf-8")
    for model in (text, path):
        assert cn.write(cn.read(model), "shorthand") == shorthand


def test_lines_that_run_together_are_told():
    assert any("lines that run together" in note for note in cn.read(BUNDLES).notes)


RESIDUAL = """
        x (64)
        |-----------.
     Dense 64       |
        |           |
      ReLU          |
        |           |
     Dense 64       |
        |           |
       (+)<---------'
        |
        y
"""


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (RESIDUAL, "side by side"),
        ("request --> [ cache ] --> [ database ] --> response", "without a width"),
        (" access.log --> [ grep 404 ] --> [ sort ] --> top10.txt", "nothing speaks of a network"),
        (" main\n   |\n   +-- feature/login\n   |\n   +-- release\n", "."),
    ],
)
def test_drawings_of_something_else_are_refused(tmp_path, text, why):
    path = tmp_path / "net.txt"
    path.write_text(text, encoding="utf-8")
    for model in (text, path):
        with pytest.raises(ChalknetError, match=why) as problem:
            cn.read(model)
        assert "unknown activation" not in str(problem.value)


def test_an_error_names_the_forms_that_were_tried():
    with pytest.raises(ChalknetError, match="It was tried as a drawing of characters and arrow text"):
        cn.read(" access.log --> [ grep 404 ] --> [ sort ] --> top10.txt")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('net = NetChain[{LinearLayer[30], Tanh, LinearLayer[3]}, "Input" -> 4]', "Wolfram"),
        ("weka.classifiers.functions.MultilayerPerceptron -L 0.3 -H 4,3", "Weka"),
        ("const net = new brain.recurrent.LSTM({ hiddenLayers: [3] });", "brain.js"),
        ("learn = tabular_learner(dls, layers=[200,100])", "fastai"),
        (
            "Layer hidden = new DenseLayer.Builder().nIn(784).nOut(32).build();",
            "Deeplearning4j",
        ),
        ("model:add(nn.Linear(10, 5))\nmodel:add(nn.Tanh())", "Lua"),
        ("FANN_FLO_2.1\nnum_layers=3\n", "FANN"),
        ("h2o.deeplearning(x, y, hidden = c(10, 5))", "H2O"),
    ],
)
def test_more_forms_that_are_not_read_are_named(text, name):
    with pytest.raises(ChalknetError, match=name) as problem:
        cn.read(text)
    assert "recognised and not read" in str(problem.value)


VECTORS = """digraph { node [shape=plaintext]
 x [label=<<table><tr><td>x<sub>1</sub></td></tr><tr><td>x<sub>2</sub></td></tr><tr><td>x<sub>3</sub></td></tr></table>>]
 W [label=<<table><tr><td>W<sup>(1)</sup><br/>2 × 3</td></tr></table>>] b [label="b<sup>(1)</sup>\\n2 × 1"]
 m [label="·" shape=circle] p [label="+" shape=circle] f [label="ReLU"]
 h [label=<<table><tr><td>h1</td></tr><tr><td>h2</td></tr></table>>]
 V [label="V, weight\\n1 x 2"] n [label="·"] g [label="sigmoid"]
 W -> m; x -> m; m -> p; b -> p; p -> f -> h; V -> n; h -> n; n -> g }"""


def neuron(inputs, function):
    """Return a neuron as micrograd draws it: boxes of numbers between signs."""
    lines, total = [], None
    for i in range(1, inputs + 1):
        lines += [f'x{i} [label="{{ x{i} | data 2.0 | grad 1 }}" shape=record]',
                  f'w{i} [label="{{ w{i} | data -3 }}" shape=record]', f'm{i} [label="*"]',
                  f'p{i} [label="{{ | data 6 }}" shape=record]', f"w{i} -> m{i}; x{i} -> m{i}; m{i} -> p{i}"]  # fmt: skip
        if total is not None:
            lines += [f's{i} [label="+"]', f't{i} [label="{{ | data 6 }}" shape=record]']
            lines += [f"{total} -> s{i}; p{i} -> s{i}; s{i} -> t{i}"]
        total = f"t{i}" if total is not None else f"p{i}"
    lines += ['b [label="{ b | data 6.8 }" shape=record]', 's [label="+"]', f"{total} -> s; b -> s"]
    lines += ['n [label="{ n | data 0.8 }" shape=record]', f'f [label="{function}"]', "s -> n -> f -> o"]
    return "digraph {\n" + "\n".join([*lines, 'o [label="{ o | data 0.7 }" shape=record]']) + "\n}"


@pytest.mark.parametrize(
    ("text", "shorthand"),
    [
        (VECTORS, "3 -> 2 relu -> 1 nobias sigmoid"),
        (neuron(2, "tanh"), "2 -> 1 tanh"),
        (neuron(3, "ReLU"), "3 -> 1 relu"),
        ('flatten: "Flatten\\n8x8 = 64"\nd1: "Dense 32\\nrelu"\nd2: "Dense 10\\nsoftmax"\nflatten -> d1 -> d2',
         "X(n,8,8) flatten -> 32 relu -> 10 softmax"),
    ],
)  # fmt: skip
def test_operations_with_boxes_of_weights_and_of_numbers_are_layers(text, shorthand):
    assert cn.write(cn.read(text), "shorthand").replace("8x8", "X(n,8,8)") == shorthand


def test_a_page_of_many_drawings_with_very_many_links_is_refused_before_any_is_read(monkeypatch):
    monkeypatch.setitem(cn.notation.LIMITS, "links in drawings of a page", 20)
    page = "".join(
        f"```mermaid\nflowchart LR\nx{at}[Input 2] --> a[Dense 3 relu] --> b[Dense 4 relu] --> c[Dense 5] --> d[Dense 6]\n```\n\n"
        for at in range(6)
    )
    with pytest.raises(cn.NotationError, match="6 drawings and listings with 24 links; wanted at most 20"):
        cn.read(page)
    assert cn.read(page, name="line 2") == cn.read("2 -> 3 relu -> 4 relu -> 5 ? -> 6 ?")


def test_a_sentence_that_names_another_activation_than_the_drawing_is_told():
    page = "# Net\n\n```mermaid\nflowchart LR\nx[Input 2] --> a[Dense 3 relu] --> b[Dense 1 sigmoid]\n```\n\nAll hidden units use {}.\n"
    assert "says 'All hidden units use tanh.'" in "; ".join(cn.read(page.format("tanh")).notes)
    assert "All hidden units" not in "; ".join(cn.read(page.format("ReLU")).notes)
