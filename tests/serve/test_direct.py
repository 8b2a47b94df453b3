"""The short way from values to features gives, bit for bit, what `predict` gives by its tables."""

import numpy as np
import pytest
from tests.serve.tables import case, row_of

import chalknet as cn
from chalknet.serving.direct import Predictor


def bits(found):
    arrays = (found.raw, found.classes, found.probabilities, found.values)
    return [None if each is None else (each.dtype, each.shape, each.tobytes()) for each in arrays]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(0, 24, 2))
def test_direct_answers_are_those_of_predict_bit_for_bit(seed):
    found = case(seed)
    predictor = Predictor.of(found.result)
    for rows in [found.rows, *(row_of(found.rows, i) for i in range(4))]:
        direct = predictor.answer_columns(rows)
        if direct is not None:
            wanted = cn.predict(found.result, rows)
            assert bits(direct) == bits(wanted)
            assert direct.notes == wanted.notes


def test_plain_rows_take_the_short_way_and_others_do_not():
    data = {"n": [1.0, 2.0, 3.0, 4.0], "w": ["a", "b", "a", "b"], "y": [1.0, 2.0, 3.0, 4.0]}
    result = cn.fit("? -> 1", cn.load(data, y="y", one_hot=True, standardise=True), loss="mse", updates=1)
    predictor = Predictor.of(result)
    for number in (1, 2.5, True, 2**53):
        assert predictor.answer_columns({"n": [number], "w": ["a"]}) is not None
    for number in (None, "1", [1], 2**53 + 1, 1e999, {}):
        assert predictor.answer_columns({"n": [number], "w": ["a"]}) is None
    for word in (None, "c", "", " ", 1, ["a"]):
        assert predictor.answer_columns({"n": [1], "w": [word]}) is None
    assert predictor.answer_columns({"n": [1, True], "w": ["a", "a"]}) is None
    assert predictor.answer_columns({"n": [1, 2], "w": ["a"]}) is None


def test_an_embedding_is_answered_as_predict_answers_it(tmp_path):
    rng = np.random.default_rng(0)
    cities = rng.choice(["Aosta", "Bern", "Celje"], 60)
    lines = [
        f"{size:.3f},{city},{size * len(city):.3f}"
        for size, city in zip(rng.normal(size=60), cities, strict=True)
    ]
    (tmp_path / "houses.csv").write_text("\n".join(["size,city,price", *lines]))
    source = cn.load(tmp_path / "houses.csv", embed="city", standardise=True)
    result = cn.fit("embed(city ? -> 2) & x(n,?) -> 4 relu -> ?", source, loss="mse", epochs=2)
    row = {"size": [0.5], "city": ["Bern"]}
    predictor = Predictor.of(result)
    assert predictor.answer_columns(row) is None  # a table has to be made of it
    assert predictor.answer(row).values.tolist() == cn.predict(result, row).values.tolist()
