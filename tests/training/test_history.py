"""A history is columns, rows, a dict and a DataFrame of the same numbers."""

import math
import sys
from dataclasses import replace

import pytest
import torch

import chalknet as cn
from chalknet.planning import RunOptions
from chalknet.training.history import History

X = torch.linspace(-1, 1, 20)


@pytest.fixture(scope="module")
def history():
    options = {"loss": "mse", "updates": 10, "evaluate_every": 4, "held_out": 0.25}
    return cn.fit("1 -> 1", (X, X), **options).history


def test_the_rows_are_the_columns(history):
    assert len(history) == len(list(history)) == 10
    assert [row.loss for row in history] == list(history.loss)
    assert [row.updates for row in history[2:5]] == [3, 4, 5]
    assert history[-1] == history[9] and history[-1].updates == 10
    with pytest.raises(IndexError):
        history[10]


def test_a_row_has_the_evaluation_after_its_update_and_nan_elsewhere(history):
    evaluated = [row.updates for row in history if not math.isnan(row.train)]
    assert evaluated == [evaluation.updates for evaluation in history.evaluations] == [4, 8, 10]
    assert [history[3].train, history[3].held_out] == [
        history.evaluations[0].train,
        history.evaluations[0].held_out,
    ]


def test_without_held_out_samples_the_column_is_nan():
    history = cn.fit("1 -> 1", (X, X), loss="mse", updates=1).history
    assert math.isnan(history[0].held_out) and not math.isnan(history[0].train)


def test_an_evaluation_between_recorded_rows_is_no_row():
    history = cn.fit("1 -> 1", (X, X), loss="mse", updates=10, evaluate_every=5, record_every=4).history
    assert [row.updates for row in history] == [4, 8, 10]
    assert [evaluation.updates for evaluation in history.evaluations] == [5, 10]
    assert history.to_dict()["train"][-1] == history.evaluations[-1].train


def test_the_dict_and_the_frames_hold_the_same(history):
    pandas = pytest.importorskip("pandas")
    columns = history.to_dict()
    assert list(columns) == ["updates", "samples", "epochs", "seconds", "loss", "train", "held_out"]
    for name in ("updates", "samples", "epochs", "seconds", "loss"):
        assert columns[name] == list(getattr(history, name))
    frame = history.to_pandas()
    assert frame.dtypes["updates"] == "int64" and list(frame["loss"]) == list(history.loss)
    pandas.testing.assert_frame_equal(pandas.DataFrame(history), frame)


def test_an_empty_history_has_its_columns():
    pandas = pytest.importorskip("pandas")
    assert not any(History("error").to_dict().values())
    assert list(History("error").to_pandas().columns)[:2] == ["updates", "samples"]
    assert len(pandas.DataFrame(History("error"))) == 0


def test_without_pandas_it_says_what_to_install(history, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(cn.MissingPackage, match="pip install pandas"):
        history.to_pandas()


LONG = "n" * 10_000


@pytest.fixture(scope="module")
def values():
    x = torch.rand(8, 3)
    source = replace(cn.load((x, x[:, 0])), name=LONG)
    result = cn.fit("3 -> 1", source, loss="mse", updates=2)
    wide = cn.fit(" -> ".join(["3", *["500 relu"] * 60, "1"]), source, loss="mse", updates=1)
    reasons = tuple(f"reason {number} {LONG}" for number in range(1000))
    plan = replace(wide.plan, reasons=reasons, placement=replace(wide.plan.placement, reasons=reasons))
    many = replace(result, plan=replace(plan, notes=reasons))
    progress = []
    cn.fit("3 -> 1", source, loss="mse", updates=2, on_progress=progress.append)
    return {
        "History": result.history,
        "empty History": History(LONG),
        "FitResult": many,
        "Outcome": result.outcome,
        "Progress": progress[-1],
        "Recipe": cn.Recipe(loss="mse", updates=10**300, optimizer="adam", lr=1e-300, batch_size=10**200),
        "RunOptions": RunOptions(device=LONG, engine=LONG),
        "Plan": plan,
        "DataFacts": plan.data,
        "Placement": plan.placement,
        "Comparison": cn.compare("3 -> 1", source, {LONG: {}, "b": {}}, loss="mse", updates=1),
        "Chart": cn.plot({LONG: result, "b": many}),
    }


def test_the_repr_is_one_line_whatever_is_in_it(values):
    for name, value in values.items():
        assert len(repr(value)) <= 120 and "\n" not in repr(value), name
        assert name.split()[-1] in repr(value)


def test_the_text_of_a_value_is_whole(values):
    assert all(f"reason {number} " in str(values["Plan"]) for number in (0, 999))
    assert LONG in str(values["DataFacts"]) and LONG in str(values["RunOptions"])


def test_a_result_without_a_row_or_an_evaluation_has_its_text(values):
    plan = replace(values["FitResult"].plan, notes=("a note",))
    result = replace(values["FitResult"], history=History("error"), plan=plan)
    assert str(result) == f"{result.outcome}\nnote: a note"
    result.history.append(1, 8, 1.0, 0.5, 0.25)
    assert "1 updates, 8 samples" in str(result) and str(result).endswith("loss 0.25\nnote: a note")


def test_a_plan_is_a_table_of_names_and_values_with_the_reasons_below(values):
    plan = replace(values["Plan"], model="3 -> 1", reasons=("because of this", "and that"))
    plan = replace(plan, placement=replace(plan.placement, reasons=()))
    assert plan.table.rows[0] == ("network", "3 -> 1")
    assert plan.table.rows[-2:] == (("because", "because of this"), ("", "and that"))
    assert str(plan).splitlines()[-1] == "           and that"


def test_a_listener_says_when_it_is_called_again_and_the_numbers_stay_the_same():
    options = {"loss": "mse", "updates": 60, "batch_size": 7, "seed": 3}
    whole, seen, weights = cn.fit("1 -> 3 tanh -> 1", (X, X), **options), [], []

    def see(progress):
        seen.append(progress.updates)
        weights.append(progress.module[0].weight.clone())
        return progress.after(len(seen))

    pieces = cn.fit("1 -> 3 tanh -> 1", (X, X), **options, on_progress=see)
    assert seen == [1, 2, 4, 7, 11, 16, 22, 29, 37, 46, 56, 60]
    assert list(pieces.history.loss) == list(whole.history.loss)
    assert not torch.equal(weights[0], weights[1]) and torch.equal(weights[-1], whole.module[0].weight)


@pytest.mark.parametrize("answer", [7, True, None, "after"])
def test_what_a_listener_returns_by_chance_is_ignored(answer):
    result = cn.fit("1 -> 1", (X, X), loss="mse", updates=5, on_progress=lambda progress: answer)
    assert result.outcome is cn.Outcome.FINISHED


def test_a_listener_stops_a_fit_that_goes_on_later_as_if_it_never_had(tmp_path):
    options = {"loss": "mse", "updates": 60, "batch_size": 7}
    whole = cn.fit("1 -> 1", (X, X), **options)
    stop = {"out": tmp_path / "run", "on_progress": cn.Progress.stop}
    stopped = cn.fit("1 -> 1", (X, X), **options, **stop)
    assert stopped.outcome is cn.Outcome.INTERRUPTED and stopped.history.updates[-1] == 1
    assert list(cn.resume(tmp_path / "run").history.loss) == list(whole.history.loss)


@pytest.mark.parametrize("updates", [0, -1, 1.5, True])
def test_a_listener_is_called_again_after_a_number_of_updates_from_1_on(updates):
    with pytest.raises(cn.InvalidValue, match="a whole number from 1 on"):
        cn.fit("1 -> 1", (X, X), loss="mse", updates=5, on_progress=lambda progress: progress.after(updates))
