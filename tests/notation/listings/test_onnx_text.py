"""Graphs of ONNX as its own printers write them, of random chains."""

import itertools
import random

import pytest

import chalknet as cn
from chalknet.errors import ChalknetError

onnx = pytest.importorskip("onnx")
ACTS = {"relu": ("Relu", {}), "sigmoid": ("Sigmoid", {}), "tanh": ("Tanh", {}), "elu": ("Elu", {}),
        "leaky_relu(0.2)": ("LeakyRelu", {"alpha": 0.2}), "softmax": ("Softmax", {"axis": 1}), "": ("", {})}  # fmt: skip


def random_graph(seed):
    """Return a graph, and the network that it is."""
    chance, helper, kind = random.Random(seed), onnx.helper, onnx.TensorProto.FLOAT
    widths = [chance.randint(1, 60) for _ in range(chance.randint(2, 5))]
    nodes, stored, formula, value = [], [], [str(widths[0])], "obs"
    for number, (into, out) in enumerate(itertools.pairwise(widths)):
        turned, biased, act = chance.random() < 0.7, chance.random() < 0.8, chance.choice(list(ACTS))
        weight, bias = f"net.{2 * number}.weight", f"net.{2 * number}.bias"
        product = chance.random() < 0.3
        shape = (out, into) if turned and not product else (into, out)
        stored.append(helper.make_tensor(weight, kind, shape, [0.5] * (into * out)))
        if biased:
            stored.append(helper.make_tensor(bias, kind, (out,), [0.0] * out))
        if product:
            nodes.append(helper.make_node("MatMul", [value, weight], [f"/net/m{number}"]))
            value = f"/net/m{number}"
            if biased:
                nodes.append(helper.make_node("Add", [value, bias], [f"/net/a{number}"]))
                value = f"/net/a{number}"
        else:
            options = {"transB": 1} if turned else {}
            taken = [value, weight, *([bias] if biased else [])]
            nodes.append(helper.make_node("Gemm", taken, [f"/net/g{number}"], alpha=1.0, beta=1.0, **options))
            value = f"/net/g{number}"
        name, options = ACTS[act]
        if name:
            nodes.append(helper.make_node(name, [value], [f"/net/h{number}"], **options))
            value = f"/net/h{number}"
        formula.append(" ".join(filter(None, [str(out), "" if biased else "nobias", act])))
    put = [helper.make_tensor_value_info("obs", kind, ["batch", widths[0]])]
    got = [helper.make_tensor_value_info(value, kind, ["batch", widths[-1]])]
    return helper.make_graph(nodes, "main_graph", put, got, stored), " -> ".join(formula)


@pytest.mark.filterwarnings("ignore:Deprecated")
@pytest.mark.parametrize("seed", range(60))
def test_what_onnx_prints_is_read(seed):
    graph, wanted = random_graph(seed)
    model = onnx.helper.make_model(graph)
    for text in (onnx.helper.printable_graph(graph), onnx.printer.to_text(model)):
        assert cn.write(cn.read(text), "shorthand") == wanted, text


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Relu(", "Conv("),
        ("Relu(%a)", "Add(%a, %obs)"),
        ("48x24", "48x23"),
        ("48x24", "axb"),
        ("12x48", "12x47"),
    ],
)
def test_what_is_no_chain_is_refused(old, new):
    text = """graph main (
  %obs[FLOAT, batchx24]
) initializers (
  %w1[FLOAT, 48x24]
  %w2[FLOAT, 12x48]
) {
  %a = Gemm[transB = 1](%obs, %w1)
  %b = Relu(%a)
  %c = Gemm[transB = 1](%b, %w2)
  return %c
}
"""
    assert cn.write(cn.read(text), "shorthand") == "24 -> 48 nobias relu -> 12 nobias"
    assert old in text
    with pytest.raises(ChalknetError):
        cn.read(text.replace(old, new))
