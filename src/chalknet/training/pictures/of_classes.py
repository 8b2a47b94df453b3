"""Pictures of a fit of classes: the confusion matrix, the ROC curve, how well it is calibrated."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from chalknet.training.chart import Chart, new_figure, style_of
from chalknet.training.metrics.answers import Answers, Array
from chalknet.training.metrics.classes import area_under_roc, calibration_of, confusion_matrix
from chalknet.training.pictures.material import MOST_CLASSES, Material, refused
from chalknet.units import show_count, show_share

_MOST_CURVES = 6
_BINS = 10


def confusion(material: Material) -> Chart:
    """Return how many rows of each class are said to be of each class."""
    material.wants("classes")
    answers = material.answers
    names, counts = answers.names, confusion_matrix(answers)
    if len(names) > MOST_CLASSES:
        raise refused(
            material.kind, f"{len(names)} classes", f"at most {MOST_CLASSES}, to be read", "calibration"
        )
    size = max(3.6, 1.6 + 0.55 * len(names))
    figure, (axes,) = new_figure(1, (size + 0.6, size))
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    small = 10 if len(names) <= 10 else 6
    for i, j in np.ndindex(*counts.shape):
        colour = "white" if shares[i, j] > 0.6 else "#08306b"  # on a dark page too
        axes.text(j, i, show_count(int(counts[i, j])), ha="center", va="center", color=colour, fontsize=small)
    long = max(map(len, names)) > 3 and len(names) > 2
    axes.set_xticks(
        range(len(names)), names, rotation=45 if long else 0, ha="right" if long else "center", fontsize=small
    )
    axes.set_yticks(range(len(names)), names, fontsize=small)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    right = show_share(float(np.trace(counts) / counts.sum()))
    axes.set_title(f"{material.part}: accuracy {right}", fontsize=10, loc="left")
    worst = counts * (1 - np.eye(len(names)))
    i, j = np.unravel_index(int(worst.argmax()), worst.shape)
    most = (
        f"the most frequent mistake is {names[i]} taken for {names[j]}, {show_count(int(worst[i, j]))} times"
        if worst.any()
        else "no row is wrong"
    )
    return Chart(
        figure, f"Confusion matrix of {len(names)} classes, {material.part}: accuracy {right}; {most}"
    )


def roc(material: Material) -> Chart:
    """Return the true positive rate over the false positive rate, for each class or output."""
    material.wants("classes", "labels")
    figure, (axes,) = new_figure(1, (4.6, 4.2))
    drawn: list[str] = []
    for name, positive, odds in list(_questions(material.answers))[:_MOST_CURVES]:
        area = area_under_roc(positive, odds, None)
        if area is None:
            continue
        order = np.argsort(-odds, kind="stable")
        ends = np.flatnonzero(np.diff(odds[order], append=-1))
        up, down = np.cumsum(positive[order])[ends], np.cumsum(~positive[order])[ends]
        label = f"{name}: area {show_share(area)}"
        axes.plot([0, *(down / down[-1])], [0, *(up / up[-1])], **style_of(len(drawn), label))
        drawn.append(label)
    if not drawn:
        raise refused(material.kind, "rows of one class alone", "rows of both, to set apart", "confusion")
    axes.plot([0, 1], [0, 1], color="0.6", lw=0.8, ls=":")
    axes.set(xlabel="false positive rate", ylabel="true positive rate", aspect="equal")
    axes.set_title(f"ROC, {material.part}", fontsize=10, loc="left")
    axes.grid(alpha=0.25)
    axes.legend(frameon=False, fontsize=8, loc="lower right")
    return Chart(figure, f"ROC curve, {material.part}: {'; '.join(drawn)}")


def calibration(material: Material) -> Chart:
    """Return how often each class comes to be, over the probability that was given to it."""
    material.wants("classes", "labels")
    figure, (axes, below) = new_figure(2, (4.8, 5.2), 2)
    drawn: list[str] = []
    for name, positive, odds in list(_questions(material.answers))[:_MOST_CURVES]:
        found = calibration_of(odds.astype(np.float64), positive, None, _BINS)
        style = style_of(len(drawn), name)
        axes.plot(found.sure, found.right, marker="o", ms=4, **style)
        below.hist(odds, bins=_BINS, range=(0, 1), histtype="step", color=style["color"], ls=style["ls"])
        gap = float((found.weight * np.abs(found.sure - found.right)).sum() / found.weight.sum())
        drawn.append(f"{name}: {show_share(gap)} off on average")
    axes.plot([0, 1], [0, 1], color="0.6", lw=0.8, ls=":")
    axes.set(ylabel="how often it is so", xlim=(0, 1), ylim=(-0.02, 1.02))
    axes.set_title(f"calibration, {material.part}", fontsize=10, loc="left")
    axes.legend(frameon=False, fontsize=8)
    below.set(xlabel="probability that the fit gives", ylabel="rows", xlim=(0, 1))
    for each in (axes, below):
        each.grid(alpha=0.25)
    return Chart(figure, f"Calibration, {material.part}: {'; '.join(drawn)}")


def _questions(answers: Answers) -> Iterator[tuple[str, Array, Array]]:
    """Yield name, whether each row is so, and its probability: of two classes the second alone."""
    odds = answers.odds
    if answers.task == "labels":
        for i, name in enumerate(answers.names):
            yield name, answers.y[:, i] == 1, odds[:, i]
        return
    for i in [1] if odds.shape[1] == 2 else range(odds.shape[1]):
        yield answers.names[i], answers.y == i, odds[:, i]
