"""Pictures of fits: what is drawn is what was recorded."""

import dataclasses
import xml.etree.ElementTree as ElementTree

import pytest
import torch

import chalknet as cn
from chalknet.errors import FileProblem, InvalidValue, UnknownName

X = torch.linspace(-1, 1, 12)
RESULT = cn.fit(cn.read("1 -> 1"), (X, 2 * X), loss="mse", lr=0.1, updates=30, evaluate_every=10)


@pytest.mark.parametrize("over", ["updates", "samples", "seconds"])
def test_the_curve_of_one_fit_is_its_history(over):
    left, right = cn.plot(RESULT, over).figure.axes
    assert list(left.lines[0].get_xdata()) == pytest.approx(list(getattr(RESULT.history, over)))
    assert list(left.lines[0].get_ydata()) == pytest.approx(list(RESULT.history.loss))
    assert list(right.lines[0].get_ydata()) == [e.train for e in RESULT.history.evaluations]


def test_each_named_fit_has_its_name_its_colour_and_its_own_line_style():
    left, _ = cn.plot({"a": RESULT, "b": RESULT}).figure.axes
    labelled = [line for line in left.lines if not line.get_label().startswith("_")]
    assert [line.get_label() for line in labelled] == ["a", "b"]
    assert (
        len({line.get_color() for line in labelled}) == len({line.get_linestyle() for line in labelled}) == 2
    )


def test_c1_the_points_and_the_fitted_line_are_drawn():
    chart = cn.plot(RESULT, "x", data=(X, 2 * X))
    points, line = chart.figure.axes[0].lines
    assert list(points.get_ydata()) == pytest.approx((2 * X).tolist())
    assert line.get_ydata()[-1] == pytest.approx(cn.predict(RESULT, [1.0]).raw.item())


def test_a_chart_saves_itself_and_shows_itself_as_svg(tmp_path):
    chart = cn.plot(RESULT)
    for suffix in cn.Chart.suffixes:
        chart.save(tmp_path / f"a{suffix}")
        assert (tmp_path / f"a{suffix}").stat().st_size > 1000
    root = ElementTree.fromstring(chart._repr_svg_())
    words = "".join(root.itertext())
    assert "loss of each update" in words
    assert chart.alt_text == "Loss and error over updates: one fit"


def test_the_same_chart_is_the_same_file():
    assert cn.plot(RESULT).svg == cn.plot(RESULT).svg


def test_what_cannot_be_drawn_is_refused(tmp_path):
    with pytest.raises(UnknownName, match="Did you mean updates"):
        cn.plot(RESULT, "update")
    with pytest.raises(InvalidValue, match="Give data"):
        cn.plot(dataclasses.replace(RESULT, source=None), "x")
    with pytest.raises(InvalidValue, match="wanted one feature"):
        cn.plot(RESULT, "x", data=(torch.rand(3, 2), torch.rand(3)))
    with pytest.raises(UnknownName, match="picture format"):
        cn.plot(RESULT).save(tmp_path / "a.bmp")
    with pytest.raises(FileProblem, match="can be written"):
        cn.plot(RESULT).save(tmp_path / "nowhere" / "a.svg")


def test_images_are_drawn_under_their_captions():
    chart = cn.plot_images(torch.rand(3, 4, 4), ["a", "b", "c"], alt_text="three", columns=2)
    assert [axes.get_title() for axes in chart.figure.axes] == ["a", "b", "c", ""]


@pytest.mark.parametrize("over", ["updates", "samples", "seconds"])
@pytest.mark.parametrize(
    "options",
    [
        {"updates": 1},
        {"updates": 1, "held_out": 0.25},
        {"updates": 30},
        {"updates": 30, "held_out": 0.25},
        {"updates": 30, "record_every": 30, "evaluate_every": 10},
    ],
)
def test_no_panel_shows_a_single_dot(over, options):
    """A value found at one place alone is a line across the panel, with the value written on it."""
    result = cn.fit("1 -> 1", (X, 2 * X), loss="mse", lr=0.1, **options)
    left, right = cn.plot(result, over).figure.axes
    assert all(len(line.get_xdata()) > 1 for axes in (left, right) for line in axes.lines)
    words = [text.get_text() for axes in (left, right) for text in axes.texts]
    if len(result.history) == 1:
        assert f"loss {result.history.loss[0]:.4g}" in words
    if len(result.history.evaluations) == 1:
        assert f"training {result.evaluation.train:.4g}" in words
        assert any(word.startswith("held out") for word in words) == ("held_out" in options)
    cn.plot({"a": result, "b": RESULT}, over).svg  # noqa: B018


def test_a_path_may_begin_with_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    result = cn.fit("1 -> 1", (X, X), loss="mse", updates=2, out="~/run")
    cn.plot(result).save("~/a.svg")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.svg", "run"]
    assert torch.equal(cn.predict("~/run", X), cn.predict(result, X))
    assert cn.load_run("~/run").history.updates[-1] == 2
    assert cn.resume("~/run", updates=3, data=(X, X)).history.updates[-1] == 3
