"""A fit that goes by what is evaluated: checks between stretches of updates, and the best weights."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import torch

from chalknet.data import Source
from chalknet.engine import Advance, ProcessGroup, Session, named, weights_of
from chalknet.planning import WATCHED
from chalknet.training.choice.prepare import PreparedFit
from chalknet.training.evaluation import Evaluation
from chalknet.training.history import History
from chalknet.training.metrics.asked import AskedMetric
from chalknet.training.record.record_options import RecordOptions
from chalknet.training.run.judging import Judge, judge_for
from chalknet.training.run.stopping import Watcher
from chalknet.units import show_count

_UPDATES_BETWEEN = 100  # two checks at the least, where nothing else is asked: they are to cost little


@dataclass(frozen=True)
class Watch:
    """The checks of a fit, and what they have found.

    Args:
        session: that is advanced.
        prepared: the plan and the data.
        group: the processes that share the fit.
        evaluate_every: updates between two evaluations, where that was asked.
        watcher: what the evaluations have come to.
        mean_loss: computes the watched loss without torch; None where torch does.
        asked: the metrics that were asked for.
    """

    session: Session
    prepared: PreparedFit
    group: ProcessGroup
    evaluate_every: int | None
    watcher: Watcher
    mean_loss: Callable[[], float] | None
    asked: Sequence[AskedMetric] = ()

    @classmethod
    def of(
        cls, session: Session, prepared: PreparedFit, group: ProcessGroup, record: RecordOptions
    ) -> Watch | None:
        """Return the watch of a fit; None for one that does not go by evaluations."""
        recipe = prepared.plan.recipe
        if not recipe.watches:
            return None
        metric, source, evaluate_every = (
            recipe.loss_row.metric,
            _watched_source(prepared),
            record.evaluate_every,
        )
        by_loss = recipe.watch in WATCHED and (recipe.watch.endswith("loss") or metric == "error")
        fast = evaluate_every is None and by_loss and source is not None
        mean_loss = session.held_to(source) if fast and source is not None else None
        return cls(session, prepared, group, evaluate_every, Watcher(recipe, metric), mean_loss, record.asked)

    @property
    def every(self) -> int:
        """Return how many updates lie between two checks: whole epochs, where nothing else was asked."""
        per_epoch = self.prepared.plan.updates_per_epoch
        return self.evaluate_every or -(-_UPDATES_BETWEEN // per_epoch) * per_epoch

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what could not be watched."""
        passed, name = self.watcher.passed_over, self.watcher.recipe.watch
        if not passed:
            return ()
        return (
            f"{name} could not be computed at {show_count(passed)} evaluations, which the fit passed over: "
            "look at the held-out samples",
        )

    def go_on(self, history: History, best: Mapping[str, torch.Tensor]) -> None:
        """Take in what was found before, and the best weights."""
        self.watcher.see_again(history.evaluations, self.every)
        self.watcher.weights, self.session.rates.lr = best, self.watcher.lr

    def advance(self, updates: int, done: int, history: History, seconds: float) -> Advance:
        """Make so many updates with the checks that lie among them, up to one that ends the fit.

        Args:
            updates: how many.
            done: made before.
            history: gets the checks.
            seconds: of training before.
        """
        losses: list[float] = []
        elapsed_s, target = 0.0, self.watcher.recipe.target_loss
        while len(losses) < updates:
            made = done + len(losses)
            ahead = min(updates - len(losses), self.every - made % self.every)
            part = self.session.advance(ahead)
            losses += part.losses
            made, elapsed_s = made + len(part.losses), elapsed_s + part.elapsed_s
            reached = target is not None and losses[-1] <= target
            if not math.isfinite(losses[-1]) or reached or len(part.losses) < ahead:
                break
            if self.evaluate_every is None and made % self.every == 0:
                evaluation = self._check(made, seconds + elapsed_s, history)
                history.append_evaluation(evaluation)
                self.see(evaluation)
                if self.watcher.stops or self.mean_loss is None:
                    break
        return Advance(tuple(losses), elapsed_s)

    def see(self, evaluation: Evaluation) -> None:
        """Take in an evaluation: keep its weights where it is the best, and change the learning rate."""
        better = self.watcher.see(evaluation)
        self.session.rates.lr = self.watcher.lr
        if better and self.watcher.recipe.patience is not None:
            self.watcher.weights = weights_of(self._named)

    def end(self, history: History) -> None:
        """Give the module of a fit with `patience` the best weights; evaluate the weights it has in full."""
        stops = self.watcher.recipe.patience is not None
        best = self.watcher.best if stops else history.evaluations[-1]
        if best is None:
            return
        if best.updates != history.updates[-1]:
            self._named.load_state_dict(dict(self.watcher.weights))
        if math.isnan(best.train) or (best.held_out is None and self.prepared.held_out is not None):
            judge = judge_for(self.prepared, self.asked, self.group)
            full = evaluation_of(self.session, self.prepared, judge, (best.updates, best.seconds))
            history.reasons.update(judge.reasons)
            known = {
                name: value for name, value in vars(best).items() if value is not None and value == value
            }
            known["metrics"] = {**full.metrics, **best.metrics}
            history.append_evaluation(replace(full, **known))

    @property
    def _named(self) -> torch.nn.Module:
        return named(self.prepared.plan, self.session.module)

    def _check(self, updates: int, seconds: float, history: History) -> Evaluation:
        """Return an evaluation of what is watched alone."""
        of_training, found = _of_training(self.prepared), {}
        if self.mean_loss is not None:
            loss = self.mean_loss()
            metric = loss if self.watcher.metric == "error" else None
        else:
            source = _watched_source(self.prepared)
            assert source is not None
            part = "train" if of_training else "held_out"
            asked = [each for each in self.asked if f"{part}_{each.name}" == self.watcher.recipe.watch]
            judge = judge_for(self.prepared, asked, self.group)
            (metric, loss), found = judge.judged(self.session.module, source, part), judge.found
            history.reasons.update(judge.reasons)
        samples = self.prepared.batches.samples_in(updates)
        if of_training:
            return Evaluation(
                updates, samples, seconds, math.nan if metric is None else metric, None, loss, None, found
            )
        return Evaluation(updates, samples, seconds, math.nan, metric, math.nan, loss, found)


def evaluation_of(session: Session, prepared: PreparedFit, judge: Judge, at: tuple[int, float]) -> Evaluation:
    """Return an evaluation over all training and held-out samples.

    Args:
        session: whose module is evaluated.
        prepared: the plan and the data.
        judge: evaluates.
        at: updates and seconds before it.
    """
    updates, seconds = at
    train, held_out = judge.judged(session.module, prepared.batches.source, "train"), None
    if prepared.held_out is not None:
        held_out = judge.judged(session.module, prepared.held_out, "held_out")
    return Evaluation(
        updates=updates,
        samples=prepared.batches.samples_in(updates),
        seconds=seconds,
        train=train.metric,
        held_out=None if held_out is None else held_out.metric,
        train_loss=train.loss,
        held_out_loss=None if held_out is None else held_out.loss,
        metrics=judge.found,
    )


def _of_training(prepared: PreparedFit) -> bool:
    return prepared.plan.recipe.watch.startswith("train")


def _watched_source(prepared: PreparedFit) -> Source | None:
    return prepared.batches.source if _of_training(prepared) else prepared.held_out
