"""Embeddings of a table's categories: from the file to predictions, on both engines, and what is refused."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

import chalknet as cn
from chalknet.errors import DataError, ShapeMismatch
from chalknet.module import EmbedLayer, build
from chalknet.network import Embed as EmbedStep
from chalknet.network import Linear, Network

CITIES = {"Aosta": 1.0, "Bern": -1.0, "Celje": 0.5, "Davos": 2.0}
NET = "embed(city ? -> 3) & x(n,?) -> 16 relu -> ?"


@pytest.fixture(scope="module")
def houses(tmp_path_factory):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"size": rng.normal(100, 20, 240), "city": rng.choice([*CITIES], 240)})
    frame["rooms"] = rng.integers(1, 6, 240)
    frame["price"] = frame["size"] * 0.01 + frame["city"].map(CITIES) + 0.1 * rng.normal(size=240)
    path = tmp_path_factory.mktemp("tables") / "houses.csv"
    frame.to_csv(path, index=False)
    return path


def fitted(data, model=NET, **options):
    asked = {"loss": "mse", "optimizer": "adam", "lr": 0.01, "batch_size": 32, "epochs": 8, "seed": 0}
    return cn.fit(model, data, **{**asked, **options})


def test_categories_are_numbered_in_sorted_order_in_front_of_the_other_features(houses):
    source = cn.load(houses, embed="city", standardise=True)
    frame = pd.read_csv(houses)
    x = source.take(slice(0, 240)).x
    assert x.shape == (240, 3)
    assert x[:, 0].tolist() == frame["city"].map([*CITIES].index).tolist()
    assert abs(x[:, 1].mean()) < 1e-5  # the size, standardised; the number of a category is not


def test_both_engines_fit_the_same_network_with_as_many_categories_as_the_data_has(houses):
    source = cn.load(houses, embed="city", standardise=True, held_out=0.2)
    eager, fused = (fitted(source, engine=engine, dtype="float64") for engine in ("eager", "fused_cpu"))
    assert eager.plan.network.steps[0] == EmbedStep(4, 3, "city")
    np.testing.assert_allclose(fused.history.loss, eager.history.loss, rtol=1e-10)
    for name, value in eager.module.state_dict().items():
        torch.testing.assert_close(fused.module.state_dict()[name], value, rtol=1e-10, atol=1e-10)
    long = fitted(source, epochs=60)
    assert long.history[-1].held_out < 0.2  # what each city adds is learned: its variance is 1.2


@pytest.mark.parametrize(("optimizer", "l2"), [("sgd", 0.0), ("sgd", 0.01), ("adam", 0.01)])
@pytest.mark.parametrize(("n", "size"), [(7, 1), (30, 30), (700, 233), (3000, 3000)])
def test_embeddings_of_arrays_are_fitted_as_eager_does(optimizer, l2, n, size):
    network = Network(4, (EmbedStep(9, 5), EmbedStep(300, 2), Linear(33), Linear(1)))
    generator = torch.Generator().manual_seed(1)
    codes = torch.stack([torch.randint(0, most, (n,), generator=generator) for most in (9, 300)], dim=1)
    x = torch.cat([codes, torch.randn(n, 2, generator=generator)], dim=1).double()
    asked = {
        "optimizer": optimizer, "l2": l2, "lr": 1e-3, "updates": 9, "batch_size": size, "dtype": "float64",
    }  # fmt: skip
    found = [fitted((x, x[:, 2:3]), network, **asked, epochs=None, engine=e) for e in ("eager", "fused_cpu")]
    eager, fused = found
    np.testing.assert_allclose(fused.history.loss, eager.history.loss, rtol=1e-10)
    for name, value in eager.module.state_dict().items():
        torch.testing.assert_close(fused.module.state_dict()[name], value, rtol=1e-10, atol=1e-10)


def test_the_module_is_nn_embedding_beside_the_numbers_to_the_last_bit():
    network = Network(3, (EmbedStep(6, 4), Linear(2)))
    module = build(network, seed=5)
    torch.manual_seed(5)
    table, linear = nn.Embedding(6, 4), nn.Linear(6, 2)
    x = torch.tensor([[5.0, 0.1, 0.2], [0.0, 1.0, -1.0]])
    wanted = linear(torch.cat([x[:, 1:], table(x[:, 0].long())], dim=1))
    assert torch.equal(module(x), wanted)
    assert cn.read(module) == network and type(module[0]) is EmbedLayer
    assert cn.count(network).parameters == 24 + 14


def test_a_kept_fit_predicts_by_the_names_of_columns_and_goes_on(houses, tmp_path):
    source = cn.load(houses, embed="city", standardise=True)
    whole = fitted(source, engine="fused_cpu")
    fitted(source, engine="fused_cpu", epochs=3, out=tmp_path / "run")
    resumed = cn.resume(tmp_path / "run", epochs=8)
    states = (each.module.state_dict().values() for each in (whole, resumed))
    assert all(torch.equal(*pair) for pair in zip(*states, strict=True))
    new = pd.DataFrame({"rooms": [2, 3], "city": ["Davos", "Bern"], "size": [100.0, 90.0]})
    by_arrays, by_torch = cn.predict(tmp_path / "run", new), cn.predict(resumed, new)
    np.testing.assert_allclose(by_arrays, by_torch, rtol=1e-5)
    with pytest.raises(DataError, match="'Bari', which the training rows did not have; wanted one of Aosta"):
        cn.predict(tmp_path / "run", new.assign(city="Bari").head(1))
    with pytest.raises(DataError, match=r"the embedding was fitted without a row for others.*most-frequent"):
        cn.predict(tmp_path / "run", new.assign(city="Bari"), unknown="missing")
    usual = source.preparation.x[0].usual
    np.testing.assert_allclose(
        cn.predict(tmp_path / "run", new.assign(city="Bari"), unknown="most-frequent"),
        cn.predict(tmp_path / "run", new.assign(city=usual)),
    )


def test_a_word_that_no_training_row_has_gets_a_number_of_its_own_where_asked_and_that_is_told(houses):
    source = cn.load(houses, embed="city", unknown="missing")
    fit = fitted(source)
    assert fit.plan.network.steps[0].categories == 5
    assert any("embed(city): a word that the training rows do not have gets the number 4" in note
               for note in fit.notes)  # fmt: skip
    new = pd.DataFrame({"size": [100.0], "city": ["Bari"], "rooms": [2]})
    with torch.no_grad():
        wanted = fit.module.eval()(torch.tensor([[4.0, 100.0, 2.0]]))
    np.testing.assert_allclose(cn.predict(fit, new), wanted, rtol=1e-5)


def test_a_path_is_loaded_with_the_columns_that_the_network_embeds(houses):
    assert fitted(houses, "embed(city 4 -> 2) & x(n,2) -> 1", lr=1e-4).plan.network.input_shape == (3,)


def test_data_that_do_not_fit_an_embedding_are_refused_with_what_helps(houses):
    source = cn.load(houses, embed="city")
    with pytest.raises(ShapeMismatch, match=r"3 categories, and 4 in houses.csv.*Write 4, or \?"):
        fitted(source, "embed(city 3 -> 2) & x(n,2) -> 1")
    with pytest.raises(DataError, match=r"the column 'city' in its place.*embed=\['town'\]"):
        fitted(source, "embed(town 4 -> 2) & x(n,2) -> 1")
    with pytest.raises(DataError, match=r"Begin the network with embed\(city \? -> 8\)"):
        fitted(source, "3 -> 1")
    with pytest.raises(DataError, match=r"got -1; wanted numbers of categories"):
        fitted((torch.tensor([[-1.0, 0.0]]), torch.zeros(1, 1)), "embed(? -> 2) & x(n,1) -> 1")
    with pytest.raises(cn.UnknownName, match="unknown column 'town'"):
        cn.load(houses, embed="town")
    with pytest.raises(cn.InvalidValue, match="'price', which is no column of x"):
        cn.load(houses, embed="price")


@pytest.mark.parametrize(
    "text",
    [
        "embed(city 46 -> 8) & x(n,5) -> 32 relu -> 1",
        "embed(city, 46, 8) & X(n,5) -> 32 relu -> 1",
        "embedding(city: 46 → 8) & 5 -> 32 relu -> 1",
        "X(n,6) -embed(city 46 -> 8)-> v0(n,13) -l1-> u1(n,32) -relu-> v1(n,32) -l2-> u2(n,1)",
    ],
)
def test_an_embedding_is_read_as_people_spell_it_and_back_from_every_notation(text):
    network = cn.read(text)
    assert network.input_shape == (6,) and network.steps[0] == EmbedStep(46, 8, "city")
    assert cn.write(network, "shorthand") == "embed(city 46 -> 8) & x(n,5) -> 32 relu -> 1"
    for notation in ("arrows", "shorthand", "latex", "torch", "json"):
        assert cn.read(cn.write(network, notation)) == network
    assert cn.read(cn.draw(network).text(".svg")) == network
    for notation in ("dot", "mermaid"):
        assert cn.read(cn.write(network, notation)) == network


def test_embeddings_alone_and_several_are_read():
    network = cn.read("embed(ocean proximity 5 -> 2) & embed(kind 3 -> 1) -> 4 relu -> 1")
    assert network.input_shape == (2,)
    assert network.embedded == ("ocean proximity", "kind")
    assert cn.read(cn.write(network, "shorthand")) == network
    with pytest.raises(cn.InvalidValue, match="at the start"):
        cn.read("X(n,4) -l1-> u1(n,3) -embed(5 -> 2)-> v1(n,4)")
    with pytest.raises(cn.InvalidValue, match=r"Write embed\(city 46 -> 8\)"):
        cn.read("embed(city) & x(n,5) -> 1")


def test_an_embedding_is_computed_by_onnxruntime(tmp_path):
    runtime = pytest.importorskip("onnxruntime")
    from chalknet.module import write_onnx

    network = Network(4, (EmbedStep(6, 4), EmbedStep(3, 2), Linear(2)))
    module = build(network, seed=5)
    x = torch.tensor([[5.0, 2.0, 0.1, 0.2], [0.0, 1.0, 1.0, -1.0]])
    (given,) = runtime.InferenceSession(write_onnx(module, (4,))).run(None, {"X": x.numpy()})
    torch.testing.assert_close(torch.from_numpy(given), module(x))


@pytest.mark.parametrize("number", [-1, 2.5, 3])
def test_a_number_that_is_no_category_is_refused_in_memory_and_kept(tmp_path, number):
    x = np.array([[0, 0.5], [1, 0.2], [2, 0.1]], np.float32)
    result = cn.fit("embed(3 -> 2) & x(n,1) -> 2", (x, x), loss="mse", updates=1, out=tmp_path / "run")
    rows = np.array([[1, 0.5], [number, 0.5]], np.float32)
    for model in (result, tmp_path / "run"):
        with pytest.raises(DataError, match=f"feature 0, row 1 .* got {number:g}; wanted .* from 0 to 2"):
            cn.predict(model, rows)
