"""ONNX files: round trips against onnx's own evaluation, damaged files, refused graphs."""

import sys
import warnings
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.fuzz.onnx_files import PLACES, fuzz, prepare
from tests.strategies import networks
from torch import nn

from chalknet.errors import (
    CannotExpress,
    ChalknetError,
    FileProblem,
    InvalidValue,
    MissingPackage,
    NotationError,
    ShapeMismatch,
)
from chalknet.module import build, read_module
from chalknet.module.onnx_file import OnnxModel, read_onnx, write_onnx
from chalknet.network import ACTIVATIONS, Activation, Dropout, Flatten, Linear, Network

onnx = pytest.importorskip("onnx")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402
from onnx.reference import ReferenceEvaluator  # noqa: E402

FLOAT = TensorProto.FLOAT
W = np.arange(12, dtype=np.float32).reshape(4, 3) / 10 - 0.5  # (in, out)
B = np.array([0.1, -0.2, 0.3], dtype=np.float32)


def written(tmp_path, data: bytes) -> OnnxModel:
    path = tmp_path / "net.onnx"
    path.write_bytes(data)
    return read_onnx(path)


def graph(nodes, *, shape=("n", 4), opset=20, outputs=("y",), inputs=("x",), kind=FLOAT, **constants):
    """Return the bytes of a model of these (operation, inputs, output, attributes)."""
    made = [
        helper.make_node(operation, ins.split(), outs.split(), name=f"/{index}/{operation}", **options)
        for index, (operation, ins, outs, options) in enumerate(nodes)
    ]
    model = helper.make_model(
        helper.make_graph(
            made,
            "g",
            [helper.make_tensor_value_info(name, kind, shape) for name in inputs],
            [helper.make_tensor_value_info(name, kind, (None, None)) for name in outputs],
            [numpy_helper.from_array(np.asarray(array), name) for name, array in constants.items()],
        ),
        opset_imports=[helper.make_opsetid("", opset)],
        ir_version=min(9, helper.find_min_ir_version_for([helper.make_opsetid("", opset)], True)),
    )
    return model.SerializeToString()


def oracle(data: bytes, x: np.ndarray) -> np.ndarray:
    evaluator = ReferenceEvaluator(onnx.load_model_from_string(data))
    return evaluator.run(None, {evaluator.input_names[0]: x})[0]


def samples(shape, count=3, dtype=np.float32) -> np.ndarray:
    return (np.random.default_rng(0).normal(size=(count, *shape)) * 3).astype(dtype)


def agree(module: nn.Module, data: bytes, shape, dtype=np.float32) -> None:
    """Claim that the module gives what the file gives; 1e-5 is float32's order of adding up."""
    x = samples(shape, dtype=dtype)
    with torch.no_grad():
        ours = module.eval()(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(ours, oracle(data, x), rtol=1e-4, atol=1e-5)


@given(networks(), st.integers(0, 1000))
def test_a_written_network_is_read_back_with_its_very_weights(tmp_path_factory, network, seed):
    assume(Dropout(1.0) not in network.steps)
    module = build(network, seed=seed)
    data = write_onnx(module, network.input_shape)
    read = written(tmp_path_factory.mktemp("onnx"), data)
    assert read.input_shape == network.input_shape
    assert read_module(read.module, input_shape=read.input_shape) == network
    for name, weight in module.state_dict().items():
        assert torch.equal(read.module.state_dict()[name], weight)
    x = torch.from_numpy(samples(network.input_shape))
    assert torch.equal(read.module.eval()(x), module.eval()(x))


@given(networks(), st.integers(0, 1000))
def test_what_is_written_gives_what_the_module_gives(network, seed):
    assume(Dropout(1.0) not in network.steps)
    module = build(network, seed=seed)
    agree(module, write_onnx(module, network.input_shape), network.input_shape)


SETTLED = [row for row in ACTIVATIONS.values() if row.settled]


@pytest.mark.parametrize("row", SETTLED, ids=lambda row: row.name)
def test_every_activation_is_written_with_its_options_and_read_back(tmp_path, row):
    options = {name: row.choices[name][-1] if name in row.choices else 0.3 for name in row.options}
    for given_options in ({}, options, *({name: value} for name, value in options.items())):
        network = Network((4,), (Activation(row.name, given_options),))
        data = write_onnx(build(network), (4,))
        agree(build(network), data, (4,))
        read = written(tmp_path, data)
        assert read_module(read.module, input_shape=read.input_shape) == network


def test_a_linear_map_over_the_last_of_several_axes_is_a_matrix_product(tmp_path):
    network = Network((3, 4), (Linear(2), Activation("log_softmax"), Linear(2, bias=False)))
    module = build(network, seed=0)
    data = write_onnx(module, (3, 4))
    assert [node.op_type for node in onnx.load_model_from_string(data).graph.node][:2] == ["MatMul", "Add"]
    agree(module, data, (3, 4))
    read = written(tmp_path, data)
    assert read_module(read.module, input_shape=read.input_shape) == network


def test_the_batch_axis_is_the_symbol_n_and_weights_are_float32():
    model = onnx.load_model_from_string(write_onnx(build(Network((4,), (Linear(2),))).double(), (4,)))
    for value, width in ((model.graph.input[0], 4), (model.graph.output[0], 2)):
        first, second = value.type.tensor_type.shape.dim
        assert (first.dim_param, second.dim_value) == ("n", width)
    assert {tensor.data_type for tensor in model.graph.initializer} == {FLOAT}


def test_reading_draws_no_random_numbers(tmp_path):
    data = write_onnx(build(Network((4,), (Linear(2),)), seed=0), (4,))
    before = torch.random.get_rng_state()
    written(tmp_path, data)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_dropout_of_everything_cannot_be_written():
    with pytest.raises(CannotExpress, match=r"step 0 \(Dropout\): got p=1; wanted a probability below 1"):
        write_onnx(build(Network((4,), (Dropout(1.0),))), (4,))


@pytest.mark.parametrize("slope", [1e300, 1e-60])
def test_an_option_that_float32_cannot_hold_is_refused(slope):
    with pytest.raises(CannotExpress, match=r"step 0, alpha: got 1e.*float32 can hold"):
        write_onnx(build(Network((4,), (Activation("leaky_relu", {"negative_slope": slope}),))), (4,))


def test_a_module_that_is_no_chain_cannot_be_written():
    with pytest.raises(CannotExpress, match=r"module 0 \(Conv2d\)"):
        write_onnx(nn.Sequential(nn.Conv2d(1, 1, 3)), (1, 8, 8))


def test_weights_that_no_onnx_file_can_hold_are_refused():
    with pytest.raises(CannotExpress, match=r"got weights of 3\.6 GB; wanted at most 2 GB"):
        write_onnx(nn.Sequential(nn.Linear(30000, 30000, device="meta")), (30000,))


GEMMS = st.fixed_dictionaries(
    {},
    optional={
        "transB": st.sampled_from([0, 1]),
        "transA": st.just(0),
        "alpha": st.sampled_from([1.0, 0.5, -2.0]),
        "beta": st.sampled_from([1.0, 0.0, 3.0]),
    },
)


@given(GEMMS, st.sampled_from([None, B, B[None], B[:1], np.float32(0.7)]))
def test_a_gemm_gives_what_onnx_defines_whatever_its_options(tmp_path_factory, options, bias):
    constants = {"w": W.T if options.get("transB") else W} | ({} if bias is None else {"b": bias})
    data = graph([("Gemm", " ".join(["x", *constants]), "y", options)], **constants)
    read = written(tmp_path_factory.mktemp("onnx"), data)
    assert (read.module[0].bias is None) == (bias is None or options.get("beta") == 0)
    agree(read.module, data, (4,))


@pytest.mark.parametrize("kind", [np.float16, np.float64])
def test_weights_keep_the_number_type_of_the_file(tmp_path, kind):
    bias = B.astype(kind)
    data = graph(
        [("Gemm", "x w b", "y", {"alpha": 0.5})],
        kind=helper.np_dtype_to_tensor_dtype(np.dtype(kind)),
        w=W.astype(kind),
        b=bias,
    )
    module = written(tmp_path, data).module
    assert np.array_equal(module[0].bias.detach().numpy(), bias)
    assert module[0].weight.dtype == module[0].bias.dtype == torch.from_numpy(bias).dtype


# (what, nodes, the steps they are); w, b, and the numbers are constants
CHAINS = [
    ("matmul and add", [("MatMul", "x w", "u", {}), ("Add", "u b", "y", {})], (Linear(3),)),
    ("the bias first", [("MatMul", "x w", "u", {}), ("Add", "b u", "y", {})], (Linear(3),)),
    ("matmul alone", [("MatMul", "x w", "y", {})], (Linear(3, bias=False),)),
    ("one bias for all", [("MatMul", "x w", "u", {}), ("Add", "u half", "y", {})], (Linear(3),)),
    (
        "identity of a weight",
        [("Identity", "w", "v", {}), ("MatMul", "x v", "y", {})],
        (Linear(3, bias=False),),
    ),
    ("turned weight", [("Transpose", "wt", "v", {}), ("MatMul", "x v", "y", {})], (Linear(3, bias=False),)),
    ("silu", [("Sigmoid", "x", "s", {}), ("Mul", "s x", "y", {})], (Activation("silu"),)),
    (
        "gelu with the half inside",
        [
            ("Mul", "x rhalf", "a", {}),
            ("Erf", "a", "e", {}),
            ("Add", "one e", "f", {}),
            ("Mul", "half f", "g", {}),
            ("Mul", "x g", "y", {}),
        ],
        (Activation("gelu"),),
    ),
    (
        "gelu by tanh with a power",
        [
            ("Pow", "x three", "p", {}),
            ("Mul", "cubic p", "c", {}),
            ("Add", "x c", "s", {}),
            ("Mul", "root s", "r", {}),
            ("Tanh", "r", "t", {}),
            ("Add", "t one", "f", {}),
            ("Mul", "x half", "h", {}),
            ("Mul", "h f", "y", {}),
        ],
        (Activation("gelu", {"approximate": "tanh"}),),
    ),
    ("dropout by default", [("Dropout", "x", "y", {})], (Dropout(0.5),)),
    ("dropout with a ratio and a mask", [("Dropout", "x half", "y mask", {})], (Dropout(0.5),)),
    ("flatten", [("Flatten", "x", "y", {})], (Flatten(),)),
    ("reshape to (0, -1)", [("Reshape", "x rows", "y", {})], (Flatten(),)),
    ("reshape to (-1, 4)", [("Reshape", "x four", "y", {})], (Flatten(),)),
    ("softmax", [("Softmax", "x", "y", {"axis": 1})], (Activation("softmax"),)),
    ("elu", [("Elu", "x", "y", {"alpha": 0.2})], (Activation("elu", {"alpha": 0.2}),)),
    (
        "view(x.size(0), -1) of any batch",
        [
            ("Shape", "x", "s", {}),
            ("Gather", "s zero", "n", {}),
            ("Unsqueeze", "n axes", "m", {}),
            ("Concat", "m minus", "t", {"axis": 0}),
            ("Reshape", "x t", "y", {}),
        ],
        (Flatten(),),
    ),
]
NUMBERS = {
    "one": np.float32(1),
    "half": np.float32(0.5),
    "rhalf": np.float32(0.5**0.5),
    "three": np.float32(3),
    "cubic": np.float32(0.044715),
    "root": np.float32((2 / np.pi) ** 0.5),
    "two": np.float32(2),
    "rows": np.array([0, -1]),
    "four": np.array([-1, 4]),
    "eight": np.array([-1, 8]),
    "zero": np.array(0),
    "axes": np.array([0]),
    "minus": np.array([-1]),
    "w": W,
    "wt": W.T.copy(),
    "b": B,
    "ints": W.astype(np.int32),
    "doubles": W.astype(np.float64),
    "cube": W[None],
    "table": np.zeros((4, 4), np.float32),
}


@pytest.mark.parametrize(("nodes", "steps"), [chain[1:] for chain in CHAINS], ids=[row[0] for row in CHAINS])
def test_a_chain_is_read_however_it_is_spelled(tmp_path, nodes, steps):
    data = graph(nodes, **NUMBERS)
    read = written(tmp_path, data)
    assert read_module(read.module, input_shape=read.input_shape) == Network((4,), steps)
    agree(read.module, data, (4,))


def test_an_old_dropout_has_its_ratio_as_an_attribute(tmp_path):
    read = written(tmp_path, graph([("Dropout", "x", "y", {"ratio": 0.2})], opset=10))
    assert read.module[0].p == 0.2


def test_constants_may_be_nodes(tmp_path):
    nodes = [
        ("Constant", "", "w", {"value": numpy_helper.from_array(W)}),
        ("Constant", "", "b", {"value_floats": B.tolist()}),
        ("Gemm", "x w b", "y", {}),
    ]
    data = graph(nodes)
    agree(written(tmp_path, data).module, data, (4,))


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (("n", 4), (4,)),
        ((2, 4), (4,)),
        (("n", "features"), (4,)),
        (("n", "time", 4), ("time", 4)),
        (("n", None, 4), None),
        (("n", 2, None), None),
    ],
)
def test_the_input_shape_is_what_the_file_tells(tmp_path, shape, expected):
    read = written(tmp_path, graph([("MatMul", "x w", "y", {})], shape=shape, w=W))
    assert read.input_shape == expected


ENDS = "the output 'y': got a chain of layers that ends at "
# what: (nodes, words of the error)
REFUSED = {
    "an unknown operation": ([("Conv", "x w", "y", {})], r"/0/Conv .*got the operation Conv; wanted one of"),
    "a cast": ([("Cast", "x", "y", {"to": 1})], r"\(Cast\).*export the model in float32"),
    "an unsqueeze": ([("Unsqueeze", "x axes", "y", {})], r"\(Unsqueeze\).*batch axis in front"),
    "a sum without layers": ([("Sigmoid", "x", "u", {}), ("Add", "x u", "y", {})], ENDS + "'x'"),
    "a gate": ([("Tanh", "x", "u", {}), ("Mul", "x u", "y", {})], ENDS + "'x'"),
    "a doubling": ([("Add", "x x", "y", {})], ENDS + "'x'"),
    "a scale": ([("Mul", "x half", "y", {})], ENDS + "'x'"),
    "a bias alone": ([("Add", "x b", "y", {})], r"/0/Add \(Add\): got a calculation \(Add\)"),
    "a second bias": ([("Gemm", "x w b", "u", {}), ("Add", "u b", "y", {})], r"/1/Add \(Add\)"),
    "x times its own": ([("Gemm", "x x", "y", {})], r"\(Gemm\): got a calculation \(Gemm\)"),
    "a transposed batch": ([("Gemm", "x w", "y", {"transA": 1})], "got transA=1; wanted transA=0"),
    "a product from the left": ([("MatMul", "w x", "y", {})], "got a weight that is calculated"),
    "a stack of weights": ([("MatMul", "x cube", "y", {})], r"shape \(1, 4, 3\); wanted a matrix"),
    "whole numbers": ([("MatMul", "x ints", "y", {})], r"a weight of int32 .* wanted weights of float32"),
    "mixed number types": ([("MatMul", "x doubles", "y", {})], "a weight of float64"),
    "a bias for each sample": (
        [("MatMul", "x table", "u", {}), ("Add", "u table", "y", {})],
        r"a bias of float32 and shape \(4, 4\)",
    ),
    "softmax over samples": ([("Softmax", "x", "y", {"axis": 0})], r"axis=0 of a value.*the last axis"),
    "flatten of the batch": ([("Flatten", "x", "y", {"axis": 0})], "got axis=0"),
    "a reshape that mixes samples": ([("Reshape", "x eight", "y", {})], r"new shape \[-1, 8\].*nn\.Flatten"),
    "the mask of a dropout": ([("Dropout", "x", "m y", {})], ENDS + "'m'"),
    "half a silu": (
        [("Sigmoid", "x", "s", {}), ("Mul", "s x", "m", {}), ("Mul", "m half", "y", {})],
        ENDS + "'m'",
    ),
    "quick gelu": (
        [("Mul", "x root", "m", {}), ("Sigmoid", "m", "s", {}), ("Mul", "s x", "y", {})],
        ENDS + "'x'",
    ),
    "a product of constants": (
        [("MatMul", "table w", "v", {}), ("MatMul", "x v", "y", {})],
        "a calculation of constants",
    ),
    "an output on the way": ([("Relu", "x", "y", {}), ("Elu", "y", "z", {})], r"/1/Elu .*a branch at 'y'"),
    "a chain that ends nowhere": ([("Relu", "x", "u", {}), ("Identity", "half", "y", {})], ENDS + "'u'"),
}


@pytest.mark.parametrize(("nodes", "words"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_chain_is_refused_by_the_name_of_its_node(tmp_path, nodes, words):
    with pytest.raises(CannotExpress, match=words):
        written(tmp_path, graph(nodes, **NUMBERS))


@pytest.mark.parametrize(
    "sides", [{"inputs": ("x", "z")}, {"outputs": ("y", "u")}], ids=["two inputs", "two outputs"]
)
def test_several_inputs_or_outputs_are_refused(tmp_path, sides):
    nodes = [("Relu", "x", "u", {}), ("Tanh", "u", "y", {})]
    with pytest.raises(CannotExpress, match=r"the graph: got .* inputs and .* outputs; wanted one"):
        written(tmp_path, graph(nodes, **sides))


def test_widths_that_do_not_meet_are_named_with_both_numbers(tmp_path):
    data = graph([("Gemm", "x w", "u", {}), ("Gemm", "u w", "y", {})], w=W)
    with pytest.raises(ShapeMismatch, match=r"/1/Gemm .*got 3 features.*wanted 4 features"):
        written(tmp_path, data)


@pytest.mark.parametrize("ratio", [1.5, -0.1, float("nan")])
def test_a_dropout_with_no_probability_is_refused(tmp_path, ratio):
    with pytest.raises(InvalidValue, match=r"Dropout p: got .*probability"):
        written(tmp_path, graph([("Dropout", "x", "y", {"ratio": ratio})], opset=10))


def test_a_softmax_before_opset_13_flattens_so_that_only_the_last_axis_is_read(tmp_path):
    assert len(written(tmp_path, graph([("Softmax", "x", "y", {})], opset=11)).module) == 1
    with pytest.raises(CannotExpress, match="axis=1 of a value of shape"):
        written(tmp_path, graph([("Softmax", "x", "y", {})], opset=11, shape=("n", 3, 4)))


def test_an_opset_of_old_broadcasts_is_refused(tmp_path):
    with pytest.raises(CannotExpress, match="got opset 6; wanted opset 7 or newer"):
        written(tmp_path, graph([("Relu", "x", "y", {})], opset=6))


def test_an_operation_of_another_domain_is_refused_with_the_domain(tmp_path):
    model = onnx.load_model_from_string(graph([("Relu", "x", "y", {})]))
    model.graph.node[0].domain = "com.microsoft"
    with pytest.raises(CannotExpress, match=r"got the operation com\.microsoft\.Relu"):
        written(tmp_path, model.SerializeToString())


def test_weights_in_a_file_of_their_own_are_read_and_missed(tmp_path):
    module = build(Network((4,), (Linear(3),)), seed=0)
    model = onnx.load_model_from_string(write_onnx(module, (4,)))
    path = tmp_path / "net.onnx"
    onnx.save(model, path, save_as_external_data=True, location="net.data", size_threshold=0)
    assert torch.equal(read_onnx(path).module[0].weight, module[0].weight)
    (tmp_path / "net.data").unlink()
    with pytest.raises((FileProblem, NotationError), match=r"net\.data"):
        read_onnx(path)


def deep_product() -> bytes:
    """Return a graph whose products double at each node: 2**200 factors if they were written out."""
    names = ["x", *(f"u{index}" for index in range(199)), "y"]
    return graph([("Mul", f"{a} {a}", b, {}) for a, b in pairwise(names)])


def test_a_product_that_doubles_at_each_node_is_refused_at_once(tmp_path):
    with pytest.raises(CannotExpress, match=r"/12/Mul"):
        written(tmp_path, deep_product())


DAMAGED = {
    "empty": b"",
    "text": b"784 -> 32 relu -> 1 sigmoid\n",
    "zeros": bytes(1000),
    "picture": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    "torch": b"PK\x03\x04" + bytes(100),
}


@pytest.mark.parametrize("data", DAMAGED.values(), ids=DAMAGED)
def test_a_file_of_another_kind_is_no_onnx(tmp_path, data):
    with pytest.raises(NotationError, match=r"the ONNX file: got .*; wanted a whole and valid ONNX file"):
        written(tmp_path, data)


WHOLE = write_onnx(
    build(Network((4,), (Linear(3), Activation("silu"), Dropout(0.2), Linear(1))), seed=0), (4,)
)


@settings(max_examples=200)
@given(st.integers(0, len(WHOLE) - 1))
def test_a_file_cut_off_anywhere_is_refused(tmp_path_factory, length):
    with pytest.raises((NotationError, CannotExpress)):
        written(tmp_path_factory.mktemp("onnx"), WHOLE[:length])


@settings(max_examples=300)
@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_changed_bytes_give_a_network_or_an_error_of_chalknet(tmp_path_factory, changes):
    data = bytearray(WHOLE)
    for place, byte in changes:
        data[place] = byte
    try:
        written(tmp_path_factory.mktemp("onnx"), bytes(data))
    except ChalknetError as problem:
        assert str(problem)


def test_a_file_that_is_not_there_a_folder_and_a_huge_one_are_named(tmp_path):
    with pytest.raises(FileProblem, match=r"none\.onnx: got no such file"):
        read_onnx(tmp_path / "none.onnx")
    with pytest.raises(FileProblem, match="got a folder or device"):
        read_onnx(tmp_path)
    huge = tmp_path / "huge.onnx"
    with huge.open("wb") as file:
        file.truncate(5_000_000_000)  # takes no space on the disk
    with pytest.raises(FileProblem, match=r"got a file of 5\.0 GB; wanted .* at most 2 GB"):
        read_onnx(huge)


def test_without_the_package_the_install_line_is_given(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingPackage, match=r'pip install "chalknet\[onnx\]"'):
        read_onnx(tmp_path / "net.onnx")
    with pytest.raises(MissingPackage, match=r'pip install "chalknet\[onnx\]"'):
        write_onnx(build(Network((4,), (Linear(2),))), (4,))


class ByHand(nn.Module):
    """An image classifier as many write it."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(12, 5)
        self.last = nn.Linear(5, 2)

    def forward(self, x):
        return torch.log_softmax(self.last(torch.relu(self.first(x.view(x.size(0), -1)))), 1)


def exported(module: nn.Module, shape, tmp_path, *, opset, dynamic) -> bytes:
    path = tmp_path / "exported.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch calls this exporter old; its files are everywhere
        torch.onnx.export(
            module.eval(),
            (torch.zeros(2, *shape),),
            path,
            dynamo=False,
            input_names=["x"],
            opset_version=opset,
            dynamic_axes={"x": {0: "batch"}} if dynamic else None,
        )
    return path.read_bytes()


@pytest.mark.parametrize("dynamic", [False, True])
@pytest.mark.parametrize("opset", [9, 13, 20])
@pytest.mark.parametrize("row", SETTLED, ids=lambda row: row.name)
def test_what_torch_exports_is_read_with_equal_outputs(tmp_path, row, opset, dynamic):
    options = {name: row.choices[name][-1] if name in row.choices else 0.3 for name in row.options}
    options.pop("threshold", None)  # which this exporter leaves out
    network = Network((4,), (Linear(3), Activation(row.name, options), Linear(2, bias=False)))
    module = build(network, seed=0)
    read = written(tmp_path, exported(module, (4,), tmp_path, opset=opset, dynamic=dynamic))
    if row.name != "identity":  # which this exporter leaves out too
        assert read_module(read.module, input_shape=read.input_shape) == network
    x = torch.from_numpy(samples((4,)))
    torch.testing.assert_close(read.module(x), module(x))


@pytest.mark.parametrize("dynamic", [False, True])
@pytest.mark.parametrize("opset", [9, 13, 20])
def test_a_module_by_hand_that_views_its_images_as_rows_is_read(tmp_path, opset, dynamic):
    module = ByHand()
    read = written(tmp_path, exported(module, (3, 4), tmp_path, opset=opset, dynamic=dynamic))
    steps = (Flatten(), Linear(5), Activation("relu"), Linear(2), Activation("log_softmax"))
    assert read_module(read.module, input_shape=read.input_shape) == Network((3, 4), steps)
    x = torch.from_numpy(samples((3, 4)))
    torch.testing.assert_close(read.module(x), module(x))


@pytest.mark.slow
def test_damaged_onnx_files_are_read_or_refused():
    counts = fuzz(seed=1, seconds=0)
    assert not counts["wrong"]
    assert counts["tried"] == counts["read"] + counts["refused"] > 100


@pytest.mark.parametrize(
    "location", [place for place in PLACES if place not in ("weights.bin", "sparse.bin")]
)
def test_weights_are_never_read_from_elsewhere(tmp_path, location):
    folder = tmp_path / "files"
    folder.mkdir()
    prepare(folder)
    model = onnx.load_model_from_string(graph([("MatMul", "x w", "y", {})], w=W))
    (weight,) = model.graph.initializer
    weight.ClearField("raw_data")
    weight.data_location = TensorProto.EXTERNAL
    weight.external_data.add(key="location", value=location)
    with pytest.raises(FileProblem, match="weights kept in a file of their own"):
        written(folder, model.SerializeToString())
    for entry in weight.external_data:
        entry.value = "weights.bin"
    read = written(folder, model.SerializeToString())
    assert torch.equal(read.module[0].weight, torch.ones(3, 4))


def test_weights_larger_than_memory_are_refused_before_they_are_read(tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    prepare(folder)  # a file of a terabyte that takes no room
    model = onnx.load_model_from_string(graph([("MatMul", "x w", "y", {})], w=W))
    (weight,) = model.graph.initializer
    weight.ClearField("raw_data")
    weight.dims[:] = [4, 2**36]
    weight.data_location = TensorProto.EXTERNAL
    weight.external_data.add(key="location", value="sparse.bin")
    with pytest.raises(FileProblem, match="the weight needs 1,099,511,627,776"):
        written(folder, model.SerializeToString())


def test_constants_that_double_are_refused(tmp_path):
    nodes = [("Constant", "", "c0", {"value_ints": [0, -1]})]
    nodes += [("Concat", f"c{i} c{i}", f"c{i + 1}", {"axis": 0}) for i in range(40)]
    nodes += [("Reshape", "x c40", "r", {}), ("MatMul", "r w", "y", {})]
    with pytest.raises(CannotExpress, match="a calculation of constants"):
        written(tmp_path, graph(nodes, w=W))
