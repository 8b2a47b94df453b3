"""JSON: everything a network states, and nothing that is not understood."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.strategies import networks

from chalknet.errors import ChalknetError, InvalidValue, NotationError, UnknownName
from chalknet.network import Linear, Network
from chalknet.notation.json_text import read_json, recognise_json, write_json

TEXT = '{"chalknet": 1, "input_shape": [784], "steps": [{"step": "Linear", "out_features": 32}]}'


@given(networks(symbolic=True, settled=False))
def test_every_network_is_written_and_read_back(network):
    assert read_json(write_json(network)) == network
    assert recognise_json(write_json(network)) > 0.9


@given(networks(symbolic=True, settled=False))
def test_a_program_reads_it_with_its_own_parser(network):
    kept = json.loads(write_json(network))
    assert kept["input_shape"] == list(network.input_shape)
    assert [entry["step"] for entry in kept["steps"]] == [type(step).__name__ for step in network.steps]


def test_the_name_is_kept_and_what_is_left_out_has_its_default():
    assert read_json(write_json(Network(1, (Linear(1),), name="line"))).name == "line"
    assert read_json(TEXT) == Network(784, (Linear(32),))
    assert read_json(TEXT.replace("[784]", "784")) == Network(784, (Linear(32),))


@pytest.mark.parametrize(
    ("old", "new", "kind", "words"),
    [
        ('"Linear"', '"Linaer"', UnknownName, "Did you mean Linear?"),
        ('"out_features"', '"out_feature"', UnknownName, "Did you mean out_features?"),
        ('"steps"', '"stpes"', UnknownName, "Did you mean steps?"),
        ("32", "0", InvalidValue, "got the size 0"),
        ("32", "true", InvalidValue, "got the size True"),
        ("32", "3.5", InvalidValue, "got the size 3.5"),
        ("32", "[1]", ChalknetError, "steps[0]"),
        ('"chalknet": 1', '"chalknet": 2', NotationError, "got 2; wanted version 1"),
        ("[784]", "null", NotationError, "input_shape: got nothing"),
        ("[784]", "[]", InvalidValue, "an empty shape"),
        ('[{"step": "Linear", "out_features": 32}]', "{}", NotationError, "steps: got {}"),
        ('[{"step": "Linear", "out_features": 32}]', "[]", InvalidValue, "no step at all"),
        ('[{"step": "Linear", "out_features": 32}]', "[3]", NotationError, "steps[0]: got 3"),
        (
            '{"step": "Linear", "out_features": 32}',
            '{"step": "Linear"}',
            NotationError,
            "Linear with out_features",
        ),
        (
            '{"step": "Linear", "out_features": 32}',
            '{"step": "Activation", "kind": 3}',
            ChalknetError,
            "steps[0]",
        ),
        ("}]}", "}]", NotationError, "Expecting"),
    ],
)
def test_what_is_wrong_is_told(old, new, kind, words):
    assert old in TEXT
    with pytest.raises(kind) as problem:
        read_json(TEXT.replace(old, new))
    assert words in str(problem.value)


def test_a_text_cut_off_is_shown_with_a_caret():
    with pytest.raises(NotationError) as problem:
        read_json(TEXT[:40])
    assert "^" in str(problem.value)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3),
    )
)
def test_whatever_stands_in_it_gives_a_network_or_an_error_of_ours(value):
    for key in ("input_shape", "steps", "name", "chalknet"):
        kept = {**json.loads(TEXT), key: value}
        try:
            assert isinstance(read_json(json.dumps(kept)), Network)
        except ChalknetError as problem:
            assert problem.wanted and problem.remedy
        step = {"step": "Activation", "kind": "relu", "options": {}}
        for inner in step:
            try:
                read_json(json.dumps({"input_shape": 3, "steps": [{**step, inner: value}]}))
            except ChalknetError as problem:
                assert problem.wanted and problem.remedy
