"""A fit as ONNX says under onnxruntime what `predict` says, of rows as they stand in the data."""

from datetime import date

import numpy as np
import onnxruntime
import pytest
import torch
from tests.serve.tables import case, fed, predicted_each

import chalknet as cn
from chalknet.serving.onnx_graph import onnx_of

LEAST = np.iinfo(np.int64).min


def session_of(result):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(onnx_of(result), options, providers=["CPUExecutionProvider"])


def answers_of(session, feed):
    names = [each.name.removeprefix("predicted ") for each in session.get_outputs()]
    return dict(zip(names, session.run(None, feed), strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(24))
def test_onnx_gives_what_predict_gives_of_numbers_words_gaps_and_new_words(seed):
    check_each_row(case(seed))


@pytest.mark.parametrize("seed", range(6))
def test_onnx_gives_what_predict_gives_of_embedded_words_gaps_and_new_words(seed):
    check_each_row(case(seed, embedded=True))


def check_each_row(found):
    session = session_of(found.result)
    answers = answers_of(session, fed(session, found.rows))
    for i, wanted in enumerate(predicted_each(found)):
        if wanted is None:  # predict refuses the row
            numbers = answers.get("probabilities", answers.get("values"))
            assert np.isnan(numbers[i]).all()
            assert "class" not in answers or answers["class"][i] in ("", LEAST)
        elif wanted.classes is None:
            scale = max(1, np.abs(wanted.values[0]).max())
            np.testing.assert_allclose(answers["values"][i] / scale, wanted.values[0] / scale, atol=1e-5)
        else:
            np.testing.assert_allclose(answers["probabilities"][i], wanted.probabilities[0], atol=1e-5)
            assert answers["class"][i] == wanted.classes[0]


def test_the_generator_makes_refused_rows_words_gaps_and_every_kind_of_target():
    found = [case(seed) for seed in range(24)]
    assert {each.loss for each in found} >= {"mse", "bce", "cross_entropy", "nll", "poisson", "gaussian_nll"}
    assert {each.unknown for each in found} == {"refuse", "missing", "most-frequent"}
    values = [value for each in found for column in each.rows.values() for value in column]
    assert None in values and "new" in values and any(isinstance(value, bool) for value in values)


def test_inputs_are_columns_by_name_and_outputs_have_the_classes():
    data = {"mass": [1.0, 2.0, 3.0, 4.0], "class": ["a", "b", "a", "b"], "y": ["no", "yes", "no", "yes"]}
    result = cn.fit("? -> 1", cn.load(data, y="y", one_hot=True), loss="bce_logits", updates=2)
    session = session_of(result)
    assert [(each.name, each.type, each.shape) for each in session.get_inputs()] == [
        ("mass", "tensor(double)", ["n", 1]),
        ("class", "tensor(string)", ["n", 1]),
    ]
    assert [(each.name, each.type, each.shape) for each in session.get_outputs()] == [
        ("predicted class", "tensor(string)", ["n"]),
        ("probabilities", "tensor(float)", ["n", 2]),
    ]
    assert session.get_modelmeta().custom_metadata_map["classes"] == '["no", "yes"]'


@pytest.mark.parametrize(
    ("x", "wanted"),
    [
        (torch.rand(12, 3, generator=torch.Generator().manual_seed(1)), "tensor(float)"),
        (torch.arange(48).reshape(12, 4).to(torch.uint8) * 5, "tensor(uint8)"),
    ],
)
@pytest.mark.parametrize("standardise", [False, True])
def test_rows_without_names_are_one_input(x, wanted, standardise):
    source = cn.load((x, torch.arange(12.0)), standardise=standardise)
    result = cn.fit(f"{x.shape[1]} -> 4 tanh -> 2", source, loss="gaussian_nll", updates=3)
    session = session_of(result)
    (entry,) = session.get_inputs()
    assert entry.type == ("tensor(double)" if standardise and wanted == "tensor(float)" else wanted)
    rows = x.numpy().astype({"tensor(double)": np.float64}.get(entry.type, x.numpy().dtype))
    answers = answers_of(session, {"X": rows})
    np.testing.assert_allclose(answers["values"], cn.predict(result, x.numpy()).values, atol=1e-5)


def test_numbers_of_categories_in_an_array_are_embedded_and_others_refuse_their_row():
    rng = np.random.default_rng(0)
    x = np.column_stack([rng.integers(0, 4, 40), rng.integers(0, 300, 40), rng.normal(size=40)]).astype("f4")
    x[0, :2] = 3, 299
    net = "embed(4 -> 2) & embed(300 -> 3) & x(n,1) -> 5 relu -> 1"
    result = cn.fit(net, (x, x.sum(1, keepdims=True)), loss="mse", updates=3)
    session = session_of(result)
    np.testing.assert_allclose(
        answers_of(session, {"X": x})["values"], cn.predict(result, x).values, rtol=1e-5
    )
    for place, number in ((0, -1), (0, 4), (1, 300), (1, 2.5), (2, np.nan)):
        rows = x[:3].copy()
        rows[1, place] = number
        found = answers_of(session, {"X": rows})["values"]
        assert np.isnan(found[:, 0]).tolist() == [False, True, False]
        with pytest.raises(cn.DataError):
            cn.predict(result, rows)


def test_a_sample_with_several_axes_keeps_them():
    x = torch.rand(6, 2, 3, generator=torch.Generator().manual_seed(1))
    result = cn.fit("2x3 -> flatten -> 4 relu -> 3", (x, torch.tensor([0, 1, 2] * 2)), loss="ce", updates=3)
    session = session_of(result)
    answers = answers_of(session, {"X": x.numpy()})
    found = cn.predict(result, x)
    np.testing.assert_allclose(answers["probabilities"], found.probabilities, atol=1e-5)
    assert answers["class"].tolist() == found.classes.tolist()


def test_several_answers_of_yes_or_no_keep_their_columns():
    x = torch.rand(8, 2, generator=torch.Generator().manual_seed(1))
    result = cn.fit("2 -> 3", (x, (x @ torch.ones(2, 3) > 1).float()), loss="bce_logits", updates=3)
    answers = answers_of(session_of(result), {"X": x.numpy()})
    found = cn.predict(result, x)
    np.testing.assert_allclose(answers["probabilities"], found.probabilities, atol=1e-5)
    assert answers["class"].tolist() == found.classes.tolist()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_dates_and_codes_are_texts_and_large_numbers_keep_their_digits(dtype):
    days = [date(2024, 1, 1 + i % 5) for i in range(30)]
    seconds = (1.7e9 + np.random.default_rng(1).normal(0, 1e3, 30)).tolist()
    data = {"day": days, "t": seconds, "code": [7, 8] * 15, "y": [i / 10 for i in range(30)]}
    options = {"one_hot": ["day", "code"], "standardise": ["t"], "dtype": dtype}
    result = cn.fit("? -> 4 relu -> 1", cn.load(data, y="y", **options), loss="mse", updates=5, dtype=dtype)
    feed = {name: np.array([[str(each)] for each in data[name]]) for name in ("day", "code")}
    answers = answers_of(session_of(result), {**feed, "t": np.array(seconds).reshape(-1, 1)})
    wanted = cn.predict(result, {name: data[name] for name in ("day", "t", "code")}).values
    np.testing.assert_allclose(answers["values"], wanted, atol=1e-5)


@pytest.mark.slow
def test_a_module_of_ones_own_is_refused_with_what_to_do(tmp_path):
    class Own(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.line = torch.nn.Linear(1, 1)

        def forward(self, x):
            return self.line(x) * torch.sin(x)

    x = torch.rand(8, 1)
    result = cn.fit(Own(), (x, x), loss="mse", updates=1, engine="eager")
    with pytest.raises(cn.CannotExpress, match=r"ONNX.*torch\.onnx\.export"):
        cn.export(result, tmp_path / "own.onnx")
    assert not (tmp_path / "own.onnx").exists()


def test_an_unknown_ending_is_answered_with_those_that_there_are(tmp_path):
    x = torch.rand(8, 1)
    result = cn.fit("1 -> 1", (x, x), loss="mse", updates=1)
    with pytest.raises(cn.UnknownName, match=r"\.onn.*Did you mean \.onnx"):
        cn.export(result, tmp_path / "net.onn")
