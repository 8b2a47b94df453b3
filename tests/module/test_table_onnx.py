"""Steps for tables as ONNX: written, computed by onnxruntime, read back with their numbers."""

import random

import pytest
import torch
from tests.rounding import exact_and_allowed
from tests.table_networks import random_network

import chalknet as cn
from chalknet.errors import CannotExpress
from chalknet.forms import read
from chalknet.module import build, read_onnx, write_onnx
from chalknet.module.own_layers import ResidualLayer
from chalknet.network import BatchNorm, LayerNorm, Linear, Network

onnx = pytest.importorskip("onnx")


def fitted(network, seed):
    """Return a module with weights and averages that are not those it began with, in evaluation mode."""
    module = build(network, seed=seed)
    chance = torch.Generator().manual_seed(seed)
    module(torch.randn(50, *network.input_shape, generator=chance))
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape, generator=chance))
    return module.eval()


@pytest.mark.parametrize("seed", range(15))
def test_a_random_network_is_read_back_and_computed_by_onnxruntime(seed, tmp_path):
    network = random_network(random.Random(seed))
    module = fitted(network, seed)
    path = tmp_path / "net.onnx"
    path.write_bytes(write_onnx(module, network.input_shape))
    x = torch.randn(9, *network.input_shape, generator=torch.Generator().manual_seed(1))
    exact, allowed = exact_and_allowed(module, x)
    assert ((module(x) - exact).abs() <= allowed).all()
    assert ((read_onnx(path).module.eval()(x) - exact).abs() <= allowed).all()
    runtime = pytest.importorskip("onnxruntime")
    (given,) = runtime.InferenceSession(path.read_bytes()).run(None, {"X": x.numpy()})
    assert ((torch.from_numpy(given) - exact).abs() <= allowed).all()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("first", [torch.nn.GELU("tanh"), torch.nn.Mish(), torch.nn.Linear(4, 4)], ids=repr)
def test_residual_blocks_that_torch_exports_are_read(first, tmp_path):
    inner = ResidualLayer(first, torch.nn.Linear(4, 3), torch.nn.ReLU(), torch.nn.Linear(3, 4))
    module = torch.nn.Sequential(
        torch.nn.Linear(4, 4), ResidualLayer(inner, torch.nn.Linear(4, 4)), torch.nn.Tanh()
    )
    export(module, tmp_path / "net.onnx", 17)
    x = torch.randn(5, 4)
    found = read_onnx(tmp_path / "net.onnx").module
    assert isinstance(found[1].layers[0], ResidualLayer)
    torch.testing.assert_close(found.eval()(x), module(x))


@pytest.mark.parametrize("step", [LayerNorm(affine=False), LayerNorm(bias=False), LayerNorm(),
    BatchNorm(affine=False), BatchNorm(bias=False), BatchNorm()], ids=str)  # fmt: skip
def test_a_norm_is_read_back_with_the_parameters_that_it_has_and_no_others(step, tmp_path):
    network = Network(3, (Linear(4), step, Linear(1)))
    path = tmp_path / "net.onnx"
    path.write_bytes(write_onnx(build(network, seed=0), network.input_shape))
    assert read(path).steps == network.steps


def export(module, path, opset):
    torch.onnx.export(module, torch.zeros(2, 4), path, dynamo=False, input_names=["x"], opset_version=opset)


@pytest.mark.filterwarnings("ignore")
def test_what_torch_exports_is_read(tmp_path):
    layers = [torch.nn.PReLU(), torch.nn.LayerNorm(4), torch.nn.PReLU(4), torch.nn.BatchNorm1d(4)]
    module = torch.nn.Sequential(*layers).eval()
    export(module, tmp_path / "net.onnx", 17)
    x = torch.randn(5, 4)
    torch.testing.assert_close(read_onnx(tmp_path / "net.onnx").module.eval()(x), module(x))
    export(torch.nn.Sequential(torch.nn.LayerNorm(4)), tmp_path / "old.onnx", 13)
    with pytest.raises(CannotExpress, match="opset_version=17"):
        read_onnx(tmp_path / "old.onnx")


@pytest.mark.parametrize("seed", range(8))
def test_onnx_of_a_module_and_of_a_kept_run_has_its_weights(seed, tmp_path):
    pytest.importorskip("onnxruntime")
    network = random_network(random.Random(seed), outputs=1)
    rows = torch.rand(40, *network.input_shape, generator=torch.Generator().manual_seed(seed))
    how = {"loss": "mse", "lr": 0.01, "batch_size": 8, "updates": 9, "progress": False}
    result = cn.fit(network, (rows, rows[:, :1]), out=tmp_path / "run", **how)
    wanted = result.module.eval()(rows)
    for form in (result, result.module, torch.nn.Sequential(result.module), tmp_path / "run"):
        path = tmp_path / "net.onnx"
        path.write_bytes(cn.write(form, "onnx"))
        runtime = pytest.importorskip("onnxruntime")
        (given,) = runtime.InferenceSession(path.read_bytes()).run(None, {"X": rows.numpy()})
        torch.testing.assert_close(
            torch.from_numpy(given), wanted, rtol=1e-3, atol=1e-4
        )  # drawn weights are further
