"""Pictures by kind: what is drawn is what the fit says; what makes no sense is refused."""

import re
import xml.etree.ElementTree as ElementTree
from io import BytesIO
from itertools import product

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from tests.pictures.browser import browser, program

import chalknet as cn
from chalknet.cli.main import main
from chalknet.training import KINDS

GENERATOR = np.random.default_rng(2)
FIT = {"optimizer": "adam", "lr": 0.02, "batch_size": 32, "shuffle": True, "epochs": 15, "threads": 1}


def table(rows=240):
    kind = GENERATOR.integers(0, 3, rows)
    x = np.array([[0, 0], [4, 0], [0, 4]])[kind] + GENERATOR.normal(size=(rows, 2))
    words = np.array(["ash", "elm", "oak"])[kind]
    return pd.DataFrame({"height": 100 * x[:, 0] + 500, "age": x[:, 1], "tree": words})


@pytest.fixture(scope="module")
def trees():
    source = cn.load(table(), y="tree", standardise=True, held_out=0.25)
    return cn.fit("? -> 8 tanh -> ?", source, loss="cross_entropy", **FIT)


@pytest.fixture(scope="module")
def prices():
    x = GENERATOR.normal(size=(240, 3))
    frame = pd.DataFrame(
        {"a": x[:, 0], "b": x[:, 1], "c": x[:, 2], "price": 300 + 50 * x[:, 0] + 5 * x[:, 1]}
    )
    source = cn.load(frame, y="price", standardise="both", held_out=0.25)
    return cn.fit("? -> 8 relu -> ?", source, loss="mse", metrics="r2", evaluate_every=20, **FIT)


@pytest.fixture(scope="module")
def line():
    x = torch.linspace(-2, 2, 100)
    return cn.fit("1 -> 8 tanh -> 1", (x, x**2), loss="mse", **FIT)


def test_the_confusion_matrix_counts_the_held_out_rows(trees):
    chart = cn.plot(trees, kind="confusion")
    (axes,) = chart.figure.axes
    shown = np.array([int(text.get_text()) for text in axes.texts]).reshape(3, 3)
    scores = cn.evaluate(trees)
    assert shown.sum() == 60 and shown.trace() / 60 == pytest.approx(scores["accuracy"])
    assert [each.get_text() for each in axes.get_xticklabels()] == ["ash", "elm", "oak"]
    assert f"accuracy {scores['accuracy']:.4f}" in chart.alt_text


def test_the_roc_curve_has_the_area_of_the_metric(trees):
    chart = cn.plot(trees, kind="roc")
    for name, area in cn.evaluate(trees, None, "auc").scores["auc"].by.items():
        assert f"{name}: area {area:.4f}" in chart.alt_text
    for drawn in chart.figure.axes[0].lines[:3]:
        x, y = drawn.get_data()
        label = drawn.get_label()
        assert np.trapezoid(y, x) == pytest.approx(float(label.rpartition(" ")[2]), abs=5e-5)


def test_predicted_values_and_residuals_are_in_the_unit_of_the_target(prices):
    true, said = cn.plot(prices, kind="predicted").figure.axes[0].lines[0].get_data()
    assert len(true) == 60 and 250 < np.mean(true) < 350
    assert np.abs(said - true).mean() == pytest.approx(cn.evaluate(prices)["mae"])
    chart = cn.plot(prices, kind="residuals")
    assert chart.figure.axes[0].lines[0].get_ydata() == pytest.approx(true - said)
    assert chart.alt_text.startswith("Residuals of price, 60 held-out rows: mean")


def test_the_feature_that_matters_most_is_the_longest_bar(prices):
    chart = cn.plot(prices, kind="importance")
    names = [label.get_text() for label in chart.figure.axes[0].get_yticklabels()]
    assert names[-1] == "a" and "falls most without a " in chart.alt_text


def test_regions_are_drawn_over_the_columns_as_they_stand_in_the_data(trees):
    chart = cn.plot(trees, kind="regions")
    (axes,) = chart.figure.axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("height", "age")
    low, high = axes.get_xlim()
    assert low < 450 and high > 800
    shares = [int(share) for share in re.findall(r"(\d+)%", chart.alt_text)]
    assert len(shares) == 3 and 98 <= sum(shares) <= 102


def test_a_curve_needs_no_data_where_the_fit_has_them(line):
    by_kind, by_axis = cn.plot(line, kind="curve"), cn.plot(line, "x")
    assert by_kind.svg == by_axis.svg
    points, drawn = by_kind.figure.axes[0].lines
    assert len(points.get_xdata()) == 100
    assert drawn.get_ydata()[0] == pytest.approx(cn.predict(line, [[-2.0]]).raw.item(), abs=1e-5)


def test_weights_are_shown_beside_those_of_the_start(trees):
    chart = cn.plot(trees, kind="weights")
    assert "0.weight between" in chart.alt_text and "2.weight between" in chart.alt_text
    labels = [text.get_text() for text in chart.figure.axes[0].get_legend().get_texts()]
    assert labels == ["at the end", "at the start"]


def test_activations_lie_where_the_activation_has_them(trees, prices):
    found = re.search(r"1 Tanh between (-?[\d.]+) and ([\d.]+)", cn.plot(trees, kind="activations").alt_text)
    assert -1 <= float(found[1]) < float(found[2]) <= 1
    assert "1 ReLU between 0 and" in cn.plot(prices, kind="activations").alt_text


def test_metrics_have_panels_of_their_own_in_the_history(prices):
    chart = cn.plot(prices)
    assert [axes.get_title(loc="left").partition(":")[0] for axes in chart.figure.axes] == [
        "loss of each update", "error", "r2",
    ]  # fmt: skip
    drawn = chart.figure.axes[2].lines[0].get_ydata()
    assert list(drawn) == [each.metrics["train_r2"] for each in prices.history.evaluations]
    assert chart.alt_text == "Loss, error and r2 over updates: one fit"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_drawn_with_words_for_it_or_refused_with_another_that_is(kind, trees, prices, line):
    drawn = 0
    for result in (trees, prices, line):
        try:
            chart = cn.plot(result, kind=kind)
        except cn.InvalidValue as problem:
            other = re.search(r"Say kind='(\w+)'", problem.remedy)[1]
            cn.plot(result, kind=other)
            continue
        drawn += 1
        svg = chart.svg
        root = ElementTree.fromstring(svg)
        assert chart.alt_text in "".join(root.itertext()) and len(chart.alt_text) > 30
        assert cn.plot(result, kind=kind).svg == svg
    assert drawn


def test_other_rows_and_kept_runs_are_drawn_too(trees, tmp_path):
    source = cn.load(table(), y="tree", standardise=True, held_out=0.25)
    kept = cn.fit("? -> 8 tanh -> ?", source, loss="cross_entropy", out=tmp_path / "run", **FIT)
    again = cn.load_run(tmp_path / "run")
    new = table(50)
    assert cn.plot(again, kind="confusion", data=new).svg == cn.plot(kept, kind="confusion", data=new).svg
    with pytest.raises(cn.InvalidValue, match="Give data"):
        cn.plot(again, kind="confusion")
    with pytest.raises(cn.UnknownName, match="Did you mean confusion"):
        cn.plot(kept, kind="confusing")
    with pytest.raises(cn.InvalidValue, match="got 2 fits"):
        cn.plot({"a": kept, "b": trees}, kind="confusion")


def test_a_module_of_ones_own_is_drawn():
    x = torch.randn(80, 2, generator=torch.Generator().manual_seed(0))
    module = torch.nn.Sequential(
        torch.nn.Linear(2, 4), torch.nn.ReLU(), torch.nn.Linear(4, 1), torch.nn.Flatten(0)
    )
    module = torch.nn.Sequential(*module[:3])
    result = cn.fit(module, (x, (x[:, :1] > 0).float()), loss="bce_logits", lr=0.5, updates=50)
    for kind in ("confusion", "roc", "calibration", "regions", "importance", "weights", "activations"):
        assert cn.plot(result, kind=kind).svg


# --- one page about a fit


def brightness(png):
    """Return how light a picture is on the whole, from 0 to 255."""
    return np.asarray(Image.open(BytesIO(png)).convert("L")).mean()


def test_the_report_is_one_page_with_everything_in_it(trees, prices, tmp_path):
    for result, words in ((trees, "rows of ash, said to be"), (prices, "max_error")):
        cn.report(result, tmp_path / "fit.html")
        page = (tmp_path / "fit.html").read_text(encoding="utf-8")
        assert words in page and "the trivial predictor" in page and "@media print" in page
        assert not re.findall(r'(?:src|href)="(?!data:)', page)
        pictures = re.findall(r'<img src="data:image/svg\+xml;base64,[^"]+" alt="([^"]+)"', page)
        assert len(pictures) >= 6 and all(len(alt) > 5 for alt in pictures)
        assert all(
            f"<h2>{title}" in page for title in ("The network", "What was asked", "What happened", "How good")
        )


@pytest.mark.slow
@pytest.mark.skipif(not program(), reason="a browser shows the page")
def test_a_report_fits_a_screen_and_a_phone_and_is_dark_on_a_dark_one(trees, tmp_path):
    cn.report(trees, tmp_path / "fit.html")
    page = (tmp_path / "fit.html").read_text(encoding="utf-8")
    for width, dark in product((1280, 390), (False, True)):
        shown = browser().photograph(page, width, 900, dark=dark)
        assert brightness(shown) < 60 if dark else brightness(shown) > 200
        assert browser().run("document.documentElement.scrollWidth") == width
        cut = "e => e.getBoundingClientRect().right > innerWidth && !e.closest('.wide')"
        assert browser().run(f"[...document.querySelectorAll('table, pre, img')].filter({cut}).length") == 0


@pytest.mark.slow
@pytest.mark.skipif(not program(), reason="a browser shows the chart")
def test_a_chart_is_dark_on_a_dark_screen_and_its_words_can_be_read_there(trees):
    svg = f"<body style='margin:0'>{cn.plot(trees).svg}"
    light, dark = (
        Image.open(BytesIO(browser().photograph(svg, 900, 320, dark=each))).convert("L")
        for each in (False, True)
    )
    for picture, page in ((light, 255), (dark, 22)):
        counts = picture.histogram()
        assert max(range(256), key=counts.__getitem__) == page
    assert light.getextrema()[0] < 40 and dark.getextrema()[1] > 220  # letters


def test_on_a_narrow_screen_the_panels_stand_below_each_other(trees):
    chart = cn.plot(trees)
    before = chart.svg

    def shape(svg):
        _, _, width, height = map(float, re.search('viewBox="([^"]+)"', svg)[1].split())
        return width / height

    assert shape(chart.narrow_svg) < 0.9 < 2 < shape(before)
    assert chart.svg == before
    assert shape(cn.plot(trees, kind="confusion").narrow_svg) > 1  # it has one panel


def test_the_report_of_a_module_that_is_no_network_shows_its_stacks(tmp_path):
    nn = torch.nn
    module = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2))
    result = cn.fit(module, (torch.randn(8, 1, 8, 8), torch.arange(8) % 2), loss="cross_entropy", updates=2)
    cn.report(result, tmp_path / "a.html")
    assert "drawn as stacks: the input is 1 × 8 × 8" in (tmp_path / "a.html").read_text(encoding="utf-8")


def test_a_report_is_escaped_and_refuses_what_is_no_page(tmp_path, trees):
    x = torch.randn(40, 2, generator=torch.Generator().manual_seed(0))
    words = ["<b>&" if value > 0 else "b" for value in x[:, 0].tolist()]
    result = cn.fit("2 -> 2", (x, words), loss="cross_entropy", lr=0.5, updates=20)
    cn.report(result, tmp_path / "a.html")
    assert "<b>&" not in (tmp_path / "a.html").read_text(encoding="utf-8")
    for path in ("a.pdf", "a", 3, tmp_path / "nowhere" / "a.html"):
        with pytest.raises(cn.ChalknetError):
            cn.report(trees, path)
    with pytest.raises(cn.InvalidValue, match="a FitResult"):
        cn.report("run", tmp_path / "a.html")


def test_the_command_writes_the_report_and_a_picture_of_a_kind(tmp_path, monkeypatch):
    table().to_csv(tmp_path / "a.csv", index=False)
    monkeypatch.chdir(tmp_path)
    words = (
        "fit,? -> 4 tanh -> ?,--data,a.csv,--y,tree,--standardise,--loss,cross_entropy,--updates,40,--lr,0.5,"
    )
    words += "--held-out,0.2,--metrics,f1,--plot,a.png,--kind,roc,--report,a.html"
    monkeypatch.setattr("sys.argv", ["chalknet", *words.split(",")])
    with pytest.raises(SystemExit) as end:
        main()
    assert not end.value.code
    assert (tmp_path / "a.png").stat().st_size > 1000 and "f1" in (tmp_path / "a.html").read_text(
        encoding="utf-8"
    )
    monkeypatch.setattr("sys.argv", ["chalknet", *words.replace("a.html", "a.doc").split(",")])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
