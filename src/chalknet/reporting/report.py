"""Write one page about a fit, which needs no other file and prints well."""

from __future__ import annotations

import html
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from string import Template

from chalknet.counting import count_network
from chalknet.errors import InvalidValue, invalid, public
from chalknet.files import user_path, write_output
from chalknet.lang import _, translated, translated_page
from chalknet.notation import write
from chalknet.reporting.page import drawing_of, figure_of, stacks_of, style
from chalknet.tables import Table
from chalknet.training import KINDS, FitResult, Scores, evaluate, plot

_KINDS = ("curve", *KINDS)
_MOST_NOTES = 50


@public()
def report(result: FitResult, path: str | Path, *, data: object = None) -> None:
    """Write one page about a fit: the network, the plan, the history, its metrics, and pictures.

    The page is HTML that needs no other file, for light and dark screens and for paper.

    Args:
        result: the fit.
        path: the file to write, ending in .html or .htm; one that is there is written over.
        data: the rows that metrics and pictures are about, whatever `load` takes; left out, those that the
            fit held out, else its training rows.

    Raises:
        InvalidValue: for anything but a FitResult, another ending, or a fit that was loaded without data.
        FileProblem: when the file cannot be written.

    Example:
        >>> import tempfile
        >>> import torch
        >>> import chalknet as cn
        >>> x = torch.linspace(-1, 1, 50)
        >>> result = cn.fit("1 -> 1", (x, 2 * x), loss="mse", lr=0.5, updates=100)
        >>> cn.report(result, tempfile.mkdtemp() + "/fit.html")
    """
    if not isinstance(result, FitResult):
        raise invalid("result", result, "a FitResult", "Give cn.report(result, path).")
    place = user_path(path, "path")
    if place.suffix.lower() not in (".html", ".htm"):
        raise invalid("path", str(place), "a file that ends in .html", "Say cn.report(result, 'fit.html').")
    write_output(place, page_of(result, data).encode("utf-8", "backslashreplace"))


def page_of(result: FitResult, data: object = None) -> str:
    """Return the page about a fit; see `report`."""
    notes = result.notes[:_MOST_NOTES]
    lines = str(result).partition(f"\n{_('note:')} ")[0].splitlines()
    template = translated_page(
        files("chalknet.reporting").joinpath("report.html").read_text(encoding="utf-8")
    )
    return Template(template).substitute(
        title=html.escape(translated(f"{result.plan.data.name}: a fit by {result.plan.recipe.loss}")),
        style=style(),
        outcome=f"<p>{'<br>'.join(map(html.escape, lines))}</p>",
        notes="".join(f'<p class="note">{html.escape(translated(note))}</p>' for note in notes),
        network="".join(_network(result)),
        plan=_plan_of(result).html(),
        history=figure_of(plot(result)),
        metrics="".join(f'<div class="wide">{scores.table.html()}</div>' for scores in _scores(result, data)),
        pictures="".join(_pictures(result, data)),
    )


def _network(result: FitResult) -> Iterator[str]:
    network = result.plan.network
    if network is None:
        yield stacks_of(result.module, None if result.source is None else result.source.x_shape)
        yield f"<pre>{html.escape(result.plan.model)}\n{html.escape(str(result.module))}</pre>"
        return
    yield drawing_of(network)
    yield f'<div class="wide">{write(network, "mathml")}</div>'
    yield f"<pre>{html.escape(str(count_network(network)))}</pre>"


def _plan_of(result: FitResult) -> Table:
    table = result.plan.table
    return Table((), tuple(row for row in table.rows if row[0] != "note"))


def _scores(result: FitResult, data: object) -> Iterator[Scores]:
    """Yield the metrics of the training rows, where the fit has them, and of those that are judged."""
    source = result.source
    if source is not None and source.held_out is not None and data is None:
        yield evaluate(result, source.replace(held_out=None, name=f"{source.name}, training"))
    yield evaluate(result, data)


def _pictures(result: FitResult, data: object) -> Iterator[str]:
    """Yield the pictures that make sense for the fit; the others refuse it."""
    for kind in _KINDS:
        try:
            yield figure_of(plot(result, kind=kind, data=data))
        except InvalidValue:
            continue
