"""Races: which device, engine and number of threads is fastest, and where the lead changes."""

from chalknet.racing.lead import Crossover
from chalknet.racing.race import race
from chalknet.racing.result import Race, RaceRow

__all__ = ["Crossover", "Race", "RaceRow", "race"]
