"""Which device, engine and threads run a fit, where that was left open: by measuring what each costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import inf

from chalknet.counting import count
from chalknet.engine import ENGINES, StartupCost
from chalknet.errors import Refused
from chalknet.planning import Plan
from chalknet.training.remembered import Memory, key_of
from chalknet.training.rule import (
    MEASURED_SHARE,
    SHORT_S,
    Candidate,
    Cost,
    cheapest,
    is_worth_starting,
    show_costs,
)
from chalknet.training.work import usual_update_s
from chalknet.units import show_seconds

_SMALL_UPDATE = 10_000_000  # multiply-adds; below, the threads' meetings can cost more than they save
_LONGEST_LOADING = 10  # times as long as an engine expects

Trial = Callable[[Plan, float], Cost]


@dataclass(frozen=True)
class Ways:
    """What may be chosen from.

    Args:
        asked: the engine as it was asked for, "auto" or a name.
        devices: the one at home first.
        engines: names of engines.
        threads: numbers of CPU threads, the one at home first.
    """

    asked: str
    devices: tuple[str, ...]
    engines: tuple[str, ...]
    threads: tuple[int, ...]


@dataclass(frozen=True)
class Choice:
    """What was chosen, and why."""

    candidate: Candidate
    reasons: tuple[str, ...] = ()


def choose_way(draft: Plan, ways: Ways, trial: Trial | None, memory: Memory) -> Choice:
    """Return the cheapest way to run a plan, by the rule of `cheapest`.

    Args:
        draft: the plan, its device and threads those at home.
        ways: what may be chosen from.
        trial: gives the cost of a plan with its engine and placement filled in, by about so many updates;
            None when nothing can be tried without touching what is the fit's.
        memory: what earlier fits measured.

    Raises:
        Refused: when no engine runs it.
    """
    if ways.asked == "auto" and _is_short(draft):
        return Choice(_at_home(draft, ways), (_TOO_SHORT,))
    candidates, refused = _candidates(draft, ways)
    home = next(iter(candidates))
    if len(candidates) == 1:
        return Choice(home, refused)
    if trial is None:
        return Choice(home, (*refused, _UNTRIED))
    if _is_short(draft):
        return Choice(home, (*refused, _TOO_SHORT))
    survey = _Survey(draft, candidates, trial)
    key = key_of(draft.model, draft.recipe, draft.data, draft.placement)
    survey.run(memory.recall(key))
    if survey.measured:
        memory.keep(key, survey.to_remember())
    if not survey.costs:
        return Choice(home, (*refused, *survey.notes))
    chosen = cheapest(survey.costs, survey.updates)
    found = show_costs(survey.costs, survey.recalled, survey.updates)
    return Choice(chosen, (*refused, found, *survey.notes, *_beware(chosen, home)))


_TOO_SHORT = (
    f"nothing was measured: a fit of less than about {show_seconds(SHORT_S)} has little to gain by it"
)
_UNTRIED = "nothing was measured: data of a class of your own may change when it is read on trial"


_TOO_LARGE = "it needs all samples in memory, and these are read a batch at a time (in_memory=True)"


def _is_short(draft: Plan) -> bool:
    """Return whether a fit is too short to be measured: by its counts, so that it always is or never."""
    if draft.updates is None:
        return draft.recipe.budget.amount < SHORT_S
    return draft.updates * _usual_update_s(draft) < SHORT_S


def _usual_update_s(draft: Plan) -> float:
    return usual_update_s(draft.network, _samples(draft), draft.recipe, draft.placement)


def _is_small(draft: Plan) -> bool:
    forth = count(draft.network).multiply_adds if draft.network is not None else None
    return forth is not None and forth * _samples(draft) < _SMALL_UPDATE


def _samples(draft: Plan) -> int:
    return draft.recipe.batch_size or draft.data.observations


def _at_home(draft: Plan, ways: Ways) -> Candidate:
    return Candidate(ways.devices[0], "eager", ways.threads[0])


def _beware(chosen: Candidate, home: Candidate) -> tuple[str, ...]:
    if chosen == home:
        return ()
    return (
        f"{chosen} is the same training, but adds up in an order of its own: for the script's numbers to "
        'the last bit say engine="eager"',
    )


def _candidates(draft: Plan, ways: Ways) -> tuple[dict[Candidate, StartupCost], tuple[str, ...]]:
    """Return who can run it, those that start soonest first, and why others cannot."""
    found: dict[Candidate, StartupCost] = {}
    refused: list[str] = []
    for name in sorted(ways.engines, key=lambda name: name != "eager"):
        against: list[str] = []
        for device in ways.devices:
            placement = replace(draft.placement, device=device)
            reasons = ENGINES[name].refusals(draft.network, draft.recipe, placement)
            if draft.data.streamed and not ENGINES[name].streams:
                reasons += (_TOO_LARGE,)
            against += reasons
            if not reasons:
                startup_cost = ENGINES[name].startup_cost(draft.network, draft.recipe, placement)
                plain = name == "eager" and device == "cpu"  # other engines see to their threads themselves
                found |= {
                    Candidate(device, name, threads): startup_cost
                    for threads in (ways.threads if plain else ways.threads[:1])
                }
        if not any(candidate.engine == name for candidate in found):
            refused += [f"engine {name} cannot run this: {reason}" for reason in dict.fromkeys(against)]
    if not found:
        raise Refused(
            where=f"engine {ways.asked}",
            got="; ".join(refused),
            wanted="an engine that can run this network and recipe",
            remedy='Say engine="auto", or engine="eager", which runs whatever torch runs.',
        )
    first = next(iter(found))
    soonest = sorted(found, key=lambda c: (c != first, found[c].start_s + found[c].once_s))
    return {candidate: found[candidate] for candidate in soonest}, tuple(refused)


class _Survey:
    """Finds out what the candidates cost, one after another, as long as knowing it can pay.

    Attributes:
        costs: what is known, the candidate at home first.
        recalled: those of them that were remembered.
        measured: those that were tried now.
        notes: who was not tried, and why.
        updates: how many there are to make; of a budget in seconds, as many as are made in it at home.
    """

    def __init__(self, draft: Plan, candidates: Mapping[Candidate, StartupCost], trial: Trial) -> None:
        self.costs: dict[Candidate, Cost] = {}
        self.recalled: list[Candidate] = []
        self.measured: list[Candidate] = []
        self.notes: list[str] = []
        self.updates = float(draft.updates or 0)
        self._draft, self._candidates, self._trial = draft, candidates, trial
        self._at_every_start: dict[Candidate, float] = {}

    def run(self, remembered: Mapping[Candidate, Cost]) -> None:
        """Recall, estimate or try each candidate; where one fails, the next one is tried in its place."""
        for candidate, startup_cost in self._candidates.items():
            if candidate in remembered:
                self._recall(candidate, startup_cost, remembered[candidate])
            elif not self.costs and self._share() < 1 / 2:  # one update would be too large a share of the fit
                self.costs[candidate] = Cost(_usual_update_s(self._draft))
                self.notes.append(f"{candidate} was not tried but estimated: the updates are few and long")
            elif not self.costs or self._is_worth_trying(candidate, startup_cost):
                self._try(candidate, startup_cost)
            if self.costs and not self.updates:
                first = next(iter(self.costs.values()))
                self.updates = self._draft.recipe.budget.amount / first.update_s

    def to_remember(self) -> dict[Candidate, Cost]:
        """Return what another process would find: compiling once on this machine is not among it."""
        return {
            candidate: replace(self.costs[candidate], start_s=start_s)
            for candidate, start_s in self._at_every_start.items()
        }

    def _is_worth_trying(self, candidate: Candidate, startup_cost: StartupCost) -> bool:
        home = next(iter(self.costs))
        if (candidate.engine, candidate.device) == (home.engine, home.device):  # with other threads
            return _is_small(self._draft)
        if is_worth_starting(candidate, startup_cost, self.costs, self.updates):
            return True
        start_s = startup_cost.start_s + startup_cost.once_s
        why = f"its start takes about {show_seconds(start_s)}, which" if start_s else "it"
        self.notes.append(f"{candidate} was not tried: {why} would hardly pay in a fit this short")
        return False

    def _recall(self, candidate: Candidate, startup_cost: StartupCost, known: Cost) -> None:
        start_s = startup_cost.start_s + startup_cost.once_s
        self._at_every_start[candidate] = known.start_s
        self.costs[candidate] = Cost(known.update_s, start_s and max(start_s, known.start_s))
        self.recalled.append(candidate)

    def _try(self, candidate: Candidate, startup_cost: StartupCost) -> None:
        placement = replace(self._draft.placement, device=candidate.device, threads=candidate.threads)
        plan = replace(self._draft, engine=candidate.engine, placement=placement)
        try:
            found = self._trial(plan, self._share())
        except Exception as problem:  # whatever a module or an engine raises: it is no way to run this
            said = (str(problem) or type(problem).__name__).splitlines()[0]
            self.notes.append(f"{candidate} failed on trial: {said}")
            return
        starts = (
            startup_cost.start_s + startup_cost.once_s > 0
        )  # else what it took is what every first fit takes
        self.measured.append(candidate)
        self.costs[candidate] = Cost(found.update_s, found.start_s if starts else 0.0)
        # what was compiled now will be loaded next time
        self._at_every_start[candidate] = (
            found.start_s if starts and not startup_cost.once_s else startup_cost.start_s
        )

    def _share(self) -> float:
        """Return the updates that may go into a trial, half of the share for each number of threads."""
        return inf if self._draft.updates is None else self._draft.updates * MEASURED_SHARE / 2
