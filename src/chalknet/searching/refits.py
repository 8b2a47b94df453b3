"""The best fits of a search, made again as full fits, in the folder or in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from chalknet.data import Source
from chalknet.errors import ChalknetError
from chalknet.planning import Recipe, RunOptions
from chalknet.searching.criterion import Criterion
from chalknet.searching.journal import Journal
from chalknet.searching.space import Configuration
from chalknet.training import FitResult, Outcome, fit, load_run


class Refits:
    """Fits that are made again on request, each once.

    Args:
        entries: setting, recipe and key of each fit, the best one first.
        whole: the data.
        run: where fits run.
        criterion: the metric.
        journal: of the search; the runs are kept in its folder.

    Attributes:
        names: the key of each kept run, by its folder's name.
        interrupted: whether Ctrl-C ended one of them.
    """

    def __init__(
        self,
        entries: Sequence[tuple[Configuration, Recipe, str]],
        whole: Source,
        run: RunOptions,
        criterion: Criterion,
        journal: Journal,
    ) -> None:
        self._entries, self._whole, self._run = entries, whole, run
        self._criterion, self._folder = criterion, journal.path
        self._made: dict[int, FitResult] = {}
        self._before: Mapping[str, str] = journal.kept().get("kept", {}) if entries else {}
        self.names: dict[str, str] = {}
        self.interrupted = False

    def kept(self, most: int) -> FitResult | None:
        """Fit the given number of best ones again, keep them (in the folder, if any), and return the first.

        None if there is none, or Ctrl-C came meanwhile.
        """
        for place in range(min(most, len(self._entries))):
            name = f"best-{place + 1}" if place else "best"
            made = self._in_folder(place, name) if self._folder is not None else self.at(place)
            if made.outcome is Outcome.INTERRUPTED:
                self.interrupted = True
                return None
            self._made[place] = made
        return self._made.get(0)

    def at(self, place: int) -> FitResult:
        """Return the fit at an index, 0 for the best one; raise IndexError if there is none."""
        if place not in self._made:
            self._made[place] = self._fitted(place, None)
        return self._made[place]

    def _in_folder(self, place: int, name: str) -> FitResult:
        assert self._folder is not None
        path, known_as = self._folder / name, self._entries[place][2]
        if self._before.get(name) == known_as:
            try:
                found = load_run(path)
                if found.outcome.ended:
                    self.names[name] = known_as
                    return found
            except ChalknetError:  # it was being replaced when the search was killed
                pass
        made = self._fitted(place, path)
        self.names[name] = known_as
        return made

    def _fitted(self, place: int, out: Path | None) -> FitResult:
        setting, recipe, _ = self._entries[place]
        run: Any = {**vars(self._run), "strict": False}
        return fit(
            setting.network, self._whole, recipe=recipe, metrics=self._criterion.asked, progress=False,
            out=out, overwrite=True, **run,
        )  # fmt: skip
