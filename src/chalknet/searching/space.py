"""The search space: models with named widths, and the values that each field of the recipe may take."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from numbers import Number
from typing import Any, TypeAlias

import numpy as np

from chalknet.errors import InvalidValue, checked_seed, invalid, unknown_name
from chalknet.forms import ModelLike, model_of
from chalknet.network import UNKNOWN_WIDTH, Network
from chalknet.notation import write
from chalknet.planning import OTHER_NAMES, RECIPE_FIELDS, Recipe, optimizer_options, recipe_of
from chalknet.units import one_line

Random: TypeAlias = np.random.Generator
_ACTIVATION = "activation"  # sets the activations of a network written `?`
_LARGEST_GRID = 100_000
_TRIES = 50  # draws per wanted setting before the space counts as exhausted
_CALL = re.compile(r"\s*(\w+)\s*\((.*)\)\s*", re.DOTALL)


@dataclass(frozen=True)
class Configuration:
    """A network and a recipe, without a seed.

    Args:
        values: the chosen values, by name: the model if there are several, widths, fields of the recipe.
        network: with all widths set.
        recipe: with the first seed.
    """

    values: Mapping[str, Any]
    network: Network
    recipe: Recipe


@dataclass(frozen=True)
class Distribution:
    """A distribution from which values are drawn.

    Args:
        text: how it was written.
        draw: returns one value.
    """

    text: str
    draw: Callable[[Random], Any]


Values: TypeAlias = "Sequence[Any] | Distribution"


@dataclass(frozen=True)
class Space:
    """The search space.

    Args:
        models: by their names.
        values: the possible values, by the name of a recipe field, width or activation.
        seeds: each setting is fitted with each seed.
        recipe: the keywords common to all settings, which override `base`.
        base: the common recipe; None without one.
    """

    models: Mapping[str, Network]
    values: Mapping[str, Values]
    seeds: tuple[int, ...]
    recipe: Mapping[str, Any]
    base: Recipe | None

    def varied_by(self, model: str) -> dict[str, Values]:
        """Return the names varied for a model: fields of the recipe, and its own named widths."""
        network = self.models[model]
        return {name: each for name, each in self.values.items() if _concerns(name, network)}

    @property
    def varied(self) -> tuple[str, ...]:
        """Return the names that differ between settings, in the order of the table's columns."""
        return (*(("model",) if len(self.models) > 1 else ()), *self.values)

    def grid(self) -> Iterator[Configuration]:
        """Yield every setting.

        Raises:
            InvalidValue: if values are drawn from a distribution, or there are too many settings.
        """
        for name, values in self.values.items():
            if isinstance(values, Distribution):
                remedy = f'Say how="random", draws=20, or list the values: over={{"{name}": [...]}}.'
                raise invalid(f"over[{name!r}]", values.text, "a list of values, for a grid", remedy)
        if self.size > _LARGEST_GRID:
            got = f"a grid of {self.size:,.0f} settings"
            raise _too_many(got)
        for model in self.models:
            names = self.varied_by(model)
            for chosen in product(*names.values()):  # type: ignore[arg-type]
                yield self.setting(model, dict(zip(names, chosen, strict=True)))

    def drawn(self, draws: int, seed: int) -> Iterator[Configuration]:
        """Yield different settings at random, or all if there are no more.

        Args:
            draws: the number of settings.
            seed: of the draws.
        """
        random = np.random.default_rng(seed)
        if self.size <= draws:
            yield from self.grid()
            return
        seen: set[str] = set()
        names = list(self.models)
        for _ in range(_TRIES * draws):
            model = names[int(random.integers(len(names)))]
            chosen = {
                name: values.draw(random)
                if isinstance(values, Distribution)
                else values[int(random.integers(len(values)))]
                for name, values in self.varied_by(model).items()
            }
            if (known := repr((model, chosen))) not in seen:
                seen.add(known)
                yield self.setting(model, chosen)
            if len(seen) == draws:
                return

    @property
    def size(self) -> float:
        """Return the number of settings; infinite if values are drawn from a distribution."""
        sizes = [
            prod(
                math.inf if isinstance(each, Distribution) else len(each)
                for each in self.varied_by(model).values()
            )
            for model in self.models
        ]
        return sum(sizes)

    def setting(self, model: str, chosen: Mapping[str, Any]) -> Configuration:
        """Return the setting of a model with the chosen values.

        Raises:
            ChalknetError: for an invalid value; names it.
        """
        network = self.models[model]
        named = ({"model": model} if len(self.models) > 1 else {}) | dict(chosen)
        widths = {name: value for name, value in chosen.items() if name in network.symbols}
        if widths:
            network = network.bind(**widths)
        if _ACTIVATION in chosen:
            network = network.settle(*[str(chosen[_ACTIVATION])] * len(network.unsettled))
        of_recipe = {name: value for name, value in chosen.items() if name in _FIELDS}
        recipe = recipe_of("search", self.base, {**self.recipe, **of_recipe, "seed": self.seeds[0]})
        return Configuration(named, network, recipe)


_FIELDS = (*RECIPE_FIELDS, *optimizer_options())


def space_of(
    models: ModelLike | Sequence[ModelLike] | Mapping[str, ModelLike],
    over: Mapping[str, Any] | None,
    recipe: Recipe | None,
    options: Mapping[str, Any],
) -> Space:
    """Return the search space.

    Args:
        models: one model, several, or several by name.
        over: values by the names of fields and widths.
        recipe: the common recipe.
        options: keywords that override it.

    Raises:
        UnknownName: for a name that neither a recipe nor a model has.
        InvalidValue: for invalid values, a named width without values, or a module.
    """
    if over is None:
        over = {}
    if not isinstance(over, Mapping) or not all(isinstance(name, str) for name in over):
        raise invalid("over", over, "names and their values", 'Say over={"lr": [0.01, 0.001]}.')
    networks = _networks(models)
    seed = options.get("seed")
    first = seed if seed is not None else 0 if recipe is None else getattr(recipe, "seed", 0)
    seeds = values_of("seed", over.get("seed", [first]))
    if isinstance(seeds, Distribution):
        raise invalid("over['seed']", seeds.text, "a list of seeds", 'Say over={"seed": range(5)}.')
    values = {name: values_of(name, each) for name, each in over.items() if name != "seed"}
    common = {name: value for name, value in options.items() if name in _FIELDS and name not in values}
    space = Space(networks, values, tuple(dict.fromkeys(map(checked_seed, seeds))), common, recipe)
    _check_names(space)
    return space


def _check_names(space: Space) -> None:
    """Refuse an unknown name, a named width without values, and an ambiguous name."""
    symbols = {symbol for network in space.models.values() for symbol in network.symbols} - {UNKNOWN_WIDTH}
    for name in space.values:
        if name in symbols and name in _FIELDS:
            wanted = "a width that is called otherwise than a field of the recipe"
            remedy = f"Call it otherwise in the formula, such as w_{name}."
            raise invalid(f"over[{name!r}]", name, wanted, remedy)
        if any(_concerns(name, network) for network in space.models.values()):
            continue
        problem = unknown_name("over", "field or width", name, (*sorted(symbols), *_FIELDS), OTHER_NAMES)
        if name == _ACTIVATION:
            problem.remedy = "Write ? for an activation in the formula: '10 -> 8 ? -> 1'."
        elif "Did you mean" not in problem.remedy:
            problem.remedy = f"For a width write its name into the formula: '? -> {name} relu -> ?'."
        raise problem
    for model, network in space.models.items():
        left = [name for name in network.symbols if name != UNKNOWN_WIDTH and name not in space.values]
        if left:
            wanted = "a number, or values to try"
            remedy = f'Say over={{"{left[0]}": [8, 16, 32]}} (--over {left[0]}=8,16,32).'
            raise InvalidValue(
                where=f"model {model}", got=f"the width {left[0]}", wanted=wanted, remedy=remedy
            )


def _concerns(name: str, network: Network) -> bool:
    return name in _FIELDS or name in network.symbols or (name == _ACTIVATION and bool(network.unsettled))


def _networks(models: Any) -> dict[str, Network]:
    """Return the networks, by name."""
    if isinstance(models, Mapping):
        named = {str(name): each for name, each in models.items()}
    elif isinstance(models, list | tuple):
        named = dict(enumerate(models))  # type: ignore[arg-type]
    else:
        named = {"": models}
    if not named:
        raise invalid("models", models, "a model, or several", 'Say models=["? -> 8 relu -> ?"].')
    found: dict[str, Network] = {}
    for name, model in named.items():
        network = model_of(model)
        if not isinstance(network, Network):
            wanted = "a network, which is built anew for every fit"
            raise invalid("models", model, wanted, "Give cn.read(module); its weights are drawn anew.")
        own = name if isinstance(name, str) and name else _name_of(model, network)
        if own in found:
            if found[own] == network:
                continue
            own = f"{own} ({len(found) + 1})"
        found[own] = network
    return found


def _name_of(model: object, network: Network) -> str:
    """Return the text of a model if it is short, else its network in one line."""
    if isinstance(model, str) and "\n" not in model and "->" in model and len(model) <= 60:
        return " ".join(model.split())
    return one_line(write(network, "shorthand"), 60)


def values_of(name: str, given: object) -> Values:
    """Return the values that a name may take.

    Args:
        name: of the field or width.
        given: a list, a range, an array, one value, a string such as "log(1e-4, 0.1)", or an object like
            those of scipy.stats.

    Raises:
        InvalidValue: for no values, or an invalid string.
    """
    if (rvs := getattr(given, "rvs", None)) is not None:
        return Distribution(type(given).__name__, lambda random: _plain(rvs(random_state=random)))
    if isinstance(given, str) and (call := _CALL.fullmatch(given)) and call[1] in _CALLS:
        return _called(name, given, call)
    if isinstance(given, np.ndarray):
        given = given.tolist()
    if isinstance(given, str | bytes | Number | type(None)) or callable(given):
        given = [given]
    if not isinstance(given, Sequence | range | set | frozenset):
        raise invalid(f"over[{name!r}]", given, "a list of values", f'Say over={{"{name}": [1, 2]}}.')
    if len(given) > _LARGEST_GRID:
        wanted = f"at most {_LARGEST_GRID:,} values"
        remedy = f"Draw them: how='random', over={{'{name}': 'whole(1, 1000)'}}."
        raise invalid(f"over[{name!r}]", given, wanted, remedy)
    values = [
        _plain(value) for value in (sorted(given, key=repr) if isinstance(given, set | frozenset) else given)
    ]
    if not values:
        raise invalid(f"over[{name!r}]", given, "at least one value", f"Leave {name} out of over.")
    different: dict[str, Any] = {}
    for value in values:
        different.setdefault(repr(value), value)
    return list(different.values())


def _plain(value: Any) -> Any:
    """Return a numpy number as a Python number."""
    return (
        value.item()
        if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0)
        else value
    )


def _called(name: str, text: str, call: re.Match[str]) -> Values:
    kind, words = call[1], [word.strip() for word in call[2].split(",")]
    most = 3 if kind == "range" else 2
    wanted = f"{_CALLS[kind]}"
    try:
        numbers = [int(word) if kind in ("range", "whole") else float(word) for word in words]
    except ValueError:
        raise invalid(f"over[{name!r}]", text, wanted) from None
    if kind == "range" and 1 <= len(numbers) <= most and 0 not in numbers[2:]:
        return values_of(name, range(*map(int, numbers)))
    good = len(numbers) == 2 and all(map(math.isfinite, numbers)) and numbers[0] < numbers[1]
    if kind == "range" or not good or (kind == "log" and numbers[0] <= 0):
        raise invalid(f"over[{name!r}]", text, wanted)
    low, high = numbers
    if kind == "whole":
        return Distribution(text, lambda random: int(random.integers(int(low), int(high), endpoint=True)))
    if kind == "log":
        return Distribution(text, lambda random: float(np.exp(random.uniform(math.log(low), math.log(high)))))
    return Distribution(text, lambda random: float(random.uniform(low, high)))


_CALLS = {
    "range": "range(5), range(1, 6) or range(8, 65, 8)",
    "whole": "whole(8, 64): a whole number from 8 to 64",
    "uniform": "uniform(0, 0.5): a number between the two",
    "log": "log(0.0001, 0.1): a number between the two, its logarithm evenly",
}


def _too_many(got: str) -> InvalidValue:
    return InvalidValue(
        where="over",
        got=got,
        wanted=f"at most {_LARGEST_GRID:,}",
        remedy='Say how="random", draws=100 (--how random --draws 100), or give fewer values.',
    )
