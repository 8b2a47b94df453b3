"""The forward pass on arrays, without torch: against torch's over generated networks and values."""

import json
import subprocess
import sys

import numpy as np
import pytest
import torch

import chalknet as cn
from chalknet.module import build, class_named
from chalknet.network import ACTIVATIONS, layer_call
from chalknet.training.predictions.array_forward import ArrayForward, activation

NAMES = [row.name for row in ACTIVATIONS.values() if row.settled]
OPTIONS = {
    "leaky_relu": lambda rng: {"negative_slope": float(rng.normal())},
    "elu": lambda rng: {"alpha": float(rng.normal())},
    "gelu": lambda rng: {"approximate": str(rng.choice(["none", "tanh"]))},
    "softplus": lambda rng: {"beta": float(rng.uniform(0.1, 5)), "threshold": float(rng.uniform(1, 30))},
}
EDGES = [0, -0.0, 1e-30, -1e-30, 5, -5, 20, -20, 88, -88, 104, -104, 709, -746, 1e30, -1e30]
STRANGE = [np.inf, -np.inf, np.nan]


def options(name, rng):
    return OPTIONS.get(name, lambda rng: {})(rng)


def torch_activation(step, z):
    call = layer_call(step, z.shape[1:])
    return class_named(call.layer)(**call.arguments)(torch.from_numpy(z)).numpy()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", NAMES)
def test_every_activation_is_torchs_for_big_and_small_values_and_for_none(name, dtype):
    rng = np.random.default_rng(7)
    for _ in range(20):
        step = cn.Activation(name, options(name, rng))
        z = np.concatenate([rng.normal(size=50) * 10 ** rng.uniform(-8, 4), EDGES, STRANGE]).astype(dtype)
        rows = z.reshape(1, -1)
        if not step.row.elementwise:  # one strange value would make NaN of the whole row
            rows = np.stack([z[:-3], [*z[:-4], rng.choice(STRANGE)]]).astype(dtype)
        found, wanted = activation(name, rows, dict(step.options)), torch_activation(step, rows)
        assert found.dtype == wanted.dtype
        # gelu takes 1 from nearly 1 below zero, torch as well: what is left is exact to a bit of z alone
        room = np.abs(np.nan_to_num(rows)) if name == "gelu" else 0
        if name == "gelu":  # of infinity torch gives NaN in float32, infinity in float64
            found[:, -3], wanted[:, -3] = np.inf, np.inf
        np.testing.assert_array_equal(np.isnan(found), np.isnan(wanted))
        tolerance = 8 * np.finfo(dtype).eps
        with np.errstate(invalid="ignore"):
            near = np.abs(found - wanted) <= tolerance * (np.abs(wanted) + room) + np.finfo(dtype).tiny
        assert (near | (found == wanted) | np.isnan(wanted)).all()


def generated(rng):
    """Return a network of random steps, its module and rows for it."""
    dtype = str(rng.choice(["float32", "float64"]))
    shape = (int(rng.integers(1, 100)),) if rng.random() < 0.7 else (3, int(rng.integers(1, 9)))
    steps = [cn.Flatten()] if len(shape) == 2 and rng.random() < 0.5 else []
    for _ in range(rng.integers(1, 5)):
        name = str(rng.choice(NAMES))
        steps.append(cn.Linear(int(rng.integers(1, 100)), bias=bool(rng.random() < 0.7)))
        steps += [cn.Activation(name, options(name, rng)), *[cn.Dropout(0.5)] * int(rng.integers(2))]
    network = cn.Network(shape, tuple(steps))
    module = build(network, seed=int(rng.integers(1 << 20))).to(getattr(torch, dtype)).eval()
    scale = 10 ** rng.uniform(-2, 1)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.mul_(scale)
    x = rng.normal(size=(int(rng.integers(1, 40)), *shape)) * 10 ** rng.uniform(-2, 2)
    return network, module, x.astype(dtype)


def forward_of(network, module):
    return ArrayForward(network, {name: value.numpy() for name, value in module.state_dict().items()})


@pytest.mark.parametrize("seed", range(5))
def test_a_generated_network_is_torchs_to_1e_6_or_to_torchs_own_rounding(seed):
    rng = np.random.default_rng(seed)
    for _ in range(40):
        network, module, x = generated(rng)
        found = forward_of(network, module)([x])
        with torch.no_grad():
            wanted = module(torch.from_numpy(x)).numpy()
            exact = module.double()(torch.from_numpy(x).double()).numpy()
        assert found.dtype == wanted.dtype and found.shape == wanted.shape
        largest = np.abs(wanted).max()
        rounding = np.abs(wanted - exact).max()  # of torch, where sums cancel or weights are large
        assert np.abs(found - wanted).max() <= max(1e-6 * largest, 8 * rounding)


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan, 1e38])
def test_weights_of_a_fit_that_diverged_give_what_torch_gives(value):
    network = cn.read("3 -> 4 relu -> 2 softmax")
    module = build(network, seed=1).eval()
    with torch.no_grad():
        module[0].weight[1, 2] = value
        x = np.ones((2, 3), np.float32) * 1e3
        wanted = module(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(forward_of(network, module)([x]), wanted, rtol=1e-6)


def test_rows_in_blocks_give_what_they_give_at_once():
    network = cn.read("3 -> 5 tanh -> 2")
    forward = forward_of(network, build(network, seed=1))
    x = np.random.default_rng(0).normal(size=(20_000, 3)).astype("float32")
    np.testing.assert_allclose(forward([x[:7], x[7:]]), forward([x]), rtol=1e-6, atol=1e-6)


CHILD = """
import json, sys
import chalknet as cn
found = cn.predict(*json.loads(sys.argv[1]))
heavy = [name for name in ("torch", "matplotlib", "numba", "scipy") if name in sys.modules]
print(json.dumps([heavy, found.columns["class"].tolist(), found.probabilities.tolist(), list(found.notes)]))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("loss", "kind"), [("cross_entropy", "csv"), ("bce", "parquet"), ("bce_logits", "npy")]
)
def test_a_kept_run_predicts_without_torch_what_its_result_predicts(loss, kind, tmp_path):
    import pandas as pd

    rng = np.random.default_rng(3)
    x = rng.normal(size=(60, 2)).astype("float32")
    text = {"cross_entropy": "2 -> 8 gelu dropout(0.2) -> 3", "bce": "2 -> 8 silu -> 1 sigmoid"}
    classes = ["no", "yes", "maybe"] if loss == "cross_entropy" else ["no", "yes"]
    frame = pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "y": rng.choice(classes, 60)})
    result = cn.fit(
        text.get(loss, "2 -> 8 elu -> 1"), cn.load(frame, y="y", classes=True), loss=loss, lr=0.5, updates=20,
        out=tmp_path / "run",
    )  # fmt: skip
    data = tmp_path / f"new.{kind}"
    if kind == "npy":
        np.save(data, x)
    else:
        new = frame.drop(columns="y")
        new.to_csv(data, index=False) if kind == "csv" else new.to_parquet(data)
    words = json.dumps([str(tmp_path / "run"), str(data)])
    done = subprocess.run([sys.executable, "-c", CHILD, words], capture_output=True, text=True, check=True)
    heavy, found, probabilities, notes = json.loads(done.stdout)
    wanted = cn.predict(result, data)
    assert heavy == []
    assert found == wanted.classes.tolist()
    np.testing.assert_allclose(probabilities, wanted.probabilities, rtol=1e-6, atol=1e-6)
    assert notes == list(wanted.notes)


@pytest.mark.slow
def test_the_command_predicts_without_torch_and_without_pandas(tmp_path):
    x = torch.linspace(-1, 1, 20)
    (tmp_path / "new.csv").write_text("a\n0.5\n-0.5\n")
    result = cn.fit("1 -> 1", ({"a": x}, x), loss="mse", updates=3, out=tmp_path / "run")
    code = (
        f"import sys; sys.argv = ['chalknet', 'predict', {str(tmp_path / 'run')!r}, '--data', 'new.csv']\n"
        "from chalknet.__main__ import main\n"
        "try:\n    main()\n"
        "finally:\n    print([name for name in ('torch', 'pandas') if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "[]\n")
    found = [float(line) for line in done.stdout.splitlines()[1:]]
    wanted = cn.predict(result, tmp_path / "new.csv").values
    np.testing.assert_allclose(found, wanted[:, 0], rtol=1e-6)


def test_what_has_no_row_is_mapped_by_torch(tmp_path, monkeypatch):
    import chalknet.training.predictions.array_forward as room

    x = torch.linspace(-1, 1, 20)
    result = cn.fit("1 -> 3 tanh -> 1", (x, x**2), loss="mse", updates=3, out=tmp_path / "run")
    monkeypatch.setattr(room, "_ACTIVATIONS", {})
    assert np.array_equal(cn.predict(tmp_path / "run", x), cn.predict(result, x))
