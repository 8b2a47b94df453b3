"""The main job on real data: one network, three methods, one page with the results."""

from __future__ import annotations

import html
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

import chalknet as cn
from chalknet.demo.digits import Digit, digits_of, html_of, picture_of
from chalknet.errors import FileProblem, writing
from chalknet.files import is_regular, open_regular, write_output
from chalknet.lang import translated_page
from chalknet.reporting import drawing_of, figure_of, style

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
# How often each is evaluated in one pass over the data, in its updates.
_WATCHED = {"all samples": 1, "2,048 samples": 1, "1 sample": 200}
_REPORT, _PICTURES = "report.html", ("over-updates", "over-samples", "one-pass", "digits")
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
    one_pass = compare_in_one_pass(network)
    yield str(one_pass)
    yield ""
    for name, accuracy in LECTURE.items():
        ours = f"{comparison.results[name].evaluation.train:.4f}"
        yield f"training accuracy, {name} an update: {ours} (the lecture: {accuracy})"
    digits = digits_of(one_pass.results["1 sample"])
    charts = (
        comparison.plot("updates"),
        comparison.plot("samples"),
        one_pass.plot("samples"),
        picture_of(digits),
    )
    pictures = dict(zip(_PICTURES, charts, strict=True))
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    write_output(folder / _REPORT, _page(network, (comparison, one_pass), pictures, digits).encode())
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
    """Return the three methods' fits on digits 0 and 1, from the same start, after as many updates each."""
    return _compare(network, METHODS, updates=updates, evaluate_every=max(1, updates // 70))


def compare_in_one_pass(network: cn.Network) -> cn.Comparison:
    """Return the three methods' fits after one pass over the samples each, in the same random order."""
    methods = {name: {**own, "evaluate_every": _WATCHED[name]} for name, own in METHODS.items()}
    return _compare(network, methods, samples=len(cn.load("mnist01")), shuffle=True)


def _compare(network: cn.Network, methods: Mapping[str, Mapping[str, Any]], **shared: Any) -> cn.Comparison:
    """Compare methods that one engine runs, so that their training times can be compared too."""
    first = cn.plan(network, "mnist01", loss="bce", updates=UPDATES, batch_size=2048)
    shared |= {"engine": first.engine, "device": str(first.placement.device)}
    return cn.compare(network, "mnist01", methods, loss="bce", seed=SEED, **shared)


def _data_line() -> str:
    facts = cn.describe(cn.load("mnist01"))
    return f"{facts['name']}: {facts['observations']} observations, held out {facts['held out']}"


def _page(
    network: cn.Network,
    comparisons: tuple[cn.Comparison, cn.Comparison],
    pictures: dict[str, cn.Chart],
    digits: Sequence[Digit],
) -> str:
    page = translated_page(files("chalknet.demo").joinpath("report.html").read_text(encoding="utf-8"))
    figures = {
        name.replace("-", "_"): figure_of(chart) for name, chart in pictures.items() if name != "digits"
    }
    same_updates, one_pass = comparisons
    return Template(page).substitute(
        figures,
        formula=cn.write(network, "mathml"),
        drawing=drawing_of(network),
        arrows=html.escape(cn.write(network, "arrows")),
        latex=html.escape(cn.write(network, "latex")),
        code=html.escape(cn.write(network, "torch")),
        counts=html.escape(str(cn.count(network))),
        table=_facing(same_updates),
        table_one_pass=_facing(one_pass),
        lecture=", ".join(f"{accuracy} for {name}" for name, accuracy in LECTURE.items()),
        counter=html.escape(same_updates.counter),
        samples=html.escape(one_pass.counter),
        seed=SEED,
        style=style(),
        digits=html_of(digits),
    )


def _facing(comparison: cn.Comparison) -> str:
    """Return the table of a comparison with a column a method: it is narrow enough for a phone and paper."""
    table = comparison.table
    head, *rows = zip(table.columns, *table.texts, strict=True)
    return replace(table, columns=head, rows=tuple(rows)).html()
