"""Which device and engine run a fit, where that was left open: on the CPU by a rule, a GPU by measuring."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import inf

from chalknet.engine import ENGINES, StartupCost
from chalknet.errors import Refused
from chalknet.network import Dropout
from chalknet.planning import Placement, Plan
from chalknet.training.choice import cost_model
from chalknet.training.choice.cost_model import Candidate, Cost
from chalknet.training.choice.fitted_model import first_line
from chalknet.training.choice.timing_cache import TimingCache, key_of
from chalknet.training.choice.torch_threads import FITS
from chalknet.units import show_seconds

_OWN_DROPOUT = ("fused_cpu", "fused_cuda")  # engines whose Dropout draws from a generator of their own
_LEAST = show_seconds(cost_model.SHORT_S)
_TOO_SHORT = f"nothing was measured: a fit of less than about {_LEAST} has little to gain by it"
_UNTRIED = (
    "data of a class of your own may change each time it is read: eager reads each batch anew, "
    "and nothing was measured"
)

Trial = Callable[[Plan, float], Cost]


@dataclass(frozen=True)
class Candidates:
    """What may be chosen from.

    Args:
        asked: the engine as it was asked for, "auto" or a name.
        devices: the default device first.
        engines: names of engines, the fastest first; on the CPU the first that can run the plan is taken.
        threads: CPU threads.
        eager_threads: those of the plain loop on the CPU.
    """

    asked: str
    devices: tuple[str, ...]
    engines: tuple[str, ...]
    threads: int
    eager_threads: int


@dataclass(frozen=True)
class Autotuned:
    """What was chosen, and why."""

    candidate: Candidate
    reasons: tuple[str, ...] = ()


def autotune(draft: Plan, candidates: Candidates, trial: Trial | None, cache: TimingCache) -> Autotuned:
    """Return how to run a plan: on the CPU by a rule; among devices the cheapest, by `cost_model.cheapest`.

    Args:
        draft: the plan, with the default device and threads.
        candidates: what may be chosen from.
        trial: gives the cost of a plan with its engine and placement filled in, by about so many updates;
            None when nothing can be tried without changing the fit's own data.
        cache: what earlier fits measured.

    Raises:
        Refused: when no engine runs it.
    """
    if trial is None and candidates.asked == "auto":
        candidates = replace(candidates, engines=("eager",))
    possible, reasons = _possible(draft, candidates)
    chosen = next(iter(possible))
    if trial is None:
        reasons += [_UNTRIED] * (candidates.asked == "auto" or len(possible) > 1)
    elif len(possible) > 1 and _is_short(draft):
        reasons.append(_TOO_SHORT)
    elif len(possible) > 1:
        measurement = _Measurement(draft, possible, trial)
        measurement.run(cache, key_of(draft.model, draft.recipe, draft.data, draft.placement))
        costs, updates = measurement.costs, measurement.updates
        if costs:
            chosen = cost_model.cheapest(costs, updates)
            reasons.append(cost_model.show_costs(costs, measurement.recalled, updates))
        reasons += measurement.notes
    return Autotuned(chosen, (*reasons, *_other_numbers(draft, candidates, chosen)))


def _other_numbers(draft: Plan, candidates: Candidates, chosen: Candidate) -> tuple[str, ...]:
    """Return why a fit that was left open does not end with the script's numbers to the last bit."""
    as_asked = candidates.asked == chosen.engine and chosen.device == candidates.devices[0]
    on_cpu = chosen.device == "cpu"
    if as_asked or (chosen.engine == "eager" and on_cpu and chosen.threads == candidates.threads):
        return ()
    network, remedy = draft.network, 'engine="eager"' + ', device="cpu"' * (not on_cpu)
    if chosen.engine in _OWN_DROPOUT and network and any(isinstance(s, Dropout) for s in network.steps):
        differs = "draws Dropout's masks, and adds up, in an order of its own"
    else:
        differs = "adds up in an order of its own"
    if chosen.engine == "eager" and on_cpu:
        why, remedy = "the updates are too small to share among threads", f"threads={candidates.threads}"
    else:
        why = "the same training"
    return (f"{chosen}: {why}; it {differs}: for the script's numbers to the last bit say {remedy}",)


def _is_short(draft: Plan) -> bool:
    """Return whether a fit is too short to be measured: by its counts, so that it always is or never."""
    if draft.updates is None:
        return draft.recipe.budget.amount < cost_model.SHORT_S
    return draft.updates * _usual_update_s(draft) < cost_model.SHORT_S


def _usual_update_s(draft: Plan) -> float:
    samples = draft.recipe.batch_size or draft.data.observations
    return cost_model.usual_update_s(draft.network, samples, draft.recipe, draft.placement)


def _possible(draft: Plan, candidates: Candidates) -> tuple[dict[Candidate, StartupCost], list[str]]:
    """Return what can run the plan, on the default device first, and why other engines cannot.

    On the CPU that is one engine, so that nothing there depends on a measurement.
    """
    possible: dict[Candidate, Placement] = {}
    refused: list[str] = []
    for name in candidates.engines:
        reasons = {device: _refusals(draft, name, device) for device in candidates.devices}
        for device in (device for device, against in reasons.items() if not against):
            if device == "cpu" and any(candidate.device == device for candidate in possible):
                continue
            placement = replace(draft.placement, device=device)
            plain = name == "eager" and device == "cpu"
            threads = candidates.eager_threads if plain else candidates.threads
            possible[Candidate(device, name, threads)] = placement
        if all(reasons.values()):
            against = dict.fromkeys(reason for some in reasons.values() for reason in some)
            refused += [f"engine {name} cannot run this: {reason}" for reason in against]
    if not possible:
        raise Refused(
            where=f"engine {candidates.asked}",
            got="; ".join(refused),
            wanted="an engine that can run this network and recipe",
            remedy='Say engine="auto", or engine="eager", which runs whatever torch runs.',
        )
    if len(possible) == 1:  # nothing is measured, whatever the start costs
        return dict.fromkeys(possible, StartupCost()), refused
    starts = {c: ENGINES[c.engine].startup_cost(draft.network, draft.recipe, p) for c, p in possible.items()}
    default = candidates.devices[0]
    preferred = sorted(
        possible, key=lambda c: (c.device != default, c.engine != "eager", _start_s(starts[c]))
    )
    return {candidate: starts[candidate] for candidate in preferred}, refused


def _refusals(draft: Plan, engine: str, device: str) -> tuple[str, ...]:
    placement = replace(draft.placement, device=device)
    return ENGINES[engine].refusals(draft.network, draft.recipe, placement)


def _start_s(start: StartupCost) -> float:
    return start.start_s + start.once_s


class _Measurement:
    """Measures what the candidates cost, one after another, as long as knowing it can pay.

    Attributes:
        costs: what is known, the default candidate first.
        recalled: those of them that an earlier fit measured.
        notes: which candidates were not tried, and why.
        updates: how many there are to make; of a budget in seconds, as many as the default candidate makes.
    """

    def __init__(self, draft: Plan, possible: Mapping[Candidate, StartupCost], trial: Trial) -> None:
        self.costs: dict[Candidate, Cost] = {}
        self.recalled: list[Candidate] = []
        self.notes: list[str] = []
        self.updates = float(draft.updates or 0)
        self._draft, self._possible, self._trial = draft, possible, trial
        self._reusable: dict[Candidate, Cost] = {}  # without compiling, which is done once on a machine

    def run(self, cache: TimingCache, key: str) -> None:
        """Recall, estimate or try each candidate, and keep what was measured."""
        known = cache.recall(key)
        with FITS.working() as is_alone:
            self._measure(known)
            alone = is_alone()
        if not self._reusable.keys() - set(self.recalled):
            return
        if alone:
            cache.keep(key, self._reusable)
        else:
            self.notes.append("other fits ran meanwhile: the times are not kept for later fits")

    def _measure(self, known: Mapping[Candidate, Cost]) -> None:
        for candidate in self._possible:
            if candidate in known:
                self._recall(candidate, known[candidate])
            elif not self.costs and self._trial_updates() < 1:  # one is too large a share of the fit
                self.costs[candidate] = self._estimated(candidate)
                self.notes.append(f"{candidate} was not tried but estimated: the updates are few and long")
            elif not self.costs or self._is_worth_trying(candidate):
                self._try(candidate)
            if self.costs and not self.updates:
                first = next(iter(self.costs.values()))
                self.updates = self._draft.recipe.budget.amount / first.update_s

    def _estimated(self, candidate: Candidate) -> Cost:
        start = self._possible[candidate]
        return Cost(_usual_update_s(self._draft) / start.times_as_fast, _start_s(start))

    def _is_worth_trying(self, candidate: Candidate) -> bool:
        start = self._possible[candidate]
        if cost_model.is_worth_starting(candidate, start, self.costs, self.updates):
            return True
        start_s = _start_s(start)
        why = f"its start takes about {show_seconds(start_s)}, which" if start_s else "it"
        self.notes.append(f"{candidate} was not tried: {why} would hardly pay in a fit this short")
        return False

    def _recall(self, candidate: Candidate, known: Cost) -> None:
        start_s = _start_s(self._possible[candidate])
        self._reusable[candidate] = known
        self.costs[candidate] = Cost(known.update_s, start_s and max(start_s, known.start_s))
        self.recalled.append(candidate)

    def _try(self, candidate: Candidate) -> None:
        placement = replace(self._draft.placement, device=candidate.device, threads=candidate.threads)
        plan = replace(self._draft, engine=candidate.engine, placement=placement)
        try:
            found = self._trial(plan, self._trial_updates())
        except Exception as problem:  # whatever a module or an engine raises: this candidate cannot run it
            self.notes.append(f"{candidate} failed on trial: {first_line(problem)}")
            return
        start = self._possible[candidate]
        cost = found if _start_s(start) else replace(found, start_s=0.0)  # every first fit takes that long
        self.costs[candidate] = cost
        self._reusable[candidate] = replace(cost, start_s=start.start_s) if start.once_s else cost

    def _trial_updates(self) -> float:
        """Return the updates that may go into a trial."""
        return inf if self._draft.updates is None else self._draft.updates * cost_model.MEASURED_SHARE
