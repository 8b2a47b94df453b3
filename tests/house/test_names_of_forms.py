"""Names in signatures are those of the tables, values show themselves in a line, and a kept fit is read."""

import dataclasses
from typing import get_args, get_type_hints

import pytest
import torch

import chalknet as cn
from chalknet.drawing import DIALECTS, DialectName, Style, StyleOptions, TextSuffix
from chalknet.drawing.style import COLOURS, PRESETS, WORDS
from chalknet.drawing.surfaces import SURFACES
from chalknet.errors import CannotExpress, FileProblem, UnknownName
from chalknet.forms import TextNotation, written
from chalknet.module import Fitted
from chalknet.network import Linear, Network
from chalknet.notation import NOTATIONS, NotationName

OPTIONS = get_type_hints(StyleOptions)
WIDE = Network(10**12, tuple(Linear(10**12 + place) for place in range(1000)), name="a\nlong name" * 1000)


def test_the_names_in_signatures_are_those_of_the_tables():
    assert set(get_args(NotationName)) == set(NOTATIONS)
    assert {*get_args(TextNotation), "onnx"} == set(written())
    assert set(get_args(DialectName)) == {*DIALECTS, *(row.id for row in DIALECTS.values())}
    assert set(get_args(OPTIONS["language"])) == set(WORDS)
    assert set(get_args(OPTIONS["preset"])) == set(PRESETS)
    assert set(get_args(get_args(OPTIONS["colours"])[0])) == set(COLOURS)
    assert {*get_args(TextSuffix), ".png", ".jpg", ".jpeg", ".pdf"} == set(SURFACES)


def test_the_options_of_draw_are_the_fields_of_style():
    assert get_type_hints(Style) == OPTIONS
    assert [one.name for one in dataclasses.fields(Style)] == [*OPTIONS]


@pytest.mark.parametrize("option", ["orientation", "weights", "bias", "language", "preset"])
def test_a_choice_that_a_style_does_not_have_is_refused_with_those_it_has(option):
    with pytest.raises(UnknownName, match=get_args(OPTIONS[option])[-1]):
        Style(**{option: "rihgt"})


@pytest.mark.parametrize(
    "value",
    [
        WIDE,
        Linear("m" * 10_000),
        Style(title="a\nb" * 5000, layer_titles=("c" * 5000,)),
        cn.draw(WIDE, "blocks"),
        cn.difference(WIDE, "1 -> 2 relu"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_shows_itself_in_one_line_and_in_full_as_text(value):
    assert len(repr(value)) <= 120 and "\n" not in repr(value)
    assert repr(value).startswith(f"{type(value).__name__}(")
    assert len(str(value)) > 5000


def test_a_short_value_shows_the_call_that_makes_it_and_a_network_its_shorthand():
    assert eval(repr(cn.Linear(2, bias=False)), {"Linear": Linear}) == cn.Linear(2, bias=False)
    assert repr(cn.read("2 -> 1")) == "Network(2 -> 1)"


@pytest.mark.parametrize("suffix", [".png", ".pdf"])
def test_a_picture_that_is_no_text_is_not_given_as_text(suffix):
    with pytest.raises(CannotExpress, match=r"no text.*drawing\.save"):
        cn.draw("2 -> 1").text(suffix)


def test_another_ending_is_refused_as_text_and_as_a_file(tmp_path):
    with pytest.raises(UnknownName, match=r"ending '\.svgz'.*Did you mean \.svg"):
        cn.draw("2 -> 1").text(".svgz")
    with pytest.raises(UnknownName, match=r"ending '\.svgz'.*Did you mean \.svg"):
        cn.draw("2 -> 1").save(tmp_path / "net.svgz")


class Result(Fitted):
    def __init__(self, module):
        self.module = module


def test_what_a_fit_gives_is_read_and_drawn_with_the_weights_of_its_module():
    module = cn.build(cn.read("1 -> 1"), seed=0)
    drawing = cn.draw(Result(module), "numbers")
    assert cn.read(Result(module)) == cn.read(module)
    assert f"{module[0].weight.item():.3g}" in drawing.text(".dot")


def test_an_object_that_only_looks_like_a_fit_is_refused():
    class Looks:
        plan, module = None, torch.nn.Linear(1, 1)

    with pytest.raises(cn.InvalidValue, match="got a Looks"):
        cn.read(Looks())


def test_weights_of_a_kept_run_that_are_damaged_are_named_with_their_file(tmp_path):
    x = torch.linspace(-1, 1, 6).reshape(6, 1)
    cn.fit(cn.read("1 -> 1"), (x, x), loss="mse", updates=1, out=tmp_path / "run", device="cpu")
    assert "*" in cn.draw(str(tmp_path / "run"), "numbers").text(".dot")
    (tmp_path / "run" / "weights.safetensors").write_bytes(b"no tensors")
    with pytest.raises(FileProblem, match=r"weights\.safetensors"):
        cn.draw(str(tmp_path / "run"), "numbers")
