"""A fit to data alone: random tables are fitted, every choice has its reason, and what is given wins."""

import inspect

import numpy as np
import pytest
import torch
from tests.training.random_tables import LOSSES, TARGETS, drawn

import chalknet as cn
from chalknet.planning import CHOICES

SHORT = {"updates": 3, "engine": "eager", "threads": 1}


def plan_of(seed, target=None, **options):
    frame, y, kind = drawn(seed, target)
    return cn.plan("auto", frame, y=y, **options), kind


@pytest.mark.parametrize("seed", range(42))
def test_a_random_table_is_fitted_and_its_rows_predicted(seed):
    frame, y, kind = drawn(seed)
    result = cn.fit("auto", frame, y=y, seed=seed, **SHORT)
    assert result.plan.recipe.loss == LOSSES[kind]
    assert len(np.asarray(cn.predict(result, frame.drop(columns=y)))) == len(frame)
    chosen = [reason.partition(" ")[0] for reason in result.plan.reasons]
    assert {"loss", "model", "optimizer", "lr", "batch_size", "shuffle", "standardise"} <= set(chosen)
    assert all(reason.partition(": ")[2] for reason in result.plan.reasons if reason.split()[0] in NAMES)
    noted = " ".join(result.plan.notes)
    for column in {"constant", "id", "name", "day"} & set(frame):
        assert f"column {column} is left out" in noted
        assert column not in result.preparation.names


NAMES = {choice.name for choice in CHOICES}
GIVEN = {
    "loss": {"numbers": "l1", "words": "focal_cross_entropy"},
    "model": "? -> 5 tanh -> ?",
    "optimizer": "sgd",
    "lr": 0.02,
    "l2": 0.25,
    "batch_size": 7,
    "shuffle": False,
    "patience": 3,
    "watch": "train_loss",
    "epochs": 2,
    "momentum": 0.5,
}


FOLLOWS = {
    "optimizer": {"lr", "optimizer_options"},
    "momentum": {"optimizer_options"},
    "batch_size": {"epochs"},
    "epochs": {"patience"},
}


@pytest.mark.parametrize("kind", ["numbers", "words"])
@pytest.mark.parametrize("name", GIVEN)
def test_an_option_that_is_given_wins_and_the_rest_is_chosen_as_before(name, kind):
    frame, y, _ = drawn(3, kind)
    value = GIVEN[name][kind] if name == "loss" else GIVEN[name]
    around = {"optimizer": "sgd"} if name == "momentum" else {}
    before = cn.plan("auto", frame, y=y, **around).recipe
    if name == "model":
        plan = cn.plan(value, frame, y=y, recipe="auto")
        assert plan.network.steps[0].out_features == 5
        assert plan.recipe == before
        return
    after = cn.plan("auto", frame, y=y, **around, **{name: value}).recipe
    found = {**vars(after), **after.optimizer_options}
    assert found[name] == (str(cn.Recipe(loss=value, updates=1).loss) if name == "loss" else value)
    follows = FOLLOWS.get(name, set())
    changed = {field for field in vars(before) if vars(before)[field] != vars(after)[field]}
    assert changed <= {name, *follows}


@pytest.mark.parametrize(
    ("given", "holds"),
    [
        ({"held_out": 0.5}, lambda plan: plan.data.held_out == 100),
        ({"held_out": 0}, lambda plan: plan.data.held_out == 0 and plan.recipe.patience is None),
        ({"patience": None}, lambda plan: plan.recipe.patience is None and plan.data.held_out == 40),
        ({"batch_size": None}, lambda plan: plan.updates_per_epoch == 1),
        ({"updates": 9}, lambda plan: plan.updates == 9 and plan.recipe.epochs is None),
        ({"samples": 99}, lambda plan: plan.recipe.samples == 99 and plan.recipe.epochs is None),
        ({"optimizer": "lbfgs"}, lambda plan: plan.recipe.batch_size is None),
        ({"dtype": "float64"}, lambda plan: plan.placement.dtype == "float64"),
        ({"x": ["a"]}, lambda plan: plan.data.x_shape == (1,)),
        ({"drop": ["a"]}, lambda plan: plan.data.x_shape == (1,)),
        ({"one_hot": ["b"]}, lambda plan: plan.data.x_shape[0] > 3),
    ],
)
def test_what_is_given_of_data_and_length_wins(given, holds):
    random = np.random.default_rng(0)
    a, b = random.normal(size=200), random.integers(0, 4, 200)
    assert holds(cn.plan("auto", {"a": a, "b": b, "y": a + b}, **given))


def test_standardising_can_be_left_out_and_is_learned_from_training_rows_else():
    frame, y, _ = drawn(3, "numbers")
    plain = cn.fit("auto", frame, y=y, standardise=False, **SHORT)
    scaled = cn.fit("auto", frame, y=y, **SHORT)
    assert all(column.std == 1.0 for column in (*plain.preparation.x, *plain.preparation.y))
    assert all(column.std != 1.0 for column in scaled.preparation.y)


# R² of a sum, and the accuracy of its halves and thirds, of rows held out: a linear map alone can do better.
BOUNDS = {"numbers": ("held_out_r2", 0.8), "several": ("held_out_r2", 0.8), "two words": (None, 0.85),
          "zero or one": (None, 0.85), "minus or plus one": (None, 0.85), "words": (None, 0.75),
          "class numbers": (None, 0.75)}  # fmt: skip


@pytest.mark.parametrize("kind", TARGETS)
def test_what_can_be_learned_is_learned(kind):
    metric, least = BOUNDS[kind]
    frame, y, _ = drawn(11, kind)
    found = cn.fit("auto", frame, y=y, engine="fused_cpu", threads=1).evaluation
    assert (found.held_out if metric is None else found.metrics[metric]) >= least


def test_the_same_seed_gives_the_same_weights_and_another_one_others():
    frame, y, _ = drawn(5, "words")
    weights = [
        torch.cat(
            [p.detach().ravel() for p in cn.fit("auto", frame, y=y, seed=seed, **SHORT).module.parameters()]
        )
        for seed in (1, 1, 2)
    ]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_a_chosen_fit_is_bit_for_bit_the_explicit_one_that_its_plan_prints():
    frame, y, _ = drawn(3, "numbers")
    chosen = cn.fit("auto", frame, y=y, engine="eager", threads=1, epochs=3)
    keywords = {"one_hot": True, "fill": "auto", "unknown": "missing", "standardise": "both", "held_out": 0.2}
    dropped = [name for name in ("constant", "id", "name", "day") if name in frame]
    source = cn.load(frame, y=y, **keywords, drop=dropped or None)
    explicit = cn.fit(chosen.plan.network, source, recipe=chosen.plan.recipe, engine="eager", threads=1)
    assert list(chosen.history.loss) == list(explicit.history.loss)


def test_a_run_is_kept_and_goes_on(tmp_path):
    frame, y, _ = drawn(3, "words")
    path, out = tmp_path / "a.csv", tmp_path / "run"
    frame.to_csv(path, index=False)
    cn.fit("auto", path, y=y, out=out, **SHORT)
    assert cn.resume(out, updates=5).history.updates[-1] == 5
    assert len(cn.predict(out, path).classes) == len(frame)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (["a"] * 30, "'a' in every row"),
        ([3] * 30, "'3' in every row"),
        ([f"row {i}" for i in range(30)], "30 different words in 30 rows"),
    ],
)
def test_a_target_of_which_nothing_can_be_learned_is_refused_with_what_to_do(values, words):
    table = {"a": list(np.linspace(0, 1, 30)), "price": list(np.linspace(1, 9, 30)), "y": values}
    with pytest.raises(cn.errors.DataError) as caught:
        cn.plan("auto", table)
    assert words in str(caught.value)
    assert cn.plan("auto", table, y="price").recipe.loss == "mse"  # as the remedy says


def test_rare_classes_and_whole_numbers_taken_as_classes_are_noted_with_what_to_say():
    x = list(np.linspace(0, 1, 200))
    rare = cn.plan("auto", {"x": x, "y": ["yes"] * 5 + ["no"] * 195})
    assert any("class yes has 5 of 200 rows" in note for note in rare.notes)
    numbers = {"x": x, "y": [0, 1, 2, 3] * 50}
    assert any('loss="mse"' in note for note in cn.plan("auto", numbers).notes)
    assert not any('loss="mse"' in note for note in cn.plan("auto", numbers, loss="mse").notes)


@pytest.mark.parametrize(
    ("ending", "loss"), [("1 sigmoid", "bce"), ("1", "bce_logits"), ("2 log_softmax", "nll")]
)
def test_the_loss_suits_the_end_of_a_network_that_is_given(ending, loss):
    frame, y, _ = drawn(1, "two words")
    assert cn.plan(f"? -> 4 relu -> {ending}", frame, y=y, recipe="auto").recipe.loss == loss


def test_a_weight_stands_as_it_is_and_the_target_is_standardised_all_the_same():
    random = np.random.default_rng(0)
    a = random.normal(size=100)
    result = cn.fit("auto", {"a": a, "w": np.abs(a) + 1, "y": 1000 * a}, weight="w", **SHORT)
    assert [column.name for column in result.preparation.x] == ["a"]
    assert result.preparation.y[0].std > 100


def test_arrays_modules_and_sources_are_fitted_too():
    x = torch.randn(60, 3, generator=torch.Generator().manual_seed(0))
    assert cn.fit("auto", (x, x.sum(1)), **SHORT).plan.recipe.loss == "mse"
    assert cn.fit("auto", (x, (x.sum(1) > 0).long()), **SHORT).plan.recipe.loss == "bce_logits"
    assert cn.fit("auto", (x, torch.arange(60) % 3), **SHORT).plan.recipe.loss == "cross_entropy"
    assert cn.fit("auto", (x, (x > 0).float()), **SHORT).plan.recipe.loss == "bce_logits"
    module = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Tanh(), torch.nn.Linear(2, 1))
    assert cn.fit(module, (x, x.sum(1)), recipe="auto", **SHORT).module is module

    class Own:
        def __len__(self):
            return len(x)

        def take(self, rows):
            return x[rows], x[rows].sum(1)

    assert cn.fit("auto", Own(), held_out=(x, x.sum(1)), **SHORT).plan.recipe.loss == "mse"


def test_a_million_rows_are_seen_no_more_than_the_bound_says():
    x = torch.zeros(1_000_000, 1)
    x[::2] = 1
    plan = cn.plan("auto", (x, x[:, 0] * 2.5))
    assert plan.recipe.batch_size == 1024
    assert plan.updates * plan.recipe.batch_size <= 1.1e7


def test_the_signature_names_every_option_that_is_chosen():
    names = set(inspect.signature(cn.fit).parameters)
    assert {choice.name for choice in CHOICES} <= names


def test_a_pair_with_names_is_looked_at_as_a_table():
    frame, y, _ = drawn(3, "words")
    result = cn.fit("auto", (frame.drop(columns=y), frame["y"]), **SHORT)
    assert result.plan.recipe.loss == "cross_entropy"
    assert set(cn.predict(result, frame.drop(columns=y)).classes) <= {"low", "mid", "high"}
