"""Draw one fit or several: what happened, what they answer, what they look at, what is in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from chalknet.errors import InvalidValue, invalid, look_up, public
from chalknet.training.chart import Chart
from chalknet.training.history import FitResult
from chalknet.training.pictures import of_classes, of_inputs, of_layers, of_values
from chalknet.training.pictures.histories import AXES, history_chart
from chalknet.training.pictures.material import Material

# kind -> the picture of one fit and some rows.
KINDS: Mapping[str, Callable[[Material], Chart]] = {
    "confusion": of_classes.confusion,
    "roc": of_classes.roc,
    "calibration": of_classes.calibration,
    "predicted": of_values.predicted,
    "residuals": of_values.residuals,
    "importance": of_inputs.importance,
    "regions": of_inputs.regions,
    "weights": of_layers.weights,
    "activations": of_layers.activations,
}
_OF_SEVERAL = ("history", "curve")


@public()
def plot(
    results: FitResult | Mapping[str, FitResult],
    over: str = "updates",
    *,
    data: object = None,
    kind: str | None = None,
) -> Chart:
    """Return a picture of one fit or of several, named.

    Args:
        results: a FitResult, or names and FitResults (`Comparison.results`).
        over: "updates", "samples" or "seconds" draws losses and evaluations; "x" is kind="curve".
        data: the rows to draw, whatever `load` takes; left out, those that the fit held out, else its
            training rows (for a curve all training rows).
        kind: "history" (None) draws what `over` says; "curve" the fitted lines of networks with one
            feature; and of a single fit "confusion", "roc" and "calibration" of classes, "predicted" and
            "residuals" of numbers, "regions" over two features, "importance", "weights" and "activations".

    Raises:
        UnknownName: for another `over` or `kind`.
        InvalidValue: for a picture that makes no sense for the fit, or a fit that was loaded without data.

    Example:
        >>> import torch
        >>> import chalknet as cn
        >>> x = torch.linspace(-1, 1, 50)
        >>> result = cn.fit("1 -> 1", (x, 2 * x), loss="mse", updates=5)
        >>> cn.plot(result).suffixes
        ('.svg', '.png', '.pdf')
        >>> cn.plot(result, kind="residuals").alt_text
        'Residuals of y, 50 training rows: mean ...'
    """
    named = {"": results} if isinstance(results, FitResult) else results
    fits = list(named.values()) if isinstance(named, Mapping) else []
    if not fits or not all(isinstance(value, FitResult) for value in fits):
        wanted = "a FitResult, or names and FitResults as a dict"
        raise invalid("results", results, wanted, "Give cn.plot(result), or the results of a comparison.")
    look_up({**AXES, "x": ""}, over, "plot", "axis")
    if kind is None:
        kind = "curve" if over == "x" else "history"
    look_up(dict.fromkeys((*_OF_SEVERAL, *KINDS)), kind, "plot", "kind of picture")
    if kind == "history":
        return history_chart(named, over)
    if kind == "curve":
        return of_inputs.curve(named, {name: _curve_of(each, data) for name, each in named.items()})
    if len(fits) > 1:
        raise InvalidValue(
            where=f"plot kind={kind!r}",
            got=f"{len(fits)} fits",
            wanted="one of them",
            remedy="Give one: cn.plot(results['name'], kind=...).",
        )
    return KINDS[kind](Material.of(kind, fits[0], data))


def _curve_of(result: FitResult, data: object) -> Material:
    """Return the material of a curve: of all training rows, where the fit has them and no data are given."""
    shown: Any = data
    if data is None and result.source is not None:
        shown = result.source.replace(held_out=None)
    return Material.of("curve", result, shown)
