"""Predictions: the same for the same rows in any container, in the user's words, told where unsure."""

import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.data.named_tables import CONTAINERS

import chalknet as cn
from chalknet.data import write_idx
from chalknet.planning import LOSSES

RANDOM = np.random.default_rng(0)
TABLE = {
    "size": RANDOM.normal(50, 20, 12),
    "city": np.array(list("xyzxyzxyzxyz")),
    "rooms": RANDOM.integers(1, 6, 12),
    "ok": RANDOM.random(12) > 0.5,
}
PRICE = TABLE["size"] * 2 + TABLE["rooms"]


@pytest.fixture(scope="module")
def fitted():
    source = cn.load({**TABLE, "price": PRICE}, one_hot=True, standardise="both")
    return cn.fit("? -> 4 tanh -> ?", source, loss="mse", updates=5)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(sorted(CONTAINERS)), st.permutations([*TABLE, "more"]), st.data())
def test_a_prediction_is_the_same_in_every_container_and_every_order_of_columns(fitted, kind, order, data):
    rows = data.draw(st.lists(st.integers(0, 11), min_size=1, max_size=6))
    table = {**TABLE, "more": np.arange(12)}
    wanted = np.asarray(cn.predict(fitted, {name: TABLE[name][rows] for name in TABLE}))
    found = cn.predict(fitted, CONTAINERS[kind]({name: table[name][rows] for name in order}))
    assert np.array_equal(np.asarray(found), wanted)
    assert found.notes == ()


@settings(deadline=None, max_examples=20)
@given(st.sampled_from(sorted(CONTAINERS)), st.sampled_from(["eager", "fused_cpu"]))
def test_a_fit_has_the_same_bits_whatever_holds_the_table(kind, engine):
    table = {"a": TABLE["size"], "b": TABLE["rooms"], "price": PRICE}
    options = {"loss": "mse", "updates": 3, "batch_size": 4, "shuffle": True, "engine": engine, "lr": 1e-6}
    one = cn.fit("? -> 3 relu -> ?", CONTAINERS[kind](table), **options)
    other = cn.fit("? -> 3 relu -> ?", cn.load(table), **options)
    assert one.history.loss == other.history.loss
    assert all(map(torch.equal, one.module.parameters(), other.module.parameters()))


def test_the_run_that_was_kept_predicts_as_the_result_does(fitted, tmp_path):
    frame = pd.DataFrame({**TABLE, "price": PRICE})
    source = cn.load(frame, one_hot=True, standardise="both")
    result = cn.fit("? -> 4 tanh -> ?", source, loss="mse", updates=5, out=tmp_path / "run")
    shuffled = frame[["ok", "rooms", "price", "city", "size"]]
    shuffled.to_csv(tmp_path / "new.csv", index=False)
    wanted = np.asarray(cn.predict(result, source))
    for model, rtol in ((result, 0), (tmp_path / "run", 1e-6)):  # a folder is mapped by numpy
        for data in (frame, shuffled, cn.load(frame, y="price", one_hot=True, standardise="both")):
            assert np.allclose(cn.predict(model, data), wanted, rtol=rtol, atol=rtol)
        assert np.allclose(cn.predict(model, tmp_path / "new.csv"), wanted)


def test_a_source_with_names_whose_rows_stand_is_ordered_by_name():
    frame = pd.DataFrame({"a": [1.0, 2, 4], "b": [30.0, 10, 20], "y": [1.0, 2, 3]})
    result = cn.fit("2 -> 1", cn.load(frame, standardise=True), loss="mse", updates=2)
    for columns in (["a", "b", "y"], ["b", "a", "y"]):
        found = cn.predict(result, cn.load(frame[columns]))
        assert np.array_equal(found, cn.predict(result, frame))


@pytest.mark.parametrize(
    ("rename", "said"),
    [
        ({"size": "Size"}, "got no size, but Size; .*Did you mean Size"),
        (
            {"size": "a", "rooms": "b"},
            "got no size, rooms, but a, b; wanted the columns of the fit: size,",
        ),
    ],
)
def test_other_names_are_refused_and_named(fitted, rename, said):
    with pytest.raises(cn.UnknownName, match=said):
        cn.predict(fitted, pd.DataFrame(TABLE).rename(columns=rename))
    with pytest.raises(cn.UnknownName, match="got no ok; "):
        cn.predict(fitted, pd.DataFrame(TABLE).drop(columns="ok"))


def test_names_on_one_side_alone_are_noted():
    frame = pd.DataFrame({"a": [1.0, 2, 3], "b": [3.0, 1, 2]})
    y = [1.0, 2, 3]
    by_name = cn.fit("2 -> 1", (frame, y), loss="mse", updates=1)
    by_place = cn.fit("2 -> 1", (frame.to_numpy(), y), loss="mse", updates=1)
    assert cn.predict(by_name, frame).notes == cn.predict(by_place, frame.to_numpy()).notes == ()
    assert "taken as a, b, in this order" in cn.predict(by_name, frame.to_numpy()).notes[0]
    assert "by their place: a, b" in cn.predict(by_place, frame).notes[0]
    noted = cn.predict(by_place, frame.assign(y=y)).notes[0]
    assert "by their place: a, b; the last one, y, is taken as the target" in noted
    assert "by their place: a, b" in cn.predict(by_place.module, frame).notes[0]
    assert "by their place: a, b" in cn.load((frame.to_numpy(), y), held_out=(frame, y)).notes[0]


# ---- what is predicted


@pytest.mark.parametrize("loss", ["cross_entropy", "bce", "bce_logits"])
@pytest.mark.parametrize("words", [True, False])
def test_probabilities_sum_to_one_and_the_class_is_the_likelier_one(loss, words):
    x = torch.randn(40, 3)
    numbers = (x[:, 0] > 0).long().tolist()
    y = ["cat dog".split()[number] for number in numbers] if words else numbers
    ending = {"cross_entropy": "2", "bce": "1 sigmoid", "bce_logits": "1"}[loss]
    result = cn.fit(f"3 -> {ending}", (x, y), loss=loss, updates=60, lr=1.0)
    found = cn.predict(result, x)
    raw = result.module(x).detach()
    wanted = {
        "cross_entropy": lambda: raw.softmax(1),
        "bce": lambda: torch.cat([1 - raw, raw], 1),
        "bce_logits": lambda: torch.cat([1 - raw.sigmoid(), raw.sigmoid()], 1),
    }[loss]()
    assert np.array_equal(found.raw, raw.numpy())
    assert np.allclose(found.probabilities, wanted, rtol=1e-6)
    assert np.allclose(found.probabilities.sum(1), 1, rtol=1e-6)
    best = found.probabilities.argmax(1)
    assert found.classes.tolist() == ([["cat", "dog"][number] for number in best] if words else best.tolist())
    assert found.names == (("cat", "dog") if words else ("0", "1"))
    assert result.evaluation.train == pytest.approx(np.mean(found.classes == np.array(y)))  # as evaluated
    assert list(found.to_pandas()) == ["class", *(f"p({name})" for name in found.names)]


def test_a_loss_of_logarithms_has_their_exponentials_as_probabilities(monkeypatch):
    row = LOSSES["cross_entropy"]
    monkeypatch.setitem(
        LOSSES,
        "nll",
        type(row)(**{**vars(row), "name": "nll", "aliases": (), "torch_class": "NLLLoss", "applies": ()}),
    )
    x = torch.randn(9, 2)
    result = cn.fit("2 -> 3 log_softmax", (x, [0, 1, 2] * 3), loss="nll", updates=2)
    found = cn.predict(result, x)
    assert np.allclose(found.probabilities, result.module(x).detach().exp(), rtol=1e-6)
    assert np.allclose(found.probabilities.sum(1), 1, rtol=1e-5)  # float32, as the network rounds


def test_classes_of_a_column_of_numbers_are_numbers():
    frame = pd.DataFrame({"a": [1.0, 2, 3, 4], "y": [10, 2, 10, 7]})
    result = cn.fit("1 -> 3", cn.load(frame, classes=True), loss="cross_entropy", updates=2)
    found = cn.predict(result, frame)
    assert found.names == ("2", "7", "10")
    assert set(found.classes.tolist()) <= {2, 7, 10}


def test_several_outputs_of_a_binary_loss_are_questions_of_their_own():
    x, y = torch.randn(6, 2), torch.tensor([[0.0, 1], [1, 1], [0, 0]] * 2)
    result = cn.fit("2 -> 2 sigmoid", (x, y), loss="bce", updates=2)
    found = cn.predict(result, x)
    assert found.classes.shape == found.probabilities.shape == (6, 2)
    assert np.array_equal(found.classes, found.raw > 0.5)
    assert list(found.to_pandas()) == ["class0", "class1", "p(yhat0)", "p(yhat1)"]


def test_a_regression_predicts_in_the_unit_of_the_target(fitted):
    found = cn.predict(fitted, TABLE)
    target = fitted.preparation.y[0]
    assert (found.classes, found.probabilities) == (None, None)
    assert np.allclose(found.values, found.raw * target.std + target.mean, rtol=1e-6)
    assert list(found.to_pandas()) == ["price"]
    assert np.array_equal(np.asarray(found), found.values)
    assert np.array_equal(torch.as_tensor(np.asarray(found)), found.values)


def test_words_as_the_target_of_a_regression_are_refused():
    x = np.zeros((3, 1))
    with pytest.raises(cn.DataError, match=r"got words such as 'a'; wanted numbers for mse.*cross_entropy"):
        cn.fit("1 -> 1", (x, ["a", "b", "c"]), loss="mse", updates=1)
    two = cn.fit("1 -> 1", (x, ["a", "b", "a"]), loss="mse", updates=1)
    assert "mse takes the classes a and b as the numbers 0 and 1" in two.plan.reasons


def test_what_predict_returned_until_now_still_works_with_a_warning(fitted):
    found = cn.predict(fitted, TABLE)
    tensor = torch.from_numpy(np.asarray(found))
    assert torch.equal(found, tensor)
    for old in (
        lambda yhat: yhat.numpy(),
        lambda yhat: yhat.flatten().tolist(),
        lambda yhat: yhat > 0,
        lambda yhat: 1 - yhat,
        lambda yhat: yhat[3:5],
        lambda yhat: yhat.shape,
        lambda yhat: yhat == yhat,
    ):
        with pytest.warns(DeprecationWarning, match="predict now returns a Prediction"):
            new = old(found)
        assert np.array_equal(np.asarray(new), np.asarray(old(tensor)))
    with pytest.raises(AttributeError, match="see classes, probabilities, values and raw"):
        getattr(found, "no_such_thing")  # noqa: B009
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (len(found), str(found).splitlines()[0].strip()) == (12, "price")


def test_columns_are_kept_as_they_are_written(fitted, tmp_path):
    frame = pd.DataFrame({"id": ["007", "a,b", ""], **{name: values[:3] for name, values in TABLE.items()}})
    frame.to_csv(tmp_path / "new.csv", index=False)
    for data in (tmp_path / "new.csv", frame):
        found = cn.predict(fitted, data, keep=["id", "city"])
        assert found.to_pandas()["id"].tolist() == ["007", "a,b", ""]
        assert list(found.to_pandas()) == ["id", "city", "price"]
    with pytest.raises(cn.UnknownName, match="keep: got the unknown column 'ident'"):
        cn.predict(fitted, frame, keep="ident")
    named = cn.predict(fitted, frame.assign(price=[1, 2, 3]), keep="price").to_pandas()
    assert list(named) == ["price", "predicted price"]


# ---- pixels


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """Return a folder with the same 30 images in every form, and their labels."""
    folder = tmp_path_factory.mktemp("images")
    x = RANDOM.integers(0, 256, (30, 4, 4)).astype(np.uint8)
    y = (x.reshape(30, -1).mean(1) > 127).astype(np.uint8)
    for name in ("train-images-idx3-ubyte", "other-images-idx3-ubyte"):
        write_idx(folder / name, x)
        write_idx(folder / name.replace("images", "labels").replace("idx3", "idx1"), y)
    np.save(folder / "x.npy", x)
    np.save(folder / "unit.npy", x.astype("f4") / 255)
    np.savez(folder / "both.npz", x=x, y=y)
    return folder, x, y


def forms(images):
    """Return the images as bytes, in everything that holds them, and divided by 255."""
    folder, x, y = images
    as_bytes = [folder / "x.npy", folder / "both.npz", x, torch.from_numpy(x), {"x": x, "y": y}, (x, y)]
    idx = [folder / "train-images-idx3-ubyte", folder]
    unit = [folder / "unit.npy", x / 255, torch.from_numpy(x) / 255]
    return as_bytes, idx, unit


OPTIONS = {"loss": "bce", "updates": 20, "lr": 0.1}


@pytest.mark.parametrize("standardise", [False, True])
def test_a_fit_to_idx_predicts_alike_from_every_form_of_the_images(images, standardise, tmp_path):
    folder, x, _ = images
    path = folder / "train-images-idx3-ubyte"
    data = cn.load(path, standardise=standardise)
    result = cn.fit("16 -> 1 sigmoid", data, **OPTIONS, out=tmp_path / "run")
    as_bytes, idx, unit = forms(images)
    wanted = result.module(data.x).detach()
    for model in (result, tmp_path / "run"):
        for form in (*as_bytes, *idx, *unit):
            assert np.allclose(cn.predict(model, form), wanted, rtol=1e-5)
    assert cn.predict(result, x).notes == ()
    assert "between 0 and 1" in cn.predict(result, x / 255).notes[0]
    with pytest.raises(cn.DataError, match=r"wanted x as in the fit, which had bytes divided by 255.*uint8"):
        cn.predict(result, x.astype("f4"))
    assert np.allclose(cn.predict(result, x.astype("f4").astype("uint8")), wanted, rtol=1e-5)  # its remedy


def test_a_fit_to_bytes_as_they_stand_is_noted_and_predicts_alike_or_refuses(images):
    _, x, y = images
    as_bytes, idx, unit = forms(images)
    result = cn.fit("16 -> 1 sigmoid", (x, y), **OPTIONS)
    assert any("bytes up to 255 as they stand" in note and "x / 255" in note for note in result.notes)
    wanted = result.module(torch.from_numpy(x).float().reshape(30, 16)).detach()
    for form in (*as_bytes, *idx, x.astype("f4"), x.tolist()):
        assert np.allclose(cn.predict(result, form), wanted, rtol=1e-5)
    for form in unit:
        with pytest.raises(cn.DataError, match=r"fractions from 0 to 1.*x \* 255"):
            cn.predict(result, form)
    assert cn.fit("16 -> 1 sigmoid", (x / 255, y), **OPTIONS).plan.notes == ()  # the note's remedies
    assert cn.load((x, y), standardise=True).notes == ()


def test_a_fit_to_numbers_from_0_to_1_refuses_bytes(images):
    _, x, y = images
    as_bytes, idx, unit = forms(images)
    result = cn.fit("16 -> 1 sigmoid", (x / 255, y), **OPTIONS)
    wanted = result.module(torch.from_numpy(x / 255).reshape(30, 16).to(torch.float32)).detach()
    for form in (*idx, *unit):
        assert np.allclose(cn.predict(result, form), wanted, rtol=1e-5)
    for form in as_bytes:
        with pytest.raises(cn.DataError, match=r"bytes up to 255.*which had numbers from 0 to 1"):
            cn.predict(result, form)
    assert "whole numbers up to 255" in cn.predict(result, x.astype("f4")).notes[0]


def test_held_out_images_are_on_the_scale_of_the_training_rows(images):
    folder, x, y = images
    wanted = torch.from_numpy(x).reshape(30, 16).float() / 255
    for held_out in ((x.reshape(30, 16), y), (folder / "x.npy", y), folder / "other-images-idx3-ubyte"):
        found = cn.load(folder / "train-images-idx3-ubyte", held_out=held_out).held_out
        assert torch.equal(found.take(slice(0, 30)).x.reshape(30, 16), wanted)
    with pytest.raises(cn.DataError, match="no bytes"):
        cn.load(folder / "train-images-idx3-ubyte", held_out=(x.reshape(30, 16).astype("f4"), y))


def test_images_streamed_from_a_file_are_scaled_as_in_memory(images):
    folder, x, y = images
    np.save(folder / "y.npy", y)
    result = cn.fit(
        "16 -> 1 sigmoid", cn.load((folder / "x.npy", folder / "y.npy"), in_memory=False), **OPTIONS
    )
    assert result.preparation.scale == "bytes"
    assert np.array_equal(cn.predict(result, x), cn.predict(result, folder / "train-images-idx3-ubyte"))


# ---- texts


def test_how_a_text_was_read_is_kept_with_the_run_and_may_be_asked_otherwise(tmp_path):
    (tmp_path / "t.csv").write_text("a|b|y\n1|2|3\n4|5|7\n7|9|8\n")
    (tmp_path / "semicolons.csv").write_text("a;b\n1;2\n4;5\n7;9\n")
    source = cn.load(tmp_path / "t.csv", delimiter="|")
    result = cn.fit("2 -> 1", source, loss="mse", updates=1, out=tmp_path / "run")
    assert result.preparation.reading == {"delimiter": "|"}
    assert cn.load_run(tmp_path / "run").preparation == result.preparation
    wanted = cn.predict(result, source).raw
    assert np.array_equal(cn.predict(tmp_path / "run", tmp_path / "t.csv"), wanted)
    with pytest.raises(cn.ChalknetError, match="delimiter"):
        cn.predict(tmp_path / "run", tmp_path / "semicolons.csv")
    assert np.array_equal(cn.predict(result, tmp_path / "semicolons.csv", delimiter=";"), wanted)
