"""What a fit gives back."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from chalknet.data import Preparation
from chalknet.module import Fitted
from chalknet.planning import Plan
from chalknet.tables import Shown
from chalknet.training.history import Evaluation, History, Outcome
from chalknet.units import show_count, show_seconds, show_share, show_value


@dataclass(frozen=True, repr=False)
class FitResult(Shown, Fitted):
    """A fitted module and how it came about.

    Args:
        plan: what was decided before the first update.
        module: a plain `nn.Sequential`, or the user's own module, fitted in place; go on with it as with
            any torch module.
        history: a row for every recorded update, and the evaluations.
        outcome: how the fit ended.
        compile_s: seconds that compiling or loading kernels took; no training time.
        notes: what did not go as it was asked, a sentence each.
        preparation: what turned the columns of a file into x and y; None where they were taken as they are.

    Example:
        >>> import torch
        >>> import chalknet as cn
        >>> x = torch.linspace(-1, 1, 50)
        >>> result = cn.fit("1 -> 1", (x, 2 * x), loss="mse", updates=5)
        >>> result.outcome is cn.Outcome.FINISHED, result.history.updates[-1]
        (True, 5)
    """

    plan: Plan
    module: nn.Module
    history: History
    outcome: Outcome
    compile_s: float = 0.0
    notes: tuple[str, ...] = ()
    preparation: Preparation | None = None

    @property
    def evaluation(self) -> Evaluation:
        """Return the last evaluation, made after the last update."""
        return self.history.evaluations[-1]

    def __str__(self) -> str:
        history, evaluations = self.history, self.history.evaluations
        lines = [str(self.outcome)]
        if history:
            compiled = f", after {show_seconds(self.compile_s)} of compiling or loading" * bool(
                self.compile_s
            )
            lines.append(
                f"{show_count(history.updates[-1])} updates, {show_count(history.samples[-1])} samples, "
                f"{show_seconds(history.seconds[-1])} of training by {self.plan.engine}{compiled}"
            )
            lines.append(f"loss {show_value(history.loss[-1])}")
        if history and evaluations:
            last, show = evaluations[-1], show_share if history.metric == "accuracy" else show_value
            held_out = "" if last.held_out is None else f", held out {show(last.held_out)}"
            lines[-1] += f", {history.metric} {show(last.train)}{held_out}"
        return "\n".join([*lines, *(f"note: {note}" for note in self.notes)])
