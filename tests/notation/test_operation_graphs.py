"""Graphs of operations, drawn by several tools, become the layers that they come from."""

import itertools
import random

import pytest

from chalknet.notation.drawings.autograd import from_autograd
from chalknet.notation.drawings.dot_reader import read_dot_sketch

FUNCTIONS = {"relu": "Relu", "tanh": "Tanh", "sigmoid": "Sigmoid"}


def layers_of(text):
    """Return the labels of a chain of operations, from the first to the last."""
    sketch = read_dot_sketch(text)
    from_autograd(sketch)
    after = {link.source: link.target for link in sketch.links}
    assert len(after) == len(sketch.links), "one behind the other"
    at = next(key for key in sketch.nodes if key not in after.values())
    found = [sketch.nodes[at].text]
    while at in after:
        at = after[at]
        found.append(sketch.nodes[at].text)
    assert len(found) == len(sketch.nodes), "all of them"
    return found


def torchviz(widths, functions, *, reverse=False, attributes=False, manner="addmm", named=True):
    """Return a network as torchviz prints it, its statements as they come."""
    nodes, edges, count = [], [], iter(range(1, 10_000))
    noted = "\\n--------\\nalpha: 1\\nmat1: [saved tensor]" if attributes else ""

    def node(label):
        key = str(139_000 + next(count))
        nodes.append(f'{key} [label="{label}"]')
        return key

    def parameter(name, shape):
        grad = node("AccumulateGrad")
        if named:
            edges.append((node(f"{name}\\n ({shape})"), grad))
        return grad

    before = None
    for number, (taken, given) in enumerate(itertools.pairwise(widths)):
        if manner == "matmul":
            weight = parameter(f"w{number}", f"{taken}, {given}")
            product = node(f"MmBackward0{noted}")
        else:
            weight = node("TBackward0")
            edges.append((parameter(f"fc{number}.weight", f"{given}, {taken}"), weight))
            product = node(f"AddmmBackward0{noted}")
        edges.append((weight, product))
        edges += [(before, product)] if before else []
        if manner == "matmul":
            total = node("AddBackward0")
            edges.append((product, total))
            edges.append((parameter(f"b{number}", str(given)), total))
            before = total
        else:
            edges.append((parameter(f"fc{number}.bias", str(given)), product))
            before = product
        if number < len(functions):
            function = node(f"{FUNCTIONS[functions[number]]}Backward0")
            edges.append((before, function))
            before = function
    edges.append((before, node(f"(1, {widths[-1]})")))
    arrows = [f"{b} -> {a}" if reverse else f"{a} -> {b}" for a, b in edges]
    return nodes, arrows


def wanted(widths, functions):
    layers = []
    for number, (taken, given) in enumerate(itertools.pairwise(widths)):
        layers += [f"Linear({taken}, {given})", *functions[number : number + 1]]
    return layers


@pytest.mark.parametrize("reverse", [False, True], ids=["forward", "backward"])
@pytest.mark.parametrize("attributes", [False, True], ids=["plain", "attributes"])
@pytest.mark.parametrize("manner", ["addmm", "matmul"])
@pytest.mark.parametrize("seed", range(6))
def test_torchviz_is_read_in_every_manner_and_order(seed, manner, attributes, reverse):
    numbers = random.Random(seed)
    widths = [numbers.randint(2, 99) for _ in range(numbers.randint(2, 5))]
    functions = [numbers.choice(list(FUNCTIONS)) for _ in widths[2:]]
    nodes, arrows = torchviz(widths, functions, reverse=reverse, attributes=attributes, manner=manner)
    lines = [*nodes, *arrows]
    numbers.shuffle(lines)
    assert layers_of("digraph { " + ";\n".join(lines) + " }") == wanted(widths, functions)


def test_saved_values_and_an_input_with_a_gradient_are_no_weights():
    nodes, arrows = torchviz([784, 32, 10], ["relu"])
    saved = [
        'x [label="x\\n (1, 784)"]; xg [label=AccumulateGrad]; x -> xg; xg -> 139005',
        's [label="result\\n (1, 32)", fillcolor=orange]; 139005 -> s [dir=none]',
    ]
    product = next(line.split()[0] for line in nodes if "Addmm" in line)
    saved = [line.replace("139005", product) for line in saved]
    assert layers_of("digraph { " + ";\n".join([*nodes, *arrows, *saved]) + " }") == [
        "Linear(784, 32)", "relu", "Linear(32, 10)"
    ]  # fmt: skip


def test_parameters_without_boxes_leave_the_widths_open():
    nodes, arrows = torchviz([3, 2, 1], ["tanh"], named=False)
    assert layers_of("digraph { " + ";\n".join([*nodes, *arrows]) + " }") == ["Linear", "tanh", "Linear"]


def test_torchlens_names_its_layers_with_their_parameters():
    text = """digraph { rankdir=BT
      i [label=<<b>input_1</b><br align='left'/>1x784 (3.1 KB)>]
      l [label=<<b>linear_1_1</b><br align='left'/>1x32 (256 B)<br/>params: 32x784, 32 (98 KB)>]
      r [label=<<b>relu_1_2</b><br align='left'/>1x32 (256 B)>]
      m [label=<<b>linear_2_3</b><br align='left'/>1x10 (168 B)<br/>params: 10x32, 10 (1.3 KB)>]
      o [label=<<b>output_1</b><br align='left'/>1x10 (168 B)>]
      i -> l -> r -> m -> o }"""
    assert layers_of(text)[1:4] == ["Linear(784, 32)", "relu", "Linear(32, 10)"]


def test_onnx_and_tensorflow_have_their_parameters_beside_the_products():
    onnx = """digraph { x [shape=octagon]; w [label="fc1.weight [32, 784]"]; b [label="fc1.bias [32]"];
      g [label="Gemm (op#0)"]; r [label="Relu (op#1)"]; v [label="W2 [32, 10]"]; m [label="MatMul (op#2)"]
      x -> g; w -> g; b -> g; g -> r; r -> m; v -> m }"""
    assert layers_of(onnx) == ["x", "Linear(784, 32)", "relu", "Linear(32, 10, bias=False)"]
    tensorflow = """digraph { x; k [label="dense/kernel (784, 32)"]; rk [label="dense/MatMul/ReadVariableOp"];
      m [label="dense/MatMul"]; b [label="dense/bias (32,)"]; rb [label="dense/BiasAdd/ReadVariableOp"];
      a [label="dense/BiasAdd"]; r [label="dense/Relu"]; x -> m -> a -> r; k -> rk -> m; b -> rb -> a }"""
    assert layers_of(tensorflow) == ["x", "Linear(784, 32)", "relu"]


@pytest.mark.parametrize(
    "value", ["/net/{n}/{op}_output_0", "onnx::{op}_1{n}", "{op}_output_0\\nfloat32[batch,8]"]
)
@pytest.mark.parametrize(
    ("function", "word"), [("Relu", "relu"), ("LeakyRelu\\nalpha=0.2", "leaky_relu(0.2)")]
)
def test_results_with_names_between_the_operations_of_onnx_are_no_layers(value, function, word):
    after = [value.format(n=n, op=op) for n, op in enumerate(["Gemm", "Relu", "Gemm"])]
    labels = ["obs\\nfloat32[batch,10]", "Gemm", after[0], function, after[1], "Gemm", after[2]]
    nodes = "".join(f'n{n} [label="{label}"]; ' for n, label in enumerate(labels))
    chain = " -> ".join(f"n{n}" for n in range(len(labels)))
    weights = "".join(
        f'w{n} [label="{n}.weight\\nfloat32[{given},{taken}]"]; b{n} [label="{n}.bias\\nfloat32[{given}]"]; '
        f"w{n} -> n{n}; b{n} -> n{n}; "
        for n, taken, given in [(1, 10, 32), (5, 32, 4)]
    )
    found = layers_of(f"digraph {{ {nodes} {weights} {chain} }}")
    assert found[1:] == ["Linear(10, 32)", word, "Linear(32, 4)"]


@pytest.mark.parametrize("piece", [":a:::a", "a.", "::", "a/-."])
def test_a_long_path_in_a_box_takes_no_time(piece):
    text = f'digraph {{ a [label="{piece * 2000}?"]; b [label="Gemm"]; a -> b }}'
    sketch = read_dot_sketch(text)
    from_autograd(sketch)
    assert set(sketch.nodes) == {"a", "b"}
