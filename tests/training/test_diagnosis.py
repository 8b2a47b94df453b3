"""What a fit says at its end: the trivial predictor, what went wrong; following the advice mends it."""

import re

import numpy as np
import pytest
import torch
from tests.training.diagnosed import NAIVE, numbers
from tests.training.good_fits import GOOD

import chalknet as cn
from chalknet.errors import Noted

SEEDS = (0, 1)


def fitted(make, seed, *changes):
    """Return a kind of fit, with options of the model, of load and of fit changed."""
    asked = make(np.random.default_rng(seed))
    for change in changes:
        asked = {**asked, **change, "load": {**asked["load"], **change.get("load", {})}}
    for unit in ("epochs", "updates"):
        if any(unit in change for change in changes):
            others = {"epochs", "updates"} - {unit}
            asked = {name: value for name, value in asked.items() if name not in others}
    model, data, load, held_out = (asked.pop(name, None) for name in ("model", "data", "load", "held_out"))
    if model == "auto":  # which takes the table itself
        return cn.fit(model, data, seed=seed, threads=1, **load)
    return cn.fit(model, cn.load(data, held_out=held_out, **load), seed=seed, threads=1, **asked)


def advice(note):
    """Return the options that a sentence names, as they would be written."""
    found = {}
    for name, value in re.findall(r"\b(\w+)=('[^']*'|\"[^\"]*\"|[\w.-]+)", note):
        plain = value.strip("'\"")
        known = {"True": True, "both": "both", "adam": "adam", "balanced": "balanced"}
        found[name] = known[plain] if plain in known else float(plain) if name == "lr" else int(plain)
    load = {"standardise": found.pop("standardise")} if "standardise" in found else {}
    return {**found, "load": load}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", NAIVE)
def test_a_naive_fit_gets_the_sentence_that_is_true_of_it(kind, seed):
    make, words = NAIVE[kind]
    notes = fitted(make, seed).notes
    assert any(re.search(words, note) for note in notes), notes
    assert len(notes) <= 2  # the note of the plan that names the same, or a consequence, beside it


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", GOOD)
def test_a_good_fit_gets_none(kind, seed):
    assert fitted(GOOD[kind], seed).notes == ()


def skill(result):
    """Return which share of the trivial predictor's error, or of what it gets wrong, is gone."""
    found, trivial = result.evaluation.train, result.baseline.train
    if result.history.metric == "accuracy":
        return (found - trivial) / (1 - trivial)
    return 1 - found / trivial if np.isfinite(found) else -np.inf


FOLLOWED = [
    "unscaled_adam", "unscaled_sgd", "dead_units", "saturated_units", "too_short", "too_short_classes",
    "too_fast_sgd", "too_fast_adam", "too_slow_sgd", "too_slow_classes", "large_targets", "sorted_classes",
    "sorted_two_classes", "diverged",
]  # fmt: skip


@pytest.mark.parametrize("kind", FOLLOWED)
def test_following_the_advice_mends_the_fit(kind):
    make, words = NAIVE[kind]
    before = after = fitted(make, 0)
    changes = []
    for _ in range(3):  # a fit that goes down slowly may have to go on twice
        found = [note for note in after.notes if re.search(words, note)]
        if not found:
            break
        changes.append(advice(found[0]))
        after = fitted(make, 0, *changes)
    assert changes and not found, found
    assert skill(after) > (0.6 if skill(before) < 0.5 else skill(before) - 0.1), (skill(before), skill(after))


def test_leaving_the_bounded_output_out_mends_the_fit():
    make, _ = NAIVE["bounded_output"]
    (note,) = fitted(make, 0).notes
    assert "leave sigmoid out as the last step" in note
    after = fitted(make, 0, {"model": "? -> 16 relu -> ?"})
    assert "targets around" in after.notes[0]  # of 0 to 500, which is the next thing to mend
    assert fitted(make, 0, {"model": "? -> 16 relu -> ?"}, advice(after.notes[0])).notes == ()


def test_ending_the_fit_where_the_sentence_says_mends_overfitting():
    make, words = NAIVE["overfitting"]
    before = fitted(make, 0)
    note = next(note for note in before.notes if re.search(words, note))
    after = fitted(make, 0, advice(note))
    assert after.evaluation.held_out < 0.8 * before.evaluation.held_out


@pytest.mark.parametrize("kind", ["rare_class", "rare_answer"])
def test_weighing_the_classes_mends_a_class_that_is_never_predicted(kind):
    make, _ = NAIVE[kind]
    asked = make(np.random.default_rng(0))
    (note,) = fitted(make, 0).notes
    change = advice(note)
    if "class_weight" not in change:
        assert "repeat those of the rare ones" in note
        x, y = asked["data"]
        most = np.bincount(y).max()
        rows = np.concatenate([np.resize(np.flatnonzero(y == number), most) for number in np.unique(y)])
        change = {"data": (x[rows], y[rows])}
    after = fitted(make, 0, change)
    recall = cn.evaluate(after, asked["data"], "recall").scores["recall"].by
    assert min(recall.values()) > 0.2 and not any("never predicted" in note for note in after.notes)


def test_removing_double_rows_mends_the_split():
    make, _ = NAIVE["duplicated_rows"]
    x, y = make(np.random.default_rng(0))["data"]
    _, rows = np.unique(np.column_stack([x, y]), axis=0, return_index=True)
    assert fitted(make, 0, {"data": (x[np.sort(rows)], y[np.sort(rows)])}).notes == ()


def test_rows_of_few_values_that_are_alike_by_chance_are_no_duplicates():
    generator = np.random.default_rng(0)
    x = generator.integers(0, 3, (400, 3)).astype("f4")
    y = x.sum(axis=1)
    result = cn.fit("3 -> 1", (x, y), loss="mse", lr=0.05, updates=300, held_out=0.25)
    assert not any("stand among" in note for note in result.notes)


# --- the trivial predictor


def test_the_trivial_predictor_is_the_mean_or_the_most_frequent_class():
    x, y = numbers(np.random.default_rng(0))
    result = cn.fit("? -> 1", (x, y), loss="mse", lr=0.1, updates=20, held_out=0.25)
    train, held_out = result.source, result.source.held_out
    mean = train.y.double().mean()
    assert result.baseline.train == pytest.approx(float(((train.y - mean) ** 2).mean()), rel=1e-5)
    assert result.baseline.held_out == pytest.approx(float(((held_out.y - mean) ** 2).mean()), rel=1e-5)
    assert f"the mean of y, {float(mean):.4g}: error" in str(result)
    result = cn.fit("? -> 1", (x, y**3), loss="l1", lr=0.1, updates=20)
    assert result.baseline.says.startswith("the median of y")
    words = ["no", "yes", "no", "no", "yes"] * 80
    result = cn.fit("? -> 2", (x, words), loss="cross_entropy", updates=20)
    assert (result.baseline.says, result.baseline.train) == ("'no'", pytest.approx(0.6))
    result = cn.fit("? -> 1 sigmoid", (x, np.arange(400) % 5 > 0), loss="bce", updates=20)
    assert (result.baseline.says, result.baseline.train) == ("class 1", pytest.approx(0.8))
    labels = np.column_stack([np.arange(400) % 5 > 0, np.arange(400) % 4 == 0]).astype("f4")
    result = cn.fit("? -> 2 sigmoid", (x, labels), loss="bce", updates=20)
    assert result.baseline.train == pytest.approx((0.8 + 0.75) / 2)


def test_the_trivial_predictor_stands_in_the_unit_of_the_target():
    x, y = numbers(np.random.default_rng(0))
    source = cn.load((x, 100 * y + 1000), standardise="both")
    says = cn.fit("? -> 1", source, loss="mse", updates=20).baseline.says
    assert float(says.removeprefix("the mean of y, ")) == pytest.approx(
        float((100 * y + 1000).mean()), rel=1e-3
    )


# --- kept, resumed, strict


def test_a_kept_run_has_them_and_a_run_that_goes_on_is_judged_anew(tmp_path):
    make, _ = NAIVE["too_short"]
    result = fitted(make, 0, {"out": tmp_path / "run"})
    again = cn.load_run(tmp_path / "run")
    assert again.diagnosis == result.diagnosis != () and again.notes == result.notes
    assert again.baseline == result.baseline
    data = make(np.random.default_rng(0))["data"]
    longer = cn.resume(tmp_path / "run", epochs=60, data=data)
    assert longer.diagnosis == () and longer.notes == ()


def test_what_went_wrong_is_an_error_where_it_is_strict():
    make, words = NAIVE["too_slow_sgd"]
    with pytest.raises(Noted, match=words) as caught:
        fitted(make, 0, {"strict": True})
    assert caught.value.result.diagnosis


def test_looking_at_a_fit_changes_nothing():
    x, y = (torch.from_numpy(each) for each in numbers(np.random.default_rng(0)))
    layers = torch.nn.Linear(x.shape[1], 4), torch.nn.ReLU(), torch.nn.Dropout(), torch.nn.Linear(4, 1)
    module = torch.nn.Sequential(*layers)
    state = torch.get_rng_state()
    result = cn.fit(module, (x, y), loss="mse", lr=0.1, updates=30, engine="eager", threads=1)
    assert result.module.training and torch.equal(torch.get_rng_state(), state)
    assert not any(layer._forward_hooks for layer in module.modules())
