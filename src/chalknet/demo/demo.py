"""The main job on real data: one network, three methods, one page with the results."""

from __future__ import annotations

import html
import os
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from string import Template

import torch

import chalknet as cn
from chalknet.errors import FileProblem, writing
from chalknet.files import is_regular, open_regular, write_output
from chalknet.lang import translated_page
from chalknet.reporting import image_of, style

FORMULA = "X(n,784) -l1-> u1(n,32) -relu-> v1(n,32) -l2-> u2(n,1) -sig-> v2(n,1) = yhat"
UPDATES = 700
SEED = 1
# The methods, and the training accuracy that the lecture reports for two of them.
METHODS: dict[str, dict[str, int | None]] = {
    "all samples": {"batch_size": None},
    "2,048 samples": {"batch_size": 2048},
    "1 sample": {"batch_size": 1},
}
LECTURE = {"all samples": "0.9953", "2,048 samples": "0.9931"}
_DIGITS = 12
_REPORT, _PICTURES = "report.html", ("over-updates", "over-samples", "digits")
_MARK = b"<title>chalknet: digits 0 and 1"  # by which a report of an earlier demo is known


def run_demo(folder: Path, on_written: Callable[[Path], None] = lambda path: None) -> Iterator[str]:
    """Fit, write the report and its pictures into a folder; yield what there is to print, line by line.

    Args:
        folder: made if it is not there; `report.html` is one page that needs no other file.
        on_written: called with the path of each file that was written.

    Raises:
        ChalknetError: when the folder cannot be written.
    """
    _check_place(folder)
    network = cn.read(FORMULA)
    yield f"network  {FORMULA}"
    yield f"data     {_data_line()}"
    comparison = compare_methods(network)
    yield ""
    yield str(comparison)
    yield ""
    for name, accuracy in LECTURE.items():
        ours = f"{comparison.results[name].evaluation.train:.4f}"
        yield f"training accuracy, {name} an update: {ours} (the lecture: {accuracy})"
    charts = (
        comparison.plot("updates"),
        comparison.plot("samples"),
        _digits(comparison.results["2,048 samples"]),
    )
    pictures = dict(zip(_PICTURES, charts, strict=True))
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    write_output(folder / _REPORT, _page(network, comparison, pictures).encode())
    for name, chart in pictures.items():
        chart.save(folder / f"{name}.svg")
        on_written(folder / f"{name}.svg")
    on_written(folder / _REPORT)


def _check_place(folder: Path) -> None:
    """Refuse to write over files that are not those of a demo: the user did not name them.

    Raises:
        FileProblem: naming one of them.
    """
    report, ours = folder / _REPORT, False
    if is_regular(report):
        with open_regular(report) as file:
            ours = _MARK in file.read(1000)
    for path in (report, *(folder / f"{name}.svg" for name in _PICTURES)):
        if os.path.lexists(path) and not (ours and is_regular(path)):
            raise FileProblem(
                where=str(path),
                got="a file that is not the demo's",
                wanted="no file of this name, or a demo made before",
                remedy="Give another folder: chalknet demo --out FOLDER.",
            )


def compare_methods(network: cn.Network, updates: int = UPDATES) -> cn.Comparison:
    """Return the three methods' fits on digits 0 and 1, from the same start."""
    return cn.compare(
        network,
        "mnist01",
        METHODS,
        loss="bce",
        updates=updates,
        seed=SEED,
        evaluate_every=max(1, updates // 70),
    )


def _data_line() -> str:
    facts = cn.describe(cn.load("mnist01"))
    return f"{facts['name']}: {facts['observations']} observations, held out {facts['held out']}"


def _digits(result: cn.FitResult) -> cn.Chart:
    """Draw held-out digits with their predictions: the most confident of each class, the least confident."""
    held_out = cn.load("mnist01").held_out
    assert held_out is not None
    x, y = held_out.take(slice(0, len(held_out)))
    yhat = torch.from_numpy(cn.predict(result, x).raw).reshape(-1)
    by_doubt = (yhat - 0.5).abs().argsort()
    sure = by_doubt.flip(0)
    zeros, ones = sure[yhat[sure] < 0.5][:3], sure[yhat[sure] > 0.5][:3]
    chosen = [int(row) for row in (*zeros, *ones, *by_doubt[: _DIGITS - 6])]
    captions = [f"yhat {yhat[row]:.3f}" + ("" if (yhat[row] > 0.5) == y[row] else " wrong") for row in chosen]
    return cn.plot_images(
        x[chosen].reshape(-1, 28, 28),
        captions,
        alt_text="Held-out digits and their predictions: three sure zeros, three sure ones, six least sure",
    )


def _page(network: cn.Network, comparison: cn.Comparison, pictures: dict[str, cn.Chart]) -> str:
    page = translated_page(files("chalknet.demo").joinpath("report.html").read_text(encoding="utf-8"))
    return Template(page).substitute(
        formula=cn.write(network, "mathml"),
        arrows=html.escape(cn.write(network, "arrows")),
        latex=html.escape(cn.write(network, "latex")),
        code=html.escape(cn.write(network, "torch")),
        counts=html.escape(str(cn.count(network))),
        table=comparison.table.html(),
        lecture=", ".join(f"{accuracy} for {name}" for name, accuracy in LECTURE.items()),
        counter=html.escape(comparison.counter),
        seed=SEED,
        style=style(),
        **{name.replace("-", "_"): image_of(chart.svg, chart.alt_text) for name, chart in pictures.items()},
    )
