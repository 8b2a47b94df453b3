"""The rounds of a search: which fits are made, and which of them continue."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import torch

from chalknet.data import Source, folds_of, target_blocks
from chalknet.errors import invalid
from chalknet.network import Network
from chalknet.planning import Recipe, RunOptions
from chalknet.searching.criterion import Criterion, code_of
from chalknet.searching.journal import Journal
from chalknet.searching.member import Job, Member, key_of
from chalknet.searching.result import ScoredConfiguration
from chalknet.searching.space import Configuration, Space
from chalknet.searching.workers import run_jobs
from chalknet.training import Checkpoint, Interrupt, PreparedFit, check_metrics, load_for, prepare
from chalknet.units import show_count

_SHARE = 0.2  # of the rows, if nothing else is held out
OnMember = Callable[[Member, int, int], None]


@dataclass(frozen=True)
class Parts:
    """The data of a search.

    Args:
        whole: all rows, to which the best settings are fitted again.
        each: the training and held-out rows of each split.
        known_as: a hash of the content; None if unknown.
    """

    whole: Source
    each: tuple[Source, ...]
    known_as: str | None


def parts_of(
    run: RunOptions,
    data: object,
    held_out: object,
    folds: int | None,
    settings: Sequence[Configuration],
    columns: Mapping[str, Any],
) -> tuple[Parts, tuple[str, ...]]:
    """Return the data of a search, and notes on it.

    Args:
        run: its dtype is used for a table's numbers.
        data: whatever `load` accepts.
        held_out: likewise, or a share; None for the data's own held-out rows, else a fifth.
        folds: the number of parts held out in turn; None for a single split.
        settings: their losses determine whether targets are classes, their networks which columns are
            embedded.
        columns: further keywords of `load`.

    Raises:
        ChalknetError: for data that cannot be loaded, or cut into so many parts; for networks that embed
            different columns.
    """
    notes: list[str] = []
    model = _alike_embedded([setting.network for setting in settings])
    whole = load_for(run, data, held_out, columns, model)
    if folds is None:
        if whole.held_out is None:
            whole = load_for(run, data, _SHARE, columns, model)
            notes.append(
                "a fifth of the rows is held out, and fits are ranked by it: say held_out=... or folds=5 for "
                "other rows (--held-out, --folds)"
            )
        parts: tuple[Source, ...] = (whole,)
    else:
        if not isinstance(folds, int) or isinstance(folds, bool):
            raise invalid("folds", folds, "a whole number of at least 2", "Say folds=5 (--folds 5).")
        of_classes = settings[0].recipe.loss_row.metric == "accuracy"
        parts = folds_of(whole, folds, _labels(whole) if of_classes else None)
        if whole.preparation is not None and not whole.preparation.is_plain:
            notes.append(
                "what fills, standardises or codes the columns was learned from all rows, those of each "
                "held-out part among them"
            )
    known = (whole.fingerprint(), *(() if whole.held_out is None else (whole.held_out.fingerprint(),)))
    return Parts(whole, parts, None if None in known else f"{known}"), tuple(notes)


def _alike_embedded(networks: Sequence[Network]) -> Network:
    """Return one of the networks, all of which embed the same columns."""
    embedded = list(dict.fromkeys(network.embedded for network in networks))
    if len(embedded) > 1:
        one, other = (", ".join(names) or "none" for names in embedded[:2])
        raise invalid("models", f"networks that embed {one}, and {other}", "the same columns in each",
            "Make a search for each.")  # fmt: skip
    return networks[0]


def _labels(source: Source) -> torch.Tensor | None:
    """Return the classes of all rows; None if a row has several targets."""
    blocks = [y for _, y in target_blocks(source)]
    if not blocks:
        return None
    y = torch.cat(blocks).reshape(len(source), -1)
    return y[:, 0] if y.shape[1] == 1 else None


def settings_of(
    space: Space, how: str, draws: int | None, seed: int
) -> tuple[list[Configuration], tuple[str, ...]]:
    """Return the settings to try, and notes on them.

    Args:
        space: the search space.
        how: grid, random or halving.
        draws: how many settings to draw; None for all.
        seed: of the draws.
    """
    if how == "grid" or draws is None:
        return list(space.grid()), ()
    found = list(space.drawn(draws, seed))
    few = len(found) < draws
    told = (
        f"there are {show_count(len(found))} different settings, fewer than the {show_count(draws)} to draw"
    )
    return found, (told,) if few else ()


class Search:
    """The fits of a search, as far as they were made.

    Args:
        settings: the settings to try.
        seeds: each setting is fitted with each seed.
        parts: the data.
        run: where fits run.
        criterion: the metric.
        journal: stores the finished fits.
        n_jobs: the number of fits at a time.
        interrupt: whether a signal asked to stop.
        on_member: called with each finished fit.

    Attributes:
        fits: the number of fits made by this process.
        notes: for the user, one sentence each.
    """

    def __init__(
        self,
        settings: Sequence[Configuration],
        seeds: Sequence[int],
        parts: Parts,
        run: RunOptions,
        criterion: Criterion,
        journal: Journal,
        n_jobs: int | None,
        interrupt: Interrupt,
        on_member: OnMember | None,
    ) -> None:
        self._seeds, self._criterion, self._journal = seeds, criterion, journal
        self._n_jobs, self._interrupt, self._on_member = n_jobs, interrupt, on_member
        self.fits, self._found, self._total = 0, 0, 0
        self.notes: tuple[str, ...] = ()
        self.settings: list[Configuration] = []
        self._prepared: list[tuple[PreparedFit, ...]] = []
        self._known: list[str] = []
        data = parts.known_as or f"data of this call alone: {id(self)}"
        self._others = (data, len(parts.each), criterion.known_as, run.dtype, run.engine, str(run.device))
        self._prepare(settings, parts, run)

    def _prepare(self, settings: Sequence[Configuration], parts: Parts, run: RunOptions) -> None:
        """Prepare each setting for each part of the data; skip repeated settings."""
        notes: list[str] = []
        seen: set[str] = set()
        for setting in settings:
            first = prepare(setting.network, parts.each[0], setting.recipe, run)
            check_metrics(self._criterion.metrics, first)
            known = self._key(first)
            if known in seen:
                continue
            seen.add(known)
            others = (prepare(setting.network, part, setting.recipe, run) for part in parts.each[1:])
            self.settings.append(setting)
            self._prepared.append((first, *others))
            self._known.append(known)
            notes += first.plan.notes
        if twice := len(settings) - len(self.settings):
            are = "settings are" if twice > 1 else "setting is"
            notes.append(
                f"{show_count(twice)} {are} the same network and recipe as another, and not run twice"
            )
        self.notes = tuple(dict.fromkeys(notes))

    def _key(self, prepared: PreparedFit) -> str:
        plan = prepared.plan
        assert isinstance(plan.network, Network)
        own = getattr(plan.recipe.loss, "function", None)
        others = self._others if own is None else (*self._others, code_of(own))
        return key_of(plan.network, replace(plan.recipe, seed=0), *others)

    def all(self) -> list[ScoredConfiguration]:
        """Make all fits; return the settings whose fits have all finished."""
        return self._round(range(len(self.settings)), None, {}, 0)[0]

    def halved(self, factor: int) -> list[ScoredConfiguration]:
        """Make short fits of all settings, then continue the best ones (successive halving).

        Args:
            factor: one in `factor` settings continues, to `factor` times the updates.

        Raises:
            InvalidValue: for a budget in seconds.
        """
        for each in self._prepared:
            if each[0].plan.updates is None:
                wanted = "a budget in updates, epochs or samples, of which a part is made first"
                raise invalid("seconds", each[0].plan.recipe.seconds, wanted, "Say updates=1000.")
        alive = list(range(len(self.settings)))
        rungs = 0
        while len(alive) > factor**rungs:
            rungs += 1
        ended: list[ScoredConfiguration] = []
        paused: dict[str, Checkpoint] = {}
        for rung in range(rungs + 1):
            divisor = factor ** (rungs - rung)
            scores, paused = self._round(alive, None if divisor == 1 else divisor, paused, rung)
            scores.sort(key=lambda each: each.order(self._criterion))
            if self._interrupt.is_set or divisor == 1:
                ended += scores
                break
            good = [each for each in scores if math.isfinite(each.order(self._criterion)[0])]
            going = good[: -(-len(alive) // factor)]
            alive = [each.place for each in going]
            ended += [each for each in scores if each.place not in set(alive)]
            if not alive:
                break
        return ended

    def _round(
        self, places: Iterable[int], divisor: int | None, paused: dict[str, Checkpoint], rung: int
    ) -> tuple[list[ScoredConfiguration], dict[str, Checkpoint]]:
        """Make the fits of some settings up to a fraction of their budget.

        Args:
            places: the indices of the settings.
            divisor: 3 for a third of the budget; None for all of it.
            paused: the checkpoints of paused fits, by their keys without a length.
            rung: the number of rounds the settings have survived.
        """
        places = list(places)
        known: dict[int, list[str]] = {place: [] for place in places}
        jobs: list[Job] = []
        of_job: dict[str, str] = {}
        for place, seed, fold in product(places, self._seeds, range(len(self._prepared[0]) if places else 0)):
            prepared = self._prepared[place][fold]
            until = None
            if divisor is not None and prepared.plan.updates is not None:
                until = max(1, prepared.plan.updates // divisor)
            base = f"{self._known[place]}-{seed}-{fold}"
            key = base if until is None else f"{base}-{until}"
            known[place].append(key)
            if self._journal.get(key) is None and key not in of_job:
                of_job[key] = base
                parts = len(self._prepared[place])
                jobs.append(
                    Job(
                        key,
                        prepared,
                        self._criterion,
                        seed,
                        fold if parts > 1 else None,
                        until,
                        paused.get(base),
                    )
                )
        self._total += len(jobs)
        going: dict[str, Checkpoint] = {}
        for member, checkpoint in run_jobs(jobs, self._n_jobs, self._interrupt) if jobs else ():
            self._journal.add(member)
            self.fits, self._found = self.fits + 1, self._found + 1
            if checkpoint is not None:
                going[of_job[member.key]] = checkpoint
            if self._on_member is not None:
                self._on_member(member, self._found, self._total)
        return list(self._scores(known, rung)), going

    def _scores(self, known: Mapping[int, Sequence[str]], rung: int) -> Iterable[ScoredConfiguration]:
        """Yield the settings whose fits have all finished."""
        for place, keys in known.items():
            found = [self._journal.get(key) for key in keys]
            members = [member for member in found if member is not None]
            if len(members) == len(keys):
                yield ScoredConfiguration(self.settings[place].values, members, rung, place)

    def order(self, scored: Sequence[ScoredConfiguration]) -> list[tuple[Configuration, Recipe, str]]:
        """Return the fits in the order for an ensemble: best setting first, and in it the best seed.

        Args:
            scored: the settings; those with a failed fit, or dropped by halving, are left out.
        """
        last = max((each.rung for each in scored), default=0)
        found = []
        for each in sorted(scored, key=lambda each: each.order(self._criterion)):
            if each.rung < last or not math.isfinite(each.order(self._criterion)[0]):
                continue
            scores = {
                seed: [member.score for member in each.members if member.seed == seed] for seed in self._seeds
            }
            means = {seed: sum(of) / len(of) for seed, of in scores.items()}
            setting = self.settings[each.place]
            for seed in sorted(means, key=lambda seed: self._criterion.order(means[seed])):
                recipe = replace(setting.recipe, seed=seed)
                found.append((setting, recipe, f"{self._known[each.place]}-{seed}"))
        return found
