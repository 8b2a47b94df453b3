"""`chalknet search` and `chalknet predict --best`, as they are typed."""

import csv
import io
import json

import numpy as np
import pytest
from tests.cli.conftest import type_  # noqa: F401
from tests.search.material import X, Y

import chalknet as cn
from chalknet.cli import words

RECIPE = ("--loss", "mse", "--optimizer", "adam", "--updates", "20")


@pytest.fixture
def table(tmp_path):
    rows = np.concatenate([X, Y], axis=1)
    np.savetxt(tmp_path / "a.csv", rows, delimiter=",", header="a,b,c,price", comments="")
    np.savetxt(tmp_path / "new.csv", X[:4], delimiter=",", header="a,b,c", comments="")
    return tmp_path / "a.csv"


def test_a_search_prints_its_table_and_keeps_the_best(type_, table, tmp_path):  # noqa: F811
    out = tmp_path / "searched"
    typed = (
        "search", "? -> w relu -> ?", "--data", table, "--over", "w=2,4", "--over", "seed=range(3)", *RECIPE,
        "--metric", "r2", "--out", out, "--keep", "3", "--csv", tmp_path / "t.csv",
    )  # fmt: skip
    code, printed, told = type_(*typed)
    assert code == 0 and "2 settings, ranked by the held-out r2" in printed and "fitted again" in printed
    assert "a fifth of the rows" in printed and f"written {out / 'best'}" in told
    assert len(list(csv.DictReader((tmp_path / "t.csv").open(encoding="utf-8").read().splitlines()))) == 2
    facts = json.loads(type_(*typed, "--json")[1])
    assert facts["rows"] == cn.SearchResult.load(out).facts()["rows"] and facts["metric"] == "r2"

    code, printed, _ = type_("predict", out, "--data", tmp_path / "new.csv", "--best", "3")
    rows = list(csv.DictReader(io.StringIO(printed)))
    said = cn.SearchResult.load(out).ensemble(3).predict(tmp_path / "new.csv")
    assert code == 0 and [float(row["price spread"]) for row in rows] == said.spread[:, 0].tolist()
    alone = type_("predict", out, "--data", tmp_path / "new.csv")
    assert alone == type_("predict", out / "best", "--data", tmp_path / "new.csv") and alone[0] == 0
    assert type_("evaluate", out, "--data", table)[0] == 0
    code, _, told = type_("predict", out, "--data", tmp_path / "new.csv", "--best", "4")
    assert code == 2 and "--keep 5" in told


def test_several_models_and_cross_validation(type_, table):  # noqa: F811
    code, printed, _ = type_(
        "search", "? -> 2 -> ?", "? -> 3 tanh -> ?", "--data", table, *RECIPE, "--folds", "3"
    )
    assert code == 0 and "? -> 3 tanh -> ?" in printed and "±" in printed


@pytest.mark.parametrize(
    ("typed", "words_"),
    [
        (("--over", "w"), "write it as --over lr=0.1,0.01"),
        (("--over", "learning_rate=1,2"), "Did you mean lr"),
        ((), "--over w=8,16,32"),
        (("--over", "w=1,2", "--how", "random"), "--draws 20"),
        (("--over", "w=1,2", "--metric", "rmes"), "Did you mean rmse"),
    ],
)
def test_a_mistake_is_two_sentences_and_exit_code_2(type_, table, typed, words_):  # noqa: F811
    code, _, told = type_("search", "? -> w -> ?", "--data", table, *RECIPE, *typed)
    assert code == 2 and words_ in told


def test_a_search_in_which_all_diverges_fails(type_, table):  # noqa: F811
    typed = ("--loss", "mse", "--updates", "20", "--lr", "1e30", "--over", "w=1,2")
    code, printed, _ = type_("search", "? -> w -> ?", "--data", table, *typed)
    assert code == 1 and "diverged" in printed


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("lr=0.1,1e-3", ("lr", [0.1, 0.001])),
        ("w=8, 16", ("w", [8, 16])),
        ("shuffle=true,False", ("shuffle", [True, False])),
        ("batch_size=all,32", ("batch_size", [None, 32])),
        ("seed=range(5)", ("seed", "range(5)")),
        ("lr=log(1e-4, 0.1)", ("lr", "log(1e-4, 0.1)")),
        ("loss=huber(0.5),mse", ("loss", ["huber(0.5)", "mse"])),
        ("schedule=step(every=9, factor=0.1),cosine", ("schedule", ["step(every=9, factor=0.1)", "cosine"])),
    ],
)
def test_values_are_read_from_words(word, value):
    assert words.values_over(word) == value
