"""Losses, weights of samples, first weights and optimizers, from the verb to the kept run."""

import numpy as np
import pytest
import torch
from torch import nn

import chalknet as cn
from chalknet.engine.torch_rows import penalised

X = torch.randn(40, 3, generator=torch.Generator().manual_seed(1))
Y = X.sum(dim=1, keepdim=True) / 2
NET = "3 -> 5 tanh -> 1"
FIT = {"loss": "mse", "updates": 12, "lr": 0.05, "seed": 3, "threads": 1}


def quartic(yhat, y):
    return (yhat - y) ** 4


@pytest.mark.parametrize("loss", [quartic, lambda yhat, y: quartic(yhat, y).mean()], ids=["each", "mean"])
def test_a_function_is_the_loss_as_in_the_script(loss):
    torch.manual_seed(3)
    net = cn.build(NET)
    optimizer, losses = torch.optim.SGD(net.parameters(), lr=0.05), []
    for _ in range(12):
        value = quartic(net(X), Y).mean()
        value.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(value.item())
    result = cn.fit(NET, (X, Y), **{**FIT, "loss": loss})
    assert list(result.history.loss) == losses
    assert result.plan.engine == "eager"
    assert any("it has no code for the loss callable:" in reason for reason in result.plan.reasons)


@pytest.mark.parametrize(
    ("loss", "words"),
    [
        (lambda yhat: yhat, r"TypeError for yhat \(40, 1\) and y \(40, 1\)"),
        (lambda yhat, y: (yhat - y).detach().mean(), "does not depend on yhat"),
        (lambda yhat, y: 3.0, "got a float"),
        (lambda yhat, y: nn.functional.cross_entropy(yhat, y[:3]), "RuntimeError|ValueError"),
    ],
)
def test_a_function_that_is_no_loss_is_refused_by_its_name(loss, words):
    with pytest.raises(cn.InvalidValue, match=words):
        cn.fit(NET, (X, Y), **{**FIT, "loss": loss})


def test_a_function_is_refused_where_its_pieces_would_not_add_up_and_by_the_compiled_engine():
    with pytest.raises(cn.InvalidValue, match="loss quartic: got updates that are summed from pieces"):
        cn.fit(NET, (X, Y), **{**FIT, "loss": quartic}, micro_batch=10)
    with pytest.raises(cn.Refused, match="which is a function of Python"):
        cn.fit(NET, (X, Y), **{**FIT, "loss": quartic}, engine="fused_cpu")


def test_a_kept_run_has_the_name_of_a_function_and_predicts(tmp_path):
    result = cn.fit(NET, (X, Y), **{**FIT, "loss": quartic}, out=tmp_path / "run")
    kept = cn.load_run(tmp_path / "run")
    assert kept.plan.recipe.loss == "callable:quartic"
    np.testing.assert_allclose(
        cn.predict(tmp_path / "run", X).values, cn.predict(result, X).values, atol=1e-6
    )
    with pytest.raises(
        cn.InvalidValue, match=r"loss quartic: got a function that was not kept.*Begin another"
    ):
        cn.resume(tmp_path / "run", data=(X, Y), updates=20)


def test_torchs_loss_with_settings_of_its_own_is_called_and_read_as_its_row_is():
    y = torch.arange(40) % 3
    loss = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0, 3.0]), label_smoothing=0.1)
    result = cn.fit("3 -> 3", (X, y), **{**FIT, "loss": loss})
    torch.manual_seed(3)
    assert result.history.loss[0] == loss(cn.build("3 -> 3")(X), y).item()
    assert result.history.metric == "accuracy"


def test_class_numbers_reach_a_function_as_such():
    y = torch.arange(40) % 3
    named = cn.fit("3 -> 3", (X, y), **{**FIT, "loss": "cross_entropy"}, engine="eager")
    own = cn.fit("3 -> 3", (X, y), **{**FIT, "loss": lambda a, b: nn.functional.cross_entropy(a, b)})
    assert list(own.history.loss) == list(named.history.loss)


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "houses.csv"
    rows = [
        f"{a:.4f},{b:.4f},{w},{'yes' if a > 0 else 'no'}"
        for (a, b, _), w in zip(X.tolist(), range(40), strict=True)
    ]
    path.write_text("\n".join(["a,b,w,sold", *rows]))
    return path


@pytest.mark.parametrize("standardise", [False, True])
@pytest.mark.parametrize("engine", ["eager", "fused_cpu"])
def test_a_column_weighs_and_is_no_feature_in_the_fit_nor_in_new_rows(table, standardise, engine, tmp_path):
    source = cn.load(table, classes=True, standardise=standardise, held_out=0.25)
    asked = {"loss": "bce_logits", "updates": 10, "lr": 0.1, "engine": engine}
    result = cn.fit("? -> 1", source, **asked, weight="w", class_weight={"yes": 3}, out=tmp_path / "run")
    assert result.plan.network.input_shape == (2,)
    x, y = source.take(slice(0, len(source)))
    w = torch.from_numpy(np.loadtxt(table, delimiter=",", skiprows=1, usecols=2))
    rows = torch.tensor([round(value) for value in _raw(source, x)])
    weights = w[rows] * torch.where(y.reshape(-1) > 0, 3.0, 1.0)
    loss = nn.BCEWithLogitsLoss(reduction="none")
    torch.manual_seed(0)
    first = loss(cn.build("2 -> 1")(x[:, :2]), y.reshape(-1, 1).float()).reshape(-1)
    assert result.history.loss[0] == pytest.approx(((first * weights).sum() / weights.sum()).item(), rel=1e-5)
    new = tmp_path / "new.csv"
    new.write_text("b,a\n0.5,1.5\n")
    for run in (result, tmp_path / "run"):
        assert len(cn.predict(run, new).classes) == 1
    more = cn.resume(tmp_path / "run", updates=15)
    assert list(more.history.loss)[:10] == list(result.history.loss)


def _raw(source, x):
    column = source.preparation.x[2]
    return (x[:, 2].double() * column.std + column.mean).tolist()


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"weight": "v"}, r"weight: got the unknown column 'v'.*one of a, b, w"),
        ({"weight": 7}, "unknown column 7"),
        ({"class_weight": {"maybe": 2}}, r"unknown class 'maybe'.*no, yes"),
        ({"class_weight": [1, 2, 3]}, "3 weights for 2 classes"),
        ({"weight": "a"}, "weights of at least 0"),
        ({"class_weight": [0, 0]}, "no weight above 0"),
    ],
)
def test_weights_that_cannot_be_are_refused_by_name(table, asked, words):
    with pytest.raises(cn.ChalknetError, match=words):
        cn.fit("? -> 1", cn.load(table, classes=True), loss="bce_logits", updates=1, **asked)


def test_class_weights_need_classes():
    with pytest.raises(cn.InvalidValue, match="class_weight: got loss mse"):
        cn.fit(NET, (X, Y), **FIT, class_weight="balanced")


def test_a_module_keeps_its_weights():
    with pytest.raises(cn.InvalidValue, match="init: got 'he' for a module"):
        cn.fit(nn.Sequential(nn.Linear(3, 1)), (X, Y), **FIT, init="he")
    zeros = cn.fit(NET, (X, Y), **{**FIT, "lr": 0.0}, init="zeros")
    assert all(not parameter.any() for parameter in zeros.module.parameters())


def test_lbfgs_is_torchs_and_goes_on_bit_for_bit(tmp_path):
    asked = {"loss": "mse", "optimizer": "lbfgs", "lr": 0.5, "max_iter": 4, "line_search_fn": "strong_wolfe"}
    torch.manual_seed(0)
    net = cn.build(NET)
    optimizer = torch.optim.LBFGS(net.parameters(), lr=0.5, max_iter=4, line_search_fn="strong_wolfe")
    losses = []

    def closure():
        optimizer.zero_grad()
        loss = nn.MSELoss()(net(X), Y)
        loss.backward()
        return loss

    for _ in range(6):
        losses.append(optimizer.step(closure).item())
    result = cn.fit(NET, (X, Y), updates=6, **asked)
    assert list(result.history.loss) == losses and result.plan.engine == "eager"
    cn.fit(NET, (X, Y), updates=3, **asked, out=tmp_path / "run")
    again = cn.resume(tmp_path / "run", data=(X, Y), updates=6)
    assert list(again.history.loss) == losses
    with pytest.raises(cn.InvalidValue, match="optimizer lbfgs: got batch_size=4"):
        cn.fit(NET, (X, Y), updates=3, **asked, batch_size=4)


def test_poisson_and_gaussian_predict_in_the_unit_of_the_target():
    counts = torch.poisson(torch.exp(X[:, :1]), generator=torch.Generator().manual_seed(2))
    rate = cn.fit("3 -> 1", (X, counts), loss="poisson", optimizer="adam", lr=0.05, updates=600)
    found = cn.predict(rate, X)
    np.testing.assert_allclose(found.values, np.exp(found.raw), rtol=1e-6)
    assert float(np.mean(found.values)) == pytest.approx(counts.mean().item(), rel=0.02)
    with pytest.raises(cn.DataError, match="numbers of at least 0 for poisson"):
        cn.fit("3 -> 1", (X, Y), loss="poisson", updates=1)
    spread = cn.fit("? -> 8 tanh -> ?", (X, Y), loss="gaussian_nll", optimizer="adam", lr=0.02, updates=600)
    found = cn.predict(spread, X)
    assert found.raw.shape == (40, 2) and found.values.shape == (40, 1)
    assert float(np.abs(found.values - Y.numpy()).mean()) < 0.2
    with pytest.raises(cn.ShapeMismatch, match=r"half of \(n,3\): gaussian_nll takes two numbers"):
        cn.fit("3 -> 3", (X, Y), loss="gaussian_nll", updates=1)


def test_penalties_leave_biases_and_frozen_weights_out():
    module = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2), nn.Linear(2, 1))
    module[2].weight.requires_grad_(False)
    assert penalised(module.parameters()) == [module[0].weight]


@pytest.mark.parametrize("engine", ["eager", "fused_cpu"])
def test_a_plan_shows_what_was_asked(engine):
    asked = {
        "schedule": "StepLR(9)",
        "warmup": 3,
        "clip_norm": 1,
        "l2": 0.1,
        "init": "kaiming",
        "patience": 4,
    }
    text = str(cn.plan(NET, (X, Y), **FIT, **asked, held_out=0.2, engine=engine))
    for words in (
        "warm-up over 3 updates, then step(every=9)", "norm at most 1", "l2=0.1", "he",
        "after 4 evaluations without a better held_out_loss, with the weights of the best",
    ):  # fmt: skip
        assert words in " ".join(text.split())
